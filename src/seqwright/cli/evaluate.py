"""`seqwright evaluate`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["evaluate"]


@click.command(short_help="Count right and wrong answers.")
@click.argument("model")
@click.argument("file", required=False)
@options.beam
@options.threads
@options.reading
@click.option("--bleu", is_flag=True, help="Score the answers as sentences, whatever they look like.")
@click.option("--no-lexicon", is_flag=True, help="Do not answer from the pairs that MODEL was given at training.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    *, model: str, file: str | None, beam: int, bleu: bool, no_lexicon: bool, as_json: bool, reading: dict[str, Any]
) -> None:
    """Compare MODEL's answers with FILE, pairs of source and target as for training.

    Without FILE, MODEL answers the pairs that its training measured on, without its lexicon, if they can be had again.
    Where a source is on several lines, any of its targets counts as right.
    Exact match is the share of sources answered right, WER the share answered wrong, and TER the edits that lead from
    the answers to the targets, for each token of the targets (phonemes: PER; letters: CER).
    Where the targets are sentences, BLEU, chrF and the length ratio of answers to targets are shown too.

    \b
    Examples:
      seqwright evaluate words-model
      seqwright evaluate words-model test.tsv
      seqwright evaluate words-model test.tsv --json
      seqwright evaluate words-model test.tsv --beam 1
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation
    from seqwright.cli import progress, scores
    from seqwright.inference import translator

    loaded = translator.load(model)
    with progress.counted("answers") as show:
        if file is None:
            result = evaluation.evaluate_dev(loaded, model, beam=beam, bleu=bleu, listen=show)
        else:
            result = evaluation.evaluate_file(
                loaded, file, beam=beam, bleu=bleu, lexicon=not no_lexicon,
                reading=options.as_columns(reading), listen=show,
            )  # fmt: skip
    click.echo(scores.as_json(result) if as_json else scores.as_text(result))
