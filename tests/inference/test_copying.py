"""Positions of unknown source symbols in a hypothesis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data.vocabulary import UNKNOWN
from seqwright.inference import copying


def rendered(tokens, weights, unknown):
    found = copying.inserted(np.array(weights, float), unknown)
    return "".join(symbol or tokens[row] for row, symbol in zip(found.rows, found.symbols, strict=True))


@pytest.mark.parametrize(
    ("weights", "unknown", "expected"),
    [
        ([[9, 1, 0], [1, 8, 1], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "aжc"),  # b is its rendering
        ([[9, 1, 0], [5, 4, 1], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "abжc"),  # b renders the token before: ж follows
        ([[9, 1, 0], [1, 4, 5], [0, 1, 9], [0, 0, 1]], {1: "ж"}, "aжbc"),  # b renders the token after: ж precedes
        ([[9, 1, 0], [8, 1, 1], [5, 1, 4], [0, 0, 9]], {2: "ж"}, "abcж"),  # the end has the highest weight
        ([[1, 1, 1], [5, 6, 2], [1, 1, 1], [0, 0, 1]], {0: "ж", 1: "я"}, "aжяc"),  # two at one position
        ([[9, 9, 9], [1, 1, 1], [1, 1, 1], [0, 0, 0]], {0: "x", 1: "y", 2: "z"}, "xyzbc"),
    ],
)
def test_a_symbol_goes_to_the_token_of_the_highest_attention_weight(weights, unknown, expected):
    assert rendered("abc", weights, unknown) == expected


def test_an_unknown_token_becomes_the_unknown_symbol_of_the_highest_attention_weight():
    weights = np.array([[9, 1, 0, 5], [6, 4, 3, 0], [1, 2, 7, 0], [0, 0, 0, 1]], float)
    unknown = copying.unknown("aжbя", [4, UNKNOWN, 5, UNKNOWN])
    assert unknown == {1: "ж", 3: "я"}
    assert copying.resolved([UNKNOWN, UNKNOWN, 4], weights, unknown) == {0: 3, 1: 1}
    assert copying.resolved([UNKNOWN, 4, 4], weights, {}) == {}


def test_an_empty_answer_becomes_the_symbols():
    assert rendered("", [[0.5, 0.5]], {0: "ж", 1: "я"}) == "жя"


@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(1, 6))
def test_every_symbol_is_copied_once_and_no_token_moves(seed, T, S):
    rng = np.random.default_rng(seed)
    unknown = {int(i): f"u{i}" for i in np.flatnonzero(rng.random(S) < 0.6)}
    found = copying.inserted(rng.random((T + 1, S)), unknown)
    assert sorted(s for s in found.symbols if s) == sorted(unknown.values())
    assert found.rows == sorted(found.rows)
    taken = [row for row, symbol in zip(found.rows, found.symbols, strict=True) if symbol is None]
    assert len(set(taken)) == len(taken)
    assert T - len(taken) == sum(1 for s, added in zip(found.symbols, found.added, strict=True) if s and not added)
