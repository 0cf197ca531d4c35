"""The loops of PyTorch and of ONNX Runtime give our ids."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the benchmarks' peer needs PyTorch: pip install seqwright[bench]")

import torch

pytest.importorskip("onnxruntime", reason="the benchmarks' other peer is ONNX Runtime: pip install seqwright[bench]")

from benchmarks import generate, peer, peer_generation, peer_onnx
from benchmarks.shapes import Shape
from seqwright.models.inference import Inference


@pytest.mark.parametrize("B", [1, 5])
def test_every_generator_gives_our_ids(B):
    shape = Shape("small", V=11, D=4, H=6, B=B, S=7, T=9, bidirectional=True, attention=True, goals={})
    net, source = shape.network(np.float64), shape.batch().source
    for name, array in net.params.named.items():
        if array.ndim == 2:  # biases stay 0: large ones make every answer the same
            array[:] = np.random.default_rng(len(name)).normal(0, 1.5, array.shape)
    expected = np.stack([net.generate(source[:, b : b + 1].T, generate.START_ID, shape.T) for b in range(B)], axis=1)
    assert len(set(expected.flat)) > 2
    copied, ids = peer.network(net), torch.from_numpy(source).long()
    for generator in (
        peer_generation.Cells(copied),
        peer_generation.Tables(copied, encoder_by_steps=False),
        peer_generation.Tables(copied, encoder_by_steps=True),
    ):
        np.testing.assert_array_equal(generator(ids, generate.START_ID, shape.T), expected)
    if B > 1:
        np.testing.assert_array_equal(generate.ours(Inference(net), source, shape.T)(), expected)


@pytest.mark.parametrize("B", [1, 5])
def test_the_beam_search_of_the_peer_finds_our_candidates(B):
    shape = Shape("small", V=11, D=4, H=6, B=B, S=7, T=9, bidirectional=True, attention=True, goals={})
    net, source = shape.network(np.float64), shape.batch().source
    for name, array in net.params.named.items():
        if array.ndim == 2:
            array[:] = np.random.default_rng(len(name)).normal(0, 1.5, array.shape)
    expected = generate.best_ids(generate.our_beam(Inference(net), source, shape.T)())
    assert expected.shape == (B, generate.WIDTH, shape.T)
    copied, ids = peer.network(net), torch.from_numpy(source).long()
    for encoder_by_steps in (False, True):
        tables = peer_generation.Tables(copied, encoder_by_steps=encoder_by_steps)
        found = tables.beam(ids, generate.START_ID, generate.END_ID, shape.T, generate.WIDTH)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("B", [1, 5])
def test_onnx_runtime_gives_our_ids(B):
    shape = Shape("small", V=11, D=4, H=6, B=B, S=7, T=9, bidirectional=True, attention=True, goals={})
    net, source = shape.network(), shape.batch().source
    for name, array in net.params.named.items():
        if array.ndim == 2:
            array[:] = np.random.default_rng(len(name)).normal(0, 1.5, array.shape)
    expected = np.stack([net.generate(source[:, b : b + 1].T, generate.START_ID, shape.T) for b in range(B)], axis=1)
    graphs = peer_onnx.Graphs(peer.network(net), words=B, symbols=shape.S, threads=1)
    for _ in range(2):  # nothing of a call stays for the next
        np.testing.assert_array_equal(graphs(source.astype(np.int64), generate.START_ID, shape.T), expected)
    assert len(set(expected.flat)) > 2
