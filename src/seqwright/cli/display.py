"""What a training shows on standard error: a dashboard that lives on a terminal, plain lines elsewhere.

Results of a command never pass through here.
"""

from __future__ import annotations

import contextlib
import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from seqwright.cli import program
from seqwright.cli.quantities import clock, megabytes
from seqwright.config import ModelConfig
from seqwright.distillation import Answering
from seqwright.training.events import (
    AlreadyTrained,
    Begun,
    Event,
    Finished,
    Measured,
    Progressed,
    Resumed,
    Returned,
    Started,
)

__all__ = ["listening"]

N_EXCLUDED = 5
N_SHOWN, WIDEST = 3, 60  # sources in a command to try, and their characters
QUIET_S = 10.0  # a plain display says where it is when it has said nothing for so long


@contextlib.contextmanager
def listening(*, suggests: bool = False, quiet: bool = False) -> Iterator[Callable[[Event | Answering], None]]:
    """Lend what shows the events of a training, and of a teacher before it, and clear the screen up behind it.

    suggests: also print a command to try at the end.   quiet: only an interruption is told, for it
    says where the model is.
    """
    started: Started | None = None
    told_end = taught = learned = False

    def listen(event: Event | Answering) -> None:
        nonlocal started, told_end, taught, learned
        if isinstance(event, Started):
            started = event
        taught = taught or isinstance(event, Answering)
        learned = learned or isinstance(event, Measured)
        told_end = isinstance(event, Finished)
        if not quiet or (isinstance(event, Finished) and event.reason == "interrupted"):
            display.show(event)
        if isinstance(event, Finished) and event.output and suggests and started and not quiet:
            display.write(f"try      {next_command(started.dev_examples, event.output)}")

    with contextlib.ExitStack() as stack:
        display = stack.enter_context(LiveDisplay()) if sys.stderr.isatty() and not quiet else PlainDisplay()
        try:
            yield listen
        except KeyboardInterrupt:
            if not told_end and learned:
                display.write("stopped behind the last epoch, before all scores were in; the model is saved")
            elif not told_end:
                kept = "what the teacher has answered is kept" if taught else "nothing was written"
                display.write(f"stopped before training began; {kept}")
            raise


def next_command(examples: Sequence[tuple[str, str]], output: str) -> str:
    """Return a command to be pasted into a shell: the new model's answers to some dev sources, with their features.

    It holds the sources themselves, because only a reader knows how to find them in a file.
    """
    lines = ["\t".join(filter(None, example)) for example in examples if example[0]]
    shown = [line for line in lines if line.replace("\t", "").isprintable() and len(line) <= WIDEST][:N_SHOWN]
    command = f"{program.name()} predict {shlex.quote(output)}"
    if not shown:
        return command
    # printf prints its format once for each argument; a source may begin with "-" or hold "%" or a backslash.
    sources = [one for line in shown for one in line.split("\t")]
    columns = "\\t".join(["%s"] * (1 + ("\t" in shown[0])))
    return f"printf '{columns}\\n' {shlex.join(sources)} | {command}"


class PlainDisplay:
    """A line for each measurement, and one now and then between them."""

    def __init__(self) -> None:
        self._wrote_at = time.monotonic()

    def show(self, event: Event | Answering) -> None:
        """Write what the event says, or nothing."""
        if isinstance(event, Answering):
            if event.n_answered == event.n_sources or time.monotonic() - self._wrote_at > QUIET_S:
                self.write(answering(event))
        elif isinstance(event, Started):
            self.write("\n".join(opening(event)))
        elif isinstance(event, Measured):
            self.write(measured(event))
        elif isinstance(event, Finished):
            self.write(closing(event))
        elif isinstance(event, AlreadyTrained | Begun | Resumed | Returned):
            self.write(turn(event))
        elif time.monotonic() - self._wrote_at > QUIET_S:
            self.write(progressed(event))

    def write(self, text: str) -> None:
        """Write lines."""
        print(text, file=sys.stderr, flush=True)
        self._wrote_at = time.monotonic()


class LiveDisplay:
    """Measurements scroll by above a dashboard that moves."""

    def __init__(self) -> None:
        # Imported where a terminal is known to be there: rich costs more than the rest of the start.
        from rich.console import Console
        from rich.live import Live

        from seqwright.cli.dashboard import Dashboard

        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._dashboard = Dashboard()

    def __enter__(self) -> LiveDisplay:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, event: Event | Answering) -> None:
        """Draw what the event says."""
        if isinstance(event, Answering):
            self._live.update(answering(event), refresh=True)
            return
        self._dashboard.hear(event)
        if isinstance(event, Started):
            self.write("\n".join(opening(event)))
        elif isinstance(event, Measured):
            self.write(measured(event))
        elif isinstance(event, Finished):
            self._live.update("", refresh=True)
            self.write(closing(event))
        elif isinstance(event, AlreadyTrained | Begun | Resumed | Returned):
            self.write(turn(event))
        if isinstance(event, Measured | Progressed):
            self._live.update(self._dashboard, refresh=True)

    def write(self, text: str) -> None:
        """Write lines above the dashboard."""
        self._console.print(text, markup=False, soft_wrap=True)


def answering(event: Answering) -> str:
    return f"teacher  {event.n_answered:,} of {event.n_sources:,} sources answered   {clock(event.elapsed_s)}"


