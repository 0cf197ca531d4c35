"""From candidates of a search, which are ids and attention weights, to hypotheses in text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqwright.data.tokenizer import Tokenizer
from seqwright.inference import copying
from seqwright.inference.answer import Hypothesis, Link, links
from seqwright.inference.reading import Reading, Window
from seqwright.search import Candidate
from seqwright.types import Array

__all__ = ["concatenated", "from_candidate"]


def from_candidate(
    candidate: Candidate, reading: Reading, window: Window, target: Tokenizer, *, n_masked: int, copy_unknown: bool
) -> Hypothesis:
    """Return the hypothesis of a candidate for one window of a source.

    n_masked: number of ids at the start of the window that the decoder cannot attend to.   copy_unknown: whether
    unknown source symbols that the model has not copied are inserted; see `copying`.
    """
    tokens = target.vocabulary.decode(candidate.ids)
    log_probs, weights = candidate.log_probs, candidate.attention_weights
    if weights is None:
        joined = target.join(tokens)
        return Hypothesis(joined, tokens, candidate.score, log_probs, candidate.finished, None, None)
    weights = _of_all_ids(weights, len(window.ids), n_masked)
    first = len(window.features)
    symbols = [*(reading.features[i] for i in window.features), *(reading.tokens[i] for i in window.positions)]
    unknown = {i: symbol for i, symbol in copying.unknown(symbols, window.ids).items() if i >= first}
    copied = copying.resolved(candidate.ids, weights, unknown)
    tokens = [unknown[copied[row]] if row in copied else token for row, token in enumerate(tokens)]
    remaining = {i - first: symbol for i, symbol in unknown.items() if i not in copied.values()}
    if remaining and copy_unknown:
        inserted = copying.inserted(weights[:, first:-1], remaining)
        tokens = [s or tokens[row] for row, s in zip(inserted.rows, inserted.symbols, strict=True)]
        chosen = [0.0 if added else log_probs[row] for row, added in zip(inserted.rows, inserted.added, strict=True)]
        log_probs = [*chosen, log_probs[-1]]  # the model did not choose what was added
        weights = weights[[*inserted.rows, len(weights) - 1]]
    pairs = [(window.positions[s], t) for s, t in links(weights, first)]
    alignment = _alignment(weights, reading, window) if len(reading.windows) == 1 else None
    joined = target.join(tokens)
    return Hypothesis(joined, tokens, candidate.score, log_probs, candidate.finished, alignment, pairs)


def _of_all_ids(weights: Array, n_ids: int, n_masked: int) -> Array:
    """Return attention weights with a column for each id of a window: 0 for masked ids, none for padding."""
    weights = weights[:, : n_ids - n_masked]
    if not n_masked:
        return weights
    return np.concatenate([np.zeros((len(weights), n_masked), weights.dtype), weights], axis=1)


def _alignment(weights: Array, reading: Reading, window: Window) -> Array:
    """Return attention weights with a column for each feature and token of the source; 0 for dropped ones."""
    F, S = len(reading.features), len(reading.tokens)
    alignment: Array = np.zeros((len(weights), F + S + 1), weights.dtype)
    alignment[:, [*window.features, *(F + i for i in window.positions), F + S]] = weights
    return alignment


def concatenated(
    parts: Sequence[Hypothesis], reading: Reading, target: Tokenizer, *, spaces: Sequence[bool] | None = None
) -> Hypothesis:
    """Return the hypotheses for the windows of one source as one; its score is the mean over all tokens.

    spaces: whether a space follows each part; None: wherever the source was split after a space, if the model has one.
    """
    if len(parts) == 1:
        return parts[0]
    tokens: list[str] = []
    log_probs: list[float] = []
    pairs: list[Link] | None = None if parts[0].links is None else []
    for i, part in enumerate(parts):
        if pairs is not None:
            pairs += [(s, len(tokens) + t) for s, t in part.links or ()]
        tokens += part.tokens
        log_probs += part.log_probs[:-1]
        if spaces is None:
            at_space = i + 1 < len(parts) and reading.tokens[reading.windows[i].positions[-1]].isspace()
            spaced = at_space and tokens[-1:] != [" "] and " " in target.vocabulary
        else:
            spaced = spaces[i]
        if spaced:
            tokens.append(" ")
            log_probs.append(0.0)
    log_probs.append(sum(part.log_probs[-1] for part in parts))
    score = sum(log_probs) / len(log_probs)
    finished = all(part.finished for part in parts)
    return Hypothesis(target.join(tokens), tokens, score, log_probs, finished, None, pairs)
