"""Optimisers and clipping, against loops over single numbers."""

import math

import numpy as np
import pytest

from seqwright.nn.parameters import Declared, Parameters, Role
from seqwright.optim import SGD, Adam
from seqwright.optim.clip import clip_scale

DECLARED = {"W": Declared((3, 5), Role.PROJECTION), "b": Declared((5,), Role.BIAS)}


def parameters(rng: np.random.Generator, dtype=np.float64) -> Parameters:
    params = Parameters(DECLARED, dtype)
    params.flat[:] = rng.standard_normal(len(params.flat))
    return params


def clipped(g: list[float], clip_norm: float | None) -> list[float]:
    norm = math.sqrt(sum(x * x for x in g))
    return [x * clip_norm / norm for x in g] if clip_norm is not None and norm > clip_norm else g


def adam_by_the_book(theta, gradients, rate, beta1, beta2, eps, weight_decay, clip_norm):
    """Kingma & Ba 2015, algorithm 1; the decay of Loshchilov & Hutter 2019, algorithm 2, acts on θ_{t-1}."""
    theta = list(theta)
    m, v = [0.0] * len(theta), [0.0] * len(theta)
    for t, g in enumerate(gradients, 1):
        g = clipped(list(g), clip_norm)
        for n in range(len(theta)):
            m[n] = beta1 * m[n] + (1 - beta1) * g[n]
            v[n] = beta2 * v[n] + (1 - beta2) * g[n] ** 2
            m_hat, v_hat = m[n] / (1 - beta1**t), v[n] / (1 - beta2**t)
            theta[n] = theta[n] - rate * (m_hat / (math.sqrt(v_hat) + eps) + weight_decay * theta[n])
    return theta


@pytest.mark.parametrize("clip_norm", [None, 2.0, 100.0], ids="clip {}".format)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1], ids="decay {}".format)
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.5)], ids=str)
def test_adam_takes_the_steps_of_the_paper(betas, weight_decay, clip_norm):
    rng = np.random.default_rng(0)
    params, grads = parameters(rng), parameters(rng)
    adam = Adam(0.03, betas=betas, eps=1e-6, weight_decay=weight_decay, clip_norm=clip_norm)
    gradients = rng.standard_normal((7, len(params.flat))) * np.array([1, 1, 0, 1e-3, 1, 5, 1])[:, None]
    expected = adam_by_the_book(params.flat, gradients, 0.03, *betas, 1e-6, weight_decay, clip_norm)
    for g in gradients:
        grads.flat[:] = g
        assert adam.update(params, grads) == pytest.approx(np.linalg.norm(g), rel=1e-12)
        np.testing.assert_array_equal(grads.flat, g)
    np.testing.assert_allclose(params.flat, expected, rtol=1e-12, atol=1e-14)


def test_adams_first_step_is_one_rate_against_the_sign_of_the_gradient():
    rng = np.random.default_rng(0)
    params, grads = parameters(rng), parameters(rng)
    before = params.flat.copy()
    Adam(0.01, clip_norm=None).update(params, grads)
    np.testing.assert_allclose(before - params.flat, 0.01 * np.sign(grads.flat), rtol=1e-5)


@pytest.mark.parametrize("optimizer", [Adam(0.1), SGD(0.1)], ids=["Adam", "SGD"])
def test_a_zero_gradient_changes_nothing(optimizer):
    params = parameters(np.random.default_rng(0))
    before = params.flat.copy()
    assert optimizer.update(params, params.like()) == 0
    np.testing.assert_array_equal(params.flat, before)


@pytest.mark.parametrize(("clip_norm", "factor"), [(None, 1.0), (100.0, 1.0), (0.5, 0.5)])
def test_sgd_moves_against_the_clipped_gradient(clip_norm, factor):
    params, grads = parameters(np.random.default_rng(0)), Parameters(DECLARED, np.float64)
    grads.named["W"][0, 0] = 1.0
    before = params.flat.copy()
    SGD(0.1, clip_norm=clip_norm).update(params, grads)
    np.testing.assert_allclose(before - params.flat, 0.1 * factor * grads.flat, atol=1e-15)


@pytest.mark.parametrize(("clip_norm", "scale"), [(None, 1), (10, 1), (5.0, 1), (2.5, 0.5)])
def test_a_gradient_is_scaled_down_only_above_the_greatest_norm(clip_norm, scale):
    assert clip_scale(np.array([3.0, 0.0, -4.0]), clip_norm) == (5.0, scale)


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_the_norm_of_no_gradient_is_zero_and_needs_no_clipping(clip_norm):
    assert clip_scale(np.zeros(3), clip_norm) == (0.0, 1.0)


def test_the_norm_of_a_float32_gradient_is_summed_in_float64():
    norm, _ = clip_scale(np.full(1 << 20, 1e-4, np.float32), None)
    assert norm == pytest.approx(1e-4 * 2**10, rel=1e-7)


@pytest.mark.parametrize("optimizer", [Adam(0.1, weight_decay=0.1), SGD(0.1)], ids=["Adam", "SGD"])
def test_float32_parameters_stay_float32_in_place(optimizer):
    rng = np.random.default_rng(0)
    params, grads = parameters(rng, np.float32), parameters(rng, np.float32)
    flat = params.flat
    optimizer.update(params, grads)
    assert params.flat is flat
    assert params.flat.dtype == np.float32
    assert np.shares_memory(params.named["b"], flat)


@pytest.mark.parametrize("kind", [Adam, SGD])
def test_the_learning_rate_goes_by_its_short_name_too(kind):
    assert kind(0.5).learning_rate == kind(learning_rate=0.5).learning_rate == kind(rate=0.5).learning_rate == 0.5
