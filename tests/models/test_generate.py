"""Generation as the article has it: a number of symbols, greedily, with no end."""

import pickle

import numpy as np
import pytest
import variants

from seqwright import kernels
from seqwright.models.inference import compiled

SOURCE = variants.batch((5, 1, 3, 4), (1, 1, 1, 1)).arguments(padding=1)
native = pytest.mark.skipif(
    not kernels.compiled(np.empty(0, np.float32)), reason="the compiled kernels do not run here"
)


def network(options, dtype=np.float64):
    net = variants.network(options, dtype=dtype)
    net.params.flat *= 2
    return net


@variants.each(variants.FEW)
def test_each_symbol_is_the_likeliest_after_those_before_it(options):
    net = network(options)
    xs = np.array([[3, 1, 4, 1, 5]])
    generated = net.generate(xs, variants.START, 8)
    step, state = net.start(np.ascontiguousarray(xs.T, np.int32), np.array([5], np.int32))
    for before, after in zip([variants.START, *generated], generated, strict=False):
        log_probs, state = step(np.array([[before]], np.int32), state)
        assert after == log_probs.argmax()
    assert len(generated) == 8


@native
@variants.each(variants.FEW)
def test_a_compiled_network_generates_what_the_layers_generate(options):
    net = network(options, np.float32)
    in_numpy = network(options)
    made = compiled(net)
    for xs in ([[3, 1, 4, 1, 5]], [[2]], [[1, 1, 4]]):
        for n in (0, 1, 12):
            expected = in_numpy.generate(np.array(xs), 0, n)
            assert net.generate(np.array(xs), 0, n) == net.generate(np.array(xs), 0, n, network=made) == expected


@native
def test_generation_follows_each_change_of_the_weights():
    net = network({}, np.float32)
    xs = np.array([[3, 1, 4]])
    for array in net.params:
        for change in (1.5, -1, -1):
            array *= change
            assert net.generate(xs, 0, 12) == net.generate(xs, 0, 12, network=compiled(net))
    assert pickle.loads(pickle.dumps(net)).generate(xs, 0, 12) == net.generate(xs, 0, 12)


@variants.each(variants.FEW)
def test_a_state_of_the_decoder_is_not_changed_by_later_steps(options):
    net = variants.network(options)
    step, state = net.start(np.ascontiguousarray(SOURCE["xs"].T), SOURCE["source_lengths"])
    _, first = step(np.full((1, 4), variants.START, np.int32), state)
    before = [None if a is None else a.copy() for a in (first.h, first.c, first.attention_weights)]
    step(np.full((1, 4), 3, np.int32), first)
    step(np.full((1, 4), 2, np.int32), first)
    for a, b in zip((first.h, first.c, first.attention_weights), before, strict=True):
        np.testing.assert_array_equal(a, b)
