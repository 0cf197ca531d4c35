"""Scores of answers against references; several references for one source count as any-of.

`sequences` compares tokens of any kind; `bleu` and `chrf` compare texts of sentences as sacrebleu does, in plain
Python: the library itself brings 18 MB of dependencies (lxml among them) and takes 0.15 s to import.
"""

from seqwright.metrics.sentences import SentenceScores, evaluate_sentences
from seqwright.metrics.sequences import Scores, edit_distance, evaluate, group_references, pooled

__all__ = ["Scores", "SentenceScores", "edit_distance", "evaluate", "evaluate_sentences", "group_references", "pooled"]
