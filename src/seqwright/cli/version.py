"""`seqwright --version`, as text and as JSON."""

import json
import platform

import click

__all__ = ["show"]


def show(*, as_json: bool) -> None:
    """Print the version, the kernels in use, and what they run on."""
    import numpy as np

    import seqwright
    from seqwright import kernels

    if as_json:
        facts = {
            "seqwright": seqwright.__version__,
            "kernels": kernels.description(),
            "available_kernels": kernels.available(),
            "threads": kernels.threads(),
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            "numpy": np.__version__,
        }
        click.echo(json.dumps(facts))
        return
    click.echo(f"seqwright {seqwright.__version__}")
    click.echo(f"kernels:  {kernels.description()}")
    click.echo(f"python:   {platform.python_version()} on {platform.system()} {platform.machine()}")
    click.echo(f"numpy:    {np.__version__}")
