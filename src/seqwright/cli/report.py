"""`seqwright report`."""

from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["report"]


@click.command(short_help="Write an HTML report on a model's errors.")
@click.argument("model")
@click.argument("file", required=False)
@click.option("-o", "--output", metavar="FILE", help="File to write.  [default: MODEL/report.html]")
@options.reading
def report(*, model: str, file: str | None, output: str | None, reading: dict[str, Any]) -> None:
    """Write an HTML report on MODEL: learning curves, errors in context, calibration and examples.

    The report evaluates MODEL on FILE, lines of source<TAB>target; without FILE, on the dev set of its training. It is
    a single file that opens in any browser without a network. That of a cross-validated model shows the answers to the
    folds; only its training can write it.

    \b
    Examples:
      seqwright report words-model
      seqwright report words-model test.tsv -o test-report.html
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation
    from seqwright import report as reports
    from seqwright.cli import progress
    from seqwright.data import readers
    from seqwright.errors import UsageError
    from seqwright.inference import translator

    loaded = translator.load(model)
    written = Path(model, "report.html")
    if "cross_validation" in loaded.bundle.manifest and not file and output is None and written.exists():
        raise UsageError(
            f"{written} is kept: it shows the answers in cross-validation, which only the training can give; name a "
            f"file of pairs to measure on, or another file to write with --output"
        )
    dev = readers.read_pairs(file, columns=evaluation.columns(loaded, options.as_columns(reading))) if file else None
    with progress.busy("evaluating the model"):
        path = reports.write(model, model=loaded, dev=dev, output=output)
    click.echo(path)
