"""Scores against an oracle and against arithmetic done by hand."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sacrebleu import metrics as sacrebleu

from seqwright import metrics
from seqwright.data import readers
from seqwright.data.readers import Pair
from seqwright.metrics import chrf

TOKENS = st.lists(st.sampled_from(["a", "b", "aː", "<pad>"]), max_size=6)
ITEMS = st.lists(st.tuples(TOKENS, st.lists(TOKENS, min_size=1, max_size=3)), min_size=1, max_size=6)


def distance(a, b):
    """Levenshtein's recursion, as it is defined."""
    if not a or not b:
        return len(a) + len(b)
    return min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0]))


@given(TOKENS.map(lambda t: t[:5]), TOKENS.map(lambda t: t[:5]))
def test_edit_distance_is_levenshteins_over_tokens(hypothesis, reference):
    assert metrics.edit_distance(hypothesis, reference) == distance(hypothesis, reference)


def test_tokens_count_whole():
    assert metrics.edit_distance(["d͡z", "a"], ["d", "a"]) == 1


@given(ITEMS)
def test_an_item_is_wrong_where_it_equals_no_reference(items):
    hypotheses, references = zip(*items, strict=True)
    scores = metrics.evaluate(hypotheses, references)
    assert scores.errors == sum(hypothesis not in candidates for hypothesis, candidates in items)
    assert scores.exact + scores.wer == pytest.approx(100)
    assert scores.edits == sum(min(metrics.edit_distance(h, c) for c in candidates) for h, candidates in items)


@given(ITEMS)
def test_more_references_never_make_an_answer_worse(items):
    hypotheses, references = zip(*items, strict=True)
    first_only = metrics.evaluate(hypotheses, [candidates[:1] for candidates in references])
    every = metrics.evaluate(hypotheses, references)
    assert every.errors <= first_only.errors
    assert every.edits <= first_only.edits


def test_scores_by_hand():
    hypotheses = [["a", "b"], ["a"], []]
    references = [[["a", "b"]], [["a", "c", "d"], ["b", "b"]], [["y", "z"], ["x"]]]
    scores = metrics.evaluate(hypotheses, references)
    # The second is as near to "a c d" as to "b b" (two edits): the first counts, with its three tokens.
    assert (scores.n, scores.errors, scores.edits, scores.tokens) == (3, 2, 3, 6)
    assert scores.ter == pytest.approx(50)
    assert scores.wer == pytest.approx(200 / 3)


def test_empty_references_do_not_divide_by_zero():
    assert metrics.evaluate([["a", "b"]], [[[]]]).ter == 200
    assert metrics.evaluate([[]], [[[]]]).ter == 0


def test_scores_are_json():
    scores = metrics.evaluate([["a"]], [[["a"]]])
    assert msgspec.json.decode(msgspec.json.encode(scores))["exact"] == 100


def test_references_are_grouped_by_source_and_features_in_order():
    pairs = [Pair("b", "1"), Pair("a", "2"), Pair("b", "3"), Pair("b", "1"), Pair("b", "X", "PL")]
    assert metrics.group_references(pairs) == ([("b", ""), ("a", ""), ("b", "PL")], [["1", "3"], ["2"], ["X"]])


# Sentences


RIGHT = [
    ["the cat sat on the mat", "the cat is sitting on the red mat"],
    ["a dog ran away from the house", "the dog ran far away from a house", "one dog left"],
    ["it is very small"],
]


def test_right_sentences_score_a_hundred_and_say_how_they_were_scored():
    scores = metrics.evaluate_sentences([group[-1] for group in RIGHT[:2]], RIGHT[:2])
    assert (scores.bleu, scores.chrf) == (pytest.approx(100), pytest.approx(100))
    assert "tok:13a" in scores.bleu_signature
    assert "nc:6" in scores.chrf_signature


def test_words_of_scripts_without_spaces_are_characters():
    """As one word each, a sentence is right as a whole or scores nothing."""
    references = [["私はヨルダンに住んでいます。"], ["สวัสดีตอนเช้า"]]
    scores = metrics.evaluate_sentences(["私はノルウェーに住んでいます。", "สวัสดีตอนเช้า"], references)
    assert "tok:char" in scores.bleu_signature
    assert 50 < scores.bleu < 90
    mostly_latin = [["Tom said: おはよう", "Tom said good morning"]]
    assert "tok:13a" in metrics.evaluate_sentences(["Tom said: おはよう"], mostly_latin).bleu_signature


PIECES = ["a", "b", "dog", " ", "  ", "\n", "-\n", ".", ",", "-", "'", "(", "1", "27", "&quot;", "&amp;", "lt;",
          "<skipped>", "é", "e\u0301", "\xa0", "\u202f", "나", "は", "漢字", "😀"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def sacrebleus(hypotheses, references, *, tokenize="13a"):
    # The library takes one stream a reference, in which None stands where an item has fewer.
    n_streams = max(map(len, references))
    streams = [[group[i] if i < len(group) else None for group in references] for i in range(n_streams)]
    bleu = sacrebleu.BLEU(tokenize=tokenize).corpus_score(hypotheses, streams)
    return bleu.score, sacrebleu.CHRF().corpus_score(hypotheses, streams).score, bleu.ratio


@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=8))
@example([("", ["a"]), ("aaaa", ["aba", "ab"])])  # references with equal scores
def test_scores_of_any_texts_are_sacrebleus(items):
    hypotheses, references = zip(*items, strict=True)
    scores = metrics.evaluate_sentences(hypotheses, references)
    found = (scores.bleu, scores.chrf, scores.length_ratio)
    tokenize = scores.bleu_signature.partition("tok:")[2].partition("|")[0]
    expected = sacrebleus(hypotheses, references, tokenize=tokenize)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_chrf_of_one_sentence_is_sacrebleus(hypothesis, references):
    expected = sacrebleu.CHRF().sentence_score(hypothesis, references).score
    assert chrf.sentence_score(hypothesis, references) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_answers_of_nothing_score_nothing():
    scores = metrics.evaluate_sentences(["", ""], [["the cat sat on the mat"], ["a", "b"]])
    assert (scores.bleu, scores.chrf, scores.length_ratio) == (0, 0, 0)


# Real data


def test_the_real_test_words_are_as_many_as_the_literature_has(data_dir):
    pairs = readers.read_pairs(data_dir / "cmudict" / "test.tsv")
    sources, references = metrics.group_references(pairs)
    assert len(sources) == 12_000
    last = metrics.evaluate([r[-1].split() for r in references], [[t.split() for t in r] for r in references])
    assert last.wer == 0


@pytest.mark.parametrize(("name", "column"), [("french-english", 1), ("french-english", 0), ("korean-english", 0)])
def test_scores_of_real_sentences_are_sacrebleus(data_dir, name, column):
    """Each sentence is scored against one or two others of the file that begin alike, so that much is in common."""
    file = next((data_dir / name).glob("dev.tsv"))
    texts = sorted(pair[column] for pair in readers.read_pairs(file))[:1500]
    references = [texts[i + 1 : i + 2 + i % 2] for i in range(len(texts) - 3)]
    scores = metrics.evaluate_sentences(texts[:-3], references)
    found = (scores.bleu, scores.chrf, scores.length_ratio)
    assert found == pytest.approx(sacrebleus(texts[:-3], references), rel=1e-9)
    assert scores.bleu > 1
