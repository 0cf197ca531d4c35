"""Networks that are searched in compiled code: what the searches over their steps find, under every option."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwright import kernels, search
from seqwright.models import Seq2seq
from seqwright.models.inference import Inference, compiled
from seqwright.search import Candidate, Ranking, Rules, automaton
from seqwright.search.ensemble import ensemble

START, END, PAD = 0, 1, 2
V, B = 19, 12
FORBIDDEN = (PAD, START)
ALPHABET = np.arange(3, V, dtype=np.int32)
pytestmark = pytest.mark.skipif(
    not kernels.description().startswith("native"), reason="the compiled kernels do not run here"
)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"layers": 2, "attention": "dot", "peeky": True},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"bidirectional": True, "attention": "bilinear", "peeky": True, "twins": (-1, 5, PAD, 3, -1, 5, END, 18, START)},
    {"attention": "bilinear", "peeky": True, "features": [False, True] * 4 + [False]},
    {"bidirectional": True, "attention": "bilinear", "distance_bias": True, "tied": True},
    {"attention": "additive", "distance_bias": True},
    {"bidirectional": True, "attention": "additive", "peeky": True, "twins": (-1, 5, PAD, 3, -1, 5, END, 18, START)},
    {"encoder_layers": 2, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
]


def network(seed: int, H: int, options: dict[str, Any]) -> Seq2seq:
    rng = np.random.default_rng(seed)
    net = Seq2seq(9, H if "tied" in options else 8, H, target_vocab_size=V, rng=rng, **options)
    net.params.flat[:] = 0.4 * rng.standard_normal(len(net.params.flat))
    return net


NETWORKS = [[network(seed, H, options) for seed, H in enumerate((24, 17, 8))] for options in OPTIONS]
ENSEMBLES = [nets[:n] for nets in NETWORKS for n in (1, 3)] + [
    [NETWORKS[2][1], NETWORKS[0][0]],
    [NETWORKS[7][1], NETWORKS[5][0]],
]
RNG = np.random.default_rng(6)
SOURCE = RNG.integers(9, size=(7, B)).astype(np.int32)
LENGTHS = RNG.integers(1, 8, B).astype(np.int32)
LISTED = [tuple(RNG.choice(ALPHABET, size=n)) for n in range(1, 7) for _ in range(5)]
CONSTRAINTS = {
    "none": None,
    "list": automaton.listed(LISTED),
    "prefix": automaton.prefixed([5, 5], ALPHABET),
    "symbols": automaton.repeated([4, 7, 8, 11]),
    "list of at least 3": automaton.common(automaton.listed(LISTED), automaton.at_least(3, ALPHABET)),
}


def some_rules(constraint: str, rng: np.random.Generator) -> Rules:
    chosen = CONSTRAINTS[constraint]
    most = rng.integers(chosen.min_length if chosen else 0, 12, B).astype(np.int32)
    least = None if chosen else rng.integers(0, 4, B).astype(np.int32)
    return Rules(START, END, most, least, LENGTHS, constraint=chosen)


def start(nets: list[Seq2seq]) -> Any:
    return ensemble([net.start(SOURCE, LENGTHS, forbidden=FORBIDDEN) for net in nets])


def networks(nets: list[Seq2seq]) -> search.compiled.Networks:
    return search.compiled.Networks(list(map(compiled, nets)), SOURCE, LENGTHS, FORBIDDEN)


def assert_same(actual: list[list[Candidate]], expected: list[list[Candidate]]) -> None:
    for some, others in zip(actual, expected, strict=True):
        assert [c.ids for c in some] == [c.ids for c in others]
        assert [c.finished for c in some] == [c.finished for c in others]
        for one, other in zip(some, others, strict=True):
            assert one.score == pytest.approx(other.score, rel=1e-4, abs=1e-5)
            np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=0, atol=1e-4)
            if other.attention_weights is None:
                assert one.attention_weights is None
            else:
                np.testing.assert_allclose(one.attention_weights, other.attention_weights, rtol=0, atol=1e-4)


ensembles = st.sampled_from(ENSEMBLES)
constraints = st.sampled_from(sorted(CONSTRAINTS))
seeds = st.integers(0, 2**32)
rankings = st.sampled_from([Ranking(), Ranking(0.5), Ranking(0.0, 0.8), Ranking(0.0, 0.6, 0.3)])


@settings(max_examples=60)
@given(ensembles, constraints, seeds, rankings, st.integers(1, 4), st.integers(1, 3), st.sampled_from([0.0, 0.5, 3.0]))
def test_a_compiled_beam_finds_what_the_search_over_steps_finds(
    nets: list[Seq2seq], constraint: str, seed: int, ranking: Ranking, size: int, groups: int, diversity: float
) -> None:
    rules = some_rules(constraint, np.random.default_rng(seed))._replace(ranking=ranking)
    options: dict[str, Any] = {"width": size * groups, "groups": groups, "diversity": diversity}
    assert_same(search.compiled.beam(networks(nets), rules, **options), search.beam(*start(nets), rules, **options))


drawing = st.sampled_from(
    [{}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.6}, {"temperature": 1.7, "top_k": 9, "top_p": 0.9}]
)


@settings(max_examples=60)
@given(ensembles, constraints, seeds, st.integers(1, 4), drawing)
def test_a_compiled_sample_draws_what_the_sample_over_steps_draws(
    nets: list[Seq2seq], constraint: str, seed: int, n: int, options: dict[str, Any]
) -> None:
    rules = some_rules(constraint, np.random.default_rng(seed))
    one, other = ([np.random.default_rng([seed, b]) for b in range(B)] for _ in range(2))
    drawn = search.compiled.sample(networks(nets), rules, n=n, rngs=one, **options)
    assert_same(drawn, search.sample(*start(nets), rules, n=n, rngs=other, **options))


@pytest.mark.parametrize("constraint", sorted(CONSTRAINTS))
@pytest.mark.parametrize("nets", ENSEMBLES, ids=range(len(ENSEMBLES)))
def test_a_compiled_beam_of_one_finds_what_one_over_steps_finds(nets: list[Seq2seq], constraint: str) -> None:
    rules = some_rules(constraint, np.random.default_rng(7))
    assert_same(search.compiled.beam(networks(nets), rules, width=1), search.beam(*start(nets), rules, width=1))


def test_scores_are_summed_as_the_search_over_steps_sums_them() -> None:
    log_probs = np.random.default_rng(8).standard_normal((1, 1, 40)).astype(np.float32)
    total = 0.0
    for p in log_probs[0, 0].tolist():
        total += p
    lengths, ids = np.full((1, 1), 40, np.int32), np.zeros((1, 1, 40), np.int32)
    found = search.compiled._Found(ids, log_probs, lengths, lengths, None)
    [[one]] = found.candidates(Rules(START, END, lengths[0], ranking=Ranking(0.0)))
    assert one.score == total


@pytest.mark.parametrize("nets", ENSEMBLES, ids=range(len(ENSEMBLES)))
def test_nothing_is_found_for_no_sources(nets: list[Seq2seq]) -> None:
    none = np.zeros(0, np.int32)
    nobody = networks(nets)._replace(source=np.zeros((3, 0), np.int32), source_lengths=none)
    assert search.compiled.beam(nobody, Rules(START, END, none), width=3) == []
    assert search.compiled.sample(nobody, Rules(START, END, none), n=3, rngs=[]) == []
    assert search.compiled.forced(nobody, [], start_id=START, end_id=END) == []


@settings(max_examples=40)
@given(ensembles, seeds, rankings)
def test_given_targets_are_scored_as_the_search_over_steps_scores_them(
    nets: list[Seq2seq], seed: int, ranking: Ranking
) -> None:
    rng = np.random.default_rng(seed)
    targets = [rng.integers(V, size=n).tolist() for n in rng.integers(0, 9, B)]
    options: dict[str, Any] = {"start_id": START, "end_id": END, "source_lengths": LENGTHS, "ranking": ranking}
    found = search.compiled.forced(networks(nets), targets, **options)
    expected = search.forced(*start(nets), targets, **options)
    assert_same([[one] for one in found], [[one] for one in expected])


def test_where_all_models_are_compiled_they_are_searched_compiled_and_elsewhere_by_steps() -> None:
    rules = some_rules("none", np.random.default_rng(3))
    models: list[Any] = [Inference(net) for net in NETWORKS[2]]
    found = search.run.Sources(models, SOURCE, LENGTHS, FORBIDDEN).beam(rules, width=3)
    models[1].network = None
    assert_same(found, search.run.Sources(models, SOURCE, LENGTHS, FORBIDDEN).beam(rules, width=3))


def test_a_network_of_float64_is_searched_by_steps() -> None:
    assert Inference(Seq2seq(5, 3, 4, dtype=np.float64)).network is None
    assert (Inference(Seq2seq(5, 3, 4)).network is not None) == kernels.description().startswith("native")
