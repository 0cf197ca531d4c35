"""A listener that interrupts a training as Ctrl-C does."""

from __future__ import annotations

from seqwright.training import events


def stop_after(n: int, kind: type) -> events.Listener:
    """Return a listener that raises KeyboardInterrupt at the n-th event of a kind."""

    def listen(event: events.Event) -> None:
        nonlocal n
        n -= isinstance(event, kind)
        if n == 0:
            raise KeyboardInterrupt

    return listen
