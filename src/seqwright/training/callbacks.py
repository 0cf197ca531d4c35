"""Callbacks: code of a user that is called while a training runs.

A callback observes; nothing that it does changes the model. It runs in the thread of the training between two steps, so
a slow callback slows the training down.
"""

from __future__ import annotations

from collections.abc import Iterable

from seqwright.training.events import Event, Finished, Listener, Measured, Progressed, Started

__all__ = ["Callback", "Listeners", "listener"]


class Callback:
    """Base class of callbacks; a subclass overrides the methods that it needs, the others do nothing.

    An exception in a method ends the training: everything is saved as after Ctrl-C, `on_end` of the other callbacks is
    called, and `seqwright.train` raises the exception. The same call continues the training.

    Examples
    --------
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
        """Called when the data is read and the network is initialised.

        Parameters
        ----------
        started : Started
            Sizes, configuration and data.
        """

    def on_step(self, progressed: Progressed) -> None:
        """Called after a step, a few times per second.

        Parameters
        ----------
        progressed : Progressed
            Progress, loss and speed.
        """

    def on_epoch(self, measured: Measured) -> None:
        """Called after each evaluation on the dev set: at the end of an epoch, and within long epochs.

        The model and its metrics are saved before.

        Parameters
        ----------
        measured : Measured
            Dev scores and examples.
        """

    def on_end(self, finished: Finished) -> None:
        """Called when the training has ended or is interrupted, and everything is saved.

        Parameters
        ----------
        finished : Finished
            The reason, and the scores of the best model.
        """


def listener(callback: Callback) -> Listener:
    """Return a listener that calls the methods of the callback."""

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
    need_saved: whether they need the model of each measurement to be saved before they receive it.
    """

    def __init__(self, listeners: Iterable[Listener], *, need_saved: bool = False) -> None:
        self.need_saved: bool = need_saved
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
