"""Every layer's backward is the derivative of its forward."""

import layer_checks as layers
import numpy as np
import pytest

from seqwright.nn import attention, lstm
from seqwright.nn.cache import Cache
from seqwright.testing import gradients

# T, B, D, H and the lengths of the rows: one of everything; odd sizes with a full, an empty and a length-1 row
LSTM_SIZES = [
    pytest.param(1, 1, 1, 1, [1], id="ones"),
    pytest.param(5, 3, 3, 5, [5, 3, 1], id="ragged"),
    pytest.param(7, 5, 2, 3, [7, 0, 1, 4, 7], id="ragged with an empty row"),
    pytest.param(4, 3, 3, 2, [3, 1, 2], id="no row is full"),
    pytest.param(3, 2, 3, 3, [0, 0], id="only empty rows"),
    pytest.param(0, 2, 3, 2, [0, 0], id="no steps"),
]
ATTENTION_SIZES = [  # T, B, S, H, M
    pytest.param(1, 1, 1, 1, 1, [1], id="ones"),
    pytest.param(3, 4, 5, 3, 3, [5, 3, 1, 0], id="ragged with an empty row"),
    pytest.param(4, 3, 5, 3, 3, [2, 4, 3], id="no row is full"),
    pytest.param(2, 2, 0, 3, 3, [0, 0], id="no memory"),
]


@pytest.fixture(params=[0, 1], ids="seed {}".format)
def rng(request):
    return np.random.default_rng(request.param)


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "reverse"])
@pytest.mark.parametrize(("T", "B", "D", "H", "lengths"), LSTM_SIZES)
def test_lstm_backward_is_the_derivative_for_every_input_state_and_parameter(rng, T, B, D, H, lengths, reverse):
    layers.check_lstm(rng, T, B, D, H, lengths, reverse)


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "reverse"])
@pytest.mark.parametrize(("T", "B", "D", "H", "lengths"), LSTM_SIZES)
def test_the_backward_of_an_lstm_over_symbols_is_the_derivative(rng, T, B, D, H, lengths, reverse):
    layers.check_embedded_lstm(rng, 4, T, B, D, H, lengths, reverse)


@pytest.mark.parametrize("score", attention.SCORES)
@pytest.mark.parametrize(("T", "B", "S", "H", "M", "lengths"), ATTENTION_SIZES)
def test_attention_backward_is_the_derivative_for_queries_memory_and_parameters(rng, T, B, S, H, M, lengths, score):
    layers.check_attention(rng, T, B, S, H, M, lengths, score)


@pytest.mark.parametrize("score", ["dot", "additive"])
@pytest.mark.parametrize(("T", "S"), [(3, 5), (20, 3), (2, 19), (1, 0)])
def test_a_bias_by_distance_has_the_gradient_of_all_that_are_as_far(rng, T, S, score):
    layers.check_attention(rng, T, 2, S, 3, 3, [S, S // 2], score, distance=True)


@pytest.mark.parametrize("score", [name for name, score in attention.SCORES.items() if not score.same_width])
def test_attention_with_keys_of_its_own_reads_a_memory_of_another_width(rng, score):
    layers.check_attention(rng, 3, 2, 5, 3, 7, [5, 2], score)


@pytest.mark.parametrize(("T", "B", "S", "E", "lengths"), [(1, 1, 1, 1, [1]), (3, 4, 7, 5, [7, 1, 0, 3])])
def test_attention_kernel_backward_is_the_derivative_for_queries_and_memory(rng, T, B, S, E, lengths):
    layers.check_attention_kernel(rng, T, B, S, E, lengths)


@pytest.mark.parametrize(
    ("T", "B", "S", "A", "M", "lengths"), [(1, 1, 1, 1, 1, [1]), (3, 4, 7, 5, 2, [7, 1, 0, 3]), (2, 1, 0, 3, 2, [0])]
)
def test_additive_kernel_backward_is_the_derivative_for_queries_keys_and_memory(rng, T, B, S, A, M, lengths):
    layers.check_additive_kernel(rng, T, B, S, A, M, lengths)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5, 7), (0, 3)], ids=str)
def test_affine_backward_is_the_derivative(rng, shape, bias):
    layers.check_affine(rng, shape, 3, bias)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5, 7), (0, 3)], ids=str)
def test_the_backward_of_an_affine_layer_with_the_weights_of_an_embedding_is_the_derivative(rng, shape):
    layers.check_tied_affine(rng, shape, 4)


@pytest.mark.parametrize(("T", "B", "V", "D"), [(1, 1, 1, 1), (5, 3, 4, 3)])
def test_embedding_backward_is_the_derivative_also_for_repeated_ids(rng, T, B, V, D):
    layers.check_embedding(rng, T, B, V, D)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9, None])
def test_dropout_backward_is_the_derivative_under_the_mask_of_the_forward(rng, rate):
    layers.check_dropout(rng, 3, 5, 7, rate)


@pytest.mark.parametrize("shape", [(1,), (3, 5, 7)], ids=str)
def test_tanh_backward_is_the_derivative(rng, shape):
    layers.check_tanh(rng, shape)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("T", "B", "V", "lengths"), [(1, 1, 1, [1]), (1, 1, 2, [1]), (5, 4, 7, [5, 1, 3, 0])])
