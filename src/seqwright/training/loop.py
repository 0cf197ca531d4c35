"""The training loop: steps, measurements on the dev set, and stopping. It yields events and writes no file.

Its result is a function of the data, the configuration and the seed (and of the clock, with a time budget): a loop that
is restored from a checkpoint ends with the same bytes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import numpy as np

from seqwright import engines, models, optim
from seqwright.bundle import Bundle
from seqwright.config import OptimConfig
from seqwright.data import batches
from seqwright.errors import TrainingError
from seqwright.training import augmentation, auxiliary, fine_tune, memory, unknown_dropout
from seqwright.training.checkpoint import Checkpoint, Position
from seqwright.training.events import Event, Measured, Progressed, Returned
from seqwright.training.instruments import Instruments
from seqwright.training.measure import dev_examples
from seqwright.training.pace import Pace
from seqwright.training.prepare import Prepared
from seqwright.training.schedule import rate_factor
from seqwright.training.selection import selected
from seqwright.types import Array

__all__ = ["Loop"]

# Measurements within an epoch, so that a long one saves a model before its end.
MEASURE_EVERY = 0.2  # of a time budget
MEASURE_PAIRS = 200_000  # read in some minutes
POOR_ANSWERS, POOR_SHARE = 5, 0.03  # times, and share of a time budget, that decoding the whole dev set takes
MOST_RESERVED = 0.5  # of a time budget, for what follows the last step
SKIPS_IN_A_ROW = 3  # steps without a finite gradient, before the state of the last measurement is restored
MAX_RETURNS = 5


class Loop:
    """The training of one network; iterate over `events()` to run it.

    best: a copy of the flat parameter vector at the last measurement that was selected (`training.selection`), None
    before the first.   position: progress and best scores.
    measuring_s: seconds of the last measurement.
    member: number in an ensemble, whose members differ in their random numbers.   base: the model to fine-tune.
    reserved: the part of the time budget for what follows the last measurement, in decodings of the dev set.
    instruments: the clock and the evaluator.
    """

    position: Position
    measuring_s: float

    def __init__(
        self,
        prepared: Prepared,
        *,
        member: int = 0,
        base: Bundle | None = None,
        reserved: float = 0.0,
        measuring_s: float = 0.0,
        instruments: Instruments = Instruments(),  # noqa: B008 - immutable
    ) -> None:
        self._prepared = prepared
        self._instruments, self._clock = instruments, instruments.clock
        self._config = prepared.config
        init, shuffle, dropout, hide = np.random.SeedSequence(self._config.training.seed + member).spawn(4)
        source, target = prepared.source.vocabulary, prepared.target.vocabulary
        spec = self._config.networks[member].spec(len(source), len(target))
        self._network = models.build(
            spec,
            np.random.default_rng(init),
            copy_map=source.copy_map(target),
            feature_mask=source.feature_mask(),
        )
        if base is not None:
            fine_tune.copy_weights(self._network, base, member)
        self._random = {
            "shuffle": np.random.default_rng(shuffle),
            "dropout": np.random.default_rng(dropout),
            "hide": np.random.default_rng(hide),
        }
        self._shuffle_state = self._random["shuffle"].bit_generator.state  # at the beginning of the current epoch
        self._member = member
        self._augmentation = augmentation.of(prepared)
        assert self._config.optim.learning_rate is not None, "set by the recipe"
        self._peak_rate = self._config.optim.learning_rate  # the peak of the schedule
        self._learning_rate = self._peak_rate
        self._engine = engines.start(
            self._network, optimizer(self._config.optim, self._peak_rate), device=self._config.training.device,
            precision=self._config.training.precision,
        )  # fmt: skip
        self.best: Array | None = None
        self.position = Position()
        self._began = self._measured_at = self._clock()
        self.measuring_s, self._reserved = measuring_s, reserved
        self._last_measured = self.checkpoint({})  # restored when the loss is not finite

    @property
    def network(self) -> models.Seq2seq:
        """The network in training with its present parameters, to be read only."""
        return self._engine.network

    @property
    def engine(self) -> str:
        """Name and version of what computes the steps."""
        return self._engine.description

    def events(self) -> Iterator[Event]:
        """Train to the end, and yield the events, the last one a `Measured`."""
        training = self._config.training
        assert training.epochs is not None and training.batch_size is not None, "set by the recipe"
        pace = Pace(self._clock, self._instruments.progress_every_s)
        while not self.position.reason:
            self._shuffle_state = self._random["shuffle"].bit_generator.state
            epoch = batches.batches(
                self._examples(),
                batch_size=training.batch_size,
                rng=self._random["shuffle"],
                max_tokens=training.max_batch_tokens,
                skip=self.position.batches,
                pool=training.pool,
            )
            for batch in epoch:
                loss = self._step(batch)
                if self.position.skipped_in_a_row >= SKIPS_IN_A_ROW:
                    yield self._return_to_measured()
                if self._out_of_time():
                    self.position.reason = "time budget"
                    break
                # Before other events: after an interruption at one of them it would come later.
                if self._measurement_due():
                    yield self._measure()
                n_tokens = int(batch.source_lengths.sum() + batch.target_lengths.sum())
                if pace.tick(len(batch.index), n_tokens, loss):
                    yield self._progress(pace)
            measured = self._measure()
            self.position.reason = self.position.reason or self._stop_reason()
            if self._config.optim.schedule == "plateau":
                self._lower_on_plateau()
            self.position.epoch += 1
            self.position.batches = 0
            self._shuffle_state = self._random["shuffle"].bit_generator.state
            self._last_measured = self.checkpoint({})
            yield measured

    def checkpoint(self, identity: dict[str, object]) -> Checkpoint:
        """Return a copy of the state; valid between any two events."""
        arrays, step = self._engine.state()
        if self.best is not None:
            arrays["best"] = self.best
        self.position.elapsed_s = self.elapsed_s()
        random = {name: generator.bit_generator.state for name, generator in self._random.items()}
        return Checkpoint(identity, copy.copy(self.position), arrays, random | {"shuffle": self._shuffle_state}, step)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore a state that `checkpoint` returned."""
        self._engine.restore(checkpoint.arrays, checkpoint.optimizer_step)
        for name, generator in self._random.items():
            generator.bit_generator.state = checkpoint.random[name]
        self._shuffle_state = checkpoint.random["shuffle"]
        self.position = copy.copy(checkpoint.position)
        self.best = checkpoint.arrays.get("best")
        self._last_measured = checkpoint
        self._began = self._clock() - self.position.elapsed_s

    def elapsed_s(self) -> float:
        """Return the seconds spent, including those before an interruption."""
        return self._clock() - self._began

    def _step(self, batch: batches.Batch) -> float:
        position = self.position
        settings = self._config.optim
        factor = rate_factor(
            self._share(), schedule=settings.schedule, warmup=settings.warmup,
            step=position.steps, warmup_steps=settings.warmup_steps,
        )  # fmt: skip
        self._learning_rate = self._peak_rate * position.rate_scale * max(factor, 1e-3)
        read = unknown_dropout.drop(
            batch, source_rates=self._prepared.unknown_rates, target_rate=self._config.training.word_dropout or 0.0,
            copy_map=self._network.copy_map, rng=self._random["hide"], unknown_ids=self._prepared.unknown_ids,
        )  # fmt: skip
        inputs = self._network.inputs(
            read.source, batch.source_lengths, batch.target, batch.target_lengths, read=read.target, copied=batch.source
        )
        loss, norm = self._engine.step(inputs, self._random["dropout"], learning_rate=self._learning_rate)
        position.batches += 1
        position.pairs += len(batch.index)
        if math.isfinite(norm):
            position.loss_sum += loss
            position.n_steps += 1
            position.steps += 1
            position.skipped_in_a_row = 0
        else:
            position.skipped += 1
            position.skipped_in_a_row += 1
        return loss

    def _return_to_measured(self) -> Returned:
        """Restore parameters and optimiser of the last measurement, and halve the learning rate; batches go on."""
        position = self.position
        if position.returns == MAX_RETURNS:
            raise TrainingError(
                f"the loss is not finite, also after {MAX_RETURNS} returns with a lower learning rate; the best model "
                f"so far is kept; check the data, or try --set optim.learning_rate={self._peak_rate / 10:g}"
            )
        last = self._last_measured
        self._engine.restore(last.arrays, last.optimizer_step)
        position.returns += 1
        position.rate_scale /= 2
        position.skipped_in_a_row = 0
        return Returned(self._epoch(), position.skipped, self._peak_rate * position.rate_scale)

    def _measure(self) -> Measured:
        """Evaluate the parameters on the dev set, and keep a copy if they are selected."""
        began = self._clock()
        position, training = self.position, self._config.training
        found = self._instruments.evaluate([self.network], self._prepared)
        best = selected(found, position, self._epoch()) or self._prepared.is_whole  # whose last parameters are kept
        if best:
            self.best = self.network.params.flat.copy()
        loss = position.loss_sum / max(1, position.n_steps)
        position.loss_sum, position.n_steps = 0.0, 0
        position.measured_pairs = position.pairs
        self._measured_at = self._clock()
        self.measuring_s = self._measured_at - began
        if len(found.measured) < len(self._prepared.dev.sources):  # a part was decoded, as the answers are poor
            self.measuring_s = min(self.measuring_s * POOR_ANSWERS, POOR_SHARE * (training.time_budget_s or math.inf))
        sentences = found.sentences
        return Measured(
            self._epoch(), loss, found.scores.exact, found.scores.ter, best, self.elapsed_s(),
            dev_examples(found.answers, self._prepared.dev_part(found.measured)),
            found.measure, found.loss, found.perplexity,
            None if sentences is None else sentences.bleu, None if sentences is None else sentences.chrf,
            seen=self._prepared.is_whole,
        )  # fmt: skip

    def _examples(self) -> batches.Examples:
        """Return the examples of the current epoch."""
        training, real = self._config.training, self._prepared.examples
        assert training.epochs is not None, "set by the recipe"
        # A generator of its own for each epoch: nothing of it has to be in a checkpoint.
        rng = np.random.default_rng([training.seed + self._member, self.position.epoch])
        examples = real
        if self._augmentation is not None:
            assert training.augmentation, "there is no augmentation without a share"
            examples = self._augmentation.extended(training.augmentation, rng)
        alone = auxiliary.is_last(self.position.epoch, training.epochs)
        return auxiliary.mixed(examples, self._prepared.auxiliary, real, rng, alone=alone)

    def _epoch(self) -> float:
        return self.position.pairs / self._prepared.pairs_per_epoch

    def _share(self) -> float:
        """Return the part of the training that is done, by epochs or by time, whichever is greater."""
        training = self._config.training
        assert training.epochs is not None, "set by the recipe"
        return min(1.0, max(self._epoch() / training.epochs, self.elapsed_s() / self._stop_s()))

    def _out_of_time(self) -> bool:
        return self.elapsed_s() >= self._stop_s()

    def _stop_s(self) -> float:
        """Return the time of the last step, after which the time budget has room for what follows."""
        budget = self._config.training.time_budget_s
        if budget is None:
            return math.inf
        return budget - min(MOST_RESERVED * budget, (1 + self._reserved) * self.measuring_s)

    def _measurement_due(self) -> bool:
        """Return whether a measurement within the epoch is due."""
        if self.position.pairs - self.position.measured_pairs >= MEASURE_PAIRS:
            return True
        budget = self._config.training.time_budget_s
        return budget is not None and self._clock() - self._measured_at > MEASURE_EVERY * budget

    def _stop_reason(self) -> str:
        training, position = self._config.training, self.position
        # Of a few dev pairs, many networks get all right, and of training pairs every one does in the end.
        if position.top_exact == 100 and self._augmentation is None and not self._prepared.is_whole:
            return "perfect"
        if position.epoch == training.epochs:
            return "epochs"
        assert training.patience != "auto", "set by the recipe"
        if training.patience is not None and self._epochs_without_improvement() >= training.patience:
            return "no improvement"
        return ""

    def _epochs_without_improvement(self) -> float:
        """Return the epochs since the best measurement, or since the warm-up if that is later."""
        training, position = self._config.training, self.position
        assert training.epochs is not None, "set by the recipe"
        return position.epoch - max(position.top_epoch, self._config.optim.warmup * training.epochs)

    def _lower_on_plateau(self) -> None:
        """Halve the learning rate after `optim.plateau` epochs without an improvement or a halving."""
        position = self.position
        n_epochs = min(self._epochs_without_improvement(), position.epoch - position.halved_epoch)
        if n_epochs >= self._config.optim.plateau:
            position.rate_scale /= 2
            position.halved_epoch = position.epoch

    def _progress(self, pace: Pace) -> Progressed:
        share, elapsed = self._share(), self.elapsed_s()
        left = elapsed / share - elapsed
        return Progressed(
            epoch=self._epoch(),
            share=share,
            loss=pace.loss,
            rate=self._learning_rate,
            pairs_per_s=pace.pairs_per_s,
            tokens_per_s=pace.tokens_per_s,
            elapsed_s=elapsed,
            left_s=left,
            resident_bytes=memory.resident_bytes(),
        )


def optimizer(config: OptimConfig, rate: float) -> optim.Adam | optim.SGD:
    """Return the configured optimiser."""
    if config.method == "sgd":
        return optim.SGD(rate, clip_norm=config.clip_norm)
    return optim.Adam(
        rate,
        betas=config.betas,
        eps=config.eps,
        weight_decay=config.weight_decay,
        clip_norm=config.clip_norm,
    )
