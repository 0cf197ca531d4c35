"""The scores that translation is measured with, together."""

from collections.abc import Sequence

import msgspec

from seqwright import __version__
from seqwright.metrics import bleu, chrf

__all__ = ["SentenceScores", "evaluate_sentences"]


class SentenceScores(msgspec.Struct, frozen=True, kw_only=True):
    """BLEU and chrF of a whole corpus, from 0 to 100, with the signatures that say which variants they are.

    length_ratio: words of the answers for each word of the references, or characters in scripts without spaces between
    words; below 1 where answers are too short.
    """

    bleu: float
    chrf: float
    length_ratio: float
    bleu_signature: str
    chrf_signature: str


def evaluate_sentences(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> SentenceScores:
    """Return the scores of texts.

    Parameters
    ----------
    hypotheses : sequence of str
        N texts, as a reader sees them: not tokenised. Empty ones are allowed.
    references : sequence of sequences of str
        N lists of one or more texts.

    Returns
    -------
    SentenceScores
        Equal to those of sacrebleu's defaults, or with tokenize="char" where most references are in scripts without
        spaces between words; the signatures are written in its manner.
    """
    numbers = {len(group) for group in references}
    n_references = f"nrefs:{numbers.pop() if len(numbers) == 1 else 'var'}"
    tokenizer = bleu.tokenizer(references)
    counted = bleu.statistics(hypotheses, references, tokenizer)
    return SentenceScores(
        bleu=counted.score,
        chrf=chrf.corpus_score(hypotheses, references),
        length_ratio=counted.length_ratio,
        bleu_signature=f"{n_references}|{tokenizer.signature}|version:seqwright-{__version__}",
        chrf_signature=f"{n_references}|{chrf.SIGNATURE}|version:seqwright-{__version__}",
    )
