"""Records in each format of `predict`."""

import json

import pytest

import seqwright as package
from seqwright.cli import records
from seqwright.inference import Answer, Hypothesis

LINES = ["abc", "", "жaж", "hgf\0"]


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    return path


def test_json_holds_what_python_returns(seqwright, model, lines):
    out = seqwright("predict", model, lines, "--json", "--n-best", 2).out
    parsed = [json.loads(line) for line in out.removesuffix("\n").split("\n")]
    answers = package.load(model).predict(LINES, n_best=2)
    assert [record["source"] for record in parsed] == LINES
    for record, hypotheses in zip(parsed, answers, strict=True):
        assert [h["text"] for h in record["n_best"]] == [h.text for h in hypotheses]
        assert record["tokens"] == hypotheses[0].tokens
        assert record["score"] == pytest.approx(hypotheses[0].score)
        assert record["token_scores"] == pytest.approx(hypotheses[0].log_probs)
        assert [tuple(link) for link in record["alignment"]] == hypotheses[0].links
    assert "unknown:ж" in parsed[2]["flags"]
    assert "unknown:U+0000" in parsed[3]["flags"]


def test_rows_have_the_same_columns_on_every_line(seqwright, model, lines):
    rows = [row.split("\t") for row in seqwright("predict", model, lines, "--tsv", "--n-best", 2).out.split("\n")[:-1]]
    assert [len(row) for row in rows] == [9] * len(LINES)
    assert [row[0] for row in rows] == LINES
    plain = seqwright("predict", model, lines, "--n-best", 2, "--scores").out.split("\n")[:-1]
    assert ["\t".join([row[2], row[3], row[7], row[8]]) for row in rows] == plain


def test_links_name_one_source_token_for_each_token_of_the_answer(seqwright, model, lines):
    out = seqwright("predict", model, lines, "--alignment").out.split("\n")[:-1]
    for line, row, (best,) in zip(LINES, out, package.load(model).predict(LINES), strict=True):
        text, pairs = row.split("\t")
        assert text == best.text
        found = [tuple(map(int, pair.split("-"))) for pair in pairs.split()]
        assert [answer for _, answer in found] == (list(range(len(best.tokens))) if line else [])
        assert all(0 <= source < len(line) for source, _ in found)


def test_rows_and_json_at_once_are_refused(seqwright, model):
    assert "--json" in seqwright("predict", model, "--tsv", "--json").refused(2)


def test_columns_of_answers_that_were_not_found_are_empty():
    one = Answer(source="s", hypotheses=[Hypothesis("x", ["x"], -0.5, [-0.5, -0.5], True, None)])
    assert records.as_plain(one, n_best=3, scores=False, alignment=False) == "x\t\t"
    assert records.as_plain(one, n_best=2, scores=True, alignment=False) == "x\t-0.5000\t\t"
    assert records.as_row(one, n_best=2) == "s\t\tx\t-0.5000\t\t\t\t\t"


def test_an_answer_with_a_tab_and_a_line_end_stays_one_column():
    one = Answer(source="s", hypotheses=[Hypothesis("a\tb\nc", list("a\tb\nc"), 0.0, [], True, None)])
    assert records.as_plain(one, n_best=1, scores=False, alignment=False) == "a b c"
    assert json.loads(records.as_json(one))["text"] == "a\tb\nc"
