"""Beam search over a hand-written table, against enumeration and a beam made of lists."""

import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st
from tables import END, START

from seqwright.search import Ranking, Rules, beam


def run_beam(table, limits, *, width, ranking=Ranking()):  # noqa: B008 - a tuple cannot change
    rules = Rules(START, END, np.array(limits, np.int32), ranking=ranking)
    return beam(tables.step(table), tables.start(range(len(limits))), rules, width=width)


def run_greedy(table, limits, **options):
    rules = Rules(START, END, np.array(limits, np.int32))
    return [best for [best] in beam(tables.step(table, **options), tables.start(range(len(limits))), rules, width=1)]


seeds = st.integers(0, 2**32)
limit_lists = st.lists(st.integers(0, 4), min_size=1, max_size=4)
length_norms = st.sampled_from([0.0, 0.6, 1.0, 2.0])
levels = st.sampled_from([None, 1, 2, 3])  # with whole numbers, hypotheses are equal all the time


@given(seeds, st.integers(2, 4), st.integers(0, 3), length_norms)
def test_a_wide_enough_beam_finds_every_target_in_the_order_of_its_score(seed, V, max_length, length_norm):
    table = tables.random_table(seed, V)
    every = tables.every_answer(table, 0, V, max_length)
    every.sort(key=lambda answer: -answer.score(length_norm))
    [found] = run_beam(table, [max_length], width=len(every), ranking=Ranking(length_norm))
    assert [c.ids for c in found] == [answer.ids for answer in every]
    assert [c.finished for c in found] == [answer.finished for answer in every]
    np.testing.assert_allclose([c.score for c in found], [answer.score(length_norm) for answer in every], rtol=1e-12)


@given(seeds, st.integers(2, 5), st.integers(1, 6), limit_lists, length_norms, levels)
def test_a_beam_of_any_width_keeps_what_its_rules_say_also_among_equals(seed, V, width, limits, length_norm, levels):
    table = tables.random_table(seed, V, levels=levels)
    found = run_beam(table, limits, width=width, ranking=Ranking(length_norm))
    for source, limit in enumerate(limits):
        slow = tables.slow_beam(table, source, V, width, limit, length_norm)
        assert [c.ids for c in found[source]] == [answer.ids for answer in slow]
        assert [c.finished for c in found[source]] == [answer.finished for answer in slow]
        assert [c.log_probs for c in found[source]] == [answer.log_probs for answer in slow]


@given(seeds, st.integers(2, 5), limit_lists, levels)
def test_a_beam_of_one_is_greedy(seed, V, limits, levels):
    table = tables.random_table(seed, V, levels=levels)
    for source, (candidate, limit) in enumerate(zip(run_greedy(table, limits), limits, strict=True)):
        ids = []
        while len(ids) < limit and (symbol := int(table(source, tuple(ids)).argmax())) != END:
            ids.append(symbol)
        assert candidate.ids == ids


@given(seeds, st.integers(2, 5), st.integers(1, 5), limit_lists, levels)
def test_a_batch_is_answered_as_its_sources_one_by_one(seed, V, width, limits, levels):
    table = tables.random_table(seed, V, levels=levels)
    together = run_beam(table, limits, width=width)
    for source, limit in enumerate(limits):
        [alone] = run_beam(lambda _, prefix, source=source: table(source, prefix), [limit], width=width)
        assert [c[:4] for c in together[source]] == [c[:4] for c in alone]
    for source, candidate in enumerate(run_greedy(table, limits)):
        [alone] = run_greedy(lambda _, prefix, source=source: table(source, prefix), [limits[source]])
        assert candidate[:4] == alone[:4]


