"""The connection to a Ray cluster."""

from __future__ import annotations

import logging
from typing import Any

from seqwright.errors import DependencyError, UsageError

__all__ = ["connect", "import_ray"]


def connect(address: str | None = None) -> None:
    """Connect to a Ray cluster, unless this process is connected already.

    Parameters
    ----------
    address : str, optional
        Such as "auto" or "ray://head:10001"; by default the cluster that runs on this machine, or a new one of it.

    Raises
    ------
    DependencyError
        If Ray is not installed.
    UsageError
        If there is no cluster at the address.
    """
    ray = import_ray()
    if ray.is_initialized():
        return
    try:
        ray.init(address, log_to_driver=False, logging_level="error", configure_logging=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"no Ray cluster at {address}: {str(error).splitlines()[0]}") from None


def import_ray() -> Any:
    """Return the module ray, without its progress bars.   DependencyError: it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError:
        raise DependencyError("a Ray cluster needs the libraries of the extra: pip install 'seqwright[ray]'") from None
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)  # states that there are no bars
    return ray
