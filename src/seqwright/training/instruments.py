"""How a training measures itself: time, the quality on the dev set, and how often it reports progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqwright.models import Seq2seq
from seqwright.training.prepare import Prepared
from seqwright.training.selection import Quality, assess

__all__ = ["Instruments"]


class Instruments(NamedTuple):
    """The clock and the evaluator of a training, arguments of `Loop` so that a test can pass its own.

    clock: seconds from any start, never decreasing.   evaluate: the quality on the dev set of a network, or of several
    as an ensemble.   progress_every_s: between two `Progressed` events.
    """

    clock: Callable[[], float] = time.monotonic
    evaluate: Callable[[Sequence[Seq2seq], Prepared], Quality] = assess
    progress_every_s: float = 0.25
