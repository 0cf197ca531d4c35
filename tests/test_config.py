"""One configuration, however it is written; what it cannot mean is refused by name."""

import copy
import sys
import tomllib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright import config
from seqwright.data.text import UnicodeForm
from seqwright.errors import ConfigError

OPTIONAL = ["optim.clip_norm", "training.patience", "training.time_budget_s", "model.hidden_size", "text.source_form"]


def refusal(keys, *settings, origin="--set"):
    with pytest.raises(ConfigError) as caught:
        config.parse(keys, settings, origin=origin)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model.hidden_size": st.integers(1, 10**6),
            "model.attention": st.sampled_from(["none", "bilinear", "additive"]),
            "model.peeky": st.sampled_from(["true", "false"]),
            "model.dropout": st.floats(0, 0.999),
            "optim.learning_rate": st.floats(1e-12, 1e3),
            "optim.betas": st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)).map(list),
            "optim.clip_norm": st.just("none") | st.floats(1e-3, 1e3),
            "text.source_form": st.sampled_from(["none", "NFD"]),
            "training.time_budget_s": st.just("inf") | st.floats(1, 1e6),
            "training.patience": st.sampled_from(["none", "auto"]) | st.integers(1, 99),
        },
    ),
    st.lists(st.fixed_dictionaries({}, optional={"hidden_size": st.integers(1, 99), "peeky": st.booleans()})),
)
def test_written_as_toml_and_read_again_it_is_the_same(settings, others):
    settings["training.members"] = 1 + len(others)
    first = config.parse({"others": others}, [f"{key}={value}" for key, value in settings.items()])
    assert config.parse(tomllib.loads(config.to_toml(first))) == first


def test_every_key_is_written():
    text = config.to_toml(config.Config())
    for section in msgspec.structs.fields(config.Config)[:-1]:
        assert f"[{section.name}]" in text
        for key in msgspec.structs.fields(section.type):
            assert f"\n{key.name} = " in text or f"\n# {key.name} = " in text


@pytest.mark.parametrize("key", OPTIONAL)
def test_none_is_no_value_where_it_means_nothing_else(key):
    section, name = key.split(".")
    value = getattr(getattr(config.parse({}, [f"{key}=none"]), section), name)
    assert value == "none" if key == "text.source_form" else value is None


def test_a_setting_wins_over_a_key_and_the_last_setting_over_the_first():
    keys = {"model": {"layers": 2, "peeky": True}}
    found = config.parse(keys, ["model.layers=3", "model.layers=4"]).model
    assert (found.layers, found.peeky) == (4, True)
    assert keys == {"model": {"layers": 2, "peeky": True}}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model.hiden_size=3", ["[model]", "did you mean 'hidden_size'?"]),
        ("modle.hidden_size=3", ["[modle]", "did you mean 'model'?"]),
        ("model.zzz=3", ["'zzz'", "known: ", "hidden_size"]),
        ("hidden_size=3", ["section.key=value"]),
        ("model.hidden_size", ["section.key=value"]),
        ("model.hidden_size=0", [">= 1"]),
        ("model.hidden_size=big", ["int"]),
        ("model.dropout=1", ["< 1"]),
        ("model.attention=dto", ["none, dot, bilinear, additive"]),
        ("text.source_tokens=letters", ["characters, graphemes, words"]),
        ("optim.betas=[0.9]", ["length 2"]),
        ("optim.learning_rate=nan", ["> 0"]),
        ("optim.learning_rate=", ["float"]),
    ],
)
def test_a_setting_that_does_not_fit_is_quoted_with_what_would(setting, words):
    message = refusal({}, setting)
    assert all(word in message for word in [setting.split("=")[0], *words]), message


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"model": {"hiden_size": 3}}, ["[model]", "did you mean 'hidden_size'?"]),
        ({"modle": {}}, ["[modle]", "did you mean 'model'?"]),
        ({"model": 3}, ["[model]", "table"]),
        ({"model": {"layers": "two"}}, ["model.layers = 'two'"]),
        ({"others": {"layers": 2}}, ["others", "[[others]]"]),
        ({"others": [{"hiden_size": 2}]}, ["[[others]]", "did you mean 'hidden_size'?"]),
        ({"others": [{}]}, ["training.members = 1", "there are 2"]),
    ],
)
def test_a_key_that_does_not_fit_is_quoted_with_its_file(keys, words):
    message = refusal(keys, "model.peeky=true", origin="settings.toml")
    assert all(word in message for word in ["settings.toml", *words]), message


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("[model]\nlayers = two\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.toml: not TOML.*line 2"):
        config.load(path)
    with pytest.raises(ConfigError, match="directory"):
        config.load(tmp_path)


