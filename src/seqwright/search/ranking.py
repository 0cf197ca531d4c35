"""Scores of finished hypotheses of different lengths."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.types import Array

__all__ = ["Ranking"]

LEAST_COVERED = 1e-10  # lower bound of a source token's total attention weight, so that its logarithm is finite


class Ranking(NamedTuple):
    """The score of a hypothesis Y of |Y| symbols, its end included, for a source X.

    s(Y, X) = log P(Y | X) / (|Y| ** length_norm · lp(Y)) + cp(X; Y)
    lp(Y) = ((5 + |Y|) / 6) ** length_penalty
    cp(X; Y) = coverage_penalty · Σ_i log min(Σ_j p_ij, 1);
    p_ij is the attention weight of symbol j of Y on token i of X.
    Wu et al. 2016, "Google's Neural Machine Translation System", equation 14; there, length_norm is 0.
    """

    length_norm: float = 1.0
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0

    def score(
        self, total: float, n_symbols: int, attention_weights: Array | None, source_length: int | None = None
    ) -> float:
        """Return s for log P = total and |Y| = n_symbols.

        attention_weights (n_symbols, S), of which the first source_length columns are real; None: no coverage penalty.
        """
        score = float(total / n_symbols**self.length_norm)
        if self.length_penalty:
            score /= ((5 + n_symbols) / 6) ** self.length_penalty
        if self.coverage_penalty and attention_weights is not None:
            covered = attention_weights[:, :source_length].sum(axis=0, dtype=np.float64)
            score += self.coverage_penalty * float(np.log(covered.clip(LEAST_COVERED, 1.0)).sum())
        return score
