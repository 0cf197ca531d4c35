"""Every example once, and nothing but padding beside it."""

import time

import numpy as np
import pytest
from encoded import encode_pairs
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data import batches, readers, text, vocabulary
from seqwright.data.readers import Pair
from seqwright.data.tokenizer import Tokenizer

TEXTS = st.text("abcd ", max_size=9)
PAIRS = st.lists(st.builds(Pair, TEXTS, TEXTS, st.sampled_from(["", "V;PST", "V"]), st.just(0)), max_size=40)
SEEDS = st.integers(0, 2**32 - 1)


def encoded(pairs, tokens=text.Tokens.CHARACTERS):
    cut, joined = text.TextFormat(), text.TextFormat(tokens)
    source = vocabulary.Vocabulary.build(text.source_tokens(p.source, p.features, cut) for p in pairs)
    target = vocabulary.Vocabulary.build(joined.split(p.target) for p in pairs)
    return encode_pairs(pairs, Tokenizer(cut, source), Tokenizer(joined, target)), source, target


def read_back(batch, source, target):
    """Return the batch's rows as text, by plain loops."""
    rows = {}
    for b, position in enumerate(batch.index):
        S, T = batch.source_lengths[b], batch.target_lengths[b]
        xs, ts = batch.source[:, b].tolist(), batch.target[:, b].tolist()
        assert xs[S - 1] == vocabulary.END
        assert ts[0] == vocabulary.START
        assert ts[T] == vocabulary.END
        assert set(xs[S:] + ts[T + 1 :]) <= {vocabulary.PAD}
        tokens = source.decode(xs[: S - 1])
        features = [token.removeprefix("feature ") for token in tokens if len(token) > 1]
        letters = "".join(token for token in tokens if len(token) == 1)
        rows[int(position)] = Pair(letters, "".join(target.decode(ts[1:T])), ";".join(features))
    return rows


@given(PAIRS, st.integers(1, 7), SEEDS | st.none(), st.none() | st.integers(1, 60))
def test_every_example_comes_back_exactly_once(pairs, batch_size, seed, max_tokens):
    examples, source, target = encoded(pairs)
    rng = None if seed is None else np.random.default_rng(seed)
    rows = {}
    n = 0
    for batch in batches.batches(examples, batch_size=batch_size, rng=rng, max_tokens=max_tokens):
        n += len(batch.index)
        rows |= read_back(batch, source, target)
        size = batch.source.size + batch.target.size
        assert len(batch.index) <= batch_size
        assert max_tokens is None or size <= max_tokens or len(batch.index) == 1
    assert n == len(pairs)
    assert [rows[i] for i in range(n)] == pairs


@given(PAIRS.filter(bool), st.integers(1, 7))
def test_a_batch_is_no_longer_than_its_longest_rows(pairs, batch_size):
    examples, _, _ = encoded(pairs)
    for batch in batches.batches(examples, batch_size=batch_size, rng=None):
        assert batch.source.shape == (batch.source_lengths.max(), len(batch.index))
        assert batch.target.shape == (batch.target_lengths.max() + 1, len(batch.index))
        arrays = (batch.source, batch.source_lengths, batch.target, batch.target_lengths)
        assert {a.dtype for a in arrays} == {np.dtype(np.int32)}
        assert batch.index.dtype == np.int64
        assert batch.source.flags.c_contiguous
        assert batch.target.flags.c_contiguous


@pytest.mark.parametrize(
    ("batch_size", "max_tokens", "sizes"),
    [(3, None, [3, 3, 3, 1]), (3, 20, [3, 3, 3, 1]), (9, 20, [4, 4, 2]), (9, 19, [3, 3, 3, 1]), (9, 1, [1] * 10)],
)
def test_a_batch_is_as_large_as_both_bounds_allow(batch_size, max_tokens, sizes):
    examples, _, _ = encoded([Pair("a", "b")] * 10)  # five ids a pair: a END, START b END
    found = batches.batches(examples, batch_size=batch_size, rng=None, max_tokens=max_tokens)
    assert [len(batch.index) for batch in found] == sizes


