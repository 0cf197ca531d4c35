"""Cross-validation: its folds, its figures, and a model that is trained on all pairs."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

import numpy as np
import pytest
from stopping import stop_after

import seqwright
from seqwright import bundle, config, errors, provenance, training
from seqwright.data import holdout
from seqwright.data.readers import Pair
from seqwright.training import cross_validation, events, recipe

SETTINGS = [
    "model.hidden_size=8", "model.embedding_size=4", "training.epochs=3", "training.cross_validation=3",
    "training.augmentation=1",
]  # fmt: skip
CONFIG = config.parse({}, SETTINGS)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rng = random.Random(8)
    words = sorted({"".join(rng.choices("abcd", k=rng.randint(2, 6))) for _ in range(60)})
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word.upper()}\n" for word in words))
    return path


def test_folds_hold_out_each_source_once() -> None:
    pairs = [Pair(f"w{n}", "x") for n in range(500)]
    for n_folds in (2, 3, 7):
        dev = [holdout.split(pairs, fraction=1 / n_folds, seed=1, fold=fold)[1] for fold in range(n_folds)]
        assert sorted(pair for part in dev for pair in part) == sorted(pairs)
        assert all(abs(len(part) - 500 / n_folds) < 60 for part in dev)
    assert holdout.split(pairs, fraction=0.1, seed=1, fold=0) == holdout.split(pairs, fraction=0.1, seed=1)


def test_the_model_has_all_pairs_and_the_figures_of_its_folds(pairs: Path, tmp_path: Path) -> None:
    received: list[events.Event] = []
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=received.append)
    n = len(pairs.read_text().splitlines())
    manifest = model.bundle.manifest
    assert (manifest["n_pairs"], manifest["calibration"]["n"], manifest["scores"]) == (n, n, None)
    assert not (tmp_path / "model" / "folds").exists()
    alone = []
    for fold in range(3):
        apart = config.parse(
            {}, [*SETTINGS[:3], "training.augmentation=1", "training.patience=none", f"training.dev_fold={fold}",
                 "training.cross_validation=0",
                 f"training.dev_share={1 / 3!r}"],
        )  # fmt: skip
        one = training.train(pairs, output=tmp_path / f"fold{fold}", config=apart)
        alone.append(seqwright.evaluation.evaluate_dev(one, tmp_path / f"fold{fold}").scores)
    scores = manifest["cross_validation"]
    assert scores["folds"] == pytest.approx([one.exact for one in alone])
    assert scores["n"] == sum(one.n for one in alone) == n
    assert scores["accuracy"] == pytest.approx(100 * (1 - sum(one.errors for one in alone) / n))
    n_right = round(scores["accuracy"] * n / 100)
    assert (scores["low"], scores["high"]) == cross_validation.interval(n_right, n, n_folds=3)
    timed = (events.Preliminary, events.Progressed)  # how many there are depends on the clock
    kinds = [type(event) for event in received if not isinstance(event, timed)]
    assert kinds[:3] == [events.Validated] * 3
    finished = received[-1]
    assert isinstance(finished, events.Finished)
    assert finished.dev_accuracy == scores["accuracy"]
    assert "not seen" in (tmp_path / "model" / "report.html").read_text("utf-8")


def test_all_sources_of_large_folds_are_answered(tmp_path: Path) -> None:
    rng = random.Random(9)
    words = sorted({"".join(rng.choices("abcd", k=rng.randint(2, 9))) for _ in range(400)})
    settings = [*SETTINGS[:2], "training.epochs=1", "training.cross_validation=2", "training.augmentation=0"]
    given = [(word, word.upper()) for word in words]
    received: list[events.Event] = []
    model = training.train(given, output=tmp_path / "model", config=config.parse({}, settings), listen=received.append)
    manifest = model.bundle.manifest
    assert manifest["cross_validation"]["n"] == manifest["calibration"]["n"] == len(words)
    assert sum(event.n for event in received if isinstance(event, events.Validated)) == len(words)
    [started] = [event for event in received if isinstance(event, events.Started)]
    assert started.n_dev <= recipe.PROGRESS, "training sources, to show progress"


@pytest.mark.parametrize("n_folds", [2, 5, 10])
@pytest.mark.parametrize(("n", "errors"), [(50, 0.9), (100, 0.5), (1000, 0.1), (1000, 0.5)])
def test_the_interval_holds_the_accuracy_of_trainings_with_more_pairs(n_folds: int, n: int, errors: float) -> None:
    rng = np.random.default_rng(n_folds)
    (mean, spread), held = cross_validation.LEARNING, 0
    for _ in range(1000):
        in_folds = np.clip(
            errors + math.sqrt(cross_validation.TRAININGS * errors * (1 - errors) / n) * rng.normal(), 0, 1
        )
        n_right = n - int(rng.binomial(n, in_folds))
        true = 100 * (1 - errors * (1 - 1 / n_folds) ** rng.normal(mean, spread))
        low, high = cross_validation.interval(n_right, n, n_folds=n_folds)
        held += low <= true <= high
    assert 0.92 <= held / 1000 <= 0.98


def test_an_interval_lies_between_no_and_all_answers() -> None:
    for n in (1, 7, 400):
        for n_right in (0, n):
            low, high = cross_validation.interval(n_right, n, n_folds=10)
            assert 0 <= low < high <= 100
            assert low <= 100 * n_right / n <= high


def test_a_cross_validation_that_was_interrupted_ends_with_the_same_bytes(pairs: Path, tmp_path: Path) -> None:
    training.train(pairs, output=tmp_path / "whole", config=CONFIG)

    for stop in (stop_after(2, events.Validated), stop_after(2, events.Measured)):
        with pytest.raises(KeyboardInterrupt):
            training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=stop)
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model")]
    assert weights[0] == weights[1]
    whole = seqwright.load(tmp_path / "whole").bundle.manifest
    assert model.bundle.manifest["cross_validation"] == whole["cross_validation"]
    received: list[events.Event] = []
    training.train(pairs, output=tmp_path / "model", config=CONFIG, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "model"))]


def test_it_is_repeated_from_its_manifest(pairs: Path, tmp_path: Path) -> None:
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    again = training.recall(tmp_path / "model" / "manifest.json")
    assert again.dev is None
    training.train(again.pairs, dev=again.dev, output=tmp_path / "again", config=again.config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("model", "again")]
    assert weights[0] == weights[1]


def test_with_a_dev_file_or_standard_input_it_is_refused(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="takes the place of a dev file"):
        training.train(pairs, dev=pairs, output=tmp_path / "model", config=CONFIG)
    with pytest.raises(errors.UsageError, match="standard input"):
        training.train("-", output=tmp_path / "model", config=CONFIG)
    with pytest.raises(errors.ConfigError, match="2 or more folds"):
        config.parse({}, ["training.cross_validation=1"])
    with pytest.raises(errors.ConfigError, match="10 folds"):
        config.parse({}, ["training.dev_fold=10"])


def test_the_folds_are_kept_on_request_and_can_be_joined(pairs: Path, tmp_path: Path) -> None:
    model, plain = tmp_path / "model", tmp_path / "plain"
    training.train(pairs, output=plain, config=CONFIG)
    for n_folds in (3, 2):
        settings = [*SETTINGS, "training.keep_folds=true", f"training.cross_validation={n_folds}"]
        training.train(pairs, output=model, config=config.parse({}, settings), overwrite=True)
        folds = sorted((model / "folds").iterdir())
        assert [fold.name for fold in folds] == [str(n + 1) for n in range(n_folds)]
    same, weights = bundle.load(plain).weights, bundle.load(model).weights
    assert all(np.array_equal(weights[name], array) for name, array in same.items())
    seqwright.join([model, *folds], output=tmp_path / "joined")
    joined = bundle.load(tmp_path / "joined")
    assert len(joined.networks) == 3
    sources = [(line.split("\t")[0], "") for line in pairs.read_text().splitlines()]
    assert provenance.count_seen(joined, tmp_path / "joined", sources).n == len(sources)
    training.train(pairs, output=model, config=CONFIG, overwrite=True)
    assert not (model / "folds").exists()


def test_folds_that_there_are_not_cannot_be_kept(pairs: Path, tmp_path: Path) -> None:
    settings = [*SETTINGS, "training.keep_folds=true", "training.cross_validation=0"]
    with pytest.raises(errors.UsageError, match="this training has no folds"):
        training.train(pairs, output=tmp_path / "model", config=config.parse({}, settings))


def test_its_report_shows_the_answers_to_all_folds(pairs: Path, tmp_path: Path) -> None:
    training.train(pairs, output=tmp_path / "model", config=CONFIG)
    page = (tmp_path / "model" / "report.html").read_text("utf-8")
    assert "sections below show these answers" in page
    n = len(pairs.read_text().splitlines())
    counted = [int(count) for count in re.findall(r">n (\d+)<", page.split('id="strengths"')[1].split("</svg>")[0])]
    assert sum(counted) == n


def test_it_has_no_dev_pairs_to_evaluate_on(pairs: Path, tmp_path: Path) -> None:
    model = training.train(pairs, output=tmp_path / "model", config=CONFIG)
    with pytest.raises(errors.DataError, match="trained on all its pairs"):
        seqwright.evaluation.evaluate_dev(model, tmp_path / "model")
