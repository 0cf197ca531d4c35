"""`seqwright inspect` shows what a model is and where it looks."""

import json
import sys

import pytest

import seqwright as package


def test_the_summary_has_sizes_symbols_data_and_scores(seqwright, model):
    result = seqwright("inspect", model)
    bundle = package.load(model).bundle
    n = sum(array.size for array in bundle.weights.values())
    assert result.code == 0
    for word in (
        f"{n:,}",
        "8 units",
        "8 symbols",
        "characters",
        "pairs.tsv",
        "dev",
        f"seqwright {package.__version__}",
    ):
        assert word in result.out, result.out
    summary = json.loads(seqwright("inspect", model, "--json").out)
    assert summary["parameters"] == n
    assert set(summary["source"]["symbols"]) == set("abcdefgh")


def test_the_attention_has_a_row_for_each_token_of_the_answer_and_a_shade_for_each_of_the_source(seqwright, model):
    [best] = package.load(model).predict(["abc"])[0]
    lines = seqwright("inspect", model, "abc").out.splitlines()
    assert lines[0].startswith(best.text)
    assert lines[2].split() == ["a", "b", "c", "<end>"]
    rows = lines[3:]
    assert [row.split()[0] for row in rows] == [*best.tokens, "<end>"]
    for row, weights, log_prob in zip(rows, best.alignment, best.log_probs, strict=True):
        cells = row[len("<end>") + 2 :]
        assert [cells[at] for at in (0, 3, 6, 9)] == [" ░▒▓█"[min(int(w * 5), 4)] for w in weights]
        assert row.endswith(f"{log_prob:.2f}")


def test_a_given_target_is_drawn_in_place_of_the_answer(seqwright, model):
    lines = seqwright("inspect", model, "abc", "--target", "hh").out.splitlines()
    assert lines[0].startswith("hh ")
    assert [line.split()[0] for line in lines[3:]] == ["h", "h", "<end>"]
    assert "SOURCE" in seqwright("inspect", model, "--target", "hh").refused(2)


def test_tokens_that_take_no_place_are_drawn_so_that_they_do(seqwright, model):
    head = seqwright("inspect", model, "q\u0323 \u200d한").out.splitlines()[2].split()
    assert head == ["q", "◌\u0323", "␣", "U+200D", "한", "<end>"]


def test_json_of_a_source_is_the_record_of_predict(seqwright, model, tmp_path):
    (tmp_path / "lines.txt").write_text("abc\n", encoding="utf-8")
    assert seqwright("inspect", model, "abc", "--json").out == seqwright(
        "predict", model, tmp_path / "lines.txt", "--json").out  # fmt: skip


def test_a_picture_holds_every_label_and_names_what_no_font_has(seqwright, model, tmp_path):
    pytest.importorskip("matplotlib")
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    result = seqwright("inspect", model, "abq\u0323\U000e0101", "--svg", svg, "--png", png)
    assert result.code == 0, result
    text = svg.read_text("utf-8")
    assert all(f">{label}<" in text for label in ["a", "b", "q", "◌\u0323"])
    assert png.read_bytes().startswith(b"\x89PNG")
    missing = seqwright("inspect", model, "\U0001f9ff", "--png", png).err
    assert "U+1F9FF" in missing or missing == ""  # where a font has it
    assert "ends in .svg" in seqwright("inspect", model, "a", "--svg", tmp_path / "a.pdf").refused(2)
    assert str(png.parent) in seqwright("inspect", model, "a", "--png", tmp_path / "no" / "a.png").refused(1)


def test_a_picture_without_matplotlib_names_the_extra(seqwright, model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "seqwright[plot]" in seqwright("inspect", model, "a", "--svg", tmp_path / "a.svg").refused(1)
