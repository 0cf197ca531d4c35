"""Related pairs and answers to unlabelled sources: what is learned from them, what never is, and what is kept."""

from __future__ import annotations

from pathlib import Path

import auxiliary_files
import numpy as np
import pytest
from auxiliary_files import source_texts, words
from stopping import stop_after

from seqwright import bundle, config, errors, training, tuning
from seqwright.data import vocabulary
from seqwright.training import events, self_training
from seqwright.training.loop import Loop
from seqwright.training.manifest import Origin
from seqwright.training.pace import Pace
from seqwright.training.prepare import Prepared, prepare
from seqwright.training.setup import set_up

SMALL = [*auxiliary_files.SMALL, "training.cross_validation=0"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return auxiliary_files.written(tmp_path)


def configured(files: dict[str, Path], *settings: str, epochs: int = 4) -> config.Config:
    return auxiliary_files.configured(files, *settings, n_folds=0, epochs=epochs)


def taught(files: dict[str, Path], tmp_path: Path) -> Prepared:
    """Return the data after a first model that answers in capitals, surely enough."""
    known = config.parse({}, [*SMALL, "training.epochs=60", "model.hidden_size=32"])
    teacher = training.train(files["pairs"], output=tmp_path / "teacher", config=known)
    prepared = prepare(files["pairs"], None, configured(files))
    return self_training.taught(prepared, [teacher])


def test_no_dev_source_is_an_auxiliary_one_and_no_answer_has_an_unknown_symbol(
    files: dict[str, Path], tmp_path: Path
) -> None:
    prepared = taught(files, tmp_path)
    related, answered = prepared.auxiliary
    dev = {source for source, _ in prepared.dev.texts}
    assert dev
    assert dev <= set(files["words"].read_text().split()), "the words have all dev sources"
    assert not dev & (source_texts(prepared, related) | source_texts(prepared, answered))
    assert "xyz" not in source_texts(prepared, answered)
    real = {
        "".join(prepared.source.vocabulary.decode(prepared.examples.pair(n)[0])) for n in range(len(prepared.examples))
    }
    assert not real & source_texts(prepared, answered), "training sources have answers"
    assert len(answered.examples) > 20
    for one in prepared.auxiliary:
        assert vocabulary.UNKNOWN not in one.examples.source
        assert vocabulary.UNKNOWN not in one.examples.target
        assert one.weights.sum() == pytest.approx(1)


def test_symbols_of_related_pairs_follow_those_of_the_data(files: dict[str, Path]) -> None:
    alone = prepare(files["pairs"], None, config.parse({}, SMALL))
    both = prepare(files["pairs"], None, configured(files, "training.unlabelled="))
    for side in ("source", "target"):
        before, after = getattr(alone, side).vocabulary.symbols, getattr(both, side).vocabulary.symbols
        assert after[: len(before)] == before
    assert set(both.source.vocabulary.symbols) - set(alone.source.vocabulary.symbols) == {"z"}
    assert set(both.target.vocabulary.symbols) - set(alone.target.vocabulary.symbols) == {"Z", "!"}
    np.testing.assert_array_equal(both.examples.source, alone.examples.source)
    assert both.dev_pairs == alone.dev_pairs


def test_an_epoch_has_the_share_of_each_kind_and_the_last_ones_have_data_alone(
    files: dict[str, Path], tmp_path: Path
) -> None:
    prepared = taught(files, tmp_path)
    loop, n = Loop(prepared), len(prepared.examples)
    answered = prepared.auxiliary[1]
    assert len(answered.examples) < n, "fewer answers than their share"
    shown = []
    for epoch in range(1, 5):
        loop.position.epoch = epoch
        examples = loop._examples()
        assert len(examples) == prepared.pairs_per_epoch == 2 * n + len(answered.examples)
        shown.append({examples.pair(i) for i in range(n, len(examples))})
    real = {prepared.examples.pair(i) for i in range(n)}
    assert not any(pairs & real for pairs in shown[:3])
    assert shown[0] != shown[1], "drawn anew"
    assert shown[3] <= real


def test_the_training_is_repeatable_continued_with_the_same_bytes_and_told_by_its_manifest(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training.loop, "Pace", lambda clock, _every_s: Pace(clock, 0))  # progress of every step
    given = configured(files)
    received: list[events.Event] = []
    model = training.train(files["pairs"], output=tmp_path / "whole", config=given, listen=received.append)
    assert not (tmp_path / "whole" / "first").exists()
    manifest = model.bundle.manifest
    assert manifest["n_pairs"] + len(prepare(files["pairs"], None, given).dev_pairs) == len(words(100, 1))
    [compared] = [event for event in received if isinstance(event, events.Chosen)]
    assert manifest["auxiliary"]["kept"] == compared.kept
    assert "Auxiliary data" in (tmp_path / "whole" / "report.html").read_text("utf-8")
    assert any(isinstance(event, events.Preliminary) for event in received)

    for stop in (stop_after(1, events.Preliminary), stop_after(2, events.Measured), stop_after(1, events.Chosen)):
        with pytest.raises(KeyboardInterrupt):
            training.train(files["pairs"], output=tmp_path / "model", config=given, listen=stop)
    training.train(files["pairs"], output=tmp_path / "model", config=given)
    recalled = training.recall(tmp_path / "whole" / "manifest.json")
    training.train(recalled.pairs, dev=recalled.dev, output=tmp_path / "again", config=recalled.config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model", "again")]
    assert weights[0] == weights[1] == weights[2]
    received.clear()
    training.train(files["pairs"], output=tmp_path / "whole", config=given, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "whole"))]
    files["words"].write_text("other\n")
    with pytest.raises(errors.UsageError, match=r"data\.unlabelled was"):
        training.train(files["pairs"], output=tmp_path / "whole", config=given)


