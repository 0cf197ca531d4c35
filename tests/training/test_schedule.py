"""The learning rate over a training."""

import pytest

from seqwright import config, errors, metrics, training
from seqwright.training.events import Measured, Progressed
from seqwright.training.instruments import Instruments
from seqwright.training.loop import Loop
from seqwright.training.prepare import prepare
from seqwright.training.schedule import rate_factor
from seqwright.training.selection import Quality

TINY = ["model.hidden_size=8", "model.embedding_size=4", "training.batch_size=8", "training.cross_validation=0"]
PLATEAU = [*TINY, "optim.learning_rate=4e-3", "optim.schedule=plateau", "optim.plateau=2", "optim.warmup=0"]


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def test_the_rate_rises_in_a_line_while_it_warms_up():
    for schedule in ("constant", "cosine", "inverse_sqrt", "plateau"):
        factors = [rate_factor(share, schedule=schedule, warmup=0.1) for share in (0, 0.05, 0.1)]
        assert factors == pytest.approx([0, 0.5, 1])


def test_a_constant_rate_stays():
    assert rate_factor(0.5, schedule="constant", warmup=0.1) == rate_factor(1, schedule="constant", warmup=0) == 1


def test_half_a_cosine_falls_from_all_to_a_fiftieth():
    factors = [rate_factor(share / 100, schedule="cosine", warmup=0.2) for share in range(20, 121)]
    assert factors[0] == 1
    assert factors[40] == pytest.approx(0.51)  # half way between 1 and 0.02
    assert factors[80:] == pytest.approx([0.02] * 21)  # also a little past the end
    assert factors == sorted(factors, reverse=True)


def test_the_inverse_square_root_is_that_of_vaswani_et_al_with_its_peak_at_one():
    n_steps, n_warmup = 1000, 40
    peak = n_warmup**-0.5
    for step in (1, 20, 40, 41, 160, 1000):
        expected = min(step**-0.5, step * n_warmup**-1.5) / peak
        found = rate_factor(step / n_steps, schedule="inverse_sqrt", warmup=n_warmup / n_steps)
        assert found == pytest.approx(expected)


def test_the_inverse_square_root_needs_a_warm_up():
    with pytest.raises(errors.ConfigError, match=r"set optim\.warmup"):
        config.parse({}, ["optim.schedule=inverse_sqrt", "optim.warmup=0"])


def rates(pairs, accuracies, *settings):
    """Return the relative learning rate in each epoch of a training with these dev accuracies after each epoch."""
    configured = config.parse({}, [*PLATEAU, f"training.epochs={len(accuracies)}", *settings])
    prepared, scores = prepare(pairs, None, configured), iter(accuracies)
    n = len(prepared.dev.sources)

    def evaluate(_networks, _prepared):
        return Quality(range(n), [["x"]] * n, scored(next(scores)))

    loop = Loop(prepared, instruments=Instruments(evaluate=evaluate, progress_every_s=0))
    found, rate = [], 0.0
    for event in loop.events():
        if isinstance(event, Progressed):
            rate = event.rate / configured.optim.learning_rate
        elif isinstance(event, Measured):
            found.append(rate)
    return found


def scored(exact):
    return metrics.Scores(n=100, errors=0, edits=0, tokens=1, exact=exact, wer=100 - exact, ter=0)


def test_a_plateau_halves_the_rate_again_and_again_until_the_score_is_better(pairs):
    accuracies = [10, 20, 20, 20, 20, 20, 30, 30, 30, 30]
    # better in epochs 1, 2 and 7; so it is halved after epochs 4, 6 and 9
    assert rates(pairs, accuracies) == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_a_plateau_counts_from_the_end_of_the_warm_up(pairs):
    found = rates(pairs, [10] * 10, "optim.warmup=0.4")
    assert found[4:] == [1, 1, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("schedule", ["plateau", "inverse_sqrt"])
def test_an_interrupted_training_goes_on_with_the_rate_it_had(pairs, tmp_path, schedule):
    settings = [*TINY, f"optim.schedule={schedule}", "optim.plateau=1", "training.epochs=8", "training.report=false"]
    whole, resumed = [], []

    def train(name, listen):
        training.train(pairs, output=tmp_path / name, config=config.parse({}, settings), listen=listen)

    def interrupting(event):
        if isinstance(event, Measured) and event.epoch >= 6:
            raise KeyboardInterrupt

    train("whole", whole.append)
    with pytest.raises(KeyboardInterrupt):
        train("model", interrupting)
    train("model", resumed.append)
    # Losses, because the best weights may be older than the interruption.
    assert losses(resumed) == losses(whole)[6:]
    assert (tmp_path / "model/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()


def losses(events):
    return [event.loss for event in events if isinstance(event, Measured)]


def test_a_warmup_in_steps_takes_the_place_of_one_in_shares():
    for schedule in ("constant", "cosine", "inverse_sqrt", "plateau"):
        factors = [rate_factor(0.0, schedule=schedule, warmup=0.5, step=step, warmup_steps=10) for step in (0, 4, 9)]
        assert factors == pytest.approx([0.1, 0.5, 1])
    falling = [rate_factor(0.5, schedule="inverse_sqrt", warmup=0.9, step=step, warmup_steps=10) for step in (9, 39)]
    assert falling == pytest.approx([1, 0.5])
    assert rate_factor(0.5, schedule="cosine", warmup=0.9, step=99, warmup_steps=10) == pytest.approx(0.51)
