"""Generation of a whole batch in one kernel call: greedy, limited, ended, sampled."""

import numpy as np
import pytest
import variants

from seqwright import kernels
from seqwright.search import greedy

SOURCE = variants.batch((5, 1, 3, 4), (1, 1, 1, 1)).arguments(padding=1)
LIMITS = np.array([6, 0, 2, 5], np.int32)
NONE = -1  # an end symbol that never comes


def generated(net, *, end_id, limits=LIMITS, temperature=1.0, uniforms=None, steps=6):
    ids, lengths = np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"]
    encoded = net.encoder.encode(ids, lengths, net.encoder.cache)
    weights, B = net.decoder.weights, len(lengths)
    out, log_probs, n = np.empty((steps, B), np.int32), np.empty((steps, B)), np.empty(B, np.int32)
    peek = encoded.h[-1].copy() if net.decoder.peeky else None
    memory = (None, None) if net.decoder.attention == "none" else (encoded.memory, encoded.lengths)
    kernels.generate(
        weights.embedding, weights.lstm, weights.attention, *weights.affine, encoded.h.copy(), encoded.c.copy(), peek,
        *memory, variants.START, end_id, limits, temperature, uniforms, out, log_probs, n,
    )  # fmt: skip
    return out, log_probs, n


def network(options):
    net = variants.network(options)
    net.params.flat *= 2
    return net


@pytest.mark.parametrize("end_id", [variants.END, NONE])
@variants.each(variants.FEW)
def test_generation_of_a_batch_says_what_greedy_search_says(options, end_id):
    net = network(options)
    ids, log_probs, lengths = generated(net, end_id=end_id)
    step, state = net.start(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"])
    searched = greedy(step, state, start_id=variants.START, end_id=end_id, max_lengths=LIMITS)
    for b, candidate in enumerate(searched):
        said = [*candidate.ids, end_id][: LIMITS[b]]
        assert ids[: lengths[b], b].tolist() == said
        np.testing.assert_allclose(log_probs[: lengths[b], b], candidate.log_probs[: len(said)], rtol=0, atol=1e-12)
        assert (ids[lengths[b] :, b] == -1).all()
        assert not log_probs[lengths[b] :, b].any()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_samples_follow_the_probabilities_of_the_model_at_the_temperature(temperature):
    net = network({})
    step, state = net.start(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"])
    log_p = step(np.full((1, 4), variants.START, np.int32), state)[0][0]
    p = np.exp(log_p / temperature)
    p /= p.sum(axis=1, keepdims=True)
    grid = (np.arange(1000) + 0.5) / 1000
    drawn = np.array([
        generated(net, end_id=NONE, limits=np.ones(4, np.int32), temperature=temperature, uniforms=np.full((1, 4), u),
                  steps=1)[0][0]
        for u in grid
    ])  # fmt: skip
    for b in range(4):
        np.testing.assert_allclose(np.bincount(drawn[:, b], minlength=variants.V_TARGET) / 1000, p[b], atol=1.1e-3)


def test_log_probabilities_of_samples_are_those_of_the_model_whatever_the_temperature():
    net = network({})
    uniforms = np.random.default_rng(0).random((6, 4))
    ids, log_probs, lengths = generated(net, end_id=NONE, temperature=3.0, uniforms=uniforms)
    encoded = net.encoder.encode(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"], net.encoder.cache)
    read = np.vstack([np.full(4, variants.START), np.maximum(ids, 0)[:-1]]).astype(np.int32)
    scores = net.decoder.decode(read, lengths, encoded, net.decoder.cache)
    expected = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    for b, n in enumerate(lengths):
        np.testing.assert_allclose(log_probs[:n, b], expected[np.arange(n), b, ids[:n, b]], rtol=0, atol=1e-12)


@variants.each(variants.FEW)
def test_a_state_of_the_decoder_is_not_changed_by_later_steps(options):
    net = variants.network(options)
    step, state = net.start(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"])
    _, first = step(np.full((1, 4), variants.START, np.int32), state)
    before = [None if a is None else a.copy() for a in (first.h, first.c, first.attended)]
    step(np.full((1, 4), 3, np.int32), first)
    step(np.full((1, 4), 2, np.int32), first)
    for a, b in zip((first.h, first.c, first.attended), before, strict=True):
        np.testing.assert_array_equal(a, b)
