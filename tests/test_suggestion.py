"""Active learning: what is chosen, in which order, and what is expected of the rest."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright import errors, suggestion


@pytest.fixture
def model(trained: Path) -> seqwright.Translator:
    return seqwright.load(trained)


def value_of(grams: list[list[tuple[str, ...]]], doubts: list[float], order: list[int]) -> list[float]:
    """Return the value of each source of an order when it is chosen, by the definition."""
    frequency = {gram: sum(gram in one for one in grams) for one in grams for gram in one}
    values = []
    for place, i in enumerate(order):
        covered = 0.0
        for gram in grams[i]:
            times = sum(gram in grams[j] for j in order[:place])
            covered += math.log1p(frequency[gram]) * suggestion.DECAY**times
        values.append(doubts[i] * covered / math.sqrt(len(grams[i])))
    return values


def test_each_choice_is_the_best_of_those_that_are_left() -> None:
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcd"), rng.integers(2, 7))) for _ in range(40)]
    grams = [suggestion._grams(list(word)) for word in dict.fromkeys(words)]
    doubts = rng.random(len(grams)).tolist()
    order = suggestion._greedy(grams, doubts, 15)
    assert len(set(order)) == 15
    for place in range(15):
        left = set(range(len(grams))) - set(order[:place])
        best = max(value_of(grams, doubts, [*order[:place], i])[-1] for i in left)
        assert value_of(grams, doubts, order[: place + 1])[-1] == pytest.approx(best)


def test_of_equally_doubtful_sources_unlike_ones_are_chosen_first() -> None:
    grams = [suggestion._grams(list(word)) for word in ("banana", "bananas", "bananan", "quick")]
    assert 3 in suggestion._greedy(grams, [0.5] * 4, 2)


@pytest.mark.parametrize(("n_dev", "n_trained"), [(15, 135), (200, 1800), (150, 150)])
def test_the_interval_holds_the_accuracy_in_95_of_100_draws(n_dev: int, n_trained: int) -> None:
    rng = np.random.default_rng(2)
    held, n_draws, n = 0, 2000, 500
    for _ in range(n_draws):
        truth = rng.beta(4, 2, n)
        error = rng.binomial(n_dev, 2 / 3) / n_dev - 2 / 3  # of a confidence whose level was fitted on the dev sources
        error += rng.normal() * np.sqrt(2 / 9 / n_trained)  # of this training
        expected = np.clip(truth + error, 0, 1).tolist()
        accuracy, (low, high) = suggestion._estimate(expected, n_dev, n_trained)
        assert accuracy is not None
        held += low <= 100 * np.mean(rng.random(n) < truth) <= high
    assert 0.93 <= held / n_draws <= 0.98


def test_repeated_and_empty_sources_are_not_chosen(model: seqwright.Translator) -> None:
    found = suggestion.suggest(model, ["abc", "", "abc", "cab"], n=10)
    assert sorted(one.source for one in found.chosen) == ["abc", "cab"]
    assert (found.n_others, found.accuracy) == (0, None)


def test_a_model_without_confidence_is_refused(model: seqwright.Translator) -> None:
    without = {key: value for key, value in model.bundle.manifest.items() if key != "calibration"}
    bare = seqwright.Translator(msgspec.structs.replace(model.bundle, manifest=without))
    with pytest.raises(errors.UsageError, match="no calibrated confidence"):
        suggestion.suggest(bare, ["abc"])
    with pytest.raises(errors.UsageError, match="no source"):
        suggestion.suggest(model, [""])


def test_the_expected_accuracy_is_what_dev_shows_and_not_lowered_for_unusual_sources(
    model: seqwright.Translator,
) -> None:
    calibration = model.bundle.manifest["calibration"]
    assert calibration["familiarity"]
    manifest = {**model.bundle.manifest, "calibration": {**calibration, "familiarity": None}}
    plain = seqwright.Translator(msgspec.structs.replace(model.bundle, manifest=manifest))
    words = ["abc", "cab", "bca", "zzzz", "cbcbcb"]
    found = suggestion.suggest(model, words, n=0)
    assert any(one.confidence < other.confidence for one, other in zip(
        suggestion.suggest(model, words, n=5).chosen, suggestion.suggest(plain, words, n=5).chosen, strict=True
    ))  # fmt: skip
    assert found.accuracy == pytest.approx(suggestion.suggest(plain, words, n=0).accuracy)