def test_misleading_data_is_not_kept_and_the_model_is_the_one_without_it(
    files: dict[str, Path], tmp_path: Path
) -> None:
    files["related"].write_text("".join(f"{word}\t{word.lower()[::-1]}\n" for word in words(300, 7)))
    files["dev"] = tmp_path / "dev.tsv"
    files["dev"].write_text("".join(f"{word}\t{word.upper()}\n" for word in words(80, 8)))
    settings = ("training.unlabelled=", "training.also_share=30")
    given = configured(files, *settings, epochs=12)
    model = training.train(files["pairs"], dev=files["dev"], output=tmp_path / "model", config=given)
    alone = training.train(
        files["pairs"],
        dev=files["dev"],
        output=tmp_path / "alone",
        config=config.parse({}, [*SMALL, "training.epochs=12"]),
    )
    found = model.bundle.manifest["auxiliary"]
    assert found["without"] > found["accuracy"]
    assert not found["kept"]
    for name, weights in alone.bundle.weights.items():
        np.testing.assert_array_equal(model.bundle.weights[name], weights)
    assert model.bundle.manifest["calibration"] == alone.bundle.manifest["calibration"]
    assert bundle.load(tmp_path / "model").config.training.also, "the training is known by its settings"


def test_the_first_ensemble_has_the_networks_of_a_training_without_auxiliary_data(files: dict[str, Path]) -> None:
    three = self_training.first(configured(files))
    assert (three.training.members, three.training.unlabelled, three.training.also) == (3, "", "")
    assert self_training.first(configured(files, "training.unlabelled=")).training.members == 1
    assert self_training.first(configured(files, "training.members=5")).training.members == 5
    unlike = config.parse({"others": [{"attention": "additive"}]}, ["training.members=2", "training.unlabelled=x"])
    assert [one.attention for one in self_training.first(unlike).networks] == [None, "additive", None]


@pytest.mark.parametrize("name", ["also", "unlabelled"])
def test_what_is_not_supported_is_refused_by_name(name: str, files: dict[str, Path], tmp_path: Path) -> None:
    file = files["related" if name == "also" else "words"]
    with pytest.raises(errors.ConfigError, match=rf"training\.{name}.*training\.time_budget_s"):
        config.parse({}, [f"training.{name}={file}", "training.time_budget_s=9"])
    given = config.parse({}, [f"training.{name}={file}"])
    with pytest.raises(errors.UsageError, match="standard input"):
        training.train("-", output=tmp_path / "model", config=given)
    with pytest.raises(errors.UsageError, match="may be training pairs"):
        training.train(files["pairs"], dev=files["pairs"], output=tmp_path / "model", config=given)
    with pytest.raises(errors.UsageError, match="tune searches without"):
        tuning.tune(files["pairs"], output=tmp_path / "model", config=given)
    file.write_text("")
    with pytest.raises(errors.DataError, match=file.name):
        set_up(files["pairs"], None, given, path=tmp_path / "model", origin=Origin(None, ["test"], {}))
