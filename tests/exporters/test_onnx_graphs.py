"""The graphs of an export compute what the NumPy networks and searches do, for every option of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seqwright import models
from seqwright.data.limits import Limits
from seqwright.data.vocabulary import END, NEVER_ANSWERED, START, UNKNOWN
from seqwright.errors import UsageError
from seqwright.exporters.onnx.precision import Precision
from seqwright.models import ModelSpec, Seq2seq
from seqwright.models.inference import Inference
from seqwright.models.int8 import from_codes, to_codes
from seqwright.nn.attention import SCORES
from seqwright.search import Rules, run

onnxruntime = pytest.importorskip("onnxruntime")
graphs = pytest.importorskip("seqwright.exporters.onnx.graphs")

V, W = 11, 9  # symbols of each side
LIMITS = Limits(longest_target=4, ratio=1.1, shortest_target=2, longest_source=6, shortest_source=1)
FEATURES = [False] * 4 + [True] * 2 + [False] * (V - 6)
COPY_MAP = [-1, UNKNOWN, -1, END, *([-1] * 2), *range(4, W)]

SPECS: dict[str, dict[str, Any]] = {
    "article": {"reversed_source": True, "peeky": True},
    "no attention": {"bridge": "hc"},
    **{kind: {"attention": kind} for kind in SCORES},
    **{f"{kind}, distance": {"attention": kind, "distance_bias": True} for kind in SCORES},
    "bidirectional": {"bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    "bidirectional, h alone": {"bidirectional": True, "attention": "additive"},
    "deep": {"encoder_layers": 3, "decoder_layers": 2, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    "tied": {"tied": True, "attention": "dot", "embedding_size": 6},
    "features": {"sum_features": True, "attention": "bilinear", "distance_bias": True},
    "features without attention": {"sum_features": True, "peeky": True},
    "copying": {"copying": True, "attention": "additive", "bidirectional": True},
    "copying, features": {"copying": True, "sum_features": True, "peeky": True, "attention": "bilinear"},
}


def network(seed: int, **options: Any) -> Seq2seq:
    """Return a network whose random weights are large enough for its answers to differ."""
    sizes = {"source_vocab_size": V, "target_vocab_size": W, "embedding_size": 5, "hidden_size": 6}
    spec = ModelSpec(**(sizes | options))
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(0, 0.8, one.shape).astype(np.float32) for name, one in Seq2seq.declared(spec).items()}
    return models.build(spec, copy_map=COPY_MAP, feature_mask=FEATURES, arrays=arrays)


def sources(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids (S, B) with padding, and lengths (B,): features first, the end symbol last, one source of it alone."""
    rng = np.random.default_rng(seed)
    rows = [
        [*rng.integers(4, 6, n % 3), *rng.choice([UNKNOWN, *range(6, V)], n), END] for n in [0, *rng.integers(1, 7, 6)]
    ]
    lengths = np.array([len(row) for row in rows], np.int32)
    ids = np.zeros((lengths.max(), len(rows)), np.int32)
    for b, row in enumerate(rows):
        ids[: len(row), b] = row
    return ids, lengths


