"""`seqwright join`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["join"]


@click.command(short_help="Make one model of several that answer together.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL…")
@click.option("-o", "--output", metavar="DIR", required=True, help="Model directory to write.")
@click.option("--data", metavar="FILE", help="Pairs to measure on.  [default: those that training measured on]")
@options.beam
@options.threads
@options.reading
def join(*, models: tuple[str, ...], output: str, data: str | None, beam: int, reading: dict[str, Any]) -> None:
    """Write one model that averages the probabilities of all MODELs, and tell how often each and all are right.

    The models must have learned from the same pairs with the same text settings: `seqwright train` with --seed 1,
    --seed 2 and so on, side by side or on several machines. What comes of it is what `seqwright train --members`
    makes, which trains its networks one after the other. Networks may be of several sizes and attentions: they make
    different mistakes, and fewer together.

    \b
    Examples:
      seqwright join model-1 model-2 model-3 -o words-model
      seqwright join model-1 model-2 -o words-model --data dev.tsv
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import ensembling
    from seqwright.cli import joined, progress

    with progress.counted("answers") as show:
        done = ensembling.join(
            models, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show
        )
    click.echo(joined.as_text(done, models))
