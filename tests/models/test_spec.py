"""A network is described in one place, which refuses what cannot be built; `models.build` makes what it describes."""

import dataclasses
import operator

import numpy as np
import pytest
import variants

from seqwright.config import ModelConfig
from seqwright.errors import ConfigError, ModelError
from seqwright.models import Decoder, Encoder, ModelSpec, Seq2seq, build
from seqwright.nn import attention

SIZES = {"source_vocab_size": 6, "target_vocab_size": 5, "embedding_size": 4, "hidden_size": 4}


def refusal(make, *arguments, **options):
    with pytest.raises(ConfigError) as caught:
        make(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_size": 0}, "hidden_size = 0: expected a whole number of at least 1"),
        ({"encoder_layers": True}, "encoder_layers = True"),
        ({"embedding_size": 2.0}, "embedding_size = 2.0"),
        ({"dropout": 1.0}, "dropout = 1.0: expected a share"),
        ({"dropout": float("nan")}, "dropout = nan"),
        ({"label_smoothing": "a"}, "label_smoothing = 'a'"),
        ({"attention": "bilnear"}, "did you mean 'bilinear'?"),
        ({"initial_values": "unifrom"}, "did you mean 'uniform'?"),
        ({"bridge": "c"}, "bridge = 'c'"),
        (
            {"attention": "dot", "bidirectional": True},
            "set bidirectional to false, or attention to bilinear or additive",
        ),
        ({"copying": True}, "copying needs attention"),
        ({"distance_bias": True}, "distance_bias needs attention"),
        ({"tied": True, "hidden_size": 8}, "set embedding_size and hidden_size to one number"),
        ({"tied": True, "peeky": True}, "set peeky to false"),
        ({"tied": True, "sum_features": True}, "set sum_features to false"),
        ({"decoder_layers": 2}, "set encoder_layers to 2 or more"),
        ({"bidirectional": True, "reversed_source": True}, "reversed_source has no effect"),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_to_do(options, words):
    assert words in refusal(ModelSpec, **SIZES | options)


def test_the_article_s_constructors_refuse_what_a_spec_refuses_and_names_of_no_option():
    for make in (Encoder, Decoder, Seq2seq):
        assert "hidden_size = 0" in refusal(make, 5, 3, 0)
        assert "did you mean 'dropout'?" in refusal(make, 5, 3, 4, droput=0.1)
    assert "memory_size = 5" in refusal(Decoder, 5, 3, 4, memory_size=5)
    assert "features_size = 2" in refusal(Decoder, 5, 3, 4, features_size=2)
    assert "copy_map: expected one entry for each of 5" in refusal(Seq2seq, 5, 3, 4, attention="dot", copy_map=[1, 2])


@variants.each([*variants.FEW, *variants.TIED, *variants.DEEPER])
def test_the_article_s_constructor_and_build_make_the_same_network(options):
    net = variants.network(options)
    rebuilt = build(net.spec, copy_map=net.copy_map, feature_mask=net.feature_mask, dtype=np.float64)
    assert rebuilt.params.shapes == net.params.shapes
    rebuilt.params.flat[:] = net.params.flat
    arguments = variants.batch().arguments()
    assert rebuilt.forward(**arguments) == net.forward(**arguments)


def test_data_that_a_spec_needs_is_asked_for():
    spec = ModelSpec(**SIZES, attention="bilinear", copying=True)
    assert "copy_map: expected one entry for each of 6 source symbols, got none" in refusal(build, spec)
    assert build(dataclasses.replace(spec, copying=False), copy_map=[0] * 6).copy_map is None


@variants.each([*variants.FEW, *variants.TIED])
def test_a_network_around_arrays_answers_with_these_very_arrays(options):
    net = variants.network(options, dtype=np.float32)
    arrays = {name: array.copy() for name, array in net.params.named.items()}
    for array in arrays.values():
        array.setflags(write=False)
    answering = build(net.spec, copy_map=net.copy_map, feature_mask=net.feature_mask, arrays=arrays)
    assert all(map(operator.is_, answering.params.named.values(), arrays.values()))
    assert not hasattr(answering, "grads")
    xs = np.array([[4, 1, 2]])
    assert answering.generate(xs, variants.START, 6) == net.generate(xs, variants.START, 6)
    arguments = variants.batch().arguments()
    assert answering.forward(**arguments) == net.forward(**arguments)
    np.testing.assert_array_equal(answering.params.flat, net.params.flat)
    with pytest.raises(ValueError, match="read-only"):
        answering.params.flat[0] = 1


def test_arrays_that_are_not_the_spec_s_are_refused_by_name():
    net = variants.network({})
    arrays = net.params.named
    for wrong in (
        {**arrays, "decoder.affine.b": np.zeros(4)},
        {name: array for name, array in arrays.items() if name != "decoder.affine.b"},
    ):
        with pytest.raises(ModelError, match=r"weight decoder\.affine\.b has shape .*, expected \(5,\)"):
            build(net.spec, arrays=wrong)


def test_a_configuration_says_every_field_of_its_network():
    model = ModelConfig(
        embedding_size=4, hidden_size=4, layers=2, encoder_layers=3, bidirectional=False, reversed_source=True,
        bridge="h", attention="dot", distance_bias=True, peeky=True, sum_features=True, copying=True, dropout=0.5,
        label_smoothing=0.25, initial_values="article",
    )  # fmt: skip
    spec = model.spec(6, 5)
    plain = ModelConfig(embedding_size=8, hidden_size=8, bidirectional=True, tied=True, bridge="hc").spec(3, 4)
    same = [f.name for f in dataclasses.fields(spec) if getattr(spec, f.name) == getattr(plain, f.name)]
    assert same == []


def test_the_kinds_of_attention_are_those_of_the_table():
    for kind in ("none", *attention.SCORES):
        assert ModelSpec(**SIZES, attention=kind).attention == kind
