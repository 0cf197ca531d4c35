"""Several networks in one model directory."""

import itertools

import numpy as np
import pytest

import seqwright
from seqwright import bundle, config, training
from seqwright.training import ensemble, selection
from seqwright.training import loop as loops
from seqwright.training.events import Begun, Finished, Measured, Progressed, Resumed, Started
from seqwright.training.instruments import Instruments
from tests.training import instrumented
from tests.training.instrumented import Clock

SETTINGS = ["model.hidden_size=24", "model.embedding_size=8", "training.epochs=4", "training.cross_validation=0"]


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
    alone, together = (
        [network.arrays for network in bundle.load(tmp_path / name).networks] for name in ("one", "three")
    )
    assert (len(alone), len(together)) == (1, 3)
    for name, array in alone[0].items():
        np.testing.assert_array_equal(array, together[0][name])
    assert not np.array_equal(together[0]["decoder.affine.W"], together[1]["decoder.affine.W"])


def test_the_members_answer_together_and_their_score_is_in_the_manifest(pairs, tmp_path):
    unlike = config.parse({"others": [{"attention": "bilinear"}]}, [*SETTINGS, "training.members=2"])
    model = training.train(pairs, output=tmp_path / "model", config=unlike)
    together = model.predict(["abc"], beam=3)[0][0]
    step_by_step = seqwright.load(tmp_path / "model").predict(["abc"], beam=3)[0][0]
    assert together.text == step_by_step.text
    assert together.score == step_by_step.score
    assert [network.attention for network in model.bundle.config.networks] == ["additive", "bilinear"]
    parts = [bundle.load(tmp_path / "model").build()[n].params.flat for n in range(2)]
    assert not np.array_equal(*parts)
    assert set(model.bundle.manifest["scores"]) >= {"dev_accuracy", "dev_ter"}


@pytest.fixture
def clock():
    return Clock()


def events_of(pairs, path, clock, *settings, listen=lambda _: None, evaluate=selection.assess):
    """Return the events of a training by this clock, with one after each step."""
    received = []

    def receive(event):
        received.append(event)
        listen(event)

    configured = config.parse({}, [*SETTINGS, "training.members=3", "training.patience=none", *settings])
    instrumented.train(pairs, path, configured, Instruments(clock, evaluate, progress_every_s=0), listen=receive)
    return received


def rises(numbers):
    return all(before < after for before, after in itertools.pairwise(numbers))


def test_time_and_share_are_those_of_all_members(pairs, tmp_path, clock):
    received = events_of(pairs, tmp_path / "model", clock)
    steps = [event for event in received if isinstance(event, Progressed)]
    assert rises([event.share for event in steps])
    assert steps[-1].share == pytest.approx(1)
    assert rises([event.elapsed_s for event in received if isinstance(event, Progressed | Measured | Finished)])
    whole_s = steps[-1].elapsed_s
    for event in steps:
        if event.share > 1 / 6:  # the first epochs know little of what is to come
            assert event.elapsed_s + event.left_s == pytest.approx(whole_s, rel=0.2)


def test_the_members_share_the_time_budget(pairs, tmp_path, clock):
    budget_s = 6.0
    received = events_of(
        pairs, tmp_path / "model", clock, "training.epochs=1000000", f"training.time_budget_s={budget_s}"
    )
    begun = [index for index, event in enumerate(received) if isinstance(event, Begun)]
    ends = [
        [e.elapsed_s for e in received[:index] if isinstance(e, Measured)][-1] for index in [*begun[1:], len(received)]
    ]
    assert ends == pytest.approx([budget_s / 3, budget_s * 2 / 3, budget_s], abs=0.3)
    assert received[-1].reason == "time budget"
    assert received[-1].elapsed_s == pytest.approx(budget_s, abs=0.3)
    for event in late_steps(received):
        assert event.elapsed_s + event.left_s == pytest.approx(budget_s, abs=0.4)


