"""The checker itself: it accepts a right gradient and says what is wrong with a wrong one."""

import numpy as np
import pytest

from seqwright.testing.gradients import check_elementwise, check_vjp

ARGUMENTS = {"x": np.array([[0.3, -1.2], [0.5, 2.0]]), "w": np.array([1.5, -0.7])}


def f(x, w):
    return [np.sin(x) @ w, np.array(w @ w)]


def vjp(arguments, v, **changes):
    x, w = arguments["x"], arguments["w"]
    right = {"x": np.cos(x) * np.outer(v[0], w), "w": np.sin(x).T @ v[0] + 2 * w * v[1]}
    return right | {name: change(right[name]) for name, change in changes.items()}


def wrong(**changes):
    return lambda arguments, v: vjp(arguments, v, **changes)


@pytest.fixture(params=[check_vjp, check_elementwise], ids=lambda check: check.__name__)
def check(request):
    return request.param


def test_a_right_gradient_passes(check):
    for seed in range(20):
        check(f, vjp, ARGUMENTS, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["x", "w"])
@pytest.mark.parametrize("factor", [1 + 1e-5, 0.0, -1.0, np.nan])
def test_a_wrong_gradient_fails_and_names_its_argument(check, name, factor):
    with pytest.raises(AssertionError, match=rf"^gradient of {name}.*numeric .* backward .* relative error"):
        check(f, wrong(**{name: lambda g: g * factor}), ARGUMENTS, np.random.default_rng(0))


def test_one_wrong_element_is_named():
    with pytest.raises(AssertionError, match=r"^gradient of x\[0, 1\]"):
        check_elementwise(f, wrong(x=lambda g: g + np.array([[0, 1e-4], [0, 0]])), ARGUMENTS, np.random.default_rng(0))
    with pytest.raises(AssertionError, match=r"^gradient of x:"):
        check_vjp(f, wrong(x=lambda g: g + np.array([[0, 1e-4], [0, 0]])), ARGUMENTS, np.random.default_rng(0))


def test_a_gradient_of_another_shape_or_of_another_argument_fails(check):
    with pytest.raises(AssertionError, match=r"gradient of w has shape \(1, 2\), w has \(2,\)"):
        check(f, wrong(w=lambda g: g[None]), ARGUMENTS, np.random.default_rng(0))
    with pytest.raises(AssertionError, match=r"backward returned \['x'\], not \['w', 'x'\]"):
        check(f, lambda a, v: {"x": vjp(a, v)["x"]}, ARGUMENTS, np.random.default_rng(0))


def test_float32_is_refused(check):
    with pytest.raises(AssertionError, match="w is float32; gradients are checked in float64"):
        check(f, vjp, ARGUMENTS | {"w": ARGUMENTS["w"].astype(np.float32)}, np.random.default_rng(0))


def test_outputs_and_gradients_may_be_views_of_buffers_that_the_next_call_overwrites(check):
    outputs, gradient = np.empty(3), np.empty(3)

    def g(x):
        gradient[:] = -1
        outputs[:] = np.exp(x)
        return [outputs]

    def g_vjp(arguments, v):
        gradient[:] = np.exp(arguments["x"]) * v[0]
        return {"x": gradient}

    check(g, g_vjp, {"x": np.array([0.1, 0.2, 0.3])}, np.random.default_rng(0))
