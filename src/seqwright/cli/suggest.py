"""`seqwright suggest`."""

from __future__ import annotations

from typing import Any

import click

from seqwright.cli import options

__all__ = ["suggest"]


@click.command(short_help="Choose the sources to annotate next.")
@click.argument("model")
@click.argument("file", default="-")
@click.option("-n", "--n", type=click.IntRange(min=1), default=100, show_default=True, metavar="N",
              help="Sources to choose.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="TSV file to write.  [default: standard output]")
@click.option("--with-answers", is_flag=True,
              help="Write the answers of MODEL as targets, to be corrected, instead of empty targets.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the file that --output names.")
@options.reading
def suggest(
    *,
    model: str,
    file: str,
    n: int,
    output: str | None,
    with_answers: bool,
    overwrite: bool,
    reading: dict[str, Any],
) -> None:
    """Choose the lines of FILE (default: standard input) whose answers would teach MODEL most, best first.

    The result is a TSV file to fill in: source, an empty target, and the features for a model with features. Sources
    are chosen by the confidence of MODEL, and spread over kinds of sources. The expected accuracy on the other lines is
    written to standard error, with the interval that holds it in 95 of 100 cases.

    \b
    Examples:
      seqwright suggest words-model words.txt -o next.tsv
      seqwright suggest words-model words.txt --n 50 --with-answers > next.tsv
      seqwright train words.tsv next.tsv -o words-model-2     after the targets are filled in
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from pathlib import Path

    from seqwright import suggestion
    from seqwright.cli import progress, unknown
    from seqwright.cli.line_columns import LineColumns
    from seqwright.data import readers
    from seqwright.errors import OutputError
    from seqwright.inference import translator

    if output is not None and Path(output).exists() and not overwrite:
        raise click.UsageError(f"{output} exists already; choose another --output, or give --overwrite")
    loaded = translator.load(model)
    rows = LineColumns(loaded.bundle, reading, unknown.warn).cut(list(readers.read_lines(file)))
    with progress.counted("answers") as show:
        found = suggestion.suggest(
            loaded, [row[0] for row in rows], features=[row[1] for row in rows], n=n, listen=show
        )
    has_features = bool(loaded.bundle.config.text.features_column)
    lines = [
        "\t".join([one.source, one.answer if with_answers else "", *([one.features] if has_features else [])]) + "\n"
        for one in found.chosen
    ]
    if output is None:
        click.echo("".join(lines), nl=False)
    else:
        try:
            Path(output).write_text("".join(lines), encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{output}: {error.strerror}; choose another --output") from None
    click.echo(f"seqwright: {_summary(found)}", err=True)


def _summary(found: Any) -> str:
    chosen = f"{len(found.chosen):,} sources"
    if found.accuracy is None:
        return f"{chosen}: all of the file"
    low, high = found.interval
    return (
        f"{chosen} chosen; expected accuracy on the other {found.n_others:,}: {found.accuracy:.1f} % "
        f"(95 % interval: {low:.1f} to {high:.1f} %)"
    )