def outputs(model: Any, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the outputs of a graph by name."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def assert_same_search(networks: list[Seq2seq], made: Any, width: int, seed: int, *, int8: bool = False) -> None:
    """Fail where the graph's hypotheses are not those of the search that `predict` uses."""
    ids, lengths = sources(seed)
    rules = Rules(
        START, END, np.array([LIMITS.max_length(int(n)) for n in lengths], np.int32),
        np.array([LIMITS.min_length(int(n)) for n in lengths], np.int32),
    )  # fmt: skip
    searched = run.Sources([Inference(net, int8=int8) for net in networks], ids, lengths, NEVER_ANSWERED)
    expected = searched.beam(rules, width=width)
    found = outputs(made, {"source": ids.T.astype(np.int64), "beam": np.array([width])})
    for b, candidates in enumerate(expected):
        assert (found["lengths"][b] > 0).sum() == len(candidates)
        for k, candidate in enumerate(candidates):
            n = len(candidate.ids) + 1
            assert found["lengths"][b, k] == n
            assert found["ids"][b, k, :n].tolist() == [*candidate.ids, END]
            assert not found["ids"][b, k, n:].any()
            assert found["scores"][b, k] == pytest.approx(candidate.score, abs=1e-4)
            np.testing.assert_allclose(found["log_probs"][b, k, :n], candidate.log_probs, atol=1e-4)
            if candidate.attention_weights is None:
                assert "attention" not in found
                continue
            [start] = lengths[b] - networks[0].memory_lengths(ids[:, b : b + 1], lengths[b : b + 1])
            here = found["attention"][b, k, :n]
            assert not here[:, :start].any()
            S = lengths[b] - start
            np.testing.assert_allclose(here[:, start : start + S], candidate.attention_weights[:, :S], atol=1e-5)


@pytest.mark.parametrize("name", SPECS)
def test_the_search_of_a_graph_finds_the_hypotheses_of_beam_search(name: str) -> None:
    for seed in range(2):
        net = network(seed, **SPECS[name])
        made = graphs.graphs([net], LIMITS, Precision.FLOAT32)["search"]
        for width in (1, 5, 20):  # 20 are more than there are symbols
            assert_same_search([net], made, width, seed)


@pytest.mark.parametrize("names", [("bidirectional", "dot"), ("no attention", "additive"), ("copying", "deep")])
def test_an_ensemble_has_the_mean_of_its_networks_probabilities(names: tuple[str, ...]) -> None:
    nets = [network(seed, **SPECS[name]) for seed, name in enumerate(names)]
    made = graphs.graphs(nets, LIMITS, Precision.FLOAT32)["search"]
    assert_same_search(nets, made, 4, seed=0)


@pytest.mark.parametrize("name", ["article", "deep", "additive, distance", "tied", "copying, features"])
def test_in_8_bits_a_graph_searches_as_the_8_bit_network(name: str) -> None:
    net = network(0, **SPECS[name])
    declared = Seq2seq.declared(net.spec)
    arrays = from_codes(to_codes(net.params.named, declared), declared)
    rounded = models.build(net.spec, copy_map=COPY_MAP, feature_mask=FEATURES, arrays=arrays)
    made = graphs.graphs([rounded], LIMITS, Precision.INT8)["search"]
    assert_same_search([rounded], made, 4, seed=0, int8=True)


@pytest.mark.parametrize("name", ["no attention", "additive, distance", "deep", "copying, features"])
def test_greedy_steps_of_the_graphs_of_encoder_and_step_find_what_the_whole_search_finds(name: str) -> None:
    made = graphs.graphs([network(0, **SPECS[name])], LIMITS, Precision.FLOAT32)
    ids, _ = sources(0)
    source = ids.T.astype(np.int64)
    found = outputs(made["search"], {"source": source, "beam": np.array([1])})
    fixed = outputs(made["encoder"], {"source": source})
    state, last = fixed.pop("state"), np.full((len(source), 1), START)
    for n in range(LIMITS.max_length(1)):  # no shorter answer is cut by its length
        after = outputs(made["step"], {"ids": last, "step": np.array(n), "state": state, **fixed})
        state = after["next_state"]
        going = found["lengths"][:, 0] > n + 1
        last = np.where(going, found["ids"][:, 0, n], END)[:, None]
        chosen = np.take_along_axis(after["log_probs"], last[:, :, None], axis=2)[going, 0, 0]
        np.testing.assert_allclose(chosen, found["log_probs"][going, 0, n], atol=1e-5)
        if n >= LIMITS.min_length(2):
            np.testing.assert_allclose(chosen, after["log_probs"].max(axis=2)[going, 0], atol=1e-5)


def test_networks_that_read_features_in_two_ways_are_refused_by_name() -> None:
    nets = [network(0, **SPECS["features"]), network(0, **SPECS["bilinear"])]
    with pytest.raises(UsageError, match="sum_features"):
        graphs.graphs(nets, LIMITS, Precision.FLOAT32)
