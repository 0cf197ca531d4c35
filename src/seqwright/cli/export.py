"""`seqwright export`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["export"]


@click.command(short_help="Quantise a model to 8 bits, or write it as a web page.")
@click.argument("model")
@click.option("--int8", is_flag=True, help="Quantise weights to 8-bit integers.")
@click.option("--html", is_flag=True, help="Write one HTML file that answers in a browser.")
@click.option("-o", "--output", metavar="PATH",
              help="Model directory or HTML file to write.  [default: MODEL-int8 or MODEL.html]")  # fmt: skip
@click.option("--data", metavar="FILE", help="Pairs to evaluate on.  [default: the dev set of the training]")
@options.beam
@options.threads
@options.reading
def export(
    *, model: str, int8: bool, html: bool, output: str | None, data: str | None, beam: int, reading: dict[str, Any]
) -> None:
    """Write MODEL in another form, and print how its exact match changes.

    With --int8, weights take about a quarter of the space, and prediction of single words a fraction of the time. The
    new model directory works with predict, evaluate, score and inspect; it cannot be fine-tuned.

    With --html, the page of `seqwright serve` is written with the model inside: one file that anyone opens in a
    browser, on a phone too, without a server or a network. It has 8-bit weights, and answers as a model with these
    weights does. Every word is answered in the browser and leaves it nowhere.

    \b
    Examples:
      seqwright export words-model --int8
      seqwright export words-model --int8 --output small-model --data dev.tsv
      seqwright export words-model --html -o words.html
    """
    if int8 == html:
        raise click.UsageError("Choose one form to export: --int8 or --html.")
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import exporters
    from seqwright.cli import exported, progress

    write = exporters.export_html if html else exporters.export
    with progress.counted("answers") as show:
        done = write(model, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show)
    click.echo(exported.as_text(done))
