"""From what a search found, ids and where they looked, to hypotheses in text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqwright.data import text, vocabulary
from seqwright.inference import copying
from seqwright.inference.answer import Hypothesis, Link, links
from seqwright.inference.reading import Reading, Window
from seqwright.search import Candidate
from seqwright.types import Array

__all__ = ["Target", "hypothesis", "joined"]


class Target(NamedTuple):
    """How a model's answers are spelled."""

    format: text.Splitter
    vocabulary: vocabulary.Vocabulary


def hypothesis(
    candidate: Candidate, read: Reading, window: Window, target: Target, *, n_unseen: int, copy_unknown: bool
) -> Hypothesis:
    """Return the candidate that was found for a window of what was read.

    n_unseen: how many of the window's first ids the decoder cannot look at.   copy_unknown: whether source symbols that
    the model has never seen go into the answer; see `copying`.
    """
    tokens = target.vocabulary.decode(candidate.ids)
    log_probs, attended = candidate.log_probs, candidate.attended
    if attended is None:
        said = target.format.join(tokens)
        return Hypothesis(said, tokens, candidate.score, log_probs, candidate.finished, None, None)
    attended = attended[:, : len(window.ids) - n_unseen]  # behind them is padding
    if n_unseen:
        attended = np.concatenate([np.zeros((len(attended), n_unseen), attended.dtype), attended], axis=1)
    first = len(window.features)
    symbols = [*(read.features[i] for i in window.features), *(read.tokens[place] for place in window.places)]
    unknown = {i: symbol for i, symbol in copying.strange(symbols, window.ids).items() if i >= first}
    pointed = copying.named(candidate.ids, attended, unknown)
    tokens = [unknown[pointed[row]] if row in pointed else token for row, token in enumerate(tokens)]
    left = {i - first: symbol for i, symbol in unknown.items() if i not in pointed.values()}
    if left and copy_unknown:
        copied = copying.copied(attended[:, first:-1], left)
        tokens = [s or tokens[row] for row, s in zip(copied.rows, copied.symbols, strict=True)]
        chosen = [0.0 if added else log_probs[row] for row, added in zip(copied.rows, copied.added, strict=True)]
        log_probs = [*chosen, log_probs[-1]]  # the model did not choose what was added
        attended = attended[[*copied.rows, len(attended) - 1]]
    pairs = [(window.places[s], t) for s, t in links(attended, first)]
    alignment: Array | None = None
    if len(read.windows) == 1:
        F, S = len(read.features), len(read.tokens)
        alignment = np.zeros((len(attended), F + S + 1), attended.dtype)
        alignment[:, [*window.features, *(F + place for place in window.places), F + S]] = attended
    said = target.format.join(tokens)
    return Hypothesis(said, tokens, candidate.score, log_probs, candidate.finished, alignment, pairs)


def joined(
    parts: Sequence[Hypothesis], read: Reading, target: Target, *, spaces: Sequence[bool] | None = None
) -> Hypothesis:
    """Return the answers to the windows of a source as one; its score is the mean over all their symbols.

    spaces: whether a space follows each part; None: where the source was cut after one, and the model has it.
    """
    tokens: list[str] = []
    log_probs: list[float] = []
    pairs: list[Link] | None = None if parts[0].links is None else []
    for i, part in enumerate(parts):
        if pairs is not None:
            pairs += [(s, len(tokens) + t) for s, t in part.links or ()]
        tokens += part.tokens
        log_probs += part.log_probs[:-1]
        if spaces is None:
            at_space = i + 1 < len(parts) and read.tokens[read.windows[i].places[-1]].isspace()
            spaced = at_space and tokens[-1:] != [" "] and " " in target.vocabulary
        else:
            spaced = spaces[i]
        if spaced:
            tokens.append(" ")  # the source was cut after one
            log_probs.append(0.0)
    log_probs.append(sum(part.log_probs[-1] for part in parts))
    score = sum(log_probs) / len(log_probs)
    finished = all(part.finished for part in parts)
    return Hypothesis(target.format.join(tokens), tokens, score, log_probs, finished, None, pairs)