def test_a_long_source_takes_its_own_room_only():
    # Sorted by target: the long source (11 ids) comes first and fills its batch; the short ones behind it do not pay.
    examples, _, _ = encoded([Pair("a" * 10, "")] + [Pair("a", "b")] * 4)
    found = batches.batches(examples, batch_size=9, rng=None, max_tokens=20)
    assert [batch.index.tolist() for batch in found] == [[0], [1, 2, 3, 4]]


def test_features_and_empty_texts_are_encoded():
    examples, source, _ = encoded([Pair("", "", ""), Pair("go", "went", "V;PST")])
    batch = examples.batch(np.array([0, 1]))
    assert batch.source_lengths.tolist() == [1, 5]
    assert batch.target_lengths.tolist() == [1, 5]
    assert source.decode(batch.source[:, 1]) == ["feature V", "feature PST", "g", "o", "</s>"]


def test_a_strange_symbol_is_encoded_as_unknown_and_keeps_its_place():
    _, source, _ = encoded([Pair("ab", "c")])
    ids = Tokenizer(text.TextFormat(), source).encode("aéb", "NEW")
    assert source.decode(ids) == ["<unk>", "a", "<unk>", "b"]


def test_pad_agrees_with_a_loop():
    ids, lengths = batches.pad([[5, 6, 3], [3], [7, 3]])
    assert ids.tolist() == [[5, 3, 7], [6, 0, 3], [3, 0, 0]]
    assert lengths.tolist() == [3, 1, 2]
    assert batches.pad([])[0].shape == (0, 0)


def lengths_by_batch(pairs, seed):
    examples, _, _ = encoded(pairs)
    rng = np.random.default_rng(seed)
    return [batch.target_lengths.tolist() for batch in batches.batches(examples, batch_size=32, rng=rng)]


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(3)
    return [Pair(f"{n}", "x" * int(rng.integers(1, 30))) for n in range(5000)]


def test_batches_hold_like_lengths(many):
    padded = sum(max(lengths) * len(lengths) for lengths in lengths_by_batch(many, 1))
    needed = sum(sum(lengths) for lengths in lengths_by_batch(many, 1))
    assert padded < 1.05 * needed  # unsorted it is about 1.9


def test_shuffled_batches_do_not_come_in_order_of_length(many):
    means = [np.mean(lengths) for lengths in lengths_by_batch(many, 1)]
    rising = np.mean(np.diff(means) > 0)
    assert 0.35 < rising < 0.65  # in order it is nearly 1


def epoch(examples, rng):
    return [batch.index.tolist() for batch in batches.batches(examples, batch_size=32, rng=rng)]


def test_an_epoch_depends_on_the_generator_alone(many):
    examples, _, _ = encoded(many)
    assert epoch(examples, np.random.default_rng(1)) == epoch(examples, np.random.default_rng(1))
    rng = np.random.default_rng(1)
    first, second = epoch(examples, rng), epoch(examples, rng)
    assert {frozenset(batch) for batch in first}.isdisjoint({frozenset(batch) for batch in second})


def test_an_epoch_of_a_hundred_thousand_pairs_costs_little():
    # Two seconds where half a second is meant: shared machines stall. A loop over symbols in Python takes longer.
    n = 100_000
    rng = np.random.default_rng(5)
    starts = np.concatenate([[0], np.cumsum(rng.integers(3, 20, size=n))])
    ids = rng.integers(4, 30, size=starts[-1], dtype=np.int32)
    examples = batches.Examples(ids, starts, ids, starts)
    begin = time.perf_counter()
    seen = sum(len(batch.index) for batch in batches.batches(examples, batch_size=128, rng=rng))
    assert seen == n
    assert time.perf_counter() - begin < 2


# Windows


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(batches, "BLOCK", 4)
    monkeypatch.setattr(batches, "BLOCKS", 3)
    monkeypatch.setattr(batches, "WINDOW", 40)
    monkeypatch.setattr(batches, "WINDOW_IDS", 300)


def mapped(examples, folder):
    """Return the same examples in arrays that are mapped from files."""
    arrays = []
    for name in ("source", "source_starts", "target", "target_starts"):
        array = getattr(examples, name)
        np.save(folder / f"{name}.npy", array.astype(np.int16) if name in ("source", "target") else array)
        arrays.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    return batches.Examples(*arrays)


