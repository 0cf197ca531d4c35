"""Trainings with a clock, an evaluator, or a rate of progress of a test's own."""

import functools

from seqwright.training import selection
from seqwright.training.callbacks import Listeners
from seqwright.training.instruments import Instruments
from seqwright.training.manifest import Origin
from seqwright.training.run import run
from seqwright.training.setup import set_up

EACH_STEP = Instruments(progress_every_s=0)  # a `Progressed` event after each step


def train(pairs, output, config, instruments, *, dev=None, listen=lambda _: None):
    """Train like `seqwright.train`, with these instruments."""
    setup = set_up(pairs, dev, config, path=output, origin=Origin(None, ["test"], {}))
    return run(setup, Listeners([listen]), instruments)


def evaluator(answer):
    """Return an evaluator that scores the answers of `answer(networks, prepared)`."""
    return functools.partial(selection.assess, answer=answer)


class Clock:
    """A clock that advances by a hundredth of a second whenever it is read."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        self.now += 0.01
        return self.now
