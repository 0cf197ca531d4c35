"""A network that searches in compiled code finds what the search over its steps finds."""

import numpy as np
import pytest

from seqwright import kernels, search
from seqwright.models import Seq2seq
from seqwright.search import Ranking

START, END, PAD = 0, 1, 2
OPTIONS = [
    {},
    {"layers": 2, "attention": "dot", "peeky": True},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc"},
]


def sources(rng: np.random.Generator, B: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(9, size=(7, B)).astype(np.int32), rng.integers(1, 8, B).astype(np.int32)


@pytest.fixture(params=OPTIONS, ids=lambda options: " ".join(options) or "plain")
def net(request: pytest.FixtureRequest) -> Seq2seq:
    rng = np.random.default_rng(5)
    net = Seq2seq(9, 8, 24, target_vocab_size=19, rng=rng, **request.param)
    net.params.flat[:] = 0.4 * rng.standard_normal(len(net.params.flat))
    return net


@pytest.mark.parametrize("ranking", [Ranking(), Ranking(0.5), Ranking(0.0, 0.8), Ranking(0.0, 0.6, 0.3)], ids=str)
@pytest.mark.parametrize("width", [1, 4])
def test_candidates_are_those_of_the_search_over_steps(net: Seq2seq, width: int, ranking: Ranking) -> None:
    rng = np.random.default_rng(6)
    source, lengths = sources(rng, 20)
    limits, least = rng.integers(0, 12, 20).astype(np.int32), rng.integers(0, 4, 20).astype(np.int32)
    options = {"start_id": START, "end_id": END, "max_lengths": limits, "min_lengths": least}
    found = net.beam(source, lengths, width=width, forbidden=(PAD, START), **options)
    actual = search.candidates(*found, ranking=ranking, source_lengths=lengths)
    step, state = net.start(source, lengths, forbidden=(PAD, START))
    expected = search.beam(step, state, width=width, ranking=ranking, source_lengths=lengths, **options)
    for some, others in zip(actual, expected, strict=True):
        assert [c.ids for c in some] == [c.ids for c in others]
        assert [c.finished for c in some] == [c.finished for c in others]
        for one, other in zip(some, others, strict=True):
            assert one.score == pytest.approx(other.score, rel=1e-4, abs=1e-5)
            np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=0, atol=1e-4)
            if other.attended is None:
                assert one.attended is None
            else:
                np.testing.assert_allclose(one.attended, other.attended, rtol=0, atol=1e-4)


def test_a_beam_of_one_is_greedy(net: Seq2seq) -> None:
    source, lengths = sources(np.random.default_rng(7), 20)
    options = {"start_id": START, "end_id": END, "max_lengths": np.full(20, 9, np.int32)}
    step, state = net.start(source, lengths)
    expected = search.greedy(step, state, **options)
    for [one], other in zip(search.candidates(*net.beam(source, lengths, width=1, **options)), expected, strict=True):
        assert (one.ids, one.finished) == (other.ids, other.finished)
        assert one.score == pytest.approx(other.score, rel=1e-4)


def test_scores_are_summed_as_the_search_over_steps_sums_them() -> None:
    log_probs = np.random.default_rng(8).standard_normal((1, 1, 40)).astype(np.float32)
    total = 0.0
    for p in log_probs[0, 0].tolist():
        total += p
    lengths, ids = np.full((1, 1), 40, np.int32), np.zeros((1, 1, 40), np.int32)
    [[one]] = search.candidates(ids, log_probs, lengths, lengths, None, ranking=Ranking(0.0))
    assert one.score == total


def test_nothing_is_found_for_no_sources(net: Seq2seq) -> None:
    none = np.zeros(0, np.int32)
    found = net.beam(np.zeros((3, 0), np.int32), none, width=3, start_id=START, end_id=END, max_lengths=none)
    assert search.candidates(*found) == []


def test_a_network_of_float64_does_not_claim_compiled_search() -> None:
    assert not Seq2seq(5, 3, 4, dtype=np.float64).compiled
    assert Seq2seq(5, 3, 4).compiled == kernels.description().startswith("native")