def test_cross_entropy_backward_is_the_derivative_with_smoothing_and_padding(rng, T, B, V, lengths, smoothing):
    layers.check_cross_entropy(rng, T, B, V, lengths, smoothing)


@pytest.mark.parametrize(("S", "B", "V", "D"), [(1, 1, 1, 1), (5, 3, 4, 3), (0, 2, 3, 4)])
def test_the_backward_of_a_sum_of_rows_is_the_derivative_also_for_repeated_ids(rng, S, B, V, D):
    layers.check_bag(rng, S, B, V, D)


COPYING_SIZES = [  # T, B, V, S and the lengths of the rows
    pytest.param(1, 1, 2, 1, [1], id="ones"),
    pytest.param(5, 4, 7, 6, [5, 1, 3, 0], id="ragged"),
    pytest.param(3, 2, 3, 9, [3, 2], id="symbols that the source has often"),
    pytest.param(2, 2, 5, 0, [2, 1], id="nothing to copy"),
]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("T", "B", "V", "S", "lengths"), COPYING_SIZES)
def test_copying_backward_is_the_derivative_for_scores_weights_and_gate(rng, T, B, V, S, lengths, smoothing):
    layers.check_copying(rng, T, B, V, S, lengths, smoothing)


def test_every_single_element_of_a_tiny_case_has_the_right_gradient(rng):
    each = gradients.check_elementwise
    layers.check_lstm(rng, 3, 2, 2, 2, [3, 1], check=each)
    layers.check_lstm(rng, 3, 2, 2, 2, [3, 1], reverse=True, check=each)
    layers.check_attention(rng, 2, 2, 3, 2, 3, [3, 1], "bilinear", check=each)
    layers.check_attention(rng, 2, 2, 3, 2, 3, [3, 1], "additive", check=each)
    layers.check_attention(rng, 2, 2, 3, 2, 2, [3, 0], "dot", check=each)
    layers.check_cross_entropy(rng, 3, 2, 3, [3, 1], 0.1, check=each)
    layers.check_copying(rng, 2, 2, 3, 4, [2, 1], 0.1, check=each)
    layers.check_affine(rng, (2, 3), 2, bias=True, check=each)
    layers.check_tied_affine(rng, (2, 3), 2, check=each)
    layers.check_embedding(rng, 3, 2, 3, 2, check=each)
    layers.check_dropout(rng, 2, 2, 3, 0.4, check=each)
    layers.check_tanh(rng, (2, 3), check=each)


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "reverse"])
def test_what_stands_at_the_padding_never_reaches_an_lstm_state_or_gradient(rng, reverse):
    T, B, D, H = 6, 3, 3, 5
    lengths = np.array([6, 1, 3], np.int32)
    p = lstm.Params(*layers.normal(rng, Wx=(D, 4 * H), Wh=(H, 4 * H), b=(4 * H,)).values())
    dh = rng.standard_normal((T, B, H))

    def run(x):
        cache, grads = Cache(np.float64), lstm.Params(*map(np.zeros_like, p))
        h, end = lstm.forward(p, x, lengths, None, cache, reverse=reverse)
        results = [h.copy(), end.h.copy(), end.c.copy()]
        dx, dstart = lstm.backward(p, dh, None, grads, cache, reverse=reverse)
        return [*results, dx, *dstart, *grads]

    x = rng.standard_normal((T, B, D))
    other = np.where((np.arange(T)[:, None] < lengths)[:, :, None], x, 100.0)
    for one, two in zip(run(x), run(other), strict=True):
        np.testing.assert_array_equal(one, two)


def test_an_lstm_row_passes_its_state_through_its_padding(rng):
    H = 4
    p = lstm.Params(*layers.normal(rng, Wx=(2, 4 * H), Wh=(H, 4 * H), b=(4 * H,)).values())
    start = lstm.State(*rng.standard_normal((2, 3, H)))
    h, end = lstm.forward(p, rng.standard_normal((5, 3, 2)), np.array([0, 2, 5], np.int32), start, Cache(np.float64))
    np.testing.assert_array_equal(end.h[0], start.h[0])
    np.testing.assert_array_equal(end.c[0], start.c[0])
    np.testing.assert_array_equal(h[2:, 1], np.repeat(h[None, 1, 1], 3, axis=0))


def test_reading_in_reverse_equals_reading_the_reversed_sequence(rng):
    H = 4
    p = lstm.Params(*layers.normal(rng, Wx=(2, 4 * H), Wh=(H, 4 * H), b=(4 * H,)).values())
    x, length = rng.standard_normal((5, 1, 2)), 3
    n = np.array([length], np.int32)
    h, end = lstm.forward(p, x, n, None, Cache(np.float64), reverse=True)
    turned, turned_end = lstm.forward(p, x[:length][::-1].copy(), n, None, Cache(np.float64))
    np.testing.assert_allclose(h[:length], turned[::-1], rtol=1e-12)
    np.testing.assert_allclose(end, turned_end, rtol=1e-12)
