"""The plain model is the article's: constructor, shapes, order of parameters, initial values, calls."""

import numpy as np
import pytest
import variants

from seqwright import kernels
from seqwright.errors import UsageError
from seqwright.models import Decoder, Encoder, Seq2seq
from seqwright.models.encoder import Encoded
from seqwright.testing import gradients

V, D, H = 13, 16, 128
ENCODER_SHAPES = [(V, D), (D, 4 * H), (H, 4 * H), (4 * H,)]
DECODER_SHAPES = [*ENCODER_SHAPES, (H, V), (V,)]


def test_three_positional_arguments_make_the_plain_model_with_the_articles_parameters_in_its_order():
    net = Seq2seq(V, D, H)
    assert [a.shape for a in net.params] == ENCODER_SHAPES + DECODER_SHAPES
    assert list(net.params.named) == [
        "encoder.embedding.W", "encoder.lstm.0.forward.Wx", "encoder.lstm.0.forward.Wh", "encoder.lstm.0.forward.b",
        "decoder.embedding.W", "decoder.lstm.0.Wx", "decoder.lstm.0.Wh", "decoder.lstm.0.b",
        "decoder.affine.W", "decoder.affine.b",
    ]  # fmt: skip
    assert [a.shape for a in net.grads] == [a.shape for a in net.params]
    assert [a.shape for a in Encoder(V, D, H).params] == ENCODER_SHAPES
    assert [a.shape for a in Decoder(V, D, H).params] == DECODER_SHAPES


def test_parameters_are_float32_unless_asked_otherwise():
    assert {a.dtype for a in Seq2seq(V, D, H).params} == {np.dtype(np.float32)}
    assert {a.dtype for a in Seq2seq(V, D, H, dtype=np.float64).grads} == {np.dtype(np.float64)}


@variants.each([*variants.FEW, variants.FULL])
def test_parameters_and_gradients_are_views_into_one_flat_vector_without_gaps(options):
    net = variants.network(options)
    for vector in (net.params, net.grads):
        vector.flat[:] = np.arange(len(vector.flat))
        np.testing.assert_array_equal(np.concatenate([a.ravel() for a in vector]), vector.flat)
        vector[2][:] = -1
        assert (vector.flat == -1).sum() == vector[2].size


@variants.each([*variants.GENERATING, variants.FULL])
def test_encoder_and_decoder_of_a_network_compute_with_its_flat_vector(options):
    net = variants.network(options)
    before = net.forward(**variants.batch().arguments())
    net.params.flat[:] = 0
    assert before != net.forward(**variants.batch().arguments()) == pytest.approx(np.log(variants.V_TARGET))


def test_initial_values_have_the_articles_spread_and_biases_are_zero():
    vocabulary, wordvec, hidden = 300, 50, 80
    net = Seq2seq(vocabulary, wordvec, hidden, rng=np.random.default_rng(0))
    spread = {"embedding.W": 1 / 100, "Wx": wordvec**-0.5, "Wh": hidden**-0.5, "affine.W": hidden**-0.5}
    for name, a in net.params.named.items():
        if a.ndim == 1:
            assert not a.any(), name
            continue
        expected = next(value for end, value in spread.items() if name.endswith(end))
        assert a.std() == pytest.approx(expected, rel=0.03), name
        assert abs(a.mean()) < 5 * expected / a.size**0.5, name
        within_one = np.mean(np.abs(a) < expected)
        assert within_one == pytest.approx(0.6827, abs=0.02), f"{name} is not normal"


