"""Symbols that a model has never seen: kept, copied, dropped or refused."""

import dataclasses

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright import config
from seqwright.errors import UsageError
from seqwright.inference import Options
from seqwright.inference.answer import spelled
from seqwright.inference.translator import Translator
from seqwright.training.events import Measured


@pytest.fixture(scope="module")
def copying(trained):
    return seqwright.load(trained)


@pytest.fixture(scope="module")
def model(copying):
    """Return the model as one that only generates."""
    return without(copying, copying=False)


def without(model, **settings):
    """Return the model with other settings, and without the weights that these have no use for."""
    old = model.bundle.config
    new = msgspec.structs.replace(old, model=msgspec.structs.replace(old.model, **settings))
    unused = ["copying", *(["attention"] if new.model.attention == "none" else [])]
    weights = {name: w for name, w in model.bundle.weights.items() if not any(part in name for part in unused)}
    return Translator(msgspec.structs.replace(model.bundle, config=new, weights=weights))


def answered(model, source, unknown):
    [answer] = model.answer([source], options=Options(unknown=unknown))
    return answer


def test_a_dropped_symbol_changes_nothing_but_the_places_of_the_others(model):
    lacking, dropped = answered(model, "abcd", "keep"), answered(model, "aжbcя😀d", "drop")
    assert dropped.text == lacking.text
    assert dropped.best.score == lacking.best.score
    places = [0, 2, 3, 6]
    assert dropped.best.links == [(places[s], t) for s, t in lacking.best.links]
    assert dropped.best.alignment.shape == (len(lacking.best.tokens) + 1, 8)
    np.testing.assert_array_equal(dropped.best.alignment[:, [*places, 7]], lacking.best.alignment)
    assert dropped.flags[:3] == ("unknown:ж", "unknown:я", "unknown:😀")


def test_a_source_of_nothing_but_dropped_symbols_is_an_empty_one(model):
    assert answered(model, "жя", "drop").text == answered(model, "", "keep").text


def test_every_symbol_is_copied_into_the_answer_with_a_score_for_each_token(model):
    copied = answered(model, "aжbcя", "copy")
    assert copied.text.count("ж") == copied.text.count("я") == 1
    assert len(copied.best.log_probs) == len(copied.best.tokens) + 1 == len(copied.best.alignment)
    assert [t for _, t in copied.best.links] == list(range(len(copied.best.tokens)))


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """Return the directory of a model that has learned to say a word and an x behind it."""
    folder = tmp_path_factory.mktemp("echo")
    rng = np.random.default_rng(0)
    words = {"".join(rng.choice(list("abcdefgh"), rng.integers(1, 6))) for _ in range(300)}
    (folder / "pairs.tsv").write_text("".join(f"{word}\t{word}x\n" for word in sorted(words)), encoding="utf-8")
    settings = ["model.hidden_size=32", "training.epochs=15", "training.report=false", "training.word_dropout=0.05"]
    seqwright.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, settings))
    return folder / "model"


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("unknown", ["keep", "copy"])
def test_a_model_that_copies_puts_symbols_it_has_never_seen_where_they_belong(echo, beam, unknown):
    model = seqwright.load(echo)
    options = Options(beam=beam, unknown=unknown)
    answers = model.answer(["aжb", "abc", "я", "fжed"], options=options)
    assert [answer.text for answer in answers] == ["aжbx", "abcx", "яx", "fжedx"]
    assert answers[0].flags == ("unknown:ж",)
    assert answers[0].best.tokens == list("aжbx")
    assert model.answer(["aжb"], options=Options(unknown="drop"))[0].text == "abx"


def test_the_score_of_an_answer_with_a_copied_symbol_is_that_of_its_search(echo):
    model = seqwright.load(echo)
    [answer] = model.answer(["bжc"])
    [scored, other] = model.score(["bжc", "bжc"], [answer.text, "bяcx"])
    assert scored.best.score == pytest.approx(answer.best.score, abs=1e-5)
    assert scored.flags == ("unknown:ж",)
    assert other.best.score == -np.inf
    assert other.flags == ("unknown:ж", "unknown-target:я")


def test_dev_words_with_symbols_never_seen_count_as_right_while_training(echo, tmp_path):
    dev = tmp_path / "dev.tsv"
    dev.write_text("aжb\taжbx\nя\tяx\nabc\tabcx\n", encoding="utf-8")
    measured = []
    settings = ["training.epochs=1", "training.report=false", "optim.learning_rate=1e-9"]
    seqwright.train(
        echo.parent / "pairs.tsv", dev=dev, fine_tune=echo, output=tmp_path / "model",
        config=config.parse({}, settings), listen=measured.append,
    )  # fmt: skip
    assert [event.dev_accuracy for event in measured if isinstance(event, Measured)] == [100]


def test_known_symbols_are_answered_alike_whatever_becomes_of_the_others(model):
    kept = answered(model, "abcd", "keep")
    for unknown in ("copy", "drop", "error"):
        other = answered(model, "abcd", unknown)
        assert (other.text, other.flags, other.best.score) == (kept.text, kept.flags, kept.best.score)


def test_a_refused_source_has_no_answer_and_its_neighbours_have(model):
    answers = model.answer(["abc", "aжc", "bcd"], options=Options(unknown="error"))
    assert [bool(answer.hypotheses) for answer in answers] == [True, False, True]
    assert answers[1].flags == ("unknown:ж", "refused")
    assert answers[1].text == ""


@pytest.mark.parametrize(
    ("symbol", "word"),
    [
        ("ж", "ж"), ("\u200b", "U+200B"), (" ", "U+0020"), ("feature PST", "feature:PST"),
        ("feature a b", "U+0066 U+0065 U+0061 U+0074 U+0075 U+0072 U+0065 U+003A U+0061 U+0020 U+0062"),
    ],
)  # fmt: skip
def test_a_symbol_that_was_never_seen_is_named_in_a_way_that_can_be_read(symbol, word):
    assert spelled([symbol, "x", symbol]) == (word, "x")


def test_copying_needs_attention(model):
    blind = without(model, attention="none", distance_bias=False)
    with pytest.raises(UsageError, match="attention"):
        blind.answer(["abc"], options=Options(unknown="copy"))
    [answer] = blind.answer(["abc"])
    assert answer.best.alignment is None and answer.best.links is None


@pytest.mark.parametrize("wrong", [{"unknown": "guess"}, {"beam": 0}, {"n_best": -1}, {"max_batch_tokens": 0}])
def test_an_option_out_of_its_range_is_refused_by_name(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        dataclasses.replace(Options(), **wrong)