@given(seeds, st.integers(2, 5), st.integers(1, 6), limit_lists, length_norms, levels)
def test_an_n_best_list_is_sorted_distinct_and_adds_up(seed, V, width, limits, length_norm, levels):
    table = tables.random_table(seed, V, levels=levels)
    for source, candidates in enumerate(run_beam(table, limits, width=width, ranking=Ranking(length_norm))):
        assert 1 <= len(candidates) <= width
        assert len({tuple(c.ids) for c in candidates}) == len(candidates)
        assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
        for c in candidates:
            answer = tables.answer(table, source, c.ids, limits[source])
            assert c.log_probs == answer.log_probs
            assert c.score == pytest.approx(answer.score(length_norm), rel=1e-12)
            assert c.finished == answer.finished
            assert len(c.ids) <= limits[source]
            assert END not in c.ids


@given(seeds, st.integers(2, 5), st.integers(1, 4), limit_lists)
def test_each_attended_row_belongs_to_its_symbol(seed, V, width, limits):
    table = tables.random_table(seed, V)
    answers = [*run_beam(table, limits, width=width), *([c] for c in run_greedy(table, limits))]
    for n, candidates in enumerate(answers):
        for c in candidates:
            expected = [tables.mark(n % len(limits), tuple(c.ids[:t])) for t in range(len(c.ids) + 1)]
            np.testing.assert_array_equal(c.attention_weights, expected)


def test_a_model_that_cannot_say_where_it_looked_gives_no_attended_rows():
    [candidate] = run_greedy(tables.random_table(0, 4), [3], attend=False)
    assert candidate.attention_weights is None


def fixed(*rows):
    """Return a table that looks up the row by the length of the prefix; the last row serves all longer ones."""
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array(rows))
    return lambda _, prefix: log_probs[min(len(prefix), len(rows) - 1)]


NEVER_ENDS = fixed([0.1, 0.1, 0.8])


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_a_target_cut_off_at_the_greatest_length_says_that_it_is_not_finished(limit):
    [candidate] = run_greedy(NEVER_ENDS, [limit])
    assert (candidate.ids, candidate.finished) == ([2] * limit, False)
    assert candidate.log_probs[-1] == pytest.approx(np.log(0.1))
    [[best]] = run_beam(NEVER_ENDS, [limit], width=1)
    assert (best.ids, best.finished) == ([2] * limit, False)


def test_a_target_that_ends_by_itself_just_at_the_greatest_length_is_finished():
    table = fixed([0.0, 0.2, 0.8], [0.0, 0.9, 0.1])
    assert run_greedy(table, [1])[0].finished
    assert run_beam(table, [1], width=1)[0][0].finished


def test_a_hypothesis_that_ends_before_the_greatest_length_is_finished_even_where_the_end_is_not_the_best_symbol():
    [candidates] = run_beam(fixed([0.05, 0.3, 0.65]), [3], width=2)
    assert {tuple(c.ids): c.finished for c in candidates} == {(): True, (2, 2, 2): False}


def test_the_lowest_id_comes_first_among_equal_symbols():
    even = fixed([0.25] * 4)
    assert run_greedy(even, [2])[0].ids == [0, 0]
    [candidates] = run_beam(even, [1], width=3, ranking=Ranking(0.0))
    assert [c.ids for c in candidates] == [[], [0], [2]]


def test_a_higher_length_norm_prefers_longer_targets():
    table = fixed([0.3, 0.4, 0.3], [0.2, 0.7, 0.1])
    short, long = (run_beam(table, [3], width=8, ranking=Ranking(norm))[0][0].ids for norm in (0.0, 1.0))
    assert (short, long) == ([], [0])


def test_a_beam_finds_a_better_target_than_greedy_where_the_first_step_misleads():
    def table(_, prefix):
        rows = {(): [0.0, 0.0, 0.6, 0.4], (2,): [0.3, 0.4, 0.3, 0.0], (3,): [0.0, 1.0, 0.0, 0.0]}
        with np.errstate(divide="ignore"):
            return np.log(np.array(rows.get(prefix, [0.0, 1.0, 0.0, 0.0])))

    assert run_greedy(table, [3])[0].ids == [2]
    assert run_beam(table, [3], width=2)[0][0].ids == [3]


@pytest.mark.parametrize("search", [lambda table, limits: run_beam(table, limits, width=3), run_greedy])
def test_no_sources_have_no_answers(search):
    assert search(tables.random_table(0, 4), []) == []
