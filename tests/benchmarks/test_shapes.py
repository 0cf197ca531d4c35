"""The count of multiply-adds is PyTorch's own, which looks at the products that run."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the benchmarks' peer needs PyTorch: pip install seqwright[bench]")

from torch.utils.flop_counter import FlopCounterMode

from benchmarks import peer
from benchmarks.shapes import Shape


@pytest.mark.parametrize(
    ("bidirectional", "attention", "S"),
    [
        (False, False, 7),
        (True, False, 7),
        (False, True, 5),  # S = T and M = H: the peer's h · (memory Waᵀ) is then as much work as our (h Wa) · memory
    ],
)
def test_multiply_adds_are_those_that_pytorch_counts(bidirectional, attention, S):
    shape = Shape("small", V=11, D=4, H=6, B=3, S=S, T=5, bidirectional=bidirectional, attention=attention, goals={})
    net = shape.network(np.float64)
    theirs, tensors = peer.network(net), peer.batch(net, net.inputs(*shape.batch()))  # float64: products one by one
    with FlopCounterMode(display=False) as counter:
        theirs(tensors).backward()
    assert 2 * shape.multiply_adds() == counter.get_total_flops()


def test_a_memory_of_two_directions_adds_its_products():
    shape = Shape("small", V=11, D=4, H=6, B=3, S=7, T=5, bidirectional=True, attention=True, goals={})
    without = shape._replace(attention=False).multiply_adds()
    bridge_c = 3 * 2 * 6 * 6
    attention = 5 * 3 * (6 * 12 + 2 * 7 * 12 + 18 * 6)  # Wa, scores and context, Wc
    assert shape.multiply_adds() == without + 3 * (bridge_c + attention)


def test_carried_out_is_less_by_the_inputs_of_equal_symbols_and_by_the_zeros_of_the_start():
    shape = Shape("small", V=100, D=4, H=6, B=3, S=7, T=5, bidirectional=True, attention=True, goals={})
    zeros = 2 * 3 * (6 * 24)  # two directions, B rows of h Wh
    assert shape.carried_out() == shape.multiply_adds() - 2 * zeros  # forward, and the gradient of Wh
    few = shape._replace(V=7)  # for 21 symbols read and 15 said
    affine = 3 * 15 * 6 * (100 - 7)
    inputs = 3 * (2 * (21 - 7) + (15 - 7)) * 4 * 24
    assert few.carried_out() == shape.carried_out() - affine - inputs
