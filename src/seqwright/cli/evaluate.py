"""`seqwright evaluate`."""

from pathlib import Path
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
    references are computed too. The number of sources of FILE that are training sources of MODEL is
    written to standard error, if the training files are unchanged and have at most 16 MB.

    \b
    Examples:
      seqwright evaluate words-model
      seqwright evaluate words-model test.tsv
      seqwright evaluate words-model test.tsv --json
      seqwright evaluate words-model test.tsv --beam 1
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation, provenance
    from seqwright.cli import progress, scores
    from seqwright.inference import translator

    loaded, seen = translator.load(model), None
    with progress.counted("answers") as show:
        if file is None:
            result = evaluation.evaluate_dev(loaded, model, beam=beam, bleu=bleu, listen=show)
        else:
            result = evaluation.evaluate_file(
                loaded, file, beam=beam, bleu=bleu, lexicon=not no_lexicon,
                reading=options.as_columns(reading), listen=show,
            )  # fmt: skip
    if file is not None:
        sources = [(one.source, one.features) for one in result.answered]
        seen = provenance.count_seen(loaded.bundle, Path(model), sources)
        click.echo(f"seqwright: {scores.seen_text(seen, len(sources))}", err=True)
    click.echo(scores.as_json(result, seen) if as_json else scores.as_text(result))
