"""`seqwright score`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["score"]


@click.command(short_help="Say how likely given pairs are.")
@click.argument("model")
@click.argument("file", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with tokens, their scores and links.")
@click.option("--length-norm", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="X",
              help="Divide by this power of the length; 0 gives the log-probability of the whole.")  # fmt: skip
@options.reading
def score(*, model: str, file: str, as_json: bool, length_norm: float, reading: dict[str, Any]) -> None:
    """Print how likely MODEL finds each pair of FILE (default: standard input), a line of source<TAB>target each.

    Pairs are read as for train, with the columns that MODEL was trained with. A line is a score: the mean
    log-probability of a target token, at most 0; -inf where the target holds a symbol that MODEL never says.

    \b
    Examples:
      seqwright score words-model pairs.tsv
      seqwright score words-model pairs.tsv --length-norm 0
      seqwright score words-model pairs.tsv --json > scores.jsonl
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation, inference
    from seqwright.cli import records
    from seqwright.inference import translator

    loaded = translator.load(model)
    asked = inference.Options(length_norm=length_norm)
    for record in evaluation.score_file(loaded, file, options=asked, reading=options.as_columns(reading)):
        best = record.best
        assert best is not None, "a given target is an answer"
        click.echo(records.as_json(record) if as_json else f"{best.score:.4f}")
