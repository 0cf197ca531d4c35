"""A network answers from packed weights what it answers from its parameters."""

import pickle

import numpy as np
import pytest

from seqwright import search
from seqwright.models import Seq2seq
from seqwright.nn.cache import Cache

OPTIONS = [
    {},
    {"layers": 2, "attention": "dot", "peeky": True, "bridge": "hc"},
    {"reversed_source": True},
    {"layers": 3, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"layers": 2, "encoder_layers": 3, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"encoder_layers": 2, "reversed_source": True},
    {"bidirectional": True, "attention": "bilinear", "peeky": True},
    {"bidirectional": True, "attention": "additive", "distance_bias": True, "bridge": "hc"},
    {"bidirectional": True, "attention": "bilinear", "tied": True},
]
RULES = search.Rules(0, 1, np.full(30, 9, np.int32))


@pytest.fixture(params=OPTIONS, ids=lambda options: " ".join(options) or "plain")
def net(request: pytest.FixtureRequest) -> Seq2seq:
    rng = np.random.default_rng(5)
    net = Seq2seq(9, 24 if "tied" in request.param else 8, 24, target_vocab_size=19, rng=rng, **request.param)
    net.params.flat[:] = 0.4 * rng.standard_normal(len(net.params.flat))
    return net


def sources(B: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    return rng.integers(9, size=(6, B)).astype(np.int32), rng.integers(0, 7, B).astype(np.int32)


@pytest.mark.parametrize("B", [1, 3, 30])
def test_the_encoder_reads_what_it_encodes(net: Seq2seq, B: int) -> None:
    source, lengths = sources(B)
    expected = net.encoder.encode(source, lengths, Cache(np.float32))
    found = net.encoder.read(source, lengths, net.pack().encoder, int8=False)
    for one, other in zip(found[:3], expected[:3], strict=True):
        if net.compiled:
            assert one.tobytes() == other.tobytes()
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("width", [1, 4])
def test_a_search_finds_the_same(net: Seq2seq, width: int) -> None:
    source, lengths = sources(30)
    networks = [net.decoding(source, lengths, forbidden=(2,), packed=packed) for packed in (None, net.pack())]
    expected, found = (search.compiled.beam([one], RULES, width=width) for one in networks)
    for one, other in zip(found, expected, strict=True):
        assert [(c.ids, c.finished) for c in one] == [(c.ids, c.finished) for c in other]
        log_probs, wanted = ([p for c in some for p in c.log_probs] for some in (one, other))
        if net.compiled:
            assert log_probs == wanted
        np.testing.assert_allclose(log_probs, wanted, rtol=1e-4, atol=1e-5)


def test_generation_says_the_same(net: Seq2seq) -> None:
    xs = np.array([[3, 1, 4, 1, 5]])
    assert net.generate(xs, 0, 12, packed=net.pack()) == net.generate(xs, 0, 12)


def test_in_8_bits_the_answers_are_nearly_as_likely(net: Seq2seq) -> None:
    source, lengths = sources(30)
    networks = [net.decoding(source, lengths, forbidden=(2,), packed=net.pack(int8=int8)) for int8 in (False, True)]
    best = [[some[0] for some in search.compiled.beam([one], RULES, width=4)] for one in networks]
    drift = [abs(one.score - other.score) for one, other in zip(*best, strict=True)]
    assert 0 < np.mean(drift) < 0.05


def test_packed_weights_are_those_of_their_moment(net: Seq2seq) -> None:
    xs, packed = np.array([[3, 1, 4, 1, 5]]), net.pack()
    before = net.generate(xs, 0, 12)
    net.params.flat[:] *= -1
    assert net.generate(xs, 0, 12, packed=net.pack()) == net.generate(xs, 0, 12)
    assert packed.encoder.size == 0 or not np.array_equal(packed.encoder, net.pack().encoder)
    assert before != net.generate(xs, 0, 12)


def test_packed_weights_in_float64_are_those_of_the_reference() -> None:
    net = Seq2seq(9, 8, 24, rng=np.random.default_rng(1), dtype=np.float64)
    xs = np.array([[3, 1, 4, 1, 5]])
    assert net.generate(xs, 0, 12, packed=net.pack()) == net.generate(xs, 0, 12)


def test_packed_weights_do_not_travel() -> None:
    with pytest.raises(TypeError, match="pack"):
        pickle.dumps(Seq2seq(9, 8, 24).pack())