def same(one, other):
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("n", [0, 1, 40, 41, 43, 44, 395])
@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("max_tokens", [None, 50])
def test_every_example_comes_back_exactly_once_from_windows(many, n, seed, max_tokens):
    examples, source, target = encoded(many[:n])
    rng = None if seed is None else np.random.default_rng(seed)
    rows, count = {}, 0
    for batch in batches.batches(examples, batch_size=3, rng=rng, max_tokens=max_tokens):
        rows |= read_back(batch, source, target)
        count += len(batch.index)
    assert count == n
    assert [rows[i] for i in range(n)] == many[:n]


@pytest.mark.usefixtures("small_windows")
def test_a_window_has_the_examples_and_ids_it_may_have(many):
    examples, _, _ = encoded(many)
    by_number = encoded([Pair("a", "b")] * 100)[0]
    assert [len(batches.Window(by_number, w).positions) for w in batches.windows(by_number, None)] == [40, 40, 20]
    loaded = [batches.Window(examples, w).load() for w in batches.windows(examples, None)]
    sizes = [max(len(window.source), len(window.target)) for window in loaded]
    assert max(sizes) <= 300
    assert len(sizes) < 2 * examples.target_starts[-1] / 300


@pytest.mark.parametrize("windows", ["one", "many"])
@pytest.mark.parametrize("seed", [None, 1])
def test_memory_and_mapped_files_give_the_same_bytes(many, tmp_path, request, windows, seed):
    if windows == "many":
        request.getfixturevalue("small_windows")
    examples, _, _ = encoded(many[:999])
    epochs = [
        batches.batches(e, batch_size=7, rng=seed and np.random.default_rng(seed), max_tokens=200)
        for e in (examples, mapped(examples, tmp_path))
    ]
    assert all(same(*both) for both in zip(*epochs, strict=True))


@pytest.mark.parametrize("windows", ["one", "many"])
@pytest.mark.parametrize("seed", [None, 1])
def test_skipped_batches_are_passed_over_and_the_rest_is_the_same(many, request, windows, seed):
    if windows == "many":
        request.getfixturevalue("small_windows")
    examples, _, _ = encoded(many[:300])

    def epoch(skip):
        rng = None if seed is None else np.random.default_rng(seed)
        return list(batches.batches(examples, batch_size=7, rng=rng, max_tokens=200, skip=skip))

    whole = epoch(0)
    for skip in (*range(0, len(whole), 5), len(whole) - 1, len(whole), len(whole) + 1):
        rest = epoch(skip)
        assert len(rest) == len(whole[skip:])
        assert all(same(*both) for both in zip(rest, whole[skip:], strict=True))


def test_skipping_pads_nothing(many, monkeypatch):
    examples, _, _ = encoded(many)
    padded = []
    gather = batches.gather
    monkeypatch.setattr(batches, "gather", lambda *arguments: padded.append(1) or gather(*arguments))
    rng = np.random.default_rng(1)
    n = sum(1 for _ in batches.batches(examples, batch_size=8, rng=rng, skip=600))
    assert n == len(many) // 8 - 600
    assert len(padded) == 2 * n


@pytest.mark.usefixtures("small_windows")
def test_neighbours_in_the_file_come_in_other_company_every_epoch(many):
    examples, _, _ = encoded(many[:800])
    rng = np.random.default_rng(1)

    def company():
        return [frozenset(blocks.tolist()) for blocks in batches.windows(examples, rng)]

    first, second = company(), company()
    assert set(first).isdisjoint(second)
    assert np.mean([max(blocks) - min(blocks) for blocks in first]) > 80  # of 200 blocks, four or five at a time


# Real data


def test_real_pairs_come_back_from_their_batches(data_dir):
    pairs = [p._replace(line=0) for p in readers.read_pairs(data_dir / "turkish-inflection" / "train-medium.tsv")]
    examples, source, target = encoded(pairs)
    rows = {}
    for batch in batches.batches(examples, batch_size=64, rng=np.random.default_rng(1)):
        rows |= read_back(batch, source, target)
    assert [rows[i] for i in range(len(pairs))] == pairs
