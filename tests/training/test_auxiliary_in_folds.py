"""Auxiliary data in a cross-validation: what each fold learns from, what decides, and the model of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import auxiliary_files
import numpy as np
import pytest
from auxiliary_files import source_texts, words
from stopping import stop_after

from seqwright import config, training
from seqwright.inference.translator import Translator
from seqwright.metrics import evaluate, pooled
from seqwright.training import events, self_training
from seqwright.training.prepare import Prepared

FOLDS = 3
SMALL = [*auxiliary_files.SMALL, f"training.cross_validation={FOLDS}"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return auxiliary_files.written(tmp_path)


def configured(files: dict[str, Path], *settings: str, epochs: int = 8) -> config.Config:
    return auxiliary_files.configured(files, *settings, n_folds=FOLDS, epochs=epochs)


def test_a_fold_learns_from_the_answers_of_its_own_first_model_and_the_model_from_those_of_all(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[tuple[Prepared, list[int]]] = []
    original = self_training.taught

    def recorded(prepared: Prepared, teachers: Sequence[Translator]) -> Prepared:
        folds = [teacher.bundle.config.training.dev_fold for teacher in teachers]
        assert all(teacher.bundle.config.training.unlabelled == "" for teacher in teachers)
        taught.append((original(prepared, teachers), folds))
        return taught[-1][0]

    monkeypatch.setattr(self_training, "taught", recorded)
    monkeypatch.setattr(self_training, "CONFIDENT", 0.0)
    received: list[events.Event] = []
    model = training.train(files["pairs"], output=tmp_path / "model", config=configured(files), listen=received.append)
    n = len(words(100, 1))
    assert [folds for _, folds in taught] == [[*range(FOLDS)], *([fold] for fold in range(FOLDS))]
    for prepared, [fold] in taught[1:]:
        assert prepared.config.training.dev_fold == fold
        held_out = {source for source, _ in prepared.dev.texts}
        for one in prepared.auxiliary:
            assert len(one.examples)
            assert not held_out & source_texts(prepared, one)
    manifest = model.bundle.manifest
    assert (manifest["n_pairs"], manifest["cross_validation"]["n"], manifest["scores"]) == (n, n, None)
    validated = [event for event in received if isinstance(event, events.Validated)]
    assert [(event.fold, event.has_auxiliary) for event in validated] == [
        (fold, has) for has in (False, True) for fold in range(1, FOLDS + 1)
    ]
    [chosen] = [event for event in received if isinstance(event, events.Chosen)]
    assert chosen.cross_validated
    assert (manifest["auxiliary"]["accuracy"], manifest["auxiliary"]["without"]) == (chosen.accuracy, chosen.without)
    kept = chosen.accuracy if chosen.kept else chosen.without
    assert manifest["cross_validation"]["accuracy"] == pytest.approx(kept)
    assert manifest["auxiliary"]["n_answered"] == len(taught[0][0].auxiliary[1].examples)
    page = (tmp_path / "model" / "report.html").read_text("utf-8")
    assert "the models of the folds" in page
    assert "in the cross-validation" in page
    assert not any((tmp_path / "model").glob("folds*"))


def test_an_answer_is_taken_by_the_mean_confidence_of_the_teachers() -> None:
    class Teacher:
        def __init__(self, table: dict[str, tuple[str, float]]) -> None:
            self.table = table

        def answer(self, texts: Sequence[str], *, features: Sequence[str]) -> list[object]:
            del features

            class Answer:
                def __init__(self, text: str, confidence: float) -> None:
                    self.text, self.confidence, self.flags, self.hypotheses = text, confidence, (), [text]

            return [Answer(*self.table[text]) for text in texts]

    teachers = [
        Teacher({"a": ("A", 0.9), "b": ("B", 0.5)}),
        Teacher({"a": ("X", 0.8), "b": ("B", 0.7)}),
        Teacher({"a": ("X", 0.7), "b": ("Y", 0.9)}),
    ]
    found = self_training._voted(teachers, [("a", ""), ("b", "")])  # type: ignore[arg-type]
    assert [text for text, _ in found] == ["X", "B"]
    assert [confidence for _, confidence in found] == pytest.approx([0.5, 0.4])


def test_misleading_data_is_not_kept_and_the_model_is_that_of_a_cross_validation_without_it(
    files: dict[str, Path], tmp_path: Path
) -> None:
    files["related"].write_text("".join(f"{word}\t{word[::-1]}\n" for word in words(300, 7, "abcdez")))
    larger = "model.hidden_size=32"
    given = configured(files, larger, "training.unlabelled=", "training.also_share=30", epochs=40)
    model = training.train(files["pairs"], output=tmp_path / "model", config=given)
    plain = config.parse({}, [*SMALL, larger, "training.epochs=40"])
    alone = training.train(files["pairs"], output=tmp_path / "alone", config=plain)
    manifest = model.bundle.manifest
    assert not manifest["auxiliary"]["kept"]
    assert manifest["auxiliary"]["without"] > manifest["auxiliary"]["accuracy"]
    assert model.bundle.weights.keys() == alone.bundle.weights.keys()
    for name, weights in alone.bundle.weights.items():
        np.testing.assert_array_equal(model.bundle.weights[name], weights)
    for entry in ("cross_validation", "calibration"):
        assert manifest[entry] == alone.bundle.manifest[entry]
    received: list[events.Event] = []
    training.train(files["pairs"], output=tmp_path / "model", config=given, listen=received.append)
    assert received == [events.AlreadyTrained(str(tmp_path / "model"))]


def test_an_interrupted_training_and_a_repeated_one_end_with_the_same_bytes(
    files: dict[str, Path], tmp_path: Path
) -> None:
    given = configured(files)
    training.train(files["pairs"], output=tmp_path / "whole", config=given)

    for stop in (
        stop_after(2, events.Validated),
        stop_after(FOLDS + 1, events.Validated),
        stop_after(1, events.Chosen),
        stop_after(2, events.Measured),
    ):
        with pytest.raises(KeyboardInterrupt):
            training.train(files["pairs"], output=tmp_path / "model", config=given, listen=stop)
    training.train(files["pairs"], output=tmp_path / "model", config=given)
    recalled = training.recall(tmp_path / "whole" / "manifest.json")
    training.train(recalled.pairs, dev=recalled.dev, output=tmp_path / "again", config=recalled.config)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model", "again")]
    assert weights[0] == weights[1] == weights[2]


def test_scores_of_parts_together_are_those_of_all_items() -> None:
    references = [[["a", "b"]], [["c"]], [["d"], ["e", "f"]]]
    hypotheses = [["a", "b"], ["x"], ["e"]]
    parts = [evaluate(hypotheses[:1], references[:1]), evaluate(hypotheses[1:], references[1:])]
    assert pooled(parts) == evaluate(hypotheses, references)


def test_the_folds_with_auxiliary_data_are_kept_as_long_as_there_is_some(
    files: dict[str, Path], tmp_path: Path
) -> None:
    def folders(*settings: str) -> set[str]:
        given = config.parse({}, [*SMALL, "training.epochs=1", "training.report=false", *settings])
        training.train(files["pairs"], output=tmp_path / "model", config=given, overwrite=True)
        return {path.name for path in (tmp_path / "model").iterdir() if path.is_dir()}

    also = f"training.also={files['related']}"
    assert folders(also, "training.keep_folds=true") == {"folds", "folds-with-auxiliary-data"}
    assert folders("training.keep_folds=true") == {"folds"}
    assert folders(also) == set()
