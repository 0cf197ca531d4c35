"""`seqwright export`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["export"]


@click.command(short_help="Quantise a model to 8 bits.")
@click.argument("model")
@click.option("--int8", is_flag=True, help="Quantise weights to 8-bit integers.")
@click.option("-o", "--output", metavar="DIR", help="Model directory to write.  [default: MODEL-int8]")
@click.option("--data", metavar="FILE", help="Pairs to evaluate on.  [default: the dev set of the training]")
@options.beam
@options.threads
@options.reading
def export(*, model: str, int8: bool, output: str | None, data: str | None, beam: int, reading: dict[str, Any]) -> None:
    """Write a quantised copy of MODEL, and print how its exact match changes.

    With --int8, weights take about a quarter of the space, and prediction of single words a fraction of the time. The
    new model directory works with predict, evaluate, score and inspect; it cannot be fine-tuned.

    \b
    Examples:
      seqwright export words-model --int8
      seqwright export words-model --int8 --output small-model --data dev.tsv
    """
    if not int8:
        raise click.UsageError("Missing the form to export: --int8.")
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import exporters
    from seqwright.cli import exported, progress

    with progress.counted("answers") as show:
        done = exporters.export(
            model, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show
        )
    click.echo(exported.as_text(done))
