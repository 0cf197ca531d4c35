"""Progress of a training run on standard error: a live dashboard on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import math
import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence

from seqwright.cli import program, progress
from seqwright.cli.quantities import clock, megabytes
from seqwright.config import ModelConfig
from seqwright.distillation import Answering
from seqwright.training.events import (
    AlreadyTrained,
    Begun,
    Chosen,
    Event,
    Finished,
    Measured,
    Preliminary,
    Progressed,
    Resumed,
    Returned,
    Settled,
    Started,
    Tried,
    Validated,
)

__all__ = ["listening"]

WITH_AUXILIARY = "folds    the same with auxiliary data"
OF_FOLDS = "folds    each is answered by a model of the other pairs (--cross-validate 0: a tenth is held out instead)"
N_EXCLUDED = 5
N_SHOWN, WIDEST = 3, 60  # sources in the suggested command, and the maximum number of characters of one
INDENT = 9  # of the text of a line after its heading
COPIED = ("model ", "report ", "try ")  # headings of lines that are copied into a shell
QUIET_S = 10.0  # the plain display reports progress if nothing was written for so long


@contextlib.contextmanager
def listening(*, suggests: bool = False, quiet: bool = False) -> Iterator[Callable[[Event | Answering], None]]:
    """Return a context manager whose value is a listener that displays the events of a training run.

    suggests: print a command to try at the end.   quiet: display only an interruption, which states where the model
    is.
    """
    started: Started | None = None
    reported_end = taught = preceded = measured_once = False

    def listen(event: Event | Answering) -> None:
        nonlocal started, reported_end, taught, preceded, measured_once
        if isinstance(event, Started):
            started = event
        taught = taught or isinstance(event, Answering)
        preceded = preceded or isinstance(event, Preliminary | Tried | Validated)
        measured_once = measured_once or isinstance(event, Measured)
        reported_end = isinstance(event, Finished)
        if not quiet or (isinstance(event, Finished) and event.reason == "interrupted"):
            display.show(event)
        if isinstance(event, Finished) and event.output and suggests and started and not quiet:
            display.write(f"try      {next_command(started.dev_examples, event.output)}")

    with contextlib.ExitStack() as stack:
        display = stack.enter_context(LiveDisplay()) if sys.stderr.isatty() and not quiet else PlainDisplay()
        try:
            yield listen
        except KeyboardInterrupt:
            if not reported_end and measured_once:
                display.write("stopped after the last epoch, before the final evaluation ended; the model is saved")
            elif not reported_end and preceded:
                display.write("stopped before the training of the model; run the same command again to continue")
            elif not reported_end:
                kept = "the answers of the teacher so far are kept" if taught else "nothing was written"
                display.write(f"stopped before training began; {kept}")
            raise


def next_command(examples: Sequence[tuple[str, str]], output: str) -> str:
    """Return a shell command that predicts some dev sources, with their features, with the new model.

    It contains the sources themselves, because how they are found in a file depends on the reader.
    """
    lines = ["\t".join(filter(None, example)) for example in examples if example[0]]
    shown = [line for line in lines if line.replace("\t", "").isprintable() and len(line) <= WIDEST][:N_SHOWN]
    command = f"{program.name()} predict {shlex.quote(output)}"
    if not shown:
        return command
    # printf repeats its format for each argument; a source may begin with "-" or contain "%" or a backslash.
    sources = [one for line in shown for one in line.split("\t")]
    columns = "\\t".join(["%s"] * (1 + ("\t" in shown[0])))
    return f"printf '{columns}\\n' {shlex.join(sources)} | {command}"


class PlainDisplay:
    """One line for each measurement, and one every few seconds in between."""

    def __init__(self) -> None:
        self._wrote_at = time.monotonic()

    def show(self, event: Event | Answering) -> None:
        """Write the lines of an event, if it has any."""
        if isinstance(event, Answering):
            if event.n_answered == event.n_sources or time.monotonic() - self._wrote_at > QUIET_S:
                self.write(answering(event))
        elif isinstance(event, Started):
            self.write("\n".join(opening(event)))
        elif isinstance(event, Measured):
            self.write(measured(event))
        elif isinstance(event, Finished):
            self.write(closing(event))
        elif isinstance(event, AlreadyTrained | Begun | Chosen | Resumed | Returned | Settled | Tried | Validated):
            self.write(turn(event))
        elif time.monotonic() - self._wrote_at > QUIET_S:
            self.write(preliminary(event) if isinstance(event, Preliminary) else progressed(event))

    def write(self, text: str) -> None:
        """Write lines."""
        print(text, file=sys.stderr, flush=True)
        self._wrote_at = time.monotonic()


class LiveDisplay:
    """Measurements as scrolling lines above a live dashboard."""

    def __init__(self) -> None:
        # Imported only for a terminal: importing rich takes longer than the rest of the start.
        from rich.console import Console
        from rich.live import Live

        from seqwright.cli.dashboard import Dashboard

        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._dashboard = Dashboard()
        self._reading = contextlib.ExitStack()  # before the first event

    def __enter__(self) -> LiveDisplay:
        self._reading.enter_context(progress.busy("reading the pairs"))
        return self

    def __exit__(self, *_: object) -> None:
        self._reading.close()
        self._live.stop()

    def show(self, event: Event | Answering) -> None:
        """Update the dashboard, and write the lines of an event."""
        self._reading.close()
        self._live.start()  # unless it is started
        if isinstance(event, Answering | Preliminary):
            text = answering(event) if isinstance(event, Answering) else preliminary(event)
            self._live.update(text, refresh=True)
            return
        self._dashboard.hear(event)
        if isinstance(event, Started):
            self.write("\n".join(opening(event)))
        elif isinstance(event, Measured):
            self.write(measured(event))
        elif isinstance(event, Finished):
            self._live.update("", refresh=True)
            self.write(closing(event))
        elif isinstance(event, AlreadyTrained | Begun | Chosen | Resumed | Returned | Settled | Tried | Validated):
            self.write(turn(event))
        if isinstance(event, Measured | Progressed):
            self._live.update(self._dashboard, refresh=True)

    def write(self, text: str) -> None:
        """Write lines above the dashboard."""
        self._reading.close()
        self._console.print(folded(text, self._console.width), markup=False, soft_wrap=True)


def folded(text: str, width: int) -> str:
    """Return lines of prose broken at spaces, and continued below their text; commands and paths stay on their line."""
    return "\n".join(
        line
        if line.startswith(COPIED)
        else textwrap.fill(
            line, width, subsequent_indent=" " * INDENT, replace_whitespace=False, break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )  # fmt: skip


def answering(event: Answering) -> str:
    return f"teacher  {event.n_answered:,} of {event.n_sources:,} sources answered   {clock(event.elapsed_s)}"


def opening(event: Started) -> list[str]:
    text, training = event.config.text, event.config.training
    network, *unlike = dict.fromkeys(map(_network, event.config.networks))
    excluded = [
        f"skipped  {pair.file}, line {pair.line}: {pair.n_tokens:,} tokens, and a pair may have {pair.most:,}"
        for pair in event.excluded[:N_EXCLUDED]
    ]
    if len(event.excluded) > N_EXCLUDED:
        excluded.append(f"skipped  {len(event.excluded) - N_EXCLUDED:,} more such pairs")
    if any(pair.most < training.max_batch_tokens for pair in event.excluded):
        excluded.append("         --set training.max_pair_tokens=N keeps pairs of up to N tokens")
    is_whole = event.dev_status == "seen" and bool(training.cross_validation)
    n_dev = f"{event.n_dev:,} dev source{'s' * (event.n_dev != 1)}"
    measured = f"{n_dev} ({event.dev})" if not is_whole else "all after the cross-validation"
    if is_whole:
        excluded.append("train    exact match is measured on training sources, to show progress")
    elif event.dev_status == "seen":
        excluded.append("warning  all dev sources are also training sources: dev scores measure memorisation")
    elif event.n_seen:
        excluded.append(f"skipped  {event.n_seen:,} dev sources that are also training sources")
    if event.dev_status == "unknown":
        excluded.append(
            "warning  the training data of the model to fine-tune cannot be read; it may contain the dev sources"
        )
    end = f", {clock(training.time_budget_s)} at most" if training.time_budget_s else ""
    return [
        f"pairs    {event.n_pairs:,} for training, {measured}",
        *event.reading,
        f"source   {event.n_source_symbols:,} symbols: {text.source_tokens} in {text.source_form}",
        f"target   {event.n_target_symbols:,} symbols: {text.target_tokens} in {text.target_form}",
        f"network  {event.n_parameters:,} parameters: {network}",
        *(f"         also: {kind}" for kind in unlike),
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


def turn(event: AlreadyTrained | Begun | Chosen | Resumed | Returned | Settled | Tried | Validated) -> str:
    if isinstance(event, Validated):
        line = f"fold     {event.fold} of {event.of}: exact match {event.accuracy:.1f} % of {event.n:,} sources"
        return f"{WITH_AUXILIARY if event.has_auxiliary else OF_FOLDS}\n{line}" if event.fold == 1 else line
    if isinstance(event, Tried):
        return f"tried    {event.settings}: dev loss {event.loss:.4f} after {event.epochs} epochs"
    if isinstance(event, Settled):
        return f"chosen   {event.settings}"
    if isinstance(event, Chosen):
        kept = "kept" if event.accuracy >= event.without else "kept, as the difference is within one standard error"
        return (
            f"compared {'' if event.cross_validated else 'dev '}exact match {event.accuracy:.1f} % with auxiliary "
            f"data, {event.without:.1f} % without: "
            f"{kept if event.kept else 'the model without it is kept'}"
        )
    if isinstance(event, AlreadyTrained):
        return f"done     already trained on the same data with the same settings\nmodel    {event.output}"
    if isinstance(event, Begun):
        return f"member   {event.member} of {event.of}"
    if isinstance(event, Resumed):
        return f"{of_member(event)}resumed  at epoch {event.epoch:.2f}, after {clock(event.elapsed_s)} of training"
    return (
        f"{of_member(event)}epoch {event.epoch:6.2f}   loss not finite ({event.skipped} steps skipped): weights of the "
        f"last measurement restored, learning rate lowered to {event.rate:g}"
    )


def preliminary(event: Preliminary) -> str:
    name = event.training if event.of == 1 else f"{event.training} {event.number} of {event.of}"
    return f"{name}: {event.progressed.share:4.0%}, {clock(event.progressed.left_s)} left"


def progressed(event: Progressed) -> str:
    memory = "" if event.resident_bytes is None else f"{megabytes(event.resident_bytes)}   "
    return (
        f"epoch {event.epoch:6.2f}   loss {event.loss:.3f}   learning rate {event.rate:.2g}   "
        f"{event.pairs_per_s:,.0f} pairs/s   {event.tokens_per_s:,.0f} tokens/s   "
        f"{memory}{clock(event.elapsed_s)}, {clock(event.left_s)} left"
    )


def measured(event: Measured) -> str:
    """Return the line of a measurement, which fits into 80 columns."""
    parts = [f"{of_member(event)}epoch {event.epoch:6.2f}", f"loss {event.loss:.3f}"]
    if event.dev_loss is None:
        parts += [
            f"{'train' if event.seen else 'dev'} exact match {event.dev_accuracy:5.1f} %",
            f"TER {event.dev_ter:5.1f} %",
        ]
    else:  # perplexity is the exponential of the loss: the dashboard and the end of the training have it
        scores = {"BLEU": event.dev_bleu, "chrF": event.dev_chrf}
        parts.append(f"dev loss {event.dev_loss:.3f}")
        parts += [f"{name} {value:4.1f}" for name, value in scores.items() if value is not None]
    if event.member is None:
        parts.append(clock(event.elapsed_s))
    return "  ".join([*parts, *(["best"] if event.best and not event.seen else [])])


def of_member(event: Measured | Resumed | Returned) -> str:
    return "" if event.member is None else f"member {event.member}  "


def sentence_scores(event: Measured | Finished) -> str:
    """Return the dev scores of sentences that were measured."""
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
        "epochs": "all epochs",
        "time budget": "time budget spent",
        "no improvement": "stopped early: no improvement",
        "perfect": "stopped early: all dev sources answered correctly",
        "interrupted": "interrupted",
    }[event.reason]
    again = "\nresume   run the same command again" if event.reason == "interrupted" else ""
    if event.output is None:
        return f"done     {how} after {clock(event.elapsed_s)}, before there was a model{again}"
    if event.dev_accuracy is None:
        done = f"done     {how} after {clock(event.elapsed_s)}, before the first measurement"
        return f"{done}\nmodel    {event.output}{again}"
    if event.dev_interval is not None:
        low, high = event.dev_interval
        return (
            f"done     {how} after {clock(event.elapsed_s)}\n"
            f"accuracy exact match {event.dev_accuracy:.1f} % in cross-validation\n"
            f"expected {low:.1f} to {high:.1f} % of this model, which has more pairs (95 % interval)\n"
            f"model    {event.output}, trained on all pairs"
            + (f"\nfolds    {event.folds}: one model each; `seqwright join` combines models" if event.folds else "")
            + (f"\nreport   {event.report}" if event.report else "")
        )
    scores = f"exact match {event.dev_accuracy:.1f} %" if event.dev_loss is None else sentence_scores(event)
    return (
        f"done     {how} after {clock(event.elapsed_s)}\n"
        f"selected dev {scores}, epoch {event.best_epoch:.2f}\n"
        f"model    {event.output}{again}" + (f"\nreport   {event.report}" if event.report else "")
    )
