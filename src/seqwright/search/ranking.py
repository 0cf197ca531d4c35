"""What finished hypotheses of different lengths are compared by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqwright.types import Array

__all__ = ["Ranking"]

LEAST_COVERED = 1e-10  # a source token that nothing looked at counts so much, not minus infinity


class Ranking(NamedTuple):
    """The score of a hypothesis Y of |Y| symbols, its end included, for a source X.

    s(Y, X) = log P(Y | X) / (|Y| ** length_norm · lp(Y)) + cp(X; Y)
    lp(Y) = ((5 + |Y|) / 6) ** length_penalty
    cp(X; Y) = coverage_penalty · Σ_i log min(Σ_j p_ij, 1);
    p_ij says how much symbol j of Y looked at token i of X.
    Wu et al. 2016, "Google's Neural Machine Translation System", equation 14; there, length_norm is 0.
    """

    length_norm: float = 1.0
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0

    def score(self, total: float, n_symbols: int, attended: Array | None, source_length: int | None = None) -> float:
        """Return s for log P = total, |Y| = n_symbols and attended (n_symbols, S), the first source_length of S real.

        A model that cannot say where it looked has no coverage.
        """
        score = float(total / n_symbols**self.length_norm)
        if self.length_penalty:
            score /= ((5 + n_symbols) / 6) ** self.length_penalty
        if self.coverage_penalty and attended is not None:
            covered = attended[:, :source_length].sum(axis=0, dtype=np.float64)
            score += self.coverage_penalty * float(np.log(covered.clip(LEAST_COVERED, 1.0)).sum())
        return score
