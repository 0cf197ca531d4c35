"""From a teacher to a small model, as the command does it."""

import json

import msgspec
import pytest

import seqwright as package
from seqwright.cli import figures
from seqwright.distillation import Distilled, Figures

QUICK = ["--epochs", 1, "--hidden-size", 6, "--set", "model.embedding_size=4"]


def test_it_shows_the_teacher_at_work_the_training_and_both_side_by_side(tmp_path, seqwright, pairs, model):
    result = seqwright("distill", model, pairs, "-o", tmp_path / "small", *QUICK)
    assert result.code == 0
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["teacher", "student"]
    assert lines[3].startswith("The student is ")
    assert "54 of 54 sources answered" in result.err
    assert "dev exact match" in result.err
    package.load(tmp_path / "small").predict(["abc"])


@pytest.mark.usefixtures("pairs", "model")
def test_its_name_and_its_sources(tmp_path, seqwright, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more.txt").write_text("hag\nbeg\n")
    result = seqwright("distill", "model", "pairs.tsv", "--sources", "more.txt", "--n-best", 2, "-q", *QUICK)
    assert (result.code, result.err) == (0, "")
    lines = (tmp_path / "model-small/distilled/00000.jsonl").read_text().splitlines()
    sources = [json.loads(line)["source"] for line in lines]
    assert sources[-2:] == ["beg", "beg"]


def test_without_a_teacher_or_sources_the_error_names_them(tmp_path, seqwright, pairs, model):
    missing = tmp_path / "missing"
    assert "no such model directory" in seqwright("distill", missing, pairs, "-q").refused(1)
    assert "missing" in seqwright("distill", model, pairs, "--sources", missing, "-o", tmp_path / "s", "-q").refused(1)
    assert "PAIRS" in seqwright("distill", model).refused(2)
    assert "exists already" in seqwright("distill", model, pairs, "-o", model.parent, "-q").refused(2)


@pytest.mark.parametrize(("n_bytes", "said"), [(250, "1/4.0 of the space"), (5000, "5.0 times the space")])
def test_the_space_of_the_student_is_stated(n_bytes, said):
    teacher = Figures(members=1, n_parameters=9, n_bytes=1000, dev_accuracy=9.0, dev_ter=9.0, sources_per_s=9.0)
    student = msgspec.structs.replace(teacher, n_bytes=n_bytes)
    assert said in figures.as_text(Distilled(None, teacher, student))
