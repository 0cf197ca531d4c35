"""The live part of the terminal display of a training run.

epoch 3.21 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  32% 1:20 left, ends 14:32
loss 0.512   learning rate 0.0031   1,234 pairs/s   15,210 tokens/s   143 MB
dev exact match ▁▃▅▆▇█ 82.1 %   best 83.0 %
✓ ember → ɛmbɛr
✗ egészség → ɛɡeːsʃeːɡ   should be ɛɡeːʃːeːɡ
"""

from __future__ import annotations

import time

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from seqwright.cli.quantities import clock, megabytes, sparkline
from seqwright.training.events import Begun, Event, Example, Measured, Progressed

__all__ = ["Dashboard"]

WIDTH = 30  # of the bar and of the curve
JOINERS = "\u200c\u200d"  # not printable by themselves, and part of how Persian and the scripts of India are written


class Dashboard:
    """A rich renderable of the latest events of each kind; pass them to `hear` in order."""

    def __init__(self) -> None:
        self._now: Progressed | None = None
        self._losses: list[float] = []  # until there are measurements to draw
        self._measured: list[Measured] = []  # of the network that was measured last
        self._of_member: dict[int | None, list[Measured]] = {}

    def hear(self, event: Event) -> None:
        """Record an event for the next rendering."""
        if isinstance(event, Progressed):
            self._now = event
            if len(self._measured) < 2:
                self._losses.append(event.loss)
        elif isinstance(event, Measured):
            self._measured = self._of_member.setdefault(event.member, [])
            self._measured.append(event)
        elif isinstance(event, Begun):  # the next member of an ensemble starts from scratch
            self._now, self._losses, self._measured, self._of_member = None, [], [], {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = options.ascii_only
        if self._now:
            yield _bar(self._now)
            yield _line(_numbers(self._now), style="dim")
        if curve := self._curve("_.-=+*#" if plain else "▁▂▃▄▅▆▇█"):
            yield _line(curve)
        for example in self._measured[-1].examples if self._measured else ():
            yield _example(example, plain)

    def _curve(self, levels: str) -> str:
        """Return the curve of the dev score, or of the training loss until there are two measurements."""
        losses = sparkline(self._losses, width=WIDTH, levels=levels)
        if not self._measured:
            return f"loss {losses}" if losses else ""
        name, values, best = _followed_score(self._measured)
        unit = " %" if name.endswith("exact match") else ""
        curve = f"{name} {sparkline(values, width=WIDTH, levels=levels)} " if len(values) > 1 else ""
        last = f"{values[-1]:.1f}{unit}"
        if not self._measured[-1].seen:
            last += f"   best {best:.1f}{unit}"
        return f"{curve}{last}" if curve else f"loss {losses}   {name} {last}"


def _followed_score(measured: list[Measured]) -> tuple[str, list[float], float]:
    """Return the score that selects the model, or shows progress: its name, its values, and the best one."""
    if measured[-1].measure == "chrF":
        values = [event.dev_chrf for event in measured if event.measure == "chrF" and event.dev_chrf is not None]
        return "dev chrF", values, max(values)
    if measured[-1].dev_perplexity is not None:
        values = [event.dev_perplexity for event in measured if event.dev_perplexity is not None]
        return "dev perplexity", values, min(values)
    values = [event.dev_accuracy for event in measured]
    return "train exact match" if measured[-1].seen else "dev exact match", values, max(values)


def _bar(now: Progressed) -> Table:
    line = Table.grid(padding=(0, 1))
    for _ in range(4):
        line.add_column(no_wrap=True)
    ends = time.localtime(time.time() + now.left_s)
    end = time.strftime("%H:%M" if now.left_s < 43_200 else "%d %b %H:%M", ends)
    line.add_row(
        f"epoch {now.epoch:.2f}", ProgressBar(total=1, completed=min(1, now.share), width=WIDTH),
        f"{now.share:4.0%}", f"{clock(now.left_s)} left, ends {end}",
    )  # fmt: skip
    return line


def _numbers(now: Progressed) -> str:
    parts = [
        f"loss {now.loss:.3f}", f"learning rate {now.rate:.2g}", f"{now.pairs_per_s:,.0f} pairs/s",
        f"{now.tokens_per_s:,.0f} tokens/s", megabytes(now.resident_bytes),
    ]  # fmt: skip
    return "   ".join(filter(None, parts))


def _example(example: Example, plain: bool) -> Text:
    right, wrong, arrow = ("ok", "no", "->") if plain else ("✓", "✗", "→")
    should = "" if example.right else f"   should be {_visible(example.reference)}"
    line = _line(f" {_visible(example.source)} {arrow} {_visible(example.answer)}")
    line.append(should, style="dim")
    mark = Text(right if example.right else wrong, style="green" if example.right else "red")
    return _line("").append_text(mark).append_text(line)


def _line(text: str, style: str = "") -> Text:
    """Return a text that is truncated to one line of the screen."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _visible(text: str) -> str:
    """Return a text of the data with control characters replaced."""
    return "".join(c if c.isprintable() or c in JOINERS else "\N{REPLACEMENT CHARACTER}" for c in text)
