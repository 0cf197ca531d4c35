"""What a file of pairs means: its format, and a role for each column. Found by `detect`, stored with the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

__all__ = [
    "COMMENT_MARKS",
    "DELIMITERS",
    "OF_LINES",
    "REMARK",
    "Column",
    "Count",
    "Format",
    "Role",
    "Schema",
    "describe",
    "is_rare",
    "warnings",
]

Format = Literal["tsv", "csv", "dictionary", "jsonl", "json", "parquet", "arrow", "parallel"]
Role = Literal["source", "target", "features", "ignored"]

OF_LINES: tuple[Format, ...] = ("tsv", "csv", "dictionary", "parallel")  # formats that may have lines of comments
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
COMMENT_MARKS = ("#", ";;;", "//")  # with which few sources, if any, begin
REMARK = " # "  # within few targets, if any; a dictionary's reader removes what follows
RARE = 0.05  # of the sources; where more begin with such a mark, it belongs to the data
TITLES: dict[Format, str] = {
    "tsv": "tab-separated",
    "csv": "CSV",
    "dictionary": "dictionary: a word, then its symbols",
    "jsonl": "JSON lines",
    "json": "JSON",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "parallel": "parallel files",
}


class Column(msgspec.Struct, frozen=True):
    """One column.   name: of the header or the key, "" without.   kind: what its values are, such as "counts"."""

    role: Role
    name: str = ""
    kind: str = ""


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """How the lines of a file become pairs.

    source, target, features: columns, counted from 1; features 0: none.   columns: all of them; () where unknown.
    header: the first line holds names.   comment: lines that start so are skipped, "" none; a blank at its end also
    matches the end of the line.   variants: `word(2)` is the word.   numbers: most numeric fields between the word of a
    dictionary and its symbols, which are skipped.   even: every line must have the features column, or none has it.
    """

    format: Format = "tsv"
    delimiter: str = "\t"
    columns: tuple[Column, ...] = ()
    source: int = 1
    target: int = 2
    features: int = 0
    header: bool = False
    comment: str = ""
    variants: bool = False
    numbers: int = 0
    even: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    @property
    def layout(self) -> tuple[object, ...]:
        """What two files of the same shape have in common."""
        return self.format, self.delimiter, len(self.columns)


class Count(msgspec.Struct):
    """Lines that were skipped while a file was read, and sources that may be comments although they were read.

    special: entries of a dictionary for silence and noise.   marked: sources that begin with a mark of comments, by the
    mark, where no option decides what a comment is.   remarks: targets that contain REMARK, likewise.
    empty: empty targets of sources that are not empty.
    """

    comments: int = 0
    headers: int = 0
    special: int = 0
    pairs: int = 0
    marked: dict[str, int] = {}
    remarks: int = 0
    empty: int = 0

    def add(self, other: Count) -> None:
        """Add the counts of another file."""
        self.comments += other.comments
        self.headers += other.headers
        self.special += other.special
        self.pairs += other.pairs
        for mark, n in other.marked.items():
            self.marked[mark] = self.marked.get(mark, 0) + n
        self.remarks += other.remarks
        self.empty += other.empty


def describe(schema: Schema, count: Count) -> list[str]:
    """Return at most three lines that say how a file is read."""
    lines = []
    if schema.format not in ("tsv", "parallel") or schema.delimiter not in ("\t", ""):
        lines.append(f"format   {TITLES[schema.format]}{_details(schema)}")
    lines.append(f"columns  {_columns(schema)}")
    skipped = [
        f"{n:,} {one if n == 1 else several}"
        for n, one, several in (
            (count.comments, "comment line", "comment lines"),
            (count.headers, "header line", "header lines"),
            (count.special, "entry of silence or noise", "entries of silence or noise"),
        )
        if n
    ]
    if schema.variants and schema.format != "dictionary":
        skipped.append("numbers of variants, such as (2) after a source")
    if skipped:
        lines.append(f"skipped  {', '.join(skipped)}")
    return lines


def is_rare(n: int, n_pairs: int) -> bool:
    """Return whether n sources with a mark of comments are so few that they may be comments."""
    return 0 < n <= RARE * n_pairs


def warnings(count: Count) -> list[str]:
    """Return lines for marks of comments that few sources or targets have, with what decides, and of empty targets."""
    lines = [
        f"warning  {n:,} source{' begins' if n == 1 else 's begin'} with {mark} and may be "
        f"{'a comment' if n == 1 else 'comments'}: --comment '{mark}' skips such lines, --comment none reads them"
        for mark, n in count.marked.items()
        if is_rare(n, count.pairs)
    ]
    if is_rare(count.remarks, count.pairs):
        n = f"{count.remarks:,} target{' contains' if count.remarks == 1 else 's contain'}"
        lines.append(f"warning  {n} '{REMARK}' and may end in a remark, which is learned: remove it from the file")
    if count.empty:
        n = f"{count.empty:,} target{' is' if count.empty == 1 else 's are'}"
        lines.append(f"warning  {n} empty, which is learned: fill in the target, or remove the line")
    return lines


def _details(schema: Schema) -> str:
    if schema.format not in ("tsv", "csv"):
        return ""
    if schema.format == "csv" and schema.delimiter == "\t":
        return " with tabs, quotation marks removed (--format tsv keeps them)"
    name = next((name for name, text in DELIMITERS.items() if text == schema.delimiter), repr(schema.delimiter))
    return f", delimiter {name}"


def _columns(schema: Schema) -> str:
    roles = [(schema.source, "source"), (schema.target, "target"), (schema.features, "features")]
    text = ", ".join(f"{_name(schema, number)} {role}" for number, role in roles if number)
    ignored: dict[str, list[int]] = {}
    for number, column in enumerate(schema.columns, start=1):
        if column.role == "ignored":
            ignored.setdefault(column.kind or "other", []).append(number)
    if not ignored:
        return text
    parts = ", ".join(f"{_names(schema, numbers)} {kind}" for kind, numbers in ignored.items())
    first = min(number for numbers in ignored.values() for number in numbers)
    use = "" if schema.features else f" (use --features-column {first} to read it as features)"
    alone = sum(map(len, ignored.values())) == 1
    shown = f"{_name(schema, first)} ignored: {next(iter(ignored))}" if alone else f"ignored: {parts}"
    return f"{text}; {shown}{use}"


def _names(schema: Schema, numbers: Sequence[int]) -> str:
    return ", ".join(_name(schema, number) for number in numbers)


def _name(schema: Schema, number: int) -> str:
    name = schema.columns[number - 1].name if number <= len(schema.columns) else ""
    name = name if name.isprintable() else repr(name)
    return f"{number} ({name[:40]})" if name else f"{number}"
