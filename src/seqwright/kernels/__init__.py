"""Kernels: one function for each layer and direction, over whole sequences.

Functions such as `kernels.lstm_forward` run compiled code if it is installed and the first array is float32, and NumPy
(`kernels.reference`) otherwise. The choice is made once, at import.
`SEQWRIGHT_KERNELS` forces it: `reference`, `native` (the best instruction set of this processor), `native-avx512`,
`native-avx2`, `native-neon` or `native-plain`. `SEQWRIGHT_THREADS` sets the number of threads of the compiled kernels;
without it they use the cores that this process may use. Compiled kernels return the same bytes on every
instruction set and number of threads; they differ from NumPy by rounding.
"""

import functools
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from seqwright.errors import UsageError
from seqwright.kernels import reference
from seqwright.kernels.reference import Automaton as Automaton
from seqwright.types import Array, Ids

__all__ = [
    *reference.__all__, "Network", "available", "beam", "compiled", "description", "network", "sample", "score",
    "set_threads", "threads",
]  # fmt: skip

MOST_THREADS = 1 << 14  # that the pool of the compiled kernels can count

P = ParamSpec("P")
R = TypeVar("R")

_native: ModuleType | None
try:
    from seqwright.kernels.native import _native
except ImportError as _error:
    _native = None
    _absent = "no compiled kernels in this install" if isinstance(_error, ModuleNotFoundError) else str(_error)
    if "cannot import name" in _absent:
        _absent = "no compiled kernels in this install"


def available() -> list[str]:
    """Return the values of `SEQWRIGHT_KERNELS` that can run here, besides `native`, fastest first."""
    return [*(f"native-{isa}" for isa in (_native.available() if _native else [])), "reference"]


def _choose(wanted: str) -> str:
    """Return the entry of `available()` for a value of SEQWRIGHT_KERNELS; "" selects the default."""
    choices = available()
    if wanted in choices:
        return wanted
    if wanted == "native" and _native:
        return choices[0]
    if not wanted:
        # Without a fused multiply-add the compiled kernels compute it, for the same bytes; NumPy is faster then.
        emulated = _native is not None and choices[0] == "native-plain" and not _native.plain_is_fast
        return "reference" if emulated else choices[0]
    listed = ", ".join(["native", *choices] if _native else choices)
    raise UsageError(f"SEQWRIGHT_KERNELS={wanted}: expected one of {listed}, which can run here")


_chosen = _choose(os.environ.get("SEQWRIGHT_KERNELS", ""))
_isa = available().index(_chosen)


def _dispatched(kernel: Callable[P, R]) -> Callable[P, R]:
    """Return `kernel`, or a function that calls its compiled counterpart if the first array is float32."""
    if _native is None or _chosen == "reference":
        return kernel
    native_kernel: Callable[..., R] = getattr(_native, kernel.__name__)
    first = kernel.__code__.co_varnames[0]
    isa, float32 = _isa, np.dtype(np.float32)

    @functools.wraps(kernel)
    def dispatch(*args: P.args, **kwargs: P.kwargs) -> R:
        array: object = args[0] if args else kwargs.get(first)
        if isinstance(array, np.ndarray) and array.dtype == float32:
            return native_kernel(isa, *args, **kwargs)
        return kernel(*args, **kwargs)

    return dispatch


if TYPE_CHECKING:  # the same names with the same types, whichever runs
    from seqwright.kernels.reference import *  # noqa: F403
else:
    for _name in reference.__all__:
        if callable(_kernel := getattr(reference, _name)) and not isinstance(_kernel, type):
            globals()[_name] = _dispatched(_kernel)


class Network(Protocol):
    """An immutable network for the compiled searches, with a packed copy of its weights.

    It cannot be pickled. Any number of threads may use it at once.
    """

    @property
    def attends(self) -> bool:
        """Whether it has attention."""

    def memory_steps(self, source: Ids, source_lengths: Ids) -> int:
        """Return the number of memory steps of sources (S, B): the maximum number of symbols after the features."""

    def encode(self, source: Ids, source_lengths: Ids, h: Array, c: Array, memory: Array) -> None:
        """Write the states h, c (L, B, H) that start the decoder, and the memory (S, B, M)."""


def network(spec: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], *, int8: bool = False) -> Network:
    """Return a network for `beam`, `sample` and `score`.

    spec: the fields of `models.ModelSpec`.   arrays: float32 parameters by name, and, where the spec has them,
    "copy_map" int32 and "feature_mask" bool. They are copied.   int8: products are those of 8-bit weights and inputs.
    """
    if _native is None:
        raise UsageError(f"compiled networks need compiled kernels ({_absent})")
    made: Network = _native.Network(_isa, dict(spec), dict(arrays), int8)
    return made


def _search(name: str) -> Callable[..., None]:
    """Return a search over compiled networks; its arguments are documented in bindings_network.cpp."""
    if _native is not None:
        return cast(Callable[..., None], getattr(_native, name))

    def absent(*_: object) -> None:
        raise UsageError(f"compiled networks need compiled kernels ({_absent})")

    return absent


beam: Callable[..., None] = _search("beam")
sample: Callable[..., None] = _search("sample")
score: Callable[..., None] = _search("score")


def compiled(array: np.ndarray[Any, Any]) -> bool:
    """Return whether kernels run compiled code when this is their first array."""
    return _native is not None and _chosen != "reference" and array.dtype == np.float32


def threads() -> int:
    """Return how many threads the compiled kernels use; 1 for the reference, whose threads are NumPy's."""
    return _native.threads() if _native and _chosen != "reference" else 1


def set_threads(n: int) -> None:
    """Set the number of threads of the compiled kernels, including the calling thread. Results do not depend on it."""
    if not 1 <= n <= MOST_THREADS:
        raise UsageError(f"the number of threads must be at least 1 and at most {MOST_THREADS}, not {n}")
    if _native:
        _native.set_threads(n)


def description() -> str:
    """Return a description of the kernels in use, for `seqwright --version` and the log of a training."""
    if _chosen != "reference":
        n = threads()
        return f"native kernels ({_chosen.removeprefix('native-')}), {n} thread{'s' if n > 1 else ''}"
    if _native:
        forced = os.environ.get("SEQWRIGHT_KERNELS") == "reference"
        why = "forced by SEQWRIGHT_KERNELS=reference" if forced else "this processor has neither AVX2 nor NEON"
        return f"NumPy reference kernels (slow: {why})"
    return f"NumPy reference kernels (slow: {_absent}; install a C++ compiler and reinstall)"


def _threads_from_environment() -> None:
    wanted = os.environ.get("SEQWRIGHT_THREADS", "")
    if not wanted:
        return
    n = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0
    if not 1 <= n <= MOST_THREADS:
        raise UsageError(f"SEQWRIGHT_THREADS={wanted}: expected a number of threads from 1 to {MOST_THREADS}")
    set_threads(n)


_threads_from_environment()
