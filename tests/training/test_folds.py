"""Which trainings are cross-validated where the configuration leaves it open, and what such a training is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seqwright import config, training
from seqwright.training import events, folds

TINY = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=2"]


def words(n: int, seed: int = 3) -> list[tuple[str, str]]:
    rng, found = random.Random(seed), set[str]()
    while len(found) < n:
        found.add("".join(rng.choices("abcdefgh", k=rng.randint(3, 9))))
    return [(word, word.upper()) for word in sorted(found)]


def written(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    return path


def n_folds(pairs: Any, *settings: str, dev: Any = None, fine_tune: object = None) -> int | None:
    _, found = folds.settled(pairs, dev, config.parse({}, settings), fine_tune)
    return found.training.cross_validation


@pytest.mark.parametrize(("n", "expected"), [(49, 0), (50, 5), (1000, 5), (1001, 0)])
@pytest.mark.parametrize("kind", ["file", "tuples", "iterator"])
def test_few_pairs_are_cross_validated(n: int, expected: int, kind: str, tmp_path: Path) -> None:
    pairs: Any = words(n)
    given = written(tmp_path / "pairs.tsv", pairs) if kind == "file" else iter(pairs) if kind == "iterator" else pairs
    assert n_folds(given) == expected


@pytest.mark.parametrize(
    "setting",
    ["training.cross_validation=0", "training.time_budget_s=9"],
)
def test_a_training_that_is_to_hold_pairs_out_or_has_an_end_of_its_own_is_not(setting: str) -> None:
    assert n_folds(words(60), setting) == 0


@pytest.mark.parametrize("setting", ["training.candidates=2", "training.unlabelled=w.txt", "training.also=r.tsv"])
def test_one_with_a_choice_to_make_is(setting: str) -> None:
    assert n_folds(words(60), setting, "training.epochs=2") == folds.FOLDS


def test_one_with_dev_pairs_or_a_model_to_start_from_is_not() -> None:
    assert n_folds(words(60), dev=words(9, seed=4)) == 0
    assert n_folds(words(60), fine_tune="model") == 0


def test_a_number_that_is_set_is_kept() -> None:
    assert n_folds(words(60), "training.cross_validation=3") == 3
    assert n_folds(words(2000), "training.cross_validation=3") == 3


def test_sentences_are_not() -> None:
    rng = random.Random(1)
    sides = [[source for source, _ in words(400, seed)] for seed in (1, 2)]
    texts = [
        [" ".join(rng.choices(side, k=rng.randint(4, 9))).capitalize() + "." for side in sides] for _ in range(300)
    ]
    assert n_folds([(source, target) for source, target in texts]) == 0


def test_an_iterator_is_read_once_and_to_its_end() -> None:
    read: list[int] = []

    def pairs(n: int) -> Iterator[tuple[str, str]]:
        for i, pair in enumerate(words(n)):
            read.append(i)
            yield pair

    for n in (60, 1500):
        read.clear()
        found, _ = folds.settled(pairs(n), None, config.parse({}, TINY), None)
        assert [tuple(pair) for pair in found] == words(n)  # type: ignore[union-attr, arg-type]
        assert read == list(range(n))


def test_the_model_has_all_pairs_and_states_how_it_was_measured(tmp_path: Path) -> None:
    pairs = written(tmp_path / "pairs.tsv", words(60))
    model = training.train(pairs, output=tmp_path / "model", config=config.parse({}, TINY))
    assert model.bundle.manifest["n_pairs"] == 60
    assert len(model.bundle.manifest["cross_validation"]["folds"]) == folds.FOLDS
    again = training.recall(tmp_path / "model" / "manifest.json")
    assert (again.dev, again.config.training.cross_validation) == (None, folds.FOLDS)
    received: list[events.Event] = []
    training.train(pairs, output=tmp_path / "model", config=config.parse({}, TINY), listen=received.append)
    assert [type(event) for event in received] == [events.AlreadyTrained]


def test_a_training_of_a_version_without_folds_is_repeated_without(tmp_path: Path) -> None:
    pairs = written(tmp_path / "pairs.tsv", words(60))
    held_out = config.parse({}, [*TINY, "training.cross_validation=0"])
    before = training.train(pairs, output=tmp_path / "before", config=held_out)
    path = tmp_path / "before" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["again"]["config"]["training"]["cross_validation"]
    path.write_text(json.dumps(manifest))
    again = training.recall(path)
    after = training.train(again.pairs, output=tmp_path / "after", dev=again.dev, config=again.config)
    assert after.bundle.weights.keys() == before.bundle.weights.keys()
    assert all((after.bundle.weights[name] == value).all() for name, value in before.bundle.weights.items())


def test_all_epochs_are_trained_when_the_pairs_are_known_by_heart(tmp_path: Path) -> None:
    few = [(letter * n, letter.upper() * n) for letter in "ab" for n in range(1, 4)]
    settings = ["model.hidden_size=32", "training.epochs=60", "training.cross_validation=2", "training.augmentation=0"]
    received: list[events.Event] = []
    training.train(few, output=tmp_path / "model", config=config.parse({}, settings), listen=received.append)
    measured = [event for event in received if isinstance(event, events.Measured)]
    assert any(event.dev_accuracy == 100 for event in measured[:-1]), "the test needs a perfect score before the end"
    assert (len(measured), msgspec.structs.asdict(received[-1])["reason"]) == (60, "epochs")
