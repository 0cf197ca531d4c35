"""The inputs of a network with symbols replaced by the unknown symbol."""

import numpy as np
import pytest

from seqwright.data import batches, vocabulary
from seqwright.training import unknown_dropout


def test_rare_symbols_are_replaced_more_often_and_special_ids_never():
    v = vocabulary.Vocabulary.build(["a" * 1000 + "bbb" + "c"])
    rates = unknown_dropout.source_rates(v, at_least=0.01)
    assert rates[:4].tolist() == [0, 0, 0, 0]
    assert rates[4:].tolist() == pytest.approx([0.01, 0.25 / 3.25, 0.2])


def test_symbols_without_a_count_have_the_lowest_rate():
    assert unknown_dropout.source_rates(vocabulary.Vocabulary("ab"), at_least=0.01)[4:].tolist() == [0.01, 0.01]


def test_source_symbols_are_replaced_at_their_rates_and_no_others():
    source = np.random.default_rng(3).integers(0, 9, (50, 400)).astype(np.int32)
    rates = np.zeros(9)
    rates[5], rates[8] = 0.3, 0.6
    hidden = unknown_dropout.drop_source(source, rates, rng=np.random.default_rng(7))
    changed = hidden != source
    assert set(hidden[changed]) == {vocabulary.UNKNOWN}
    for symbol, rate in enumerate(rates):
        if symbol != vocabulary.UNKNOWN:
            assert changed[source == symbol].mean() == pytest.approx(rate, abs=0.02)
    assert hidden.dtype == np.int32


def test_a_symbol_that_is_replaced_once_is_replaced_in_its_whole_column_and_in_the_target():
    rng = np.random.default_rng(5)
    seen = rng.integers(4, 9, (7, 40)).astype(np.int32)
    some = np.where(rng.random(seen.shape) < 0.1, np.int32(vocabulary.UNKNOWN), seen)
    source = unknown_dropout.spread_over_rows(some, seen)
    read = rng.integers(3, 9, (5, 40)).astype(np.int32)
    as_copied = unknown_dropout.drop_copied(read, np.where(source == seen, np.int32(-1), seen))
    for b in range(40):
        hidden = set(seen[some[:, b] == vocabulary.UNKNOWN, b].tolist())
        for before, got in ((seen, source), (read, as_copied)):
            expected = [vocabulary.UNKNOWN if symbol in hidden else symbol for symbol in before[:, b].tolist()]
            assert got[:, b].tolist() == expected
    assert source.dtype == as_copied.dtype == np.int32


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_the_target_rate_is_a_share_of_the_symbols_without_special_ids(rate):
    ids = np.random.default_rng(3).integers(0, 20, (50, 200)).astype(np.int32)
    gaps = unknown_dropout.drop_target(ids, rate=rate, rng=np.random.default_rng(7))
    changed = gaps != ids
    assert set(gaps[changed]) <= {vocabulary.UNKNOWN}
    special = ids < len(vocabulary.SPECIAL)
    assert not changed[special].any()
    assert changed[~special].mean() == pytest.approx(rate, abs=0.02)
    assert gaps.dtype == np.int32


@pytest.mark.parametrize("target_rate", [0.0, 0.3])
@pytest.mark.parametrize("copying", [False, True])
def test_only_the_inputs_of_a_batch_are_changed(copying, target_rate):
    rng = np.random.default_rng(3)
    source = rng.integers(4, 9, (6, 200)).astype(np.int32)
    target = rng.integers(4, 9, (8, 200)).astype(np.int32)
    before = source.copy(), target.copy()
    batch = batches.Batch(source, np.full(200, 6), target, np.full(200, 7), np.arange(200))
    copy_map = np.array([-1, -1, -1, -1, 7, 4, -1, 8, 5], np.int32)
    read = unknown_dropout.drop(
        batch, source_rates=np.full(9, 0.2), target_rate=target_rate, copy_map=copy_map if copying else None,
        rng=np.random.default_rng(7),
    )  # fmt: skip
    np.testing.assert_array_equal(source, before[0])
    np.testing.assert_array_equal(target, before[1])
    hidden_source, hidden_target = (ids == vocabulary.UNKNOWN for ids in read)
    assert hidden_source.mean() > 0.15
    assert (read.source[~hidden_source] == source[~hidden_source]).all()
    assert (read.target[~hidden_target] == target[:-1][~hidden_target]).all()
    as_copied = np.zeros_like(hidden_target)
    for b in range(200) if copying else ():
        lost = set(source[hidden_source[:, b], b].tolist())
        assert lost.isdisjoint(read.source[:, b].tolist())  # at every position
        as_copied[:, b] = np.isin(target[:-1, b], [copy_map[symbol] for symbol in lost])
    assert hidden_target[as_copied].all()
    assert hidden_target[~as_copied].mean() == pytest.approx(target_rate, abs=0.05)


def test_a_share_of_the_inputs_of_the_decoder_is_replaced():
    target = np.random.default_rng(3).integers(4, 9, (50, 200)).astype(np.int32)
    batch = batches.Batch(target[:1], np.ones(200), target, np.full(200, 49), np.arange(200))
    read = unknown_dropout.drop(
        batch, source_rates=np.zeros(9), target_rate=0.3, copy_map=None, rng=np.random.default_rng(7)
    )
    assert read.target.shape == (49, 200)
    assert (read.target == vocabulary.UNKNOWN).mean() == pytest.approx(0.3, abs=0.02)
