"""`seqwright evaluate`."""

import click

from seqwright.cli import options

__all__ = ["evaluate"]


@click.command(short_help="Count right and wrong answers.")
@click.argument("model")
@click.argument("file")
@options.beam
@options.threads
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(*, model: str, file: str, beam: int, as_json: bool) -> None:
    """Compare MODEL's answers with FILE, lines of source<TAB>target as for training.

    Where a source stands on several lines, any of its targets counts as right.
    Exact match is the share of sources answered right, WER the share answered wrong, and TER the edits that lead from
    the answers to the targets, for each token of the targets (phonemes: PER; letters: CER).

    \b
    Examples:
      seqwright evaluate words-model test.tsv
      seqwright evaluate words-model test.tsv --json
      seqwright evaluate words-model test.tsv --beam 1
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation, translator
    from seqwright.cli import scores

    result = evaluation.evaluate_file(translator.load(model), file, beam=beam)
    click.echo(scores.as_json(result) if as_json else scores.as_text(result))
