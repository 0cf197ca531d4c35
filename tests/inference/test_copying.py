"""Where a symbol goes that the model has never seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data.vocabulary import UNKNOWN
from seqwright.inference import copying


def said(tokens, attended, unknown):
    found = copying.copied(np.array(attended, float), unknown)
    return "".join(symbol or tokens[row] for row, symbol in zip(found.rows, found.symbols, strict=True))


@pytest.mark.parametrize(
    ("attended", "unknown", "expected"),
    [
        ([[9, 1, 0], [1, 8, 1], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "aжc"),  # b was made of it
        ([[9, 1, 0], [5, 4, 1], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "abжc"),  # b looked at the one before: ж is behind
        ([[9, 1, 0], [1, 4, 5], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "aжbc"),  # b looked at the one behind: ж is before
        ([[9, 1, 0], [8, 1, 1], [5, 1, 4], [0, 0, 9]], {2: "ж"}, "abcж"),  # only the end looked at it
        ([[1, 1, 1], [5, 6, 2], [1, 1, 1], [0, 0, 1]], {0: "ж", 1: "я"}, "aжяc"),  # two went to one place
        ([[9, 9, 9], [1, 1, 1], [1, 1, 1], [0, 0, 0]], {0: "x", 1: "y", 2: "z"}, "xyzbc"),
    ],
)
def test_a_symbol_goes_where_the_model_looked_at_it(attended, unknown, expected):
    assert said("abc", attended, unknown) == expected


def test_a_token_that_is_unknown_is_the_unknown_symbol_that_it_looked_at_most():
    attended = np.array([[9, 1, 0, 5], [6, 4, 3, 0], [1, 2, 7, 0], [0, 0, 0, 1]], float)
    unknown = copying.strange("aжbя", [4, UNKNOWN, 5, UNKNOWN])
    assert unknown == {1: "ж", 3: "я"}
    assert copying.named([UNKNOWN, UNKNOWN, 4], attended, unknown) == {0: 3, 1: 1}
    assert copying.named([UNKNOWN, 4, 4], attended, {}) == {}


def test_an_empty_answer_becomes_the_symbols():
    assert said("", [[0.5, 0.5]], {0: "ж", 1: "я"}) == "жя"


@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(1, 6))
def test_every_symbol_is_copied_once_and_no_token_moves(seed, T, S):
    rng = np.random.default_rng(seed)
    unknown = {int(i): f"u{i}" for i in np.flatnonzero(rng.random(S) < 0.6)}
    found = copying.copied(rng.random((T + 1, S)), unknown)
    assert sorted(s for s in found.symbols if s) == sorted(unknown.values())
    assert found.rows == sorted(found.rows)
    taken = [row for row, symbol in zip(found.rows, found.symbols, strict=True) if symbol is None]
    assert len(set(taken)) == len(taken)
    assert T - len(taken) == sum(1 for s, added in zip(found.symbols, found.added, strict=True) if s and not added)
