"""A student is trained on the answers of its teacher, and on no source of the dev set."""

import itertools
import json
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqwright
from seqwright import bundle, config, distillation, errors, training
from seqwright.data import holdout, readers
from seqwright.distillation import transfer_set
from seqwright.inference import translator
from seqwright.inference.answer import Flag
from seqwright.training.events import AlreadyTrained, Measured

CONFIG = config.parse(
    {}, ["model.hidden_size=6", "model.embedding_size=4", "training.epochs=3", "training.report=false"]
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, reversals):
    """The directory of a model that has learned enough to end its answers."""
    return teacher(tmp_path_factory.mktemp("teacher"), reversals)


def teacher(folder, lines):
    (folder / "pairs.tsv").write_text(lines, encoding="utf-8")
    settings = ["model.hidden_size=24", "model.embedding_size=8", "training.epochs=24", "training.report=false"]
    training.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, settings))
    return folder / "model"


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def distill(trained, pairs, output, **options):
    return distillation.distill(trained, pairs, output=output, config=CONFIG, **options)


def rows(output):
    """Return (source, target) of all training pairs."""
    parts = sorted((output / "distilled").glob("0*.jsonl"))
    return [(row["source"], row["target"]) for part in parts for row in map(json.loads, part.read_text().splitlines())]


@given(st.lists(st.floats(-50, 0), min_size=1, max_size=8), st.integers(1, 20))
def test_pairs_are_allocated_by_probability_to_the_nearest_whole(log_probs, n):
    found = transfer_set.allocate(log_probs, n)
    p = [2.718281828459045**value for value in log_probs]
    quotas = [n * one / sum(p) for one in p]
    assert sum(found) == n
    assert all(abs(copies - quota) < 1 + 1e-6 for copies, quota in zip(found, quotas, strict=True))
    assert all(
        a >= b for (a, p_a) in zip(found, p, strict=True) for (b, p_b) in zip(found, p, strict=True) if p_a > p_b
    )


def test_the_training_pairs_are_the_answers_of_the_teacher(trained, pairs, tmp_path):
    distill(trained, pairs, tmp_path / "small")
    everything = readers.read_pairs(pairs)
    learned, dev = holdout.split(everything, seed=1)
    answers = seqwright.load(trained).predict([pair.source for pair in learned])
    assert rows(tmp_path / "small") == [(p.source, h[0].text) for p, h in zip(learned, answers, strict=True)]
    kept = readers.read_pairs(tmp_path / "small/distilled/dev.jsonl")
    assert [pair[:2] for pair in kept] == [pair[:2] for pair in dev]


def test_truncated_answers_are_left_out(trained, pairs, tmp_path, monkeypatch):
    answer = translator.Translator.answer

    def cut_first(self, sources, **options):
        first, *others = answer(self, sources, **options)
        return [first.marked(Flag.CUT), *others]

    monkeypatch.setattr(translator.Translator, "answer", cut_first)
    distill(trained, pairs, tmp_path / "small")
    learned, _ = holdout.split(readers.read_pairs(pairs), seed=1)
    assert [source for source, _ in rows(tmp_path / "small")] == [pair.source for pair in learned[1:]]


def test_no_source_of_the_dev_set_is_a_training_source(trained, pairs, tmp_path):
    dev, more = tmp_path / "dev.tsv", tmp_path / "more.txt"
    dev.write_text("aac\tcaa\nabh\thba\nzz\tzz\n")
    more.write_text("zz\nabh\n\ncafe\n")
    pairs.write_text(pairs.read_text() + "abh\thba\n")
    distill(trained, pairs, tmp_path / "small", dev=dev, sources=more)
    learned = [source for source, _ in rows(tmp_path / "small")]
    assert {"zz", "abh", "aac"}.isdisjoint(learned)
    assert learned[-1] == "cafe"


def test_several_answers_of_a_source_are_weighted_by_probability(trained, pairs, tmp_path):
    distill(trained, pairs, tmp_path / "small", n_best=3)
    found = rows(tmp_path / "small")
    source = found[0][0]
    best = seqwright.load(trained).predict([source], n_best=3)[0]
    shares = transfer_set.allocate([sum(hypothesis.log_probs) for hypothesis in best], 3)
    assert found[:3] == [(source, h.text) for h, n in zip(best, shares, strict=True) for _ in range(n)]
    assert len(found) == 3 * len({source for source, _ in found})


def test_sources_with_unknown_symbols_are_left_out(trained, pairs, tmp_path):
    more = tmp_path / "more.txt"
    more.write_text("abc\nab日\n")
    distill(trained, pairs, tmp_path / "small", sources=more)
    assert "ab日" not in dict(rows(tmp_path / "small"))
    pairs.write_text("日\tx\n本\ty\n語\tz\n")
    with pytest.raises(errors.DataError, match="is it a model for these data"):
        distill(trained, pairs, tmp_path / "none")


