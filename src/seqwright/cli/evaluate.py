"""`seqwright evaluate`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["evaluate"]


@click.command(short_help="Evaluate a model on a file of pairs.")
@click.argument("model")
@click.argument("file", required=False)
@options.beam
@options.threads
@options.reading
@click.option("--bleu", is_flag=True, help="Also compute BLEU, chrF and length ratio where targets are not sentences.")
@click.option("--no-lexicon", is_flag=True, help="Do not use MODEL's lexicon.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    *, model: str, file: str | None, beam: int, bleu: bool, no_lexicon: bool, as_json: bool, reading: dict[str, Any]
) -> None:
    """Evaluate MODEL on FILE, pairs of source and target as for train.

    Without FILE, MODEL is evaluated on the dev set of its training, without its lexicon, if that data is unchanged.
    All targets of a source are references: an answer is correct if it equals one of them. Exact match is the share of
    correct answers, WER the share of wrong ones, and TER (token error rate) the edit distance from the references per
    reference token: PER for phonemes, CER for characters. For sentences, BLEU, chrF and the length ratio of answers to
    references are computed too.

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
