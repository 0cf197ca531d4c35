"""Generation of a whole batch in one kernel call: greedy, limited, ended."""

import numpy as np
import pytest
import variants

from seqwright import kernels
from seqwright.search import Rules, greedy

SOURCE = variants.batch((5, 1, 3, 4), (1, 1, 1, 1)).arguments(padding=1)
LIMITS = np.array([6, 0, 2, 5], np.int32)
NONE = -1  # an end symbol that never comes


def generated(net, *, end_id, steps=6):
    ids, lengths = np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"]
    B = len(lengths)
    out, log_probs, n = np.empty((steps, B), np.int32), np.empty((steps, B)), np.empty(B, np.int32)
    d = net.decoding(ids, lengths)
    d = d._replace(h=d.h.copy(), c=d.c.copy())  # where the decoder is peeky, what it peeks at is a view of h
    kernels.generate(d, variants.START, end_id, LIMITS, out, log_probs, n)
    return out, log_probs, n


def network(options):
    net = variants.network(options)
    net.params.flat *= 2
    return net


@pytest.mark.parametrize("end_id", [variants.END, NONE])
@variants.each(variants.GENERATING)
def test_generation_of_a_batch_says_what_greedy_search_says(options, end_id):
    net = network(options)
    ids, log_probs, lengths = generated(net, end_id=end_id)
    step, state = net.start(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"])
    searched = greedy(step, state, Rules(variants.START, end_id, LIMITS))
    for b, candidate in enumerate(searched):
        said = [*candidate.ids, end_id][: LIMITS[b]]
        assert ids[: lengths[b], b].tolist() == said
        np.testing.assert_allclose(log_probs[: lengths[b], b], candidate.log_probs[: len(said)], rtol=0, atol=1e-12)
        assert (ids[lengths[b] :, b] == -1).all()
        assert not log_probs[lengths[b] :, b].any()


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
