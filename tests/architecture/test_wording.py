"""Prose and names use the field's terms: what a reader of the literature would search for is what the project says."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROSE = {  # phrase: what to write instead
    r"behind": "after, over, past",
    r"stands?": "is, occurs",
    r"comes|came": "follows, arrives, is",
    r"looks(?! (?:up|for|each))|looked(?! up)": "attends, attention weights; consults",
    r"told|tells": "reported, passed; states",
    r"said|says": "stated, predicted; states",
    r"asked|asks": "queried, requested; requests",
    r"of one piece": "consistent",
    r"goes by": "is determined by",
    r"gets no better": "no improvement",
    r"own end": "ended by the model",
    r"bears? a": "has a",
    r"twins?": "copy map, matching symbol",
}
NAMES = {  # identifier: the name to use
    "twins": "copy_map",
    "own_end": "ended_by_model",
    "MEND": "ERROR",
    "LOOK": "WARNING",
    "slab": "scratch",
}
ALIASES = {("twins", "src/seqwright/models/seq2seq.py")}  # names of earlier releases that callers may use
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")  # code and examples within prose


def python_prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments and strings of a module with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            yield token.start[0], token.string


def native_prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a file in C++ or JavaScript with their lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        if "//" in line:
            yield number, line.partition("//")[2]


def document_prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a document outside of code blocks."""
    code = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            code = not code
        elif not code:
            yield number, line


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


KINDS = [
    (python_prose, files("src/**/*.py", "benchmarks/*.py", "docs/*.py")),
    (native_prose, files("src/**/*.cpp", "src/**/*.hpp", "src/**/*.js")),
    (document_prose, [path for path in files("*.md", "docs/**/*.md", "benchmarks/*.md") if path.name != "log.md"]),
]


@pytest.mark.parametrize("phrase", PROSE)
def test_prose_uses_the_terms_of_the_field(phrase):
    wrong = []
    for prose, paths in KINDS:
        for path in paths:
            where = path.relative_to(ROOT).as_posix()
            for number, text in prose(path.read_text(encoding="utf-8")):
                if any(where == other and re.search(rf"\b{alias}\b", text) for alias, other in ALIASES):
                    continue
                plain = QUOTED.sub("", text) if prose is not python_prose else re.sub(r"`[^`]*`", "", text)
                if re.search(rf"\b(?:{phrase})\b", plain, re.IGNORECASE):
                    wrong.append(f"{where}:{number}: {' '.join(text.split())[:100]}")
    assert not wrong, f"write {PROSE[phrase]} instead of {phrase}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_the_field(name):
    wrong = []
    for path in files("src/**/*.py", "src/**/*.cpp", "src/**/*.hpp"):
        where = path.relative_to(ROOT).as_posix()
        if (name, where) in ALIASES:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(rf"(?<![\w\"'])_?{name}(?![\w\"'])", line):
                wrong.append(f"{where}:{number}: {line.strip()[:100]}")
    assert not wrong, f"{name} is called {NAMES[name]}:\n" + "\n".join(wrong)
