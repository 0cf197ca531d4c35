"""Callbacks: code of a user that is called while a training runs.

A callback observes; nothing that it does changes the model. It runs in the thread of the training between two steps, so
a slow callback slows the training down.
"""

from __future__ import annotations

from collections.abc import Iterable

from seqwright.training.events import Event, Finished, Listener, Measured, Progressed, Started

__all__ = ["Callback", "Listeners", "listener"]


class Callback:
    """The moments of a training; write a subclass with those that you need, the others do nothing.

    An exception ends the training: all is saved as at a Ctrl-C, the other callbacks hear `on_end`, and the exception
    comes out of `seqwright.train`. The same call goes on from there.

    >>> import seqwright
    >>> from seqwright.training.callbacks import Callback
    >>> class Scores(Callback):
    ...     def __init__(self):
    ...         self.accuracies = []
    ...
    ...     def on_epoch(self, measured):
    ...         self.accuracies.append(measured.dev_accuracy)
    ...
    ...     def on_end(self, finished):
    ...         print(f"{len(self.accuracies)} measurements, the end: {finished.reason}")
    >>> model = seqwright.train("pairs.tsv", output="model", callbacks=[Scores()])
    2 measurements, the end: epochs
    """

    def on_start(self, started: Started) -> None:
        """All is read and the network is made."""

    def on_step(self, progressed: Progressed) -> None:
        """A step is done; called after the steps that `Progressed` comes with, a few times a second."""

    def on_epoch(self, measured: Measured) -> None:
        """The dev set was answered: after each epoch, and within long ones where there is a time budget."""

    def on_end(self, finished: Finished) -> None:
        """The training is over or interrupted, and everything is saved."""


def listener(callback: Callback) -> Listener:
    """Return what calls the callback at its moments."""

    def listen(event: Event) -> None:
        if isinstance(event, Started):
            callback.on_start(event)
        elif isinstance(event, Progressed):
            callback.on_step(event)
        elif isinstance(event, Measured):
            callback.on_epoch(event)
        elif isinstance(event, Finished):
            callback.on_end(event)

    return listen


class Listeners:
    """Several listeners as one: each event goes to all of them, in their order.

    A listener that raises an exception receives no further events. The others still receive this one; then the first
    exception is raised.   failure: that exception, None while there is none.
    """

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = list(listeners)
        self.failure: Exception | None = None

    def __call__(self, event: Event) -> None:
        failures = []
        for listen in list(self._listeners):
            try:
                listen(event)
            except Exception as error:
                failures.append(error)
                self._listeners.remove(listen)
        if failures:
            self.failure = failures[0]
            raise self.failure
