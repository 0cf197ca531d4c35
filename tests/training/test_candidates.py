"""Candidates: which settings are tried, which are chosen, and a model that is that of the chosen settings."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from stopping import stop_after

import seqwright
from seqwright import config, errors, training
from seqwright.config import ModelConfig
from seqwright.data import holdout, readers
from seqwright.training import candidates, events, prepare, selection

SETTINGS = [
    "model.embedding_size=4", "model.hidden_size=8", "training.epochs=4", "training.augmentation=1",
    "training.cross_validation=0",
    "training.dev_share=0.3",
]  # fmt: skip
CONFIG = config.parse({}, [*SETTINGS, "training.candidates=4"])
RECIPE = ModelConfig(
    hidden_size=128, embedding_size=64, attention="bilinear", distance_bias=False, dropout=0.3, tied=False
)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rng = random.Random(8)
    words = sorted({"".join(rng.choices("abcd", k=rng.randint(2, 6))) for _ in range(60)})
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word.upper()}\n" for word in words))
    return path


def test_only_open_settings_are_changed_and_the_fewest_first() -> None:
    every = candidates.variants(ModelConfig(), RECIPE, 8)
    assert every[:4] == [
        {}, {"attention": "additive", "distance_bias": True}, {"hidden_size": 256}, {"dropout": 0.5},
    ]  # fmt: skip
    assert len(every) == 8
    assert every[-1] == every[1] | every[2] | every[3]
    assert candidates.variants(ModelConfig(attention="bilinear", dropout=0.1), RECIPE, 8) == [{}, {"hidden_size": 256}]
    assert candidates.variants(ModelConfig(distance_bias=False), RECIPE, 2) == [{}, {"attention": "additive"}]
    for change in every:
        msgspec.structs.replace(RECIPE, **change).spec()  # raises if options contradict each other
    tied = msgspec.structs.replace(RECIPE, tied=True, hidden_size=256, embedding_size=256)
    assert {"hidden_size": 128, "embedding_size": 128} in candidates.variants(ModelConfig(), tied, 8)


class Scripted:
    """Trainings with given dev losses of each source, by candidate and epochs."""

    def __init__(self, table: dict[str, list[float]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.trained: list[tuple[str, int]] = []
        monkeypatch.setattr(candidates, "losses", lambda name: (np.array(table[name]), 10))

    def __call__(self, change: dict[str, Any], epochs: int) -> Any:
        self.trained.append((name := str(change.get("name", "recipe")), epochs))
        return name


def searched(train: Scripted, n: int) -> candidates.Candidates:
    whole = config.parse({}, ["training.epochs=80", f"training.candidates={n}"])
    changes: list[dict[str, Any]] = [{}, *({"name": f"c{i}"} for i in range(1, n))]
    return candidates.search(train, whole, changes, lambda _event: None)


def test_each_round_has_half_of_the_candidates_on_twice_as_many_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"recipe": [9.0, 9.1, 9.0]} | {f"c{i}": [float(i), i + 0.1, float(i)] for i in range(1, 8)}
    train = Scripted(table, monkeypatch)
    found = searched(train, 8)
    assert train.trained == [
        ("recipe", 10), *((f"c{i}", 10) for i in range(1, 8)), ("recipe", 20), ("c1", 20), ("c2", 20), ("c3", 20),
        ("recipe", 40), ("c1", 40),
    ]  # fmt: skip
    assert (found.chosen, found.epochs) == (1, [10, 20, 40])
    assert [len(one.losses) for one in found.tried] == [3, 3, 2, 2, 1, 1, 1, 1]
    assert found.difference == pytest.approx(-8)


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [([1.0, 2.0, 3.0, 4.0], 1), ([1.9, 3.2, 4.0, 4.8], 0), ([3.0, 4.0, 5.0, 6.0], 0)],
    ids=["better", "within chance", "worse"],
)
def test_the_recipe_is_kept_unless_another_is_better_than_chance(
    losses: list[float], chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = Scripted({"recipe": [2.0, 3.0, 4.0, 5.1], "c1": losses}, monkeypatch)
    assert searched(train, 2).chosen == chosen


def test_dev_losses_are_those_of_each_source(pairs: Path, tmp_path: Path) -> None:
    model = training.train(pairs, output=tmp_path / "model", config=config.parse({}, SETTINGS))
    prepared = prepare.prepare(pairs, None, config.parse({}, SETTINGS))
    found, n_symbols = candidates.losses(candidates.Fold(model, prepared))
    [network] = model.bundle.build()
    assert found.sum() / n_symbols == pytest.approx(selection.dev_loss(network, prepared), rel=1e-5)
    for i, references in enumerate(prepared.dev.references):
        alone = selection.dev_loss(network, prepared.dev_part([i])) * (len(references[0]) + 1)
        assert found[i] == pytest.approx(alone, rel=1e-5)


def test_the_model_is_that_of_the_chosen_settings(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "CERTAIN", -100.0)  # the last other candidate is chosen, whatever its loss
    received: list[events.Event] = []
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=received.append)
    found = msgspec.convert(model.bundle.manifest["candidates"], candidates.Candidates)
    assert found.chosen > 0
    assert not (tmp_path / "model" / "candidates").exists()
    changes = [f"model.{name}={str(value).lower()}" for name, value in found.tried[found.chosen].changes.items()]
    training.train(pairs, output=tmp_path / "alone", config=config.parse({}, [*SETTINGS, *changes]))
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("model", "alone")]
    assert weights[0] == weights[1]
    tried = [event for event in received if isinstance(event, events.Tried)]
    assert [event.loss for event in tried][: len(found.tried)] == [one.losses[0] for one in found.tried]
    assert sum(isinstance(event, events.Settled) for event in received) == 1
    assert "Candidates" in (tmp_path / "model" / "report.html").read_text("utf-8")


def test_an_interrupted_training_ends_with_the_same_bytes(pairs: Path, tmp_path: Path) -> None:
    training.train(pairs, output=tmp_path / "whole", config=CONFIG)

    for stop in (stop_after(2, events.Tried), stop_after(2, events.Measured)):
        with pytest.raises(KeyboardInterrupt):
            training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=stop)
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model")]
    assert weights[0] == weights[1]
    whole = seqwright.load(tmp_path / "whole").bundle.manifest
    assert model.bundle.manifest["candidates"] == whole["candidates"]
    received: list[events.Event] = []
    training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "model"))]
    with pytest.raises(errors.UsageError, match="candidates"):
        training.train(pairs, output=tmp_path / "model", config=config.parse({}, SETTINGS))


def test_in_a_cross_validation_they_are_measured_on_a_fold_that_they_have_not_seen(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[prepare.Prepared] = []
    losses = candidates.losses
    monkeypatch.setattr(candidates, "losses", lambda fold: (measured.append(fold.prepared), losses(fold))[1])
    folded = config.parse({}, [*SETTINGS, "training.candidates=2", "training.cross_validation=3"])
    model = training.train(pairs, output=tmp_path / "model", config=folded)
    n = len(pairs.read_text().splitlines())
    _, held_out = holdout.split([*readers.read_pairs(pairs)], fraction=1 / 3, seed=1, fold=0)
    assert len(measured) == 2
    for one in measured:
        assert one.dev_pairs == held_out
        assert len(one.examples) == n - len(held_out)
    assert (model.bundle.manifest["n_pairs"], model.bundle.manifest["cross_validation"]["n"]) == (n, n)
    assert len(model.bundle.manifest["candidates"]["tried"]) == 2
    again = training.recall(tmp_path / "model" / "manifest.json")
    training.train(again.pairs, output=tmp_path / "again", config=again.config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("model", "again")]
    assert weights[0] == weights[1]
    received: list[events.Event] = []
    training.train(pairs, output=tmp_path / "model", config=folded, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "model"))]


def test_it_is_repeated_from_its_manifest_without_candidates(pairs: Path, tmp_path: Path) -> None:
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    again = training.recall(tmp_path / "model" / "manifest.json")
    assert again.config.training.candidates == 0
    training.train(again.pairs, output=tmp_path / "again", config=again.config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("model", "again")]
    assert weights[0] == weights[1]


def test_what_cannot_be_combined_is_refused(pairs: Path, tmp_path: Path) -> None:
    for setting, message in (
        ("training.candidates=1", "2 to 8"),
        ("training.time_budget_s=60", "does not cover"),
    ):
        with pytest.raises(errors.ConfigError, match=message):
            config.parse({}, ["training.candidates=4", setting])
    fixed = [*SETTINGS, "training.candidates=4", "model.attention=bilinear", "model.dropout=0"]
    with pytest.raises(errors.ConfigError, match="leave one of them open"):
        training.train(pairs, output=tmp_path / "model", config=config.parse({}, fixed))
    with pytest.raises(errors.UsageError, match="fine-tuning"):
        training.train(pairs, output=tmp_path / "model", config=CONFIG, fine_tune=tmp_path)
    unlike = config.parse({"others": [{"hidden_size": 9}]}, [*SETTINGS, "training.members=2", "training.candidates=2"])
    with pytest.raises(errors.ConfigError, match="others"):
        training.train(pairs, output=tmp_path / "model", config=unlike)
