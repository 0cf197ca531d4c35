"""Loss and speed over the last moment."""

import time

__all__ = ["Pace"]


class Pace:
    """Counts steps; every `every_s` seconds there is a new `loss` (mean, nats a symbol) and a new `pairs_per_s`."""

    def __init__(self, every_s: float = 0.25) -> None:
        self._every_s = every_s
        self._since = time.monotonic()
        self._pairs = 0
        self._losses: list[float] = []
        self.pairs_per_s = self.loss = 0.0

    def tick(self, n_pairs: int, loss: float) -> bool:
        """Count a step; return whether a moment has passed, and loss and pairs_per_s are new."""
        self._pairs += n_pairs
        self._losses.append(loss)
        passed = time.monotonic() - self._since
        if passed < self._every_s:
            return False
        self.pairs_per_s, self.loss = self._pairs / passed, sum(self._losses) / len(self._losses)
        self._pairs, self._losses, self._since = 0, [], time.monotonic()
        return True
