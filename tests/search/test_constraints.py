"""Sets of targets, and searches that stay in them: against enumeration of all targets over a hand-written table."""

import itertools
import time

import numpy as np
import pytest
import tables
from hypothesis import given
from hypothesis import strategies as st
from tables import END, START

from seqwright.errors import ConstraintError
from seqwright.kernels.reference.constraint import permit_
from seqwright.search import Rules, automaton, beam, sample
from seqwright.search.constraint import advance

V, LONGEST = 5, 4
SYMBOLS = np.array([2, 3, 4], np.int32)
EVERY = [ids for n in range(LONGEST + 1) for ids in itertools.product(SYMBOLS.tolist(), repeat=n)]

seeds = st.integers(0, 2**32)
words = st.lists(st.sampled_from(SYMBOLS.tolist()), max_size=LONGEST).map(tuple)
sets = st.one_of(
    words.map(lambda w: (automaton.prefixed(w, SYMBOLS), {x for x in EVERY if x[: len(w)] == w})),
    st.integers(0, 3).map(lambda n: (automaton.at_least(n, SYMBOLS), {x for x in EVERY if len(x) >= n})),
    st.sets(words, min_size=1).map(lambda some: (automaton.listed(some), some)),
    st.sets(st.sampled_from(SYMBOLS.tolist())).map(
        lambda some: (automaton.repeated(some), {x for x in EVERY if set(x) <= some})
    ),
)


def inside(constraint, ids):
    """Return whether the automaton takes ids, asked as a search asks."""
    state = 0
    for n, symbol in enumerate([*ids, END]):
        log_p = np.zeros(10**3)
        permit_(log_p, constraint.arrays, state, END, len(ids) - n, False)
        if not np.isfinite(log_p[symbol]):
            return False
        state = advance(constraint, state, symbol) if symbol != END else state
    return True


@given(sets)
def test_an_automaton_takes_the_targets_of_its_set_and_no_others(both):
    constraint, expected = both
    assert {ids for ids in EVERY if inside(constraint, ids)} == expected
    assert {ids for ids in EVERY if ids in constraint} == expected


@given(sets, sets, sets)
def test_what_automata_have_in_common_is_the_intersection_of_their_sets(one, other, third):
    expected = one[1] & other[1] & third[1]
    try:
        constraint = automaton.common(automaton.common(one[0], other[0]), third[0])
    except ConstraintError:
        assert not expected
        return
    assert {ids for ids in EVERY if inside(constraint, ids)} == expected
    assert constraint.min_length == min(len(ids) for ids in expected)


@given(seeds, sets, sets, st.integers(0, LONGEST))
def test_every_hypothesis_is_in_the_set_and_a_wide_enough_beam_finds_all_of_it(seed, one, other, most):
    table = tables.random_table(seed, V)
    expected = [ids for ids in one[1] & other[1] if len(ids) <= most]
    if not expected:
        return
    constraint = automaton.common(one[0], other[0])
    rules = Rules(START, END, np.array([most], np.int32), constraint=constraint)
    answers = [tables.answer(table, 0, ids, most) for ids in expected]
    answers.sort(key=lambda answer: -answer.score(1.0))
    [found] = beam(tables.step(table), tables.start([0]), rules, width=len(EVERY))
    assert [c.ids for c in found] == [answer.ids for answer in answers]
    assert [c.log_probs for c in found] == [answer.log_probs for answer in answers]
    for width in (1, 2):
        [narrow] = beam(tables.step(table), tables.start([0]), rules, width=width)
        assert narrow and all(tuple(c.ids) in expected for c in narrow)
    rngs = [np.random.default_rng(seed)]
    [drawn] = sample(tables.step(table), tables.start([0]), rules, n=5, rngs=rngs)
    assert all(tuple(c.ids) in expected for c in drawn)


def test_a_set_of_nothing_is_refused():
    for nothing in (lambda: automaton.listed([]), lambda: automaton.common(automaton.listed([[2]]),
                                                                           automaton.listed([[3]]))):  # fmt: skip
        with pytest.raises(ConstraintError, match="no answer can meet"):
            nothing()


def test_what_the_set_wants_is_said_even_where_the_model_gives_it_no_probability():
    with np.errstate(divide="ignore"):
        row = np.log(np.array([0, 0.5, 0.5, 0, 0]))
    rules = Rules(START, END, np.array([3], np.int32), constraint=automaton.listed([[3, 4]]))
    [[only]] = beam(tables.step(lambda *_: row), tables.start([0]), rules, width=1)
    assert only.ids == [3, 4]


def test_a_long_list_takes_little_memory_and_shares_what_begins_alike():
    rng = np.random.default_rng(0)
    entries = [tuple(row) for row in rng.integers(4, 30, (50_000, 8)).tolist()]
    began = time.process_time()
    constraint = automaton.listed(entries)
    assert time.process_time() - began < 20  # some tenths of a second; a loop over states would take minutes
    n_states = len(constraint.arrays.accepting)
    assert sum(array.nbytes for array in constraint.arrays) < 30 * n_states
    assert all(inside(constraint, entry) for entry in entries[::997])
    assert n_states < 8 * len(entries)
