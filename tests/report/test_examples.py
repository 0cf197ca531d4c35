"""Selection and display of single items."""

import re

import numpy as np
from handmade import Page, made

from seqwright.data.text import TextFormat, Tokens
from seqwright.report import examples

WORDS = TextFormat(Tokens.WORDS)


def looking(item, n_columns):
    """Return the item with an alignment that attends to the first symbol only."""
    weights = np.zeros((len(item.best.tokens) + 1, n_columns))
    weights[:, 0] = 1
    return item._replace(hypotheses=[item.best._replace(alignment=weights)])


def sources(section) -> list[str]:
    """Return the sources of a section's table in order."""
    return re.findall(r'<td data-head="source"><div><bdi>(\w+)</bdi>', section.body)


def test_the_largest_errors_are_first_and_ties_are_ordered_by_probability():
    items = made(("a", "x y", "x z"), ("b", "x y", "q z"), ("c", "x y", "x y"), ("d", "x y z w", "x y z q r s"))
    sure = items[0]._replace(source="e", hypotheses=[items[0].best._replace(log_probs=[-0.1])])
    assert sources(examples.worst([*items, sure], WORDS)) == ["b", "d", "e", "a"]


def test_the_least_probable_answers_are_first_correct_or_not():
    items = made(("a", "x", "x"), ("b", "x", "y"), ("c", "x", "z"))
    unsure = [
        item._replace(hypotheses=[item.best._replace(log_probs=[p])])
        for item, p in zip(items, (-2, -1, -3), strict=True)
    ]
    section = examples.uncertain(unsure, WORDS)
    assert sources(section) == ["c", "a", "b"]
    assert "1 of these 3 are correct" in section.body


def test_a_map_has_a_column_for_each_source_symbol_and_the_end_but_none_for_padding():
    [item] = made(("abc", "x y", "x z"))
    section = examples.attention([looking(item, n_columns=9)])
    page = Page(section.body)
    assert page.tags.count("th") == 4 + 3  # columns: a b c end; rows: x z end
    assert page.tags.count("td") == 1 + 3 * 4
    assert ("td", "title", "x attends to a: 100 %") in page.attributes
    assert ("td", "title", "the end attends to the end: 0 %") in page.attributes


def test_items_too_long_for_a_phone_are_drawn_only_where_there_are_no_others():
    short, long = made(("ab", "x", "y"), ("a" * 40, "x", "y"))
    both = [looking(item, len(item.source_tokens) + 1) for item in (short, long)]
    assert examples.attention(both).body.count("<figure>") == 1
    assert examples.attention(both[1:]).body.count("<figure>") == 1


def test_without_alignments_there_is_no_map():
    assert examples.attention(made(("ab", "x", "y"))) is None


def test_empty_answers_have_no_map():
    [item] = made(("ab", "x", ""))
    assert examples.attention([looking(item, 3)]) is None
