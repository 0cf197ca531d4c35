"""Options by mode, what contradicts itself, misspelt names, and caps."""

import dataclasses

import pytest

import seqwright
from seqwright import BeamSearch, Caps, Options, Sampling, Scoring
from seqwright.errors import UsageError


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def test_options_of_a_mode_do_what_the_same_options_together_do(model):
    sources = ["abc", "hgf"]
    for mode, together in [
        (BeamSearch(), Options()),
        (BeamSearch(beam=3, n_best=2, length_penalty=0.6), Options(beam=3, n_best=2, length_penalty=0.6)),
        (Sampling(n_best=3, temperature=2, seed=7), Options(sampling=True, n_best=3, temperature=2, seed=7)),
        (BeamSearch(unknown="drop", max_length=2), Options(unknown="drop", max_length=2)),
    ]:
        assert [h.text for a in model.answer(sources, options=mode) for h in a.hypotheses] == [
            h.text for a in model.answer(sources, options=together) for h in a.hypotheses
        ]
    [scored] = model.score(["abc"], ["cba"], options=Scoring(length_norm=0))
    [same] = model.score(["abc"], ["cba"], options=Options(length_norm=0))
    assert scored.best.score == same.best.score


def test_every_option_belongs_to_a_mode():
    modes = {field.name for mode in (BeamSearch, Sampling, Scoring) for field in dataclasses.fields(mode)}
    assert modes | {"sampling"} == {field.name for field in dataclasses.fields(Options)}
    for mode in (BeamSearch, Sampling, Scoring):
        for field in dataclasses.fields(mode):
            assert field.default == next(f.default for f in dataclasses.fields(Options) if f.name == field.name)


@pytest.mark.parametrize("cls", [Options, BeamSearch, Sampling, Scoring, Caps])
def test_a_misspelt_option_is_refused_with_the_right_name(cls):
    name = dataclasses.fields(cls)[0].name
    with pytest.raises(UsageError, match=f"did you mean '{name}'"):
        cls(**{name + "s": 1})
    with pytest.raises(UsageError, match="known: "):
        cls(zzzzzz=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.9}, {"sampling": True, "groups": 2},
        {"min_length": 5, "max_length": 2},
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_refused(wrong):
    with pytest.raises(UsageError, match=list(wrong)[-1] if "sampling" in wrong else next(iter(wrong))):
        Options(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"beam": "5"}, {"beam": 2.5}, {"n_best": None}, {"length_penalty": "x"}, {"min_confidence": float("nan")},
        {"length_norm": float("inf")}, {"max_length": 1.5}, {"beam": 0},
    ],
)  # fmt: skip
def test_values_of_another_type_are_refused_by_name(wrong):
    [name] = wrong
    for cls in (Options, BeamSearch):
        with pytest.raises(UsageError, match=f"{name} = "):
            cls(**wrong)


def test_options_of_another_mode_are_refused(model):
    with pytest.raises(UsageError, match="scoring"):
        model.answer(["abc"], options=Scoring())
    with pytest.raises(UsageError, match="answering"):
        model.score(["abc"], ["cba"], options=BeamSearch())
    with pytest.raises(UsageError, match="expected Options"):
        model.predict(["abc"], options={"beam": 3})


def test_caps_bound_what_a_call_may_cost():
    caps = Caps(beam=8, n_best=4, max_length=100, max_source_tokens=50, sources=2, source_characters=10)
    caps.check(BeamSearch(beam=8, n_best=4, max_length=100, max_source_tokens=50), ["a", "b" * 10])
    caps.check(Scoring())
    caps.check()
    for options in (
        BeamSearch(beam=9), BeamSearch(n_best=5), Sampling(n_best=5), BeamSearch(max_length=101), Options(beam=9),
        BeamSearch(min_length=101), BeamSearch(max_source_tokens=51), Scoring(max_batch_tokens=10**9),
        BeamSearch(beam=2, groups=9),
    ):  # fmt: skip
        with pytest.raises(UsageError, match="at most"):
            caps.check(options)
    for sources in (["a", "b", "c"], ["a" * 11]):
        with pytest.raises(UsageError, match="at most"):
            caps.check(None, sources)
    with pytest.raises(UsageError, match="sources = 0"):
        Caps(sources=0)
