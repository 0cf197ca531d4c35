"""`seqwright score`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["score"]


@click.command(short_help="Print log-probabilities of given pairs.")
@click.argument("model")
@click.argument("file", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each pair, with tokens, scores, alignment.")
@click.option("--length-norm", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="X",
              help="Divide by the length to this power; 0 gives the log-probability of the sequence.")  # fmt: skip
@options.reading
def score(*, model: str, file: str, as_json: bool, length_norm: float, reading: dict[str, Any]) -> None:
    """Print the score of each pair of FILE (default: standard input), lines of source<TAB>target, under MODEL.

    The score is the mean log-probability of the target's tokens, at most 0; -inf if the target contains a symbol that
    is not in MODEL's target vocabulary. Columns are read as MODEL's training data was.

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
    scoring = inference.Options(length_norm=length_norm)
    for record in evaluation.score_file(loaded, file, options=scoring, reading=options.as_columns(reading)):
        best = record.best
        assert best is not None, "scoring returns the given target"
        click.echo(records.as_json(record) if as_json else f"{best.score:.4f}")
