"""`seqwright export`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["export"]


@click.command(short_help="Write a model in 8 bits: smaller and faster.")
@click.argument("model")
@click.option("--int8", is_flag=True, help="Weights in 8 bits, computed with in whole numbers.")
@click.option("-o", "--output", metavar="DIR", help="Model directory to write.  [default: MODEL-int8]")
@click.option("--data", metavar="FILE", help="Pairs to measure on.  [default: those that training measured on]")
@options.beam
@options.threads
@options.reading
def export(*, model: str, int8: bool, output: str | None, data: str | None, beam: int, reading: dict[str, Any]) -> None:
    """Write MODEL in another form, and tell how its exact match changes.

    With --int8, the weights take about a quarter of the space, and one word at a time takes a fraction of the time. The
    new directory is a model like any other for predict, evaluate, score and inspect; it cannot be trained further.

    \b
    Examples:
      seqwright export words-model --int8
      seqwright export words-model --int8 --output small-model --data dev.tsv
    """
    if not int8:
        raise click.UsageError("say in which form: --int8")
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import exporters
    from seqwright.cli import exported, progress

    with progress.counted("answers") as show:
        done = exporters.export(
            model, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show
        )
    click.echo(exported.as_text(done))
