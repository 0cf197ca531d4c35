"""What is required of an answer holds for the whole answer to a source in windows."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqwright
from seqwright.errors import UsageError
from seqwright.inference import Options, windows
from seqwright.search import Candidate, automaton

LONG = "abcd efgh" * 9 + "bbb"


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


KINDS = [{}, {"beam": 1}, {"n_best": 3}, {"n_best": 3, "sampling": True, "temperature": 4.0}]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("n_tokens", [4, 7, 30])
def test_a_constraint_holds_for_the_answer_to_a_source_in_windows(model, kind, n_tokens):
    texts = ["abc", "defgh", "hgf" * 20, "a"]
    for options, meets in [
        ({"constraint": model.constraint(one_of=texts)}, lambda said: said in texts),
        ({"constraint": model.constraint(prefix="cab")}, lambda said: said.startswith("cab")),
        ({"constraint": model.constraint(pattern="[ab]{3}c*(de)+")}, re.compile("[ab]{3}c*(de)+").fullmatch),
        ({"constraint": model.constraint(pattern="h(gf){4}"), "max_length": 9}, lambda said: said == "hgfgfgfgf"),
        ({"constraint": model.constraint(allow="ab", min_length=50), "max_length": 60},
         lambda said: 50 <= len(said) <= 60 and set(said) <= set("ab")),
    ]:  # fmt: skip
        [answer] = model.answer([LONG], options=Options(max_source_tokens=n_tokens, **options, **kind))
        assert any(flag.startswith("windows:") for flag in answer.flags)
        assert answer.hypotheses
        assert all(meets(h.text) for h in answer.hypotheses), [h.text for h in answer.hypotheses]
        assert all(len(h.log_probs) == len(h.tokens) + 1 for h in answer.hypotheses)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 1), (None, 5), (20, 20), (10, 22), (60, None), (150, None)])
def test_lengths_hold_for_the_answer_to_a_source_in_windows(model, kind, least, most):
    for unknown in ("keep", "copy"):
        options = Options(max_source_tokens=7, min_length=least, max_length=most, unknown=unknown, **kind)
        [answer] = model.answer([LONG + "ж"], options=options)
        for h in answer.hypotheses:
            assert (least or 0) <= len(h.tokens) <= (1000 if most is None else most)
            assert len(h.log_probs) == len(h.tokens) + 1
    if most == 0:
        assert "cut" in answer.flags


def test_lengths_that_nothing_comes_near_change_no_answer(model):
    free = model.answer([LONG], options=Options(max_source_tokens=7))
    bounded = model.answer([LONG], options=Options(max_source_tokens=7, max_length=500))
    assert [answer.text for answer in free] == [answer.text for answer in bounded]


@pytest.mark.parametrize("kind", KINDS[2:], ids=str)
def test_as_many_answers_as_wanted_come_for_a_source_in_windows(model, kind):
    several, best = (
        model.answer([LONG], options=Options(max_source_tokens=7, **kind | changed))[0]
        for changed in ({}, {"n_best": 1})
    )
    assert len(several.hypotheses) == 3
    scores = [h.score for h in several.hypotheses]
    if kind.get("sampling"):
        assert scores == sorted(scores, reverse=True)
    else:
        assert several.text == best.text
        assert len({tuple(h.tokens) for h in several.hypotheses}) == 3


def candidates(scores):
    return [Candidate([i], [score], score, True, None) for i, score in enumerate(sorted(scores, reverse=True))]


some_scores = st.lists(st.floats(-9, 0), min_size=1, max_size=4).map(candidates)


@given(st.lists(some_scores, min_size=2, max_size=4), st.integers(1, 9))
def test_combined_answers_are_the_best_of_all_combinations(found, n):
    def total(parts):
        return sum(part.score for part in parts)

    chains = [total(chain.parts) for chain in windows.combined(found, Options(n_best=n))]
    every = sorted((total(parts) for parts in itertools.product(*found)), reverse=True)
    assert chains == pytest.approx(every[:n])


words = st.lists(st.lists(st.integers(4, 6), max_size=5), min_size=1, max_size=6)


@given(words, st.lists(st.integers(4, 6), max_size=4))
@settings(max_examples=60)
def test_a_resumed_automaton_reads_what_is_left(targets, read):
    whole = automaton.listed(targets)
    state = 0
    for symbol in read:
        state = whole.after(state, symbol) if state >= 0 else state
    follows = [target[len(read) :] for target in targets if target[: len(read)] == read]
    assert (state >= 0) == bool(follows)
    if state < 0:
        return
    last, middle = (whole.resumed(state, open_end=open_end, bounded=True) for open_end in (False, True))
    assert all(rest in last for rest in follows)
    assert last.min_length == middle.min_length == min(map(len, follows))
    every = [list(some) for n in range(4) for some in itertools.product([4, 5, 6], repeat=n)]
    assert [rest in last for rest in every] == [rest in follows for rest in every]
    assert [rest in middle for rest in every] == [any(f[: len(rest)] == rest for f in follows) for rest in every]


def test_what_contradicts_a_constraint_is_refused(model):
    constraint = model.constraint(one_of=["ab", "abcd"])
    with pytest.raises(UsageError, match="min_length"):
        model.answer(["abc"], options=Options(constraint=constraint, min_length=3))
    with pytest.raises(UsageError, match="copy"):
        model.answer(["abc"], options=Options(constraint=constraint, unknown="copy"))
