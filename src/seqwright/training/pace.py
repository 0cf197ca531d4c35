"""Training loss and speed over the last fraction of a second."""

from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """Counts steps; every `every_s` seconds, `loss`, `pairs_per_s` and `tokens_per_s` are updated.

    clock: seconds.   loss: mean over the steps since the last update, nats per symbol.
    """

    def __init__(self, clock: Callable[[], float], every_s: float) -> None:
        self._clock, self._every_s = clock, every_s
        self._since = clock()
        self._pairs = self._tokens = 0
        self._losses: list[float] = []
        self.pairs_per_s: float = 0.0
        self.tokens_per_s: float = 0.0
        self.loss: float = 0.0

    def tick(self, n_pairs: int, n_tokens: int, loss: float) -> bool:
        """Count a step; return whether the figures were updated."""
        self._pairs += n_pairs
        self._tokens += n_tokens
        self._losses.append(loss)
        passed = self._clock() - self._since
        if passed < self._every_s:
            return False
        # Without a time there is no speed.
        self.pairs_per_s, self.tokens_per_s = (n / passed if passed else 0.0 for n in (self._pairs, self._tokens))
        self.loss = sum(self._losses) / len(self._losses)
        self._pairs, self._tokens, self._losses, self._since = 0, 0, [], self._clock()
        return True
