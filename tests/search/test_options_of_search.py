"""Ranking, shortest lengths, groups, samples and given targets over a hand-written table."""

import itertools

import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st
from tables import END, START

from seqwright.search import Ranking, Rules, beam, forced, sample
from seqwright.search.sample import truncated_probs

seeds = st.integers(0, 2**32)


def searched(table, limits, search=beam, *, min_lengths=None, **options):
    rules = Rules(START, END, np.array(limits, np.int32), min_lengths)
    return search(tables.step(table), tables.start(range(len(limits))), rules, **options)


def generators(n, seed=0):
    return [np.random.default_rng([seed, i]) for i in range(n)]


def test_the_score_is_that_of_wu_et_al():
    attention_weights = np.array([[0.5, 0.2, 0.1], [0.7, 0.1, 0.1]])
    score = Ranking(0.0, 0.6, 0.2).score(-3.0, 2, attention_weights)
    assert score == pytest.approx(-3.0 / (7 / 6) ** 0.6 + 0.2 * (np.log(1.0) + np.log(0.3) + np.log(0.2)))
    assert Ranking(0.0, 0.6, 0.2).score(-3.0, 2, attention_weights, 1) == pytest.approx(-3.0 / (7 / 6) ** 0.6)
    assert Ranking().score(-3.0, 2, None) == -1.5


@given(seeds, st.integers(2, 4), st.integers(0, 3), st.integers(0, 3))
def test_a_wide_enough_beam_finds_every_target_that_is_long_enough(seed, V, least, most):
    least = min(least, most)
    table = tables.random_table(seed, V)
    every = [a for a in tables.every_answer(table, 0, V, most) if len(a.ids) >= least]
    every.sort(key=lambda answer: -answer.score(1.0))
    [found] = searched(table, [most], width=len(every), min_lengths=np.array([least], np.int32))
    assert [c.ids for c in found] == [answer.ids for answer in every]
    [[one]] = searched(table, [most], width=1, min_lengths=np.array([least], np.int32))
    assert least <= len(one.ids) <= most


def slow_groups(table, V, size, groups, diversity, max_length):
    """Search one source with lists: each group in turn, what the earlier ones said costs more."""
    live = [[(0.0, [])] for _ in range(groups)]
    done = [[] for _ in range(groups)]
    for length in range(max_length + 1):
        said = np.zeros(V)
        for g in range(groups):
            offers = []
            for rank, (total, ids) in enumerate(live[g]):
                row = table(0, tuple(ids))
                symbols = [END] if length == max_length else range(V)
                offers += [(-(row[s] + total - diversity * said[s]), rank, s, ids, total) for s in symbols]
            chosen = sorted(offers)[: size - len(done[g])]
            for _, _, symbol, _, _ in chosen:
                said[symbol] += 1
            done[g] += [tuple(ids) for _, _, symbol, ids, _ in chosen if symbol == END]
            live[g] = [(total + table(0, tuple(ids))[s], [*ids, s]) for _, _, s, ids, total in chosen if s != END]
    return {ids for group in done for ids in group}


@given(seeds, st.integers(2, 5), st.integers(1, 3), st.integers(1, 3), st.sampled_from([0.0, 0.3, 2.0]))
def test_groups_find_what_their_rules_say(seed, V, size, groups, diversity):
    table = tables.random_table(seed, V)
    options = {"width": size * groups, "groups": groups, "diversity": diversity}
    together = searched(table, [4, 2], **options)
    [found] = searched(table, [4], **options)
    assert {tuple(c.ids) for c in found} == slow_groups(table, V, size, groups, diversity, 4)
    assert [c[:4] for c in together[0]] == [c[:4] for c in found]
    for c in found:
        assert c.score == pytest.approx(tables.answer(table, 0, c.ids, 4).score(1.0))
    if not diversity:
        [alone] = searched(table, [4], width=size)
        assert [c.ids for c in found] == [c.ids for c in alone]


@given(seeds, st.integers(2, 5), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_a_sample_does_not_depend_on_its_company_and_says_what_the_model_says(seed, V, limits, n):
    table = tables.random_table(seed, V)
    together = searched(table, limits, sample, n=n, rngs=generators(len(limits)), temperature=0.7)
    for source, limit in enumerate(limits):
        [alone] = searched(lambda _, p, s=source: table(s, p), [limit], sample, n=n,
                           rngs=[generators(len(limits))[source]], temperature=0.7)  # fmt: skip
        assert [c[:4] for c in together[source]] == [c[:4] for c in alone]
        for c in alone:
            assert (c.ids, c.log_probs, c.finished) == tables.answer(table, source, c.ids, limit)


def test_samples_come_as_often_as_the_model_says():
    table = tables.random_table(3, 3)
    every = {tuple(a.ids): np.exp(sum(a.log_probs)) for a in tables.every_answer(table, 0, 3, 2) if len(a.ids) < 2}
    [found] = searched(table, [9], sample, n=4000, rngs=generators(1))
    for ids, p in every.items():
        assert sum(tuple(c.ids) == ids for c in found) / 4000 == pytest.approx(p, abs=5 * np.sqrt(p / 4000))


@given(seeds, st.integers(2, 5), st.integers(0, 4))
def test_drawing_from_the_likeliest_alone_is_greedy(seed, V, limit):
    table = tables.random_table(seed, V)
    [[one]] = searched(table, [limit], width=1)
    for options in ({"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-9}):
        [[drawn]] = searched(table, [limit], sample, n=1, rngs=generators(1), **options)
        assert drawn.ids == one.ids


def test_chances_are_cut_as_asked():
    log_probs = np.log([0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(truncated_probs(log_probs), [0.1, 0.4, 0.2, 0.3])
    np.testing.assert_allclose(truncated_probs(log_probs, top_k=2), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(truncated_probs(log_probs, top_p=0.7), [0, 4 / 7, 0, 3 / 7])
    np.testing.assert_allclose(truncated_probs(log_probs, top_p=0.71), [0, 4 / 9, 2 / 9, 3 / 9])
    np.testing.assert_allclose(truncated_probs(log_probs, temperature=0.5), np.array([1, 16, 4, 9]) / 30)


@given(seeds, st.integers(2, 4))
def test_given_targets_get_the_log_probabilities_of_the_table(seed, V):
    table = tables.random_table(seed, V)
    symbols = [s for s in range(V) if s != END]
    targets = [list(ids) for n in range(4) for ids in itertools.islice(itertools.product(symbols, repeat=n), 5)]
    found = forced(tables.step(table), tables.start(range(len(targets))), targets, start_id=START, end_id=END)
    for source, (ids, c) in enumerate(zip(targets, found, strict=True)):
        assert (c.ids, c.log_probs) == tables.answer(table, source, ids, 9)[:2]
        assert len(c.attention_weights) == len(ids) + 1