def test_features_go_to_the_teacher_and_to_the_student(tmp_path):
    words = ["".join(letters) for letters in itertools.product("abc", repeat=3)]
    model = teacher(tmp_path, "".join(f"{word}\t{word[n]}\tN;{n}\n" for word in words for n in (0, 1, 2)))
    more = tmp_path / "more.txt"
    more.write_text("ccba\tN;2\n")
    found = distill(model, tmp_path / "pairs.tsv", tmp_path / "small", sources=more)
    assert found.model.unknown("ccba", "N;2") == []
    row = json.loads((tmp_path / "small/distilled/00000.jsonl").read_text().splitlines()[-1])
    [[answer]] = seqwright.load(model).predict(["ccba"], features=["N;2"])
    assert row == {"source": "ccba", "target": answer.text, "features": "N;2"}


def test_the_result_compares_both_and_the_manifest_names_the_teacher(trained, pairs, tmp_path):
    found = distill(trained, pairs, tmp_path / "small")
    assert found.student.n_parameters < found.teacher.n_parameters
    assert found.student.n_bytes == 4 * found.student.n_parameters
    assert found.student.dev_accuracy <= 100
    assert found.teacher.sources_per_s > 0
    manifest = json.loads((tmp_path / "small/manifest.json").read_text())
    assert manifest["teacher"]["stamp"] == bundle.stamp(trained)
    recalled = training.recall(tmp_path / "small/manifest.json")
    training.train(recalled.pairs, dev=recalled.dev, output=tmp_path / "again", config=recalled.config)
    first, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("small", "again"))
    assert first == again


def test_interrupted_in_the_answers_or_in_the_training_it_goes_on_to_the_same_bytes(
    trained, pairs, tmp_path, monkeypatch
):
    monkeypatch.setattr(transfer_set, "PART", 16)
    monkeypatch.setattr(transfer_set, "CHUNK", 8)
    distill(trained, pairs, tmp_path / "whole")
    answered = []

    def stopping_at(kind, n):
        def listen(event):
            nonlocal n
            if isinstance(event, distillation.Answering):
                answered.append(event.n_answered)
            n -= isinstance(event, kind)
            if n == 0:
                raise KeyboardInterrupt

        return listen

    for kind, n in ((distillation.Answering, 5), (Measured, 1)):
        with pytest.raises(KeyboardInterrupt):
            distill(trained, pairs, tmp_path / "model", listen=stopping_at(kind, n))
    first, second = [0, 8, 16, 16, 24], [0, 16, 24, 32, 32, 40, 48, 48, 54]  # part 2 is begun anew, part 1 is not
    assert answered == first + second
    distill(trained, pairs, tmp_path / "model")
    whole, model = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "model"))
    assert model == whole


def test_answers_of_another_kind_are_not_mixed_in(trained, pairs, tmp_path):
    def interrupting(event):
        if isinstance(event, Measured):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distill(trained, pairs, tmp_path / "small", listen=interrupting)
    before = rows(tmp_path / "small")
    with pytest.raises(errors.UsageError, match="has a training on other answers"):
        distill(trained, pairs, tmp_path / "small", n_best=2)
    assert rows(tmp_path / "small") == before
    distill(trained, pairs, tmp_path / "small", n_best=2, overwrite=True)
    assert len(rows(tmp_path / "small")) == 2 * len(before)


def test_a_student_does_not_take_the_place_of_its_teacher_nor_of_another_model(trained, pairs, tmp_path):
    with pytest.raises(errors.UsageError, match="is the directory of the teacher"):
        distill(trained, pairs, trained)
    ordinary = Path(shutil.copytree(trained, tmp_path / "ordinary"))
    with pytest.raises(errors.UsageError, match="exists already"):
        distill(trained, pairs, ordinary)
    assert not (ordinary / "distilled").exists()


def test_a_finished_student_is_not_trained_again(trained, pairs, tmp_path):
    first, received = distill(trained, pairs, tmp_path / "small"), []
    before = contents(tmp_path / "small")
    again = distill(trained, pairs, tmp_path / "small", listen=received.append)
    assert [one for one in received if not isinstance(one, distillation.Answering)] == [
        AlreadyTrained(str(tmp_path / "small"))
    ]
    assert again.student.dev_accuracy == first.student.dev_accuracy
    other = msgspec.structs.replace(CONFIG, training=msgspec.structs.replace(CONFIG.training, epochs=4))
    with pytest.raises(errors.UsageError, match=r"another training \(.*epochs was 3, is 4"):
        distillation.distill(trained, pairs, output=tmp_path / "small", config=other)
    with pytest.raises(errors.UsageError, match="has a training on other answers"):
        distill(trained, pairs, tmp_path / "small", n_best=2)
    assert contents(tmp_path / "small") == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_student_is_small_by_default_and_has_the_tokens_of_its_teacher(trained, pairs, tmp_path):
    default = msgspec.structs.replace(CONFIG, model=config.ModelConfig(embedding_size=4))
    found = distillation.distill(trained, pairs, output=tmp_path / "small", config=default)
    settings, teacher = found.model.bundle.config, bundle.load(trained).config
    assert settings.model.hidden_size == 128
    assert settings.text == teacher.text