def test_the_same_generator_gives_the_same_network_and_another_one_another():
    one, two, other = (Seq2seq(V, D, H, rng=np.random.default_rng(seed)).params.flat for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_an_untrained_network_is_as_good_as_guessing():
    rng = np.random.default_rng(0)
    net = Seq2seq(V, D, H, rng=rng)
    loss = net.forward(rng.integers(V, size=(32, 7)), rng.integers(V, size=(32, 5)))
    assert loss == pytest.approx(np.log(V), rel=0.1)


def test_the_loss_takes_the_targets_one_step_behind():
    net = variants.network({})
    xs, ts = np.array([[1, 2, 3]]), np.array([[0, 2, 3]])
    h = net.encoder.forward(xs)
    logits = net.decoder.forward(ts[:, :-1], h)
    log_p = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    assert net.forward(xs, ts) == pytest.approx(-(log_p[0, 0, 2] + log_p[0, 1, 3]) / 2, rel=1e-12)


def test_generate_reads_its_own_outputs_and_keeps_the_state_from_step_to_step():
    net = variants.network({})
    net.params.flat *= 2
    xs = np.array([[4, 1, 2]])
    ids = net.generate(xs, variants.START, 8)
    assert len(set(ids)) > 1
    h = net.encoder.forward(xs).copy()
    logits = net.decoder.forward(np.array([[variants.START, *ids[:-1]]]), h)
    assert ids == logits[0].argmax(axis=1).tolist()
    assert ids == net.decoder.generate(h, variants.START, 8) == net.decoder.generate(h[0], variants.START, 8)
    assert net.generate(xs, variants.START, 0) == []


def test_generated_ids_are_plain_integers():
    assert {type(i) for i in variants.network({}).generate([[1, 2]], 0, 3)} == {int}


@variants.each([{}, {"layers": 2}, {"reversed_source": True}, {"layers": 2, "bidirectional": True}])
def test_an_encoder_alone_has_the_gradient_that_it_returns(options):
    rng = np.random.default_rng(0)
    encoder = Encoder(5, 3, 4, **options, rng=rng, dtype=np.float64)
    encoder.params.flat[:] = 0.6 * rng.standard_normal(len(encoder.params.flat))
    xs = rng.integers(5, size=(3, 4))

    def f(flat):
        encoder.params.flat[:] = flat
        h = encoder.forward(xs)
        assert h.shape == (3, 4)
        return [h]

    def vjp(arguments, v):
        f(**arguments)
        encoder.grads.flat[:] = 0.75
        encoder.backward(v[0])
        return {"flat": encoder.grads.flat}

    gradients.check_vjp(f, vjp, {"flat": encoder.params.flat.copy()}, rng)


@variants.each([{}, {"layers": 2}, {"peeky": True}, {"layers": 2, "peeky": True}])
def test_a_decoder_alone_has_the_gradients_that_it_returns_also_for_the_encoders_state(options):
    rng = np.random.default_rng(0)
    decoder = Decoder(5, 3, 4, **options, rng=rng, dtype=np.float64)
    decoder.params.flat[:] = 0.6 * rng.standard_normal(len(decoder.params.flat))
    xs = rng.integers(5, size=(2, 3))

    def f(flat, h):
        decoder.params.flat[:] = flat
        logits = decoder.forward(xs, h)
        assert logits.shape == (2, 3, 5)
        return [logits]

    def vjp(arguments, v):
        f(**arguments)
        decoder.grads.flat[:] = 0.75
        dh = decoder.backward(v[0])
        return {"flat": decoder.grads.flat, "h": dh}

    gradients.check_vjp(f, vjp, {"flat": decoder.params.flat.copy(), "h": rng.standard_normal((2, 4))}, rng)


def test_encoder_and_decoder_called_as_in_the_article_compose_to_the_network():
    net = variants.network({})
    xs, ts = np.array([[1, 2, 3], [4, 5, 0]]), np.array([[0, 2, 3], [0, 1, 1]])
    net.forward(xs, ts)
    net.backward()
    whole = net.grads.flat.copy()
    logits = net.decoder.forward(ts[:, :-1], net.encoder.forward(xs).copy())
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    dlogits = (probs - np.eye(variants.V_TARGET)[ts[:, 1:]]) / 4
    dh = net.decoder.backward(dlogits)
    in_decoder = net.grads.flat.copy()
    net.encoder.backward(dh)
    np.testing.assert_allclose(in_decoder + net.grads.flat, whole, rtol=0, atol=1e-14)


def test_an_attentive_decoder_alone_takes_all_that_crosses():
    net = variants.network({"attention": "dot"})
    ids = np.array([[1], [2], [3]], np.int32)
    encoded = net.encoder.encode(ids, np.array([3], np.int32), net.encoder.cache)
    assert isinstance(encoded, Encoded)
    assert net.decoder.generate(encoded, 0, 4) == net.generate(ids.T, 0, 4)
    with pytest.raises(UsageError, match="attention needs the encoder's memory"):
        net.decoder.generate(encoded.h[-1], 0, 4)


def test_tied_weights_are_one_array():
    net = Seq2seq(7, 4, 4, target_vocab_size=5, tied=True)
    assert "decoder.affine.W" not in net.params.named
    assert net.params.named["decoder.affine.b"].shape == (5,)
    assert np.shares_memory(net.decoder.weights.affine.W, net.params.named["decoder.embedding.W"])


def test_two_vocabularies_have_a_size_each():
    net = Seq2seq(7, 3, 4, target_vocab_size=5)
    assert net.params.named["encoder.embedding.W"].shape == (7, 3)
    assert net.params.named["decoder.embedding.W"].shape == (5, 3)
    assert net.params.named["decoder.affine.W"].shape == (4, 5)


def test_dropout_changes_the_loss_only_with_a_generator():
    net = variants.network({"dropout": 0.5})
    arguments = variants.batch().arguments()
    one, two = (net.forward(**arguments, rng=np.random.default_rng(seed)) for seed in (0, 1))
    assert one != two
    assert net.forward(**arguments) == net.forward(**arguments) == variants.network({}).forward(**arguments)


@variants.each([*variants.FEW, variants.FULL])
def test_every_kernel_is_called_with_contiguous_arrays_and_int32_ids(options, monkeypatch):
    """The contract of the kernels, which NumPy alone would not notice to be broken."""

    def even_rows(name, a):  # columns of a wider array
        evenly = a.ndim == 2 or a.strides[0] == a.shape[1] * a.strides[1]
        return name.startswith(("lstm", "attention", "additive", "affine")) and a.strides[-1] == a.itemsize and evenly

    def strict(name, kernel):
        def checked(*args):
            for position, a in enumerate(args):
                if isinstance(a, np.ndarray):
                    assert a.flags.c_contiguous or even_rows(name, a), f"argument {position} of {name} has gaps"
                    assert a.dtype in (np.float64, np.int32), f"argument {position} of {name} is {a.dtype}"
            return kernel(*args)

        return checked

    for name in kernels.reference.__all__:
        monkeypatch.setattr(kernels, name, strict(name, getattr(kernels, name)))
    net = variants.network(options)
    net.forward(**variants.batch().arguments(), rng=np.random.default_rng(0))
    net.backward()
    net.generate([[1, 2, 3]], 0, 3)
    net.encoder.forward(np.array([[1, 2, 3]]))
    net.encoder.backward(np.ones((1, variants.H)))