def opening(event: Started) -> list[str]:
    text, training = event.config.text, event.config.training
    network, *unlike = dict.fromkeys(map(_network, event.config.networks))
    excluded = [
        f"left out {pair.file}, line {pair.line}: {pair.n_tokens:,} tokens, more than a batch may hold"
        for pair in event.excluded[:N_EXCLUDED]
    ]
    if len(event.excluded) > N_EXCLUDED:
        excluded.append(f"left out {len(event.excluded) - N_EXCLUDED:,} more such pairs")
    if event.dev_status == "seen":
        excluded.append("warning  every dev source is also a training source: the accuracy on them is that of memory")
    elif event.n_seen:
        excluded.append(f"left out {event.n_seen:,} dev sources that are training sources, too")
    if event.dev_status == "unknown":
        excluded.append("warning  the training pairs of the model to fine-tune cannot be read; dev may be among them")
    end = f", {clock(training.time_budget_s)} at most" if training.time_budget_s else ""
    return [
        f"pairs    {event.n_pairs:,} to learn from, {event.n_dev:,} sources to measure on ({event.dev})",
        *event.reading,
        f"source   {event.n_source_symbols:,} symbols: {text.source_tokens} in {text.source_form}",
        f"target   {event.n_target_symbols:,} symbols: {text.target_tokens} in {text.target_form}",
        f"network  {event.n_parameters:,} parameters: {network}",
        *(f"         another: {kind}" for kind in unlike),
        f"kernels  {event.kernels}",
        f"training {training.epochs} epochs in batches of {training.batch_size}{end}, seed {training.seed}",
        *excluded,
    ]


def _network(model: ModelConfig) -> str:
    direction = "bidirectional " if model.bidirectional else ""
    n_layers = model.encoder_layers or model.layers
    decoders = f" (decoder: {model.layers})" if model.layers < n_layers else ""
    layers = f"{n_layers} layers{decoders} of " if n_layers > 1 else ""
    attention = f", {model.attention} attention" if model.attention != "none" else ""
    return f"{direction}LSTM of {layers}{model.hidden_size}{attention}"


def turn(event: AlreadyTrained | Begun | Resumed | Returned) -> str:
    if isinstance(event, AlreadyTrained):
        return f"done     trained already, on the same data with the same settings\nmodel    {event.output}"
    if isinstance(event, Begun):
        return f"member   {event.member} of {event.of}"
    if isinstance(event, Resumed):
        return f"resumed  the training goes on after epoch {event.epoch:.2f}, {clock(event.elapsed_s)} spent"
    return (
        f"epoch {event.epoch:6.2f}   no finite loss ({event.skipped} steps skipped): back to the last measurement, "
        f"with rate {event.rate:g}"
    )


def progressed(event: Progressed) -> str:
    memory = "" if event.resident_bytes is None else f"{megabytes(event.resident_bytes)}   "
    return (
        f"epoch {event.epoch:6.2f}   loss {event.loss:.3f}   rate {event.rate:.2g}   "
        f"{event.pairs_per_s:,.0f} pairs/s   {event.tokens_per_s:,.0f} tokens/s   "
        f"{memory}{clock(event.elapsed_s)}, {clock(event.left_s)} left"
    )


def measured(event: Measured) -> str:
    best = "kept" if event.best else ""
    if event.dev_loss is not None:
        return (
            f"epoch {event.epoch:6.2f}   loss {event.loss:.3f}   dev {sentence_scores(event)}   "
            f"{clock(event.elapsed_s)}   {best}"
        ).rstrip()
    return (
        f"epoch {event.epoch:6.2f}   loss {event.loss:.3f}   dev accuracy {event.dev_accuracy:5.1f} %   "
        f"TER {event.dev_ter:5.1f} %   {clock(event.elapsed_s)}   {best}"
    ).rstrip()


def sentence_scores(event: Measured | Finished) -> str:
    """Return the dev scores of sentences, as far as they are known."""
    parts = [
        f"{name} {value:.{digits}f}"
        for name, value, digits in (
            ("loss", event.dev_loss, 3),
            ("perplexity", None if event.dev_loss is None else math.exp(min(event.dev_loss, 700.0)), 1),
            ("BLEU", event.dev_bleu, 1),
            ("chrF", event.dev_chrf, 1),
        )
        if value is not None
    ]
    return "   ".join(parts)


def closing(event: Finished) -> str:
    how = {
        "epochs": "all epochs done",
        "time budget": "the time is up",
        "no improvement": "it gets no better",
        "perfect": "every dev source is answered right",
        "interrupted": "interrupted",
    }[event.reason]
    again = "\nagain    the same command goes on from here" if event.reason == "interrupted" else ""
    if event.dev_accuracy is None:
        model = event.output or "nothing was written"
        return f"done     {how} after {clock(event.elapsed_s)}, before the first measurement\nmodel    {model}{again}"
    scores = f"accuracy {event.dev_accuracy:.1f} %" if event.dev_loss is None else sentence_scores(event)
    return (
        f"done     {how} after {clock(event.elapsed_s)}\n"
        f"kept     dev {scores} in epoch {event.best_epoch:.2f}\n"
        f"model    {event.output}{again}" + (f"\nreport   {event.report}" if event.report else "")
    )
