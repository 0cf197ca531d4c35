"""Symbols that a model has never seen: kept, copied, dropped or refused."""

import dataclasses

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright.answering import Options
from seqwright.answering.answer import spelled
from seqwright.errors import UsageError
from seqwright.translator import Translator


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def answered(model, source, unknown):
    [answer] = model.answer([source], options=Options(unknown=unknown))
    return answer


def test_a_dropped_symbol_changes_nothing_but_the_places_of_the_others(model):
    without, dropped = answered(model, "abcd", "keep"), answered(model, "aжbcя😀d", "drop")
    assert dropped.text == without.text
    assert dropped.best.score == without.best.score
    places = [0, 2, 3, 6]
    assert dropped.best.links == [(places[s], t) for s, t in without.best.links]
    assert dropped.best.alignment.shape == (len(without.best.tokens) + 1, 8)
    np.testing.assert_array_equal(dropped.best.alignment[:, [*places, 7]], without.best.alignment)
    assert dropped.flags[:3] == ("unknown:ж", "unknown:я", "unknown:😀")


def test_a_source_of_nothing_but_dropped_symbols_is_an_empty_one(model):
    assert answered(model, "жя", "drop").text == answered(model, "", "keep").text


def test_every_symbol_is_copied_into_the_answer_with_a_score_for_each_token(model):
    copied = answered(model, "aжbcя", "copy")
    assert copied.text.count("ж") == copied.text.count("я") == 1
    assert len(copied.best.log_probs) == len(copied.best.tokens) + 1 == len(copied.best.alignment)
    assert [t for _, t in copied.best.links] == list(range(len(copied.best.tokens)))


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
    without = msgspec.structs.replace(model.bundle.config.model, attention="none", copying=False, distance_bias=False)
    config = msgspec.structs.replace(model.bundle.config, model=without)
    weights = {n: w for n, w in model.bundle.weights.items() if "attention" not in n and "copying" not in n}
    blind = Translator(msgspec.structs.replace(model.bundle, config=config, weights=weights))
    with pytest.raises(UsageError, match="attention"):
        blind.answer(["abc"], options=Options(unknown="copy"))
    [answer] = blind.answer(["abc"])
    assert answer.best.alignment is None and answer.best.links is None


@pytest.mark.parametrize("wrong", [{"unknown": "guess"}, {"beam": 0}, {"n_best": -1}, {"max_batch_tokens": 0}])
def test_an_option_out_of_its_range_is_refused_by_name(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        dataclasses.replace(Options(), **wrong)
