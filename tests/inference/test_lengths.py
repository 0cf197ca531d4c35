"""How long answers may be, and how much is searched at a time."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seqwright
from seqwright.inference import Options, searcher


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def test_an_answer_has_half_of_the_shortest_target_of_training_unless_asked_otherwise(model):
    assert model.bundle.limits.shortest_target == 3
    sources = ["abc", "a", "b", "gh"]
    pattern = model.constraint(one_of=["a", "abc"])
    for options in (Options(n_best=9), Options(n_best=9, sampling=True, temperature=9.0), Options(beam=1)):
        assert all(len(h.tokens) >= 2 for answers in model.predict(sources, options=options) for h in answers)
    free = model.predict(sources, options=Options(n_best=20, beam=20, min_length=0, max_length=1))
    assert all(any(h.text == "" for h in answers) for answers in free)
    assert {len(h.tokens) for answers in free for h in answers} == {0, 1}
    short = model.predict(sources, options=Options(n_best=2, constraint=pattern))
    assert all({h.text for h in answers} == {"a", "abc"} for answers in short)


def test_a_greatest_length_that_is_asked_for_goes_before_the_least_one_of_training(model):
    assert [h.text for [h] in model.predict(["abc"], options=Options(max_length=0))] == [""]


def test_a_line_without_tokens_may_have_an_empty_answer(model):
    [answers] = model.predict([""], options=Options(beam=20, n_best=20))
    assert any(h.text == "" for h in answers)


lengths = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 5000)), max_size=300)


@given(lengths, st.integers(1, 5000))
def test_batches_hold_every_source_once_and_no_more_than_they_may(sizes, max_tokens):
    S, steps = [n for n, _ in sizes], [n for _, n in sizes]
    batches = list(searcher.batched(S, max_tokens, steps))
    assert sorted(i for batch in batches for i in batch) == list(range(len(sizes)))
    for batch in batches:
        tokens = len(batch) * max(S[i] for i in batch)
        kept = tokens * max(steps[i] for i in batch)
        assert len(batch) == 1 or (tokens <= max_tokens and kept <= searcher.STEPS_PER_TOKEN * max_tokens)
        assert len(batch) <= searcher.BATCH_SOURCES


def test_what_is_searched_at_a_time_bounds_the_memory_of_long_answers(model):
    sources = ["abcdefgh" * 5] * 128
    short = model.constraint(one_of=["a", "b"])
    tracemalloc.start()
    try:
        model.answer(sources, options=Options(max_length=2000, max_batch_tokens=2048, constraint=short))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2048 * 4096 * 2 + 10e6, f"{peak / 1e6:.0f} MB"  # all at once would be 210 MB
