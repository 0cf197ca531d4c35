"""Loss and speed over the last moment."""

import time

__all__ = ["Pace"]


class Pace:
    """Counts steps; every `every_s` seconds `loss` (mean, nats a symbol), `pairs_per_s` and `tokens_per_s` are new."""

    pairs_per_s: float
    tokens_per_s: float
    loss: float

    def __init__(self, every_s: float = 0.25) -> None:
        self._every_s = every_s
        self._since = time.monotonic()
        self._pairs = self._tokens = 0
        self._losses: list[float] = []
        self.pairs_per_s = self.tokens_per_s = self.loss = 0.0

    def tick(self, n_pairs: int, n_tokens: int, loss: float) -> bool:
        """Count a step; return whether a moment has passed, and the numbers are new."""
        self._pairs += n_pairs
        self._tokens += n_tokens
        self._losses.append(loss)
        passed = time.monotonic() - self._since
        if passed < self._every_s:
            return False
        self.pairs_per_s, self.tokens_per_s = self._pairs / passed, self._tokens / passed
        self.loss = sum(self._losses) / len(self._losses)
        self._pairs, self._tokens, self._losses, self._since = 0, 0, [], time.monotonic()
        return True
