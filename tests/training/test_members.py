"""Several networks in one model directory."""

import itertools

import numpy as np
import pytest

import seqwright
from seqwright import bundle, config, training
from seqwright.training import loop as loops
from seqwright.training.events import Begun, Finished, Measured, Progressed, Resumed

SETTINGS = ["model.hidden_size=24", "model.wordvec_size=8", "training.epochs=4"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcde"), rng.integers(1, 7))) for _ in range(300)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    return path


def trained(pairs, path, *settings):
    return training.train(pairs, output=path, config=config.parse({}, [*SETTINGS, *settings]))


def test_the_first_member_is_the_network_that_would_be_trained_alone_and_no_two_are_equal(pairs, tmp_path):
    trained(pairs, tmp_path / "one")
    trained(pairs, tmp_path / "three", "training.members=3")
    alone, members = bundle.load(tmp_path / "one").members, bundle.load(tmp_path / "three").members
    assert (len(alone), len(members)) == (1, 3)
    for name, array in alone[0].items():
        np.testing.assert_array_equal(array, members[0][name])
    assert not np.array_equal(members[0]["decoder.affine.W"], members[1]["decoder.affine.W"])


def test_the_members_answer_together_and_their_score_is_in_the_manifest(pairs, tmp_path):
    unlike = config.parse({"others": [{"attention": "bilinear"}]}, [*SETTINGS, "training.members=2"])
    model = training.train(pairs, output=tmp_path / "model", config=unlike)
    together = model.predict(["abc"], beam=3)[0][0]
    step_by_step = seqwright.load(tmp_path / "model").predict(["abc"], beam=3)[0][0]
    assert together.text == step_by_step.text
    assert together.score == step_by_step.score
    assert [network.attention for network in model.bundle.config.networks] == ["additive", "bilinear"]
    parts = [bundle.load(tmp_path / "model").networks()[n].params.flat for n in range(2)]
    assert not np.array_equal(*parts)
    assert set(model.bundle.manifest["scores"]) >= {"dev_accuracy", "dev_ter"}


class Clock:
    """Time that goes on by a hundredth of a second whenever it is asked for."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        self.now += 0.01
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(loops, "time", clock)
    monkeypatch.setattr(loops.Pace, "tick", lambda *_: True)  # tell of every step
    return clock


def events_of(pairs, path, *settings, listen=lambda _: None):
    told = []

    def hear(event):
        told.append(event)
        listen(event)

    configured = config.parse({}, [*SETTINGS, "training.members=3", "training.patience=none", *settings])
    training.train(pairs, output=path, config=configured, listen=hear)
    return told


def rises(numbers):
    return all(before < after for before, after in itertools.pairwise(numbers))


@pytest.mark.usefixtures("clock")
def test_time_and_share_are_those_of_all_members(pairs, tmp_path):
    told = events_of(pairs, tmp_path / "model")
    steps = [event for event in told if isinstance(event, Progressed)]
    assert rises([event.share for event in steps])
    assert steps[-1].share == pytest.approx(1)
    assert rises([event.elapsed_s for event in told if isinstance(event, Progressed | Measured | Finished)])
    whole_s = steps[-1].elapsed_s
    for event in steps:
        if event.share > 1 / 6:  # the first epochs know little of what is to come
            assert event.elapsed_s + event.left_s == pytest.approx(whole_s, rel=0.2)


@pytest.mark.usefixtures("clock")
def test_the_members_share_the_time_budget(pairs, tmp_path):
    budget_s = 6.0
    told = events_of(pairs, tmp_path / "model", "training.epochs=1000000", f"training.time_budget_s={budget_s}")
    begun = [index for index, event in enumerate(told) if isinstance(event, Begun)]
    ends = [[e.elapsed_s for e in told[:index] if isinstance(e, Measured)][-1] for index in [*begun[1:], len(told)]]
    assert ends == pytest.approx([budget_s / 3, budget_s * 2 / 3, budget_s], abs=0.3)
    assert told[-1].reason == "time budget"
    assert told[-1].elapsed_s == pytest.approx(budget_s, abs=0.3)


def test_members_without_any_time_left_are_measured_all_the_same(pairs, tmp_path, clock):
    def late(event):
        clock.now += 10 * isinstance(event, Begun)

    told = events_of(pairs, tmp_path / "model", "training.time_budget_s=1", listen=late)
    assert sum(isinstance(event, Measured) for event in told) >= 3
    assert len(bundle.load(tmp_path / "model").members) == 3


@pytest.mark.usefixtures("clock")
def test_an_interrupted_ensemble_knows_the_time_that_it_has_spent(pairs, tmp_path):
    spent_s = []

    def interrupted_in_the_second(event):
        if isinstance(event, Measured):
            spent_s.append(event.elapsed_s)
        if isinstance(event, Measured) and len(spent_s) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        events_of(pairs, tmp_path / "model", listen=interrupted_in_the_second)
    told = events_of(pairs, tmp_path / "model")
    resumed = next(event for event in told if isinstance(event, Resumed))
    assert resumed.elapsed_s == pytest.approx(spent_s[-1], abs=0.1)
    assert told[-1].elapsed_s > resumed.elapsed_s
