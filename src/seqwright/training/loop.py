"""The training loop: steps, measurements on the dev set, and when to stop. Writes nothing; tells all as events."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

from seqwright import bundle, metrics, optim, search
from seqwright.config import OptimConfig
from seqwright.data import batches, vocabulary
from seqwright.errors import SeqwrightError
from seqwright.models import Seq2seq
from seqwright.training.events import Measured, Progressed
from seqwright.training.prepare import Prepared
from seqwright.training.schedule import rate_factor

__all__ = ["Loop"]

MAX_TOKENS = 65_536  # of a padded batch: bounds memory where a line is monstrous
DEV_BATCH = 256
MEASURE_EVERY = 0.2  # of a time budget: the first good model is kept long before the end of a long epoch


class Loop:
    """One training of one network; iterate over `events()` to run it.

    network: the network in training.   best: a copy of the flat parameter vector at the best measurement, None before
    the first.   reason: why it ended, "" while it runs.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._config = prepared.config
        init, shuffle, dropout, hide = np.random.SeedSequence(self._config.training.seed).spawn(4)
        self.network: Seq2seq = bundle.network(
            prepared.config, prepared.source_vocabulary, prepared.target_vocabulary, np.random.default_rng(init)
        )
        self._shuffle, self._dropout, self._hide = map(np.random.default_rng, (shuffle, dropout, hide))
        self._optimizer = optimizer(self._config.optim)
        self.best: np.ndarray | None = None
        self.best_score = (-1.0, -math.inf)
        self.best_epoch = 0.0
        self.reason = ""
        self._pairs_done = 0
        self._loss_sum, self._n_steps = 0.0, 0  # since the last measurement
        self._began = self._measured_at = time.monotonic()
        self._measuring_s = 0.0

    def events(self) -> Iterator[Progressed | Measured]:
        """Train to the end; yield what happens, a `Measured` last."""
        training = self._config.training
        assert training.epochs is not None and training.batch_size is not None, "the recipe has filled them in"
        pace = _Pace()
        for epoch in range(1, training.epochs + 1):
            for batch in batches.batches(
                self._prepared.examples, batch_size=training.batch_size, rng=self._shuffle, max_tokens=MAX_TOKENS
            ):
                loss = self._step(batch)
                if pace.tick(len(batch.index), loss):
                    yield self._progress(pace)
                if self._out_of_time():
                    self.reason = "time budget"
                    break
                if self._due():
                    yield self._measure()
            yield self._measure()
            self.reason = self.reason or self._why_stop(epoch)
            if self.reason:
                return

    def _step(self, batch: batches.Batch) -> float:
        net, optim_config = self.network, self._config.optim
        batch = batches.with_unknowns(batch, source_rates=self._prepared.unknown_rates, rng=self._hide)
        factor = rate_factor(self._share(), schedule=optim_config.schedule, warmup=optim_config.warmup)
        self._optimizer.rate = optim_config.rate * max(factor, 1e-3)
        loss = net.loss(batch.source, batch.source_lengths, batch.target, batch.target_lengths, self._dropout)
        if not math.isfinite(loss):
            raise SeqwrightError(
                f"the loss became {loss} after {self._pairs_done} pairs; lower the rate, as with --set optim.rate="
                f"{optim_config.rate / 4:g}"
            )
        net.backward()
        self._optimizer.update(net.params, net.grads)
        self._pairs_done += len(batch.index)
        self._loss_sum += loss
        self._n_steps += 1
        return loss

    def _measure(self) -> Measured:
        """Answer the dev set greedily with the weights as they are, and remember them if no others were better."""
        began = time.monotonic()
        scores = metrics.evaluate(self._dev_answers(), self._prepared.dev_references)
        score = (scores.exact, -scores.ter)
        best = score > self.best_score
        if best:
            self.best, self.best_score, self.best_epoch = self.network.params.flat.copy(), score, self._epoch()
        loss = self._loss_sum / max(1, self._n_steps)
        self._loss_sum, self._n_steps = 0.0, 0
        self._measured_at = time.monotonic()
        self._measuring_s = self._measured_at - began
        return Measured(self._epoch(), loss, scores.exact, scores.ter, best, self.elapsed_s())

    def _dev_answers(self) -> list[list[str]]:
        prepared = self._prepared
        sources = prepared.dev_sources
        answers: list[list[str]] = [[] for _ in sources]
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        for first in range(0, len(order), DEV_BATCH):
            index = order[first : first + DEV_BATCH]
            limits = np.array([prepared.limits.max_length(len(sources[i])) for i in index], np.int32)
            step, state = self.network.start(*batches.pad([sources[i] for i in index]))
            start, end = vocabulary.START, vocabulary.END
            found = search.greedy(step, state, start_id=start, end_id=end, max_lengths=limits)
            for i, candidate in zip(index, found, strict=True):
                answers[i] = prepared.target_vocabulary.decode(candidate.ids)
        return answers

    def elapsed_s(self) -> float:
        """Return the seconds since the loop was made."""
        return time.monotonic() - self._began

    def _epoch(self) -> float:
        return self._pairs_done / len(self._prepared.examples)

    def _share(self) -> float:
        """Return how much of the training is done, by epochs or by the clock, whichever is further."""
        training = self._config.training
        assert training.epochs is not None
        by_epochs = self._epoch() / training.epochs
        return max(by_epochs, self.elapsed_s() / training.time_budget_s) if training.time_budget_s else by_epochs

    def _out_of_time(self) -> bool:
        budget = self._config.training.time_budget_s
        return budget is not None and self.elapsed_s() + self._measuring_s >= budget

    def _due(self) -> bool:
        budget = self._config.training.time_budget_s
        return budget is not None and time.monotonic() - self._measured_at > MEASURE_EVERY * budget

    def _why_stop(self, epoch: int) -> str:
        training = self._config.training
        if self.best_score[0] == 100:
            return "perfect"
        if epoch == training.epochs:
            return "epochs"
        if training.patience is not None and epoch - self.best_epoch >= training.patience:
            return "no improvement"
        return ""

    def _progress(self, pace: _Pace) -> Progressed:
        share, elapsed = self._share(), self.elapsed_s()
        return Progressed(
            self._epoch(), share, pace.loss, self._optimizer.rate, pace.pairs_per_s, elapsed, elapsed / share - elapsed
        )


class _Pace:
    """Loss and speed over the last moment."""

    def __init__(self, every_s: float = 0.25) -> None:
        self._every_s = every_s
        self._since = time.monotonic()
        self._pairs, self._losses = 0, [0.0][:0]
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


def optimizer(config: OptimConfig) -> optim.Adam | optim.SGD:
    """Return the configured optimiser."""
    if config.method == "sgd":
        return optim.SGD(config.rate, clip_norm=config.clip_norm)
    return optim.Adam(
        config.rate,
        betas=config.betas,
        eps=config.eps,
        weight_decay=config.weight_decay,
        clip_norm=config.clip_norm,
    )
