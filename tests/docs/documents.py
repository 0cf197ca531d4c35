"""The code blocks and commands of the documents, as tests run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SHELL = {"", "sh"}
FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S
)
SPAN = re.compile(r"(?<!`)`(seqwright (?:--version|[a-z]+ [^`]+))`(?!`)")
PATTERN = re.compile(r"\b[A-Z]{2,}\b|…|\.\.\.|^seqwright \w+ -")  # a span that describes commands, and is none

NEEDED = {r"--ray\b|import ray": "ray", r"\btorchrun\b|--device\b": "torch", r"--onnx\b": "onnx"}  # pattern: module


class Block(NamedTuple):
    """A code block, or a command within prose."""

    path: Path
    line: int
    language: str  # as the fence names it; "span" for a command within prose
    text: str
    reason: str | None  # the page's own reason not to run it: <!-- not run: … --> before the fence

    @property
    def needs(self) -> list[str]:
        """The modules of extras without which the block cannot run."""
        return [module for pattern, module in NEEDED.items() if re.search(pattern, self.text)]

    def __str__(self) -> str:
        return "-".join([f"{self.path.relative_to(ROOT).as_posix()}:{self.line}", *self.needs])


def documents() -> list[Path]:
    """Return the documents with commands for users: all but the log and the README that exports contain."""
    return [
        *(ROOT / name for name in ("README.md", "README.ko.md", "CONTRIBUTING.md")),
        *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name != "log.md"),
    ]


def blocks(path: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a document."""
    text = path.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(path, line, found["language"], found["text"], found["reason"])


def spans(path: Path) -> Iterator[Block]:
    """Yield the commands within prose and tables of a document, also those that continue on the next line."""
    text = path.read_text(encoding="utf-8")
    prose = FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in SPAN.finditer(prose):
        line = prose.count("\n", 0, found.start()) + 1
        yield Block(path, line, "span", " ".join(found[1].split()), None)


def distinct(found: Iterator[Block]) -> list[Block]:
    """Return the first block of each text."""
    first: dict[str, Block] = {}
    for block in found:
        first.setdefault(block.text, block)
    return [*first.values()]
