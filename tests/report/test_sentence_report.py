"""Report sections on sentences: chrF, and missing and spurious phrases."""

import re

import pytest
from handmade import Page, made
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from seqwright.metrics import bleu
from seqwright.report import learning, ngrams, quality, sentences
from seqwright.report.history import Measurement

WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "down", "."]), min_size=1, max_size=7).map(" ".join)
ROWS = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=30)


def shares(bars):
    return {bar.label: bar.n for bar in bars}


@given(ROWS)
def test_every_sentence_is_in_one_group_of_each_chart_and_means_are_of_sacrebleus_chrf(rows):
    graded = quality.graded(made(*rows))
    expected = sum(CHRF().sentence_score(answer, [right]).score for _, right, answer in rows)
    for bars in (quality.by_length(graded), quality.by_rarity(graded), quality.by_confidence(graded)):
        assert sum(bar.n for bar in bars) == len(rows)
        assert sum(bar.n * bar.value for bar in bars) == pytest.approx(expected)
        assert all(0 <= bar.low <= bar.value + 1e-9 and bar.value <= bar.high + 1e-9 for bar in bars)
    assert sum(bar.n for bar in quality.distribution(graded)) == len(rows)


def test_a_better_hypothesis_further_down_raises_the_best_of_n():
    graded = quality.graded(made(("a", "the cat sat", "a dog|the cat sat|the cat"), ("b", "it ran", "it ran|x|y")))
    assert [bar.value for bar in quality.best_of(graded)] == pytest.approx(
        [graded[0].grade / 2 + 50, 100, 100]
    )  # fmt: skip


def phrases(found):
    return {" ".join(one.words): (one.n, one.of) for one in found}


def test_phrases_are_counted_on_the_side_that_has_them():
    items = made(
        ("a", "we live in New Zealand .", "we live in Peru ."),
        ("b", "I like New Zealand .", "I like Peru ."),
        ("c", "New Zealand is far .", "New Zealand is far ."),
        ("d", "he eats .", "he eats eats ."),
    )
    assert phrases(ngrams.missing(items, bleu.WORDS)) == {"New Zealand": (2, 3)}
    assert phrases(ngrams.spurious(items, bleu.WORDS)) == {"Peru": (2, 2), "eats": (1, 2)}


@given(ROWS)
def test_no_phrase_is_missing_from_right_answers_and_none_is_listed_twice(rows):
    assert ngrams.missing(made(*((source, right, right) for source, right, _ in rows)), bleu.WORDS) == []
    for found in (ngrams.missing(made(*rows), bleu.WORDS), ngrams.spurious(made(*rows), bleu.WORDS)):
        assert len({one.words for one in found}) == len(found) <= 12
        assert all(0 < one.n <= one.of and len(one.items) <= one.n for one in found)
        assert [one.n for one in found] == sorted((one.n for one in found), reverse=True)
        assert not any("." in (one.words[0], one.words[-1]) for one in found)


def test_phrases_are_compared_with_the_closest_of_several_references():
    items = made(("a", "he eats bread|he has a meal", "he has a big meal"))
    assert phrases(ngrams.missing(items, bleu.WORDS)) == {"a meal": (1, 1)}


def test_phrases_of_scripts_without_spaces_are_characters():
    items = made(("a", "私はヨルダンに住む", "私はノルウェーに住む"), ("b", "ヨルダンは遠い", "ノルウェーは遠い"))
    section = sentences.deviations(items)
    assert "ルウェー" in section.body  # of at most four characters, and without spaces
    marked = sentences.answer(items[0])
    assert "<mark>" in marked
    assert "に住む" in marked.rpartition("</mark>")[2]


def listed(section, title):
    """Return the chrF column of the table with this title."""
    table = re.search(rf'aria-label="{title}".*?</table>', section.body, re.DOTALL)
    return [int(n) for n in re.findall(r'data-head="chrF"><div>(\d+)<', table[0])] if table else []


def test_examples_go_from_best_to_worst_and_no_answer_is_in_two_tables():
    rows = [(f"s{i}", "a b c d e f g h", " ".join("abcdefgh"[:i]) or "x") for i in range(9)] * 3
    items = [item._replace(source=f"{i}") for i, item in enumerate(made(*rows))]
    section = sentences.by_quality(quality.graded(items))
    best, median, worst = (listed(section, title) for title in ("Best", "Median", "Worst"))
    assert len(best) == len(median) == len(worst) == 5
    assert min(best) >= max(median) >= min(median) >= max(worst)
    sources = re.findall(r'data-head="source"><div><bdi>(\w+)<', section.body)
    assert len(set(sources)) == len(sources)


def test_few_sentences_are_all_shown_once():
    section = sentences.by_quality(quality.graded(made(*((f"s{i}", "a b", "a b") for i in range(7)))))
    sources = re.findall(r'data-head="source"><div><bdi>(\w+)<', section.body)
    assert sorted(sources) == [f"s{i}" for i in range(7)]


def test_answers_like_the_references_have_no_phrases_to_show():
    section = sentences.deviations(made(("a", "he eats .", "he eats .")))
    assert "All phrases match the references." in Page(section.body).text


def test_curves_are_those_of_the_chosen_measure():
    poor = Measurement(epoch=1, loss=5, dev_accuracy=0, dev_ter=99, measure="loss", dev_loss=4.5)
    good = Measurement(epoch=2, loss=3, dev_accuracy=1, dev_ter=80, best=True, measure="chrF", dev_loss=2.5,
                       dev_bleu=20.5, dev_chrf=40.25)  # fmt: skip
    body = learning.learning([[poor, good]]).body
    assert re.findall("<figcaption>(.*?)</figcaption>", body) == ["chrF on dev", "Loss on dev", "Training loss"]
    assert "BLEU 20.5, chrF 40.2, loss 2.500 nats, perplexity 12.2" in body
    assert re.findall("<figcaption>(.*?)</figcaption>", learning.learning([[poor]]).body)[0] == "Loss on dev"