def test_other_networks_are_as_the_first_but_where_they_differ():
    found = config.parse(
        {"model": {"layers": 2}, "others": [{}, {"attention": "dot", "bidirectional": False}]},
        ["training.members=3", "model.attention=bilinear"],
    )
    assert [(one.layers, one.attention) for one in found.networks] == [(2, "bilinear"), (2, "bilinear"), (2, "dot")]
    assert config.parse({}, ["training.members=3"]).networks == (config.ModelConfig(),) * 3


def test_networks_that_cannot_answer_together_are_refused():
    assert "has none" in refusal({"others": [{"attention": "none"}]}, "training.members=2")
    assert "model.copying" in refusal({"others": [{"copying": True}]}, "training.members=2")
    assert "needs attention" in refusal({"model": {"attention": "none"}, "others": [{"distance_bias": True}]},
                                        "training.members=2")  # fmt: skip


def test_copying_without_attention_is_refused():
    assert "needs attention" in refusal({"model": {"copying": True}}, "model.attention=none")
    config.parse({}, ["model.copying=false", "model.attention=none"])


def test_a_bias_by_distance_without_attention_is_refused():
    assert "needs attention" in refusal({"model": {"distance_bias": True}}, "model.attention=none")


def test_tied_weights_of_two_widths_are_refused():
    unequal = ["model.hidden_size=128", "model.embedding_size=64"]
    assert "set embedding_size and hidden_size to one number" in refusal({}, "model.tied=true", *unequal)
    for settings in (["model.embedding_size=32", "model.hidden_size=32"], ["model.hidden_size=32"], []):
        config.parse({}, ["model.tied=true", *settings])


@pytest.mark.parametrize("beside", ["peeky", "sum_features"])
def test_tied_weights_are_refused_where_something_stands_beside_the_state(beside):
    sizes = ["model.tied=true", "model.embedding_size=32", "model.hidden_size=32"]
    assert f"set {beside} to false" in refusal({}, *sizes, f"model.{beside}=true")


def test_fewer_layers_in_the_encoder_than_start_from_it_are_refused():
    assert "set encoder_layers to 2 or more" in refusal({"model": {"layers": 2}}, "model.encoder_layers=1")
    for more in ("2", "3", "none"):
        config.parse({"model": {"layers": 2}}, [f"model.encoder_layers={more}"])


@pytest.mark.parametrize("setting", ["model.reversed_source=true", "model.attention=dot"])
def test_what_needs_one_direction_is_refused_with_two(setting):
    assert "bidirectional" in refusal({}, setting)
    config.parse({}, [setting, "model.bidirectional=false"])


WRONG = [
    (config.ModelConfig, {"dropout": 1.5}, ["model.dropout = 1.5", "< 1"]),
    (config.ModelConfig, {"dropout": float("nan")}, ["model.dropout = nan"]),
    (config.ModelConfig, {"dropout": "0.5"}, ["model.dropout = '0.5'", "float"]),
    (config.ModelConfig, {"attention": "bilnear"}, ["model.attention = 'bilnear'", "did you mean 'bilinear'?", "dot"]),
    (config.ModelConfig, {"hidden_size": 0}, ["model.hidden_size = 0", ">= 1"]),
    (config.ModelConfig, {"hidden_size": 8.5}, ["model.hidden_size = 8.5", "int"]),
    (config.ModelConfig, {"hidden_size": True}, ["model.hidden_size = True", "bool"]),
    (config.ModelConfig, {"peeky": 1}, ["model.peeky = 1", "bool"]),
    (config.ModelConfig, {"hiden_size": 3}, ["hiden_size", "did you mean 'hidden_size'?"]),
    (config.ModelConfig, {"zzz": 3}, ["'zzz'", "known: ", "hidden_size"]),
    (config.ModelConfig, {"layers": "x" * 100_000}, ["model.layers"]),
    (config.TrainingConfig, {"epochs": 0}, ["training.epochs = 0", ">= 1"]),
    (config.TrainingConfig, {"patience": "never"}, ["training.patience = 'never'", "auto"]),
    (config.TrainingConfig, {"dev_share": 1}, ["training.dev_share = 1", "< 1"]),
    (config.TrainingConfig, {"checkpoint_every_s": float("inf")}, ["training.checkpoint_every_s = inf", "finite"]),
    (config.OptimConfig, {"rate": float("inf")}, ["optim.learning_rate = inf", "finite"]),
    (config.OptimConfig, {"rate": float("nan")}, ["optim.learning_rate = nan"]),
    (config.OptimConfig, {"betas": (0.9,)}, ["optim.betas = (0.9,)", "length 2"]),
    (config.OptimConfig, {"betas": (0.9, float("nan"))}, ["optim.betas"]),
    (config.OptimConfig, {"schedule": "inverse_sqrt", "warmup": 0}, ["optim.warmup"]),
    (config.TextConfig, {"source_form": "NFQ"}, ["text.source_form = 'NFQ'", "NFC"]),
    (config.TextConfig, {"source_tokens": "letters"}, ["text.source_tokens = 'letters'", "characters"]),
    (config.Config, {"model": 3}, ["model = 3"]),
    (config.Config, {"modle": config.ModelConfig()}, ["'modle'", "did you mean 'model'?"]),
    (config.Config, {"others": (config.ModelConfig(),)}, ["training.members = 1", "there are 2"]),
]  # fmt: skip


