"""`seqwright report`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["report"]


@click.command(short_help="Write a page on what a model gets wrong.")
@click.argument("model")
@click.argument("file", required=False)
@click.option("-o", "--output", metavar="FILE", help="Page to write.  [default: MODEL/report.html]")
@options.reading
def report(*, model: str, file: str | None, output: str | None, reading: dict[str, Any]) -> None:
    """Write report.html: learning curves, mistakes in context, confidence and examples of MODEL, on one page.

    FILE holds the source<TAB>target lines to answer; without it, those that training measured on are found again. The
    page is one file that opens in any browser and loads nothing.

    \b
    Examples:
      seqwright report words-model
      seqwright report words-model test.tsv -o test-report.html
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation
    from seqwright import report as reports
    from seqwright.data import readers
    from seqwright.inference import translator

    loaded = translator.load(model)
    dev = readers.read_pairs(file, columns=evaluation.columns(loaded, options.as_columns(reading))) if file else None
    click.echo(reports.write(model, model=loaded, dev=dev, output=output))
