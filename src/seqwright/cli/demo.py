"""`seqwright demo`."""

import click

__all__ = ["demo"]


@click.command()
def demo() -> None:
    """See a model being made."""
