"""Nothing is shared between training and dev, whatever the data and its order."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import holdout, readers
from seqwright.data.readers import Pair

TEXTS = st.text("abcd ", max_size=2)
PAIRS = st.lists(st.builds(Pair, TEXTS, TEXTS, st.sampled_from(["", "V;PST", "V"]), st.just(0)), max_size=40)
SEEDS = st.integers(0, 2**32 - 1)


@given(PAIRS, st.floats(0.01, 0.99), SEEDS, st.integers(1, 5))
def test_held_out_sources_are_on_one_side_only(pairs, fraction, seed, at_most):
    n_sources = len({p.source for p in pairs})
    if n_sources < 2:
        with pytest.raises(errors.DataError):
            holdout.split(pairs, fraction=fraction, seed=seed)
        return
    training, dev = holdout.split(pairs, fraction=fraction, seed=seed, at_most=at_most)
    assert sorted(training + dev) == sorted(pairs)
    assert {p.source for p in training}.isdisjoint({p.source for p in dev})
    assert training
    assert 1 <= len({p.source for p in dev}) <= at_most
    again = holdout.split(pairs[::-1], fraction=fraction, seed=seed, at_most=at_most)
    assert [set(side) for side in again] == [set(training), set(dev)]


def test_the_fraction_held_out_is_of_sources_and_the_seed_chooses_them():
    pairs = [Pair(f"{n % 10_000}", "x") for n in range(20_000)]
    dev = [frozenset(p.source for p in holdout.split(pairs, fraction=0.1, seed=seed)[1]) for seed in (1, 2)]
    assert [len(d) for d in dev] == pytest.approx([1000, 1000], rel=0.1)
    assert dev[0] != dev[1]
    assert len(dev[0] & dev[1]) == pytest.approx(100, rel=0.4)


@given(PAIRS, PAIRS, st.floats(0.01, 0.99), SEEDS, st.integers(1, 5))
def test_added_pairs_never_move_a_source_from_training_to_dev(pairs, added, fraction, seed, at_most):
    assume(len({p.source for p in pairs}) > 1)
    before, _ = holdout.split(pairs, fraction=fraction, seed=seed, at_most=at_most)
    _, dev = holdout.split(pairs + added, fraction=fraction, seed=seed, at_most=at_most)
    sources = {p.source for p in before}
    # The one that had been left for training, because all were candidates, is dev again when there is another.
    assert len(sources & {p.source for p in dev}) <= (len(sources) == 1)


def test_sources_held_out_are_the_ones_of_the_lowest_hashes():
    pairs = [Pair(f"{n}", "x") for n in range(1000)]
    few, many = ({p.source for p in holdout.split(pairs, fraction=0.3, seed=1, at_most=m)[1]} for m in (50, 900))
    assert len(few) == 50
    assert few < many


def test_rows_of_what_is_held_out_are_where_its_pairs_stood():
    pairs = [Pair(f"{n % 50}", f"{n}") for n in range(200)]
    held_out = holdout.HoldOut(fraction=0.3, seed=1)
    for pair in pairs:
        held_out.see(pair)
    dev = held_out.dev()
    assert dev == held_out.dev()
    assert [pairs[row] for row, _ in dev] == [pair for _, pair in dev]


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_neither_side_is_ever_empty(fraction):
    sides = holdout.split([Pair("a", "x"), Pair("b", "y")], fraction=fraction, seed=1)
    assert [len(side) for side in sides] == [1, 1]


def test_both_sides_keep_the_order_of_lines():
    pairs = [Pair(f"{n % 50}", "x", "", n) for n in range(200)]
    for side in holdout.split(pairs, fraction=0.3, seed=1):
        assert [p.line for p in side] == sorted(p.line for p in side)


def test_sources_that_look_alike_are_on_one_side():
    pairs = [Pair(unicodedata.normalize(form, c), "x") for c in "éàüöçñ" for form in ("NFC", "NFD")]
    training, dev = holdout.split(pairs, fraction=0.5, seed=1)
    sides = [{unicodedata.normalize("NFC", p.source) for p in side} for side in (training, dev)]
    assert sides[0].isdisjoint(sides[1])


@pytest.mark.parametrize(
    ("pairs", "says"),
    [([], "0 pairs"), ([Pair("a", "b")], "one pair only"), ([Pair("a", "b")] * 3, "3 pairs of one source only")],
)
def test_too_few_sources_to_hold_any_out_is_said(pairs, says):
    with pytest.raises(errors.DataError, match=says):
        holdout.split(pairs, fraction=0.1, seed=1)


def test_real_words_with_several_pronunciations_are_not_split(data_dir):
    pairs = readers.read_pairs(data_dir / "cmudict" / "train.tsv")
    training, dev = holdout.split(pairs, fraction=0.1, seed=1)
    words = {p.source for p in dev}
    assert len(words) == 2000
    assert len(dev) > len(words)
    assert not any(p.source in words for p in training)