def late_steps(received):
    """Return those of each member but for the first quarter, where each look at the clock counts for much."""
    begun = [index for index, event in enumerate(received) if isinstance(event, Begun)]
    for first, last in itertools.pairwise([*begun, len(received)]):
        steps = [event for event in received[first:last] if isinstance(event, Progressed)]
        yield from steps[len(steps) // 4 :]


def test_the_time_that_a_member_leaves_is_the_others(pairs, tmp_path, clock):
    n_answered = itertools.count()

    def first_perfect(_networks, prepared):
        return [reference[0] if next(n_answered) < len(prepared.dev.sources) else ["?"]
                for reference in prepared.dev.references]  # fmt: skip

    settings = "training.batch_size=64", "training.epochs=1000000", "training.time_budget_s=6"
    evaluate = instrumented.evaluator(first_perfect)
    received = events_of(pairs, tmp_path / "model", clock, *settings, evaluate=evaluate)
    second = next(index for index, event in enumerate(received) if isinstance(event, Begun) and event.member == 2)
    for event in late_steps(received[second:]):
        assert event.elapsed_s + event.left_s == pytest.approx(6, abs=0.4)


def test_the_time_budget_has_room_for_what_follows_the_last_training(pairs, tmp_path, clock):
    budget_s, answering_s = 9.0, 0.1

    def slowly(networks, prepared):
        clock.now += answering_s
        return selection.assess(networks, prepared)

    settings = "training.epochs=1000000", f"training.time_budget_s={budget_s}"
    received = events_of(pairs, tmp_path / "model", clock, *settings, evaluate=slowly)
    measured = [event.elapsed_s for event in received if isinstance(event, Measured)]
    assert measured[-1] == pytest.approx(budget_s - 3 * ensemble.N_DECODINGS * answering_s, abs=0.5)


def test_members_without_any_time_left_are_measured_all_the_same(pairs, tmp_path, clock):
    def late(event):
        clock.now += 10 * isinstance(event, Begun)

    received = events_of(pairs, tmp_path / "model", clock, "training.time_budget_s=1", listen=late)
    assert sum(isinstance(event, Measured) for event in received) >= 3
    assert len(bundle.load(tmp_path / "model").networks) == 3
    for event in received:
        if isinstance(event, Progressed):
            assert event.share in (1 / 3, 2 / 3, 1)
            assert event.left_s >= 0


def test_an_interrupted_ensemble_knows_the_time_that_it_has_spent(pairs, tmp_path, clock):
    spent_s = []

    def interrupted_in_the_second(event):
        if isinstance(event, Measured):
            spent_s.append(event.elapsed_s)
        if isinstance(event, Measured) and len(spent_s) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        events_of(pairs, tmp_path / "model", clock, listen=interrupted_in_the_second)
    received = events_of(pairs, tmp_path / "model", clock)
    resumed = next(event for event in received if isinstance(event, Resumed))
    assert resumed.elapsed_s == pytest.approx(spent_s[-1], abs=0.3)  # some readings of the clock
    assert received[-1].elapsed_s > resumed.elapsed_s


def test_an_interrupted_ensemble_shares_the_time_budget_all_the_same(pairs, tmp_path, clock):
    budget_s = 9.0
    settings = "training.epochs=1000000", f"training.time_budget_s={budget_s}"

    def interrupted_in_the_second(event):
        if isinstance(event, Measured) and event.elapsed_s > budget_s / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        events_of(pairs, tmp_path / "model", clock, *settings, listen=interrupted_in_the_second)
    received = events_of(pairs, tmp_path / "model", clock, *settings)
    _, third = (index for index, event in enumerate(received) if isinstance(event, Begun))
    second_s = [event.elapsed_s for event in received[:third] if isinstance(event, Measured)][-1]
    assert second_s == pytest.approx(budget_s * 2 / 3, abs=0.4)


def test_an_ensemble_interrupted_between_two_members_ends_with_the_same_bytes(pairs, tmp_path, monkeypatch):
    trained(pairs, tmp_path / "whole", "training.members=3")

    def interrupted(*args, member, **options):
        if member == 1:
            raise KeyboardInterrupt
        return loops.Loop(*args, member=member, **options)

    monkeypatch.setattr(ensemble, "Loop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(pairs, tmp_path / "model", "training.members=3")
    monkeypatch.undo()
    trained(pairs, tmp_path / "model", "training.members=3")
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def test_a_resumed_ensemble_tells_the_size_of_its_first_network(pairs, tmp_path):
    sizes = []

    def receive(event):
        if isinstance(event, Started):
            sizes.append(event.n_parameters)
        if isinstance(event, Begun) and event.member == 2 and len(sizes) == 1:
            raise KeyboardInterrupt

    unlike = config.parse({"others": [{"hidden_size": 48}]}, [*SETTINGS, "training.members=2"])
    with pytest.raises(KeyboardInterrupt):
        training.train(pairs, output=tmp_path / "model", config=unlike, listen=receive)
    training.train(pairs, output=tmp_path / "model", config=unlike, listen=receive)
    assert len(sizes) == 2
    assert len(set(sizes)) == 1
