"""The flat vector with named views, and the buffers of a cache."""

import numpy as np
import pytest

from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Parameters, Role

SHAPES = {"a.W": (2, 3), "a.b": (3,), "b.W": (0, 4), "b.b": ()}
DECLARED = {name: Declared(shape, Role.BIAS) for name, shape in SHAPES.items()}


def test_parameters_are_views_of_one_vector_in_the_order_of_their_shapes():
    params = Parameters(DECLARED, np.float64)
    params.flat[:] = np.arange(10)
    assert [a.shape for a in params] == list(SHAPES.values())
    np.testing.assert_array_equal(params.named["a.W"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(params[1], [6, 7, 8])
    assert params[3] == 9
    params[-1][...] = 5
    assert params.flat[9] == 5


def test_parameters_are_a_sequence_of_arrays():
    params = Parameters(DECLARED)
    assert len(params) == 4
    assert [a.shape for a in params[:2]] == [(2, 3), (3,)]
    assert params.flat.dtype == np.float32
    with pytest.raises(IndexError):
        params[4]


def test_gradients_have_the_names_shapes_and_dtype_of_their_parameters_in_a_vector_of_their_own():
    params = Parameters(DECLARED, np.float64)
    params.flat[:] = 1
    grads = params.like()
    assert grads.shapes == params.shapes
    assert grads.flat.dtype == params.flat.dtype
    assert not grads.flat.any()
    assert not np.shares_memory(grads.flat, params.flat)


def test_the_views_under_a_prefix_go_by_the_rest_of_their_names():
    params = Parameters(DECLARED)
    assert list(params.under("a.")) == ["W", "b"]
    assert params.under("a.")["W"] is params.named["a.W"]
    assert params.under("nothing") == {}


def test_a_cache_reuses_its_buffer_for_what_fits_and_grows_for_what_does_not():
    cache = Cache(np.float64)
    large = cache.new("x", (4, 3))
    small = cache.new("x", (2, 2))
    assert np.shares_memory(large, small)
    assert small.flags.c_contiguous
    assert cache["x"] is small
    larger = cache.new("x", (5, 3))
    assert not np.shares_memory(large, larger)
    assert (larger.shape, larger.dtype) == ((5, 3), np.float64)


def test_the_parts_of_a_cache_share_no_names():
    cache = Cache(np.float32)
    one, two = cache.of("one").new("x", (3,)), cache.of("two").new("x", (3,))
    assert not np.shares_memory(one, two)
    assert cache.of("one")["x"] is one
    assert cache.of("one").dtype == np.float32
    with pytest.raises(KeyError):
        cache["x"]


def test_parameters_around_arrays_are_these_arrays():
    arrays = {name: np.ones(shape) for name, shape in SHAPES.items()}
    params = Parameters.around(DECLARED, arrays)
    assert all(params.named[name] is arrays[name] for name in SHAPES)
    assert params.dtype == np.float64
    assert params.flat.tolist() == [1.0] * 10
    assert not params.flat.flags.writeable
