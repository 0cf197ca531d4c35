"""The scores of an evaluation as text and as JSON."""

import msgspec

from seqwright.evaluation import Answered, Evaluation
from seqwright.provenance import Seen

__all__ = ["as_json", "as_text", "seen_text"]

N_EXAMPLES = 5


def as_json(result: Evaluation, seen: Seen | None = None) -> str:
    """Return the scores as one JSON object on one line; rates are in percent.

    seen: of the sources, those that the model was trained on; None where a file was not to be compared.
    """
    figures = msgspec.structs.asdict(result.scores)
    if result.sentences is not None:
        figures |= msgspec.structs.asdict(result.sentences)
    if seen is not None:
        figures["n_in_training"] = seen.n
    return msgspec.json.encode(figures).decode()


def seen_text(seen: Seen, n: int) -> str:
    """Return what is known of n sources that the model may have been trained on."""
    if seen.n is None:
        return f"not checked whether sources are training sources: {seen.missing}"
    effect = ", which it may answer from memory" if seen.n else ""
    return f"{seen.n:,} of {n:,} sources are training sources of the model{effect}"


def as_text(result: Evaluation) -> str:
    """Return the scores as text, with some wrong answers from all parts of the file."""
    s = result.scores
    lines = [
        f"exact match  {s.exact:6.2f} %   {s.n - s.errors:,} of {s.n:,} sources",
        f"WER          {s.wer:6.2f} %   {s.errors:,} answered wrong",
        f"TER          {s.ter:6.2f} %   {s.edits:,} edits to {s.tokens:,} tokens",
    ]
    if result.sentences is not None:
        lines += [
            f"BLEU         {result.sentences.bleu:6.2f}",
            f"chrF         {result.sentences.chrf:6.2f}",
            f"length ratio {result.sentences.length_ratio:6.2f}     words in answers per word in references",
        ]
    if wrong := result.wrong:
        lines += ["", "wrong, for example:"]
        lines += [example(answer) for answer in wrong[:: -(-len(wrong) // N_EXAMPLES)]]
    return "\n".join(lines)


def example(answer: Answered) -> str:
    source = f"{answer.source} ({answer.features})" if answer.features else answer.source
    return f"  {source} → {answer.hypotheses[0].text}   (right: {' | '.join(answer.references)})"
