"""Scores against an oracle and against arithmetic done by hand."""

import math
import sys
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright import errors, metrics
from seqwright.data import readers
from seqwright.data.readers import Pair

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


def counts(sequence, n):
    return Counter(tuple(sequence[i : i + n]) for i in range(len(sequence) - n + 1))


def bleu(hypotheses, references):
    """Papineni's formula over words: clipped precisions of 1 to 4 words, and the penalty for what is too short."""
    log_precision = 0.0
    for n in range(1, 5):
        right = total = 0
        for hypothesis, group in zip(hypotheses, references, strict=True):
            found = counts(hypothesis.split(), n)
            most = Counter()
            for reference in group:
                most |= counts(reference.split(), n)
            right += (found & most).total()
            total += found.total()
        log_precision += math.log(right / total) / 4
    length = sum(len(h.split()) for h in hypotheses)
    closest = sum(
        min((abs(len(r.split()) - len(h.split())), len(r.split())) for r in group)[1]
        for h, group in zip(hypotheses, references, strict=True)
    )
    return 100 * math.exp(min(0, 1 - closest / length) + log_precision)


def chrf(hypotheses, references):
    """Popović's F-score with beta 2 of character sequences of 1 to 6, without spaces; one reference each."""
    scores = []
    for n in range(1, 7):
        found = [
            (counts(h.replace(" ", ""), n), counts(r.replace(" ", ""), n))
            for h, r in zip(hypotheses, references, strict=True)
        ]
        right, said, expected = (
            sum(c.total() for c in each) for each in zip(*((h & r, h, r) for h, r in found), strict=True)
        )
        scores.append((right / said, right / expected))
    precision, recall = (sum(each) / 6 for each in zip(*scores, strict=True))
    return 100 * 5 * precision * recall / (4 * precision + recall)


SAID = ["the cat sat on the red mat", "a dog ran far away from the house today", "it is small"]
RIGHT = [
    ["the cat sat on the mat", "the cat is sitting on the red mat"],
    ["a dog ran away from the house", "the dog ran far away from a house", "one dog left"],
    ["it is very small"],
]


def test_bleu_is_papinenis_formula():
    assert metrics.evaluate_sentences(SAID, RIGHT).bleu == pytest.approx(bleu(SAID, RIGHT))
    short = ["the cat sat on the", *SAID[1:]]
    assert metrics.evaluate_sentences(short, RIGHT).bleu == pytest.approx(bleu(short, RIGHT))


def test_chrf_is_popovics_formula():
    first = [group[0] for group in RIGHT]
    assert metrics.evaluate_sentences(SAID, [[r] for r in first]).chrf == pytest.approx(chrf(SAID, first))


def test_right_sentences_score_a_hundred_and_say_how_they_were_scored():
    scores = metrics.evaluate_sentences([group[-1] for group in RIGHT[:2]], RIGHT[:2])
    assert (scores.bleu, scores.chrf) == (pytest.approx(100), pytest.approx(100))
    assert "tok:13a" in scores.bleu_signature
    assert "nc:6" in scores.chrf_signature


def test_scores_of_sentences_name_the_extra_where_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(errors.DependencyError, match=r"seqwright\[text\]"):
        metrics.evaluate_sentences(["a"], [["a"]])


# Real data


def test_the_real_test_words_are_as_many_as_the_literature_has(data_dir):
    pairs = readers.read_pairs(data_dir / "cmudict" / "test.tsv")
    sources, references = metrics.group_references(pairs)
    assert len(sources) == 12_000
    last = metrics.evaluate([r[-1].split() for r in references], [[t.split() for t in r] for r in references])
    assert last.wer == 0