def changed(kind, values):
    """Make it as a changed copy of a right one."""
    if values.keys() <= set(kind.__struct_fields__):
        return msgspec.structs.replace(kind(), **values)
    return kind(**values)


@pytest.mark.parametrize("way", [lambda kind, values: kind(**values), changed], ids=["made", "changed"])
@pytest.mark.parametrize(("kind", "values", "words"), WRONG)
def test_a_configuration_that_means_nothing_cannot_be_made(kind, values, words, way):
    with pytest.raises(ConfigError) as caught:
        way(kind, values)
    assert all(word in str(caught.value) for word in words), caught.value
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_a_copy_that_means_nothing_cannot_be_made():
    with pytest.raises(ConfigError, match=r"training\.epochs = 0"):
        copy.replace(config.TrainingConfig(), epochs=0)


@pytest.mark.parametrize(
    "document",
    [
        b'{"model": {"dropout": 1.5}}', b'{"model": {"bidirectional": true, "attention": "dot"}}',
        b'{"training": {"epochs": 0}}', b'{"optim": {"schedule": "inverse_sqrt", "warmup": 0}}',
        b'{"others": [{"attention": "none"}], "training": {"members": 2}}', b'{"model": {"hiden_size": 3}}',
    ],
)  # fmt: skip
def test_a_stored_configuration_is_checked_alike(document):
    with pytest.raises((ConfigError, msgspec.ValidationError)):
        msgspec.json.decode(document, type=config.Config)


def test_numbers_of_numpy_and_lists_are_what_they_mean():
    found = config.ModelConfig(hidden_size=np.int64(8), dropout=np.float64(0.25))
    assert (found.hidden_size, found.dropout) == (8, 0.25)
    assert type(found.hidden_size) is int
    assert config.OptimConfig(betas=[0.8, 0.9]).betas == (0.8, 0.9)
    assert config.TextConfig(source_form="NFD").source_form is UnicodeForm.NFD
    assert config.TrainingConfig(time_budget_s=float("inf")).time_budget_s == float("inf")


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ("{a=", "}")])
def test_a_document_nested_too_deeply_is_refused(open_, close, tmp_path):
    deep = open_ * 100_000 + "1" + close * 100_000
    path = tmp_path / "settings.toml"
    path.write_text(f"a = {deep}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"settings\.toml: not TOML"):
        config.load(path)
    assert "model.layers=" in refusal({}, f"model.layers={deep}")


@pytest.mark.parametrize(
    ("before", "now"), [("model.wordvec_size", "model.embedding_size"), ("optim.rate", "optim.learning_rate")]
)
def test_an_earlier_name_of_a_key_means_the_same_everywhere(before, now):
    section, old = before.split(".")
    new = now.split(".")[1]
    value = 8 if section == "model" else 0.25
    expected = config.parse({}, [f"{now}={value}"])
    assert config.parse({}, [f"{before}={value}"]) == expected
    assert config.parse({section: {old: value}}) == expected
    kind = type(getattr(config.Config(), section))
    assert kind(**{old: value}) == kind(**{new: value})
    assert getattr(getattr(expected, section), old) == getattr(getattr(expected, section), new) == value
    assert config.parse({section: {old: 4}}, [f"{now}={value}"]) == expected
    assert f"\n{new} = " in config.to_toml(expected)
    assert f"\n{old} = " not in config.to_toml(expected)


def test_a_value_under_both_names_of_a_key_is_refused():
    keys = {"wordvec_size": 8, "embedding_size": 8}
    assert "wordvec_size is the earlier name of embedding_size" in refusal({"model": keys})
    with pytest.raises(ConfigError, match="give one of the two"):
        config.ModelConfig(**keys)


def test_networks_of_an_ensemble_take_earlier_names_too():
    found = config.parse({"others": [{"wordvec_size": 8}]}, ["training.members=2", "model.embedding_size=4"])
    assert [one.embedding_size for one in found.networks] == [4, 8]
