"""Who is right where, from answers written by hand."""

import pytest
from answering import Answering

from seqwright import errors, evaluation
from seqwright.config import TextConfig
from seqwright.data.readers import Pair

PAIRS = [Pair("a", "xy"), Pair("b", "yz"), Pair("b", "zz"), Pair("c", "xyz"), Pair("d", "x"), Pair("", "")]
A = Answering({"a": "xy", "b": "zz", "c": "xyy", "d": "y"})
B = Answering({"a": "xy", "b": "z", "c": "xyz", "d": "z"})


def test_each_source_is_counted_once_by_who_is_right():
    result = evaluation.compare(A, B, PAIRS)
    assert (result.both_right, result.both_wrong) == (1, 1)
    assert [(d.source, d.references, d.a, d.b) for d in result.only_a] == [("b", ["yz", "zz"], "zz", "z")]
    assert [(d.source, d.references, d.a, d.b) for d in result.only_b] == [("c", ["xyz"], "xyy", "xyz")]


def test_scores_and_differences_are_those_of_the_answers():
    result = evaluation.compare(A, B, PAIRS)
    assert (result.a.exact, result.b.exact, result.exact.value) == (50, 50, 0)
    assert (result.a.edits, result.b.edits, result.a.tokens) == (2, 2, 8)
    assert result.ter.value == 0


def test_the_same_seed_gives_the_same_intervals():
    other = Answering({"a": "xy", "b": "yz", "c": "xyz", "d": "x"})
    first, again = (evaluation.compare(A, other, PAIRS, seed=3) for _ in range(2))
    assert first == again
    assert first.exact.value == 50
    assert first.exact.low <= 50 <= first.exact.high


def test_a_model_without_features_is_asked_without_them(tmp_path):
    path = tmp_path / "test.tsv"
    path.write_text("go\twent\tPST\ngo\tgoes\tPRS\n", encoding="utf-8")
    knows = Answering({("go", "PST"): "went", ("go", "PRS"): "goes"}, TextConfig(features_column=3))
    ignores = Answering({"go": "went"})
    for a, b in [(knows, ignores), (ignores, knows)]:
        result = evaluation.compare_file(a, b, path)
        assert {result.a.exact, result.b.exact} == {100, 50}


def test_models_of_different_columns_are_refused(tmp_path):
    with pytest.raises(errors.UsageError, match="to column 2, the other 2 to 1"):
        evaluation.compare_file(A, Answering({}, TextConfig(source_column=2, target_column=1)), tmp_path / "x.tsv")


def test_no_pairs_are_refused():
    with pytest.raises(errors.DataError, match="no pairs"):
        evaluation.compare(A, B, [Pair("", "")])
