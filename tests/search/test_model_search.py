"""Searching a real network: what comes out is what the network says of it when it is forced to read it."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seqwright import kernels
from seqwright.models import Seq2seq
from seqwright.search import Rules, beam

START, END = 0, 1
V, LIMITS = 5, np.array([4, 2, 0, 3], np.int32)
SOURCE = np.random.default_rng(4).integers(6, size=(5, 4)).astype(np.int32)
LENGTHS = np.array([5, 1, 3, 2], np.int32)
OPTIONS = [
    {},
    {"peeky": True, "reversed_source": True, "bridge": "hc"},
    {"layers": 2, "attention": "dot"},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"layers": 2, "bidirectional": True, "attention": "bilinear", "peeky": True, "bridge": "hc"},
    {"bidirectional": True, "attention": "bilinear", "bridge": "hc", "twins": (-1, 1, 2, 0, 2, 4)},
    {"bidirectional": True, "attention": "additive", "distance_bias": True},
    {"attention": "dot", "features": (False, True, True, False, False, True)},
]


@pytest.fixture(params=OPTIONS, ids=lambda options: " ".join(options) or "plain")
def net(request):
    rng = np.random.default_rng(0)
    net = Seq2seq(6, 3, 4, target_vocab_size=V, **request.param, rng=rng, dtype=np.float64)
    net.params.flat[:] = rng.standard_normal(len(net.params.flat))
    return net


def found(net, width, *, limits=LIMITS, **options):
    step, state = net.start(SOURCE, LENGTHS, **options)
    return beam(step, state, Rules(START, END, limits), width=width)


def forced(net, b, ids):
    """Return the log-probabilities of ids and the end for source b, and where they looked, by teacher forcing."""
    read = np.array([[START], *([symbol] for symbol in ids)], np.int32)
    _, state = net.start(SOURCE[: LENGTHS[b], b : b + 1].copy(), LENGTHS[b : b + 1])
    outputs = net.decoder.decode(read, np.array([len(read)], np.int32), state.encoded, net.decoder.cache)
    log_p = outputs.logits[:, 0] - np.log(np.exp(outputs.logits[:, 0]).sum(axis=1, keepdims=True))
    if net.copy_map is not None:
        kernels.copy_log_probs(*outputs, state.source, log_p[:, None])
    attention_weights = None
    if net.spec.attention != "none":
        attention_weights = net.decoder.cache.of("attention")["weights"][:, 0].copy()
    return log_p[np.arange(len(read)), [*ids, END]], attention_weights


@pytest.mark.parametrize("width", [1, 3])
def test_log_probabilities_scores_and_attention_equal_those_of_teacher_forcing(net, width):
    for b, candidates in enumerate(found(net, width)):
        for candidate in candidates:
            log_probs, attention_weights = forced(net, b, candidate.ids)
            np.testing.assert_allclose(candidate.log_probs, log_probs, rtol=0, atol=1e-12)
            assert candidate.score == pytest.approx(log_probs.mean(), rel=1e-12)
            if attention_weights is None:
                assert candidate.attention_weights is None
            else:
                n = net.memory_lengths(SOURCE, LENGTHS)[b]
                np.testing.assert_allclose(candidate.attention_weights[:, :n], attention_weights, rtol=0, atol=1e-12)
                assert not candidate.attention_weights[:, n:].any()


def test_a_wide_enough_beam_is_exhaustive(net):
    limits = np.array([2, 1, 0, 2], np.int32)
    others = [symbol for symbol in range(V) if symbol != END]
    for b, candidates in enumerate(found(net, 21, limits=limits)):
        every = [ids for n in range(limits[b] + 1) for ids in itertools.product(others, repeat=n)]
        every.sort(key=lambda ids: -forced(net, b, ids)[0].mean())
        assert [tuple(c.ids) for c in candidates] == every


def sayable(net, forbidden):
    """Return for each source what can stand in a target, (B, V): what is not forbidden, and what can be copied."""
    possible = np.tile(~np.isin(np.arange(V), forbidden), (len(LENGTHS), 1))
    if net.copy_map is not None:
        for b, n in enumerate(LENGTHS):
            possible[b, [twin for twin in net.copy_map[SOURCE[:n, b]] if twin >= 0]] = True
    return possible


def test_forbidden_symbols_are_in_no_target_and_leave_their_probability_to_the_others(net):
    possible = sayable(net, [START, 3])
    for b, candidates in enumerate(found(net, 4, forbidden=[START, 3])):
        assert all(possible[b, symbol] for c in candidates for symbol in c.ids)
        [empty] = [c for c in candidates if not c.ids] or [None]
        if empty is not None:
            log_p = first_step(net, b)
            if net.copy_map is None:
                assert empty.log_probs[0] == pytest.approx(log_p[END] - np.log(np.exp(log_p[[1, 2, 4]]).sum()))


def test_probabilities_sum_to_one_also_where_some_symbols_are_forbidden(net):
    for forbidden in ([], [START, 3], [0, 2, 3, 4]):
        step, state = net.start(SOURCE, LENGTHS, forbidden=forbidden)
        log_p = step(np.full((1, len(LENGTHS)), START, np.int32), state)[0]
        np.testing.assert_allclose(np.exp(log_p).sum(axis=2), 1, rtol=1e-12)
        np.testing.assert_array_equal(np.isneginf(log_p[0]), ~sayable(net, forbidden))


def first_step(net, b):
    step, state = net.start(SOURCE, LENGTHS)
    return step(np.full((1, len(LENGTHS)), START, np.int32), state)[0][0, b].copy()


def test_threads_that_search_the_same_network_do_not_disturb_each_other(net):
    expected = [[c[:4] for c in candidates] for candidates in found(net, 3)]
    with ThreadPoolExecutor(4) as pool:
        for answers in pool.map(lambda _: found(net, 3), range(12)):
            assert [[c[:4] for c in candidates] for candidates in answers] == expected
