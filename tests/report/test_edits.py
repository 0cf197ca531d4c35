"""Rewrites and confusion matrices, by hand and by properties."""

from collections import Counter

from handmade import made
from hypothesis import given
from hypothesis import strategies as st

from seqwright import metrics
from seqwright.report import edits

tokens = st.lists(st.sampled_from("abcd"), max_size=8)


def test_a_rewrite_has_the_tokens_before_and_after():
    [found] = edits.rewrites(["t", "ɪ", "n"], ["t", "iː", "n"])
    assert found == edits.Rewrite(("ɪ",), ("iː",), "t", "n")


def test_neighbouring_edits_are_one_rewrite():
    [found] = edits.rewrites(["a", "t", "s", "i"], ["a", "ts", "i"])
    assert (found.expected, found.predicted) == (("t", "s"), ("ts",))


def test_the_edges_of_a_word_are_neighbours_too():
    first, last = edits.rewrites(["a", "b", "c"], ["b", "c", "d"])
    assert first == edits.Rewrite(("a",), (), edits.EDGE, "b")
    assert last == edits.Rewrite((), ("d",), "c", edits.EDGE)


@given(tokens, tokens)
def test_the_stretches_of_an_answer_are_the_answer(expected, predicted):
    stretches = edits.differing(expected, predicted)
    assert [token for _, stretch in stretches for token in stretch] == predicted
    same = [token for differs, stretch in stretches if not differs for token in stretch]
    assert len(same) >= len(expected) - metrics.edit_distance(predicted, expected)


@given(tokens, tokens)
def test_rewrites_turn_the_reference_into_the_answer(expected, predicted):
    found = list(edits.rewrites(expected, predicted))
    removed, added = Counter(expected), Counter(predicted)
    for rewrite in found:
        removed.subtract(rewrite.expected)
        added.subtract(rewrite.predicted)
    assert removed == added
    assert sum(max(len(r.expected), len(r.predicted)) for r in found) == metrics.edit_distance(predicted, expected)


@given(tokens, tokens)
def test_aligned_symbols_hold_both_sides_whole_and_count_every_edit(expected, predicted):
    pairs = list(edits.aligned(expected, predicted))
    assert [e for e, _ in pairs if e != edits.EDGE] == expected
    assert [s for _, s in pairs if s != edits.EDGE] == predicted
    assert sum(e != s for e, s in pairs) == metrics.edit_distance(predicted, expected)


def test_the_most_frequent_rewrite_is_first_with_its_context():
    items = made(
        ("tin", "t ɪ n", "t iː n"),
        ("tip", "t ɪ p", "t iː p"),
        ("sit", "s ɪ t", "s iː t"),
        ("dog", "d o g", "d o k"),
        ("cat", "k a t", "k a t"),
    )
    first, second = edits.rewritten(items)
    assert (first.expected, first.predicted, first.n) == (("ɪ",), ("iː",), 3)
    assert (first.where, first.beside, first.n_where) == ("after", "t", 2)
    assert [item.source for item in first.examples] == ["tin", "tip", "sit"]
    assert (second.expected, second.predicted, second.where, second.beside) == (("g",), ("k",), "after", "o")


def test_a_rewrite_without_a_common_neighbour_has_no_place():
    items = made(("a", "p ɪ k", "p iː k"), ("b", "t ɪ n", "t iː n"))
    [found] = edits.rewritten(items)
    assert (found.n, found.where, found.beside, found.n_where) == (2, "", "", 0)


def test_confusions_count_right_and_wrong_answers_of_the_confused_symbols():
    items = made(("a", "x y z", "x y w"), ("b", "z", "z"), ("c", "x z", "x"), ("d", "y", "y q"))
    found = edits.confusions(items)
    assert found.symbols == ["q", "w", "z", edits.EDGE]
    assert found.counts == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0]]


def test_the_closest_of_several_references_is_compared():
    [item] = made(("a", "x y z|p q", "p r"))
    assert (item.expected, item.edits) == (["p", "q"], 1)


def test_right_answers_have_no_rewrites():
    items = made(("a", "x y", "x y"))
    assert edits.rewritten(items) == []
    assert edits.confusions(items).symbols == []
