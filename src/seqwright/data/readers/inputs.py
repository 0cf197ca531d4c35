"""From what a user names to pairs: several files, patterns, parallel files, and which reader is right for each."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seqwright import errors
from seqwright.data.readers import (
    arrow,
    delimited,
    detect,
    dictionary,
    encodings,
    files,
    formats,
    json_shapes,
    jsonl,
    meaning,
    memory,
    parallel,
    tsv,
)
from seqwright.data.readers.columns import STANDARD, Columns, Pair
from seqwright.data.readers.schema import COMMENT_MARKS, OF_LINES, REMARK, Count, Format, Schema

__all__ = ["Input", "Pairs", "Parallel", "Paths", "Reader", "inputs", "read_pairs"]

Reader = Format

MAGIC: dict[bytes, Reader] = {b"PAR1": "parquet", b"ARROW1": "arrow"}
HEAD_CHARACTERS = 1 << 22  # of the head that determines how a file is read


class Parallel(NamedTuple):
    """Two parallel files, as a path may be given."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source},{self.target}"


Path_ = Path | str | Parallel
Paths = Path_ | Sequence[Path_]
Pairs = Paths | memory.Rows | memory.Frame | Iterable[tuple[str, str] | tuple[str, str, str]]


class Input:
    """One file of pairs, two parallel ones, or pairs in memory.

    hashes: the SHA-256 of each file's bytes, by name; complete once `pairs` has come to its end.
    schema: how the file is read; known once its first pair is.   count: lines that were skipped.
    """

    name: str

    def __init__(self, path: Path_ | memory.Rows, reader: Reader | None = None) -> None:
        self.path = path
        self.name = ", ".join(map(files.display_name, self.paths)) or str(path)
        self._reader = reader
        self.hashes: dict[str, str] = {}
        self.schema: Schema = Schema()
        self.count: Count = Count()

    @property
    def paths(self) -> list[Path | str]:
        """Return the files; none for pairs in memory."""
        if isinstance(self.path, memory.Rows):
            return []
        return list(self.path) if isinstance(self.path, Parallel) else [self.path]

    @property
    def in_memory(self) -> bool:
        """Return whether the pairs come from no file."""
        return isinstance(self.path, memory.Rows)

    @property
    def format(self) -> Format:
        """What the file is read as; known once its first pair is."""
        return self.schema.format

    @property
    def is_stream(self) -> bool:
        """Return whether it can be read only once: standard input or another pipe, or an iterable."""
        return self.in_memory or any(str(path) == "-" or _is_pipe(Path(path)) for path in self.paths)

    def check(self) -> None:
        """Raise DataError if a file cannot be opened; reads nothing."""
        if not self.is_stream:
            for path in self.paths:
                with files.opened_as_it_is(path):
                    pass

    def pairs(self, columns: Columns = STANDARD) -> Iterator[Pair]:
        """Yield the pairs, in constant memory.

        DataError: missing, a directory, unreadable, empty, damaged, changed meanwhile, not UTF-8, no target anywhere,
        or an error of the reader.
        """
        has_target, self.count = False, Count()
        marks = COMMENT_MARKS if columns.comment is None and not self.in_memory else ()
        for pair in self._read(columns):
            self.count.pairs += 1
            has_target = has_target or bool(pair.target)
            self.count.empty += bool(pair.source) and not pair.target
            if pair.source.startswith(marks) and self.schema.format in OF_LINES:
                mark = next(mark for mark in marks if pair.source.startswith(mark))
                self.count.marked[mark] = self.count.marked.get(mark, 0) + 1
            if marks and REMARK in pair.target and self.schema.format in OF_LINES:
                self.count.remarks += 1
            yield pair
        if not self.count.pairs:
            what = "there are none" if self.in_memory else "the file is empty"
            expected = "(source, target) tuples" if self.in_memory else "lines of source<TAB>target"
            raise errors.DataError(f"{self.name}: {what}; expected {expected}")
        if not has_target:
            raise errors.DataError(
                f"{self.name}: every target is empty (column {self.schema.target}); expected lines of "
                f"source<TAB>target, or name the right column"
            )

    def _read(self, columns: Columns) -> Iterator[Pair]:
        if isinstance(self.path, memory.Rows):
            meaning.check(meaning.MEMORY, self.name, columns)
            yield from self.path.pairs(columns)
            self.hashes[self.name] = self.path.digest
            return
        if isinstance(self.path, Parallel):
            meaning.check("parallel", self.name, columns)
            yield from self._parallel(self.path, columns)
            return
        reader = columns.format or self._reader or detect.by_name(self.path, encodings.PACKED)
        if reader == "parallel":
            raise errors.DataError(f"{self.name}: a parallel file needs another; give both as SOURCE,TARGET")
        if reader is None and not self.is_stream:
            with files.opened_as_it_is(self.path) as stream, files.reading(self.name):
                start = stream.read(max(map(len, MAGIC)))
            reader = next((found for magic, found in MAGIC.items() if start.startswith(magic)), None)
        if reader in ("parquet", "arrow"):
            yield from self._table(self.path, columns, parquet=reader == "parquet")
            return
        digest = hashlib.sha256()
        with files.opened(self.path, digest=digest) as stream:
            yield from self._lines(files.lines_of(stream, self.name), columns, reader)
        self.hashes[self.name] = digest.hexdigest()

    def _lines(self, lines: Iterator[str], columns: Columns, reader: Reader | None) -> Iterator[Pair]:
        head = Head(lines)
        schema = detect.of_lines(head.lines, self.name, columns, reader, whole=head.whole)
        meaning.check(schema.format, self.name, columns)
        if schema.format in ("jsonl", "json"):
            objects = jsonl.line_objects if schema.format == "jsonl" else jsonl.array_objects
            rows = json_shapes.rows(objects(self._kept(head, schema, (), self.name), self.name))
            first = list(itertools.islice(rows, detect.N_HEAD))
            if first:
                self.schema = detect.of_table(*jsonl.table(first), self.name, columns, schema)
                yield from variants(jsonl.pairs(itertools.chain(first, rows), self.name, self.schema), self.schema)
            return
        self.schema = schema
        kept = self._kept(head, schema, new_prefixes(head, columns), self.name)
        if schema.format == "dictionary":
            yield from dictionary.pairs(kept, self.name, schema, self.count)
        else:
            read = delimited.pairs if schema.format == "csv" else tsv.pairs
            yield from variants(read(kept, self.name, schema), schema)

    def _kept(self, head: "Head", schema: Schema, new: tuple[str, ...], name: str) -> Iterator[tuple[int, str]]:
        """Return the lines that hold pairs, with their numbers.   new: see `new_prefixes`."""
        numbered = enumerate(head.all(), start=1)
        return self._without(numbered, schema, new, name) if schema.comment or schema.header or new else numbered

    def _without(
        self, numbered: Iterator[tuple[int, str]], schema: Schema, new: tuple[str, ...], name: str
    ) -> Iterator[tuple[int, str]]:
        header, comment = schema.header, schema.comment
        starts = (*new, *([comment.rstrip(" ")] if comment else []))
        for number, line in numbered:
            if line.startswith(starts):
                if formats.is_comment(line, comment):
                    self.count.comments += 1
                    continue
                if prefix := formats.prefix_of(line, new):
                    raise detect.doubtful_comment(f"{name}, line {number}", prefix)
            if header and (line.strip() or schema.format == "parallel"):  # an empty line has a counterpart
                header = False
                self.count.headers += 1
            else:
                yield number, line

    def _table(self, path: Path | str, columns: Columns, *, parquet: bool) -> Iterator[Pair]:
        meaning.check("parquet" if parquet else "arrow", self.name, columns)
        if self.is_stream:
            raise errors.DataError(f"{self.name}: Parquet and Arrow are not read from a pipe; give a file")
        before = files.sha256(path)
        keys, rows = arrow.head(path, detect.N_HEAD, parquet=parquet)
        start = Schema(format="parquet" if parquet else "arrow", delimiter="")
        if rows:
            self.schema = detect.of_table(keys, rows, self.name, columns, start)
            yield from variants(arrow.pairs(path, self.schema, parquet=parquet), self.schema)
        if files.sha256(path) != before:
            raise errors.DataError(f"{self.name}: was changed while it was read; start again when nothing writes to it")
        self.hashes[self.name] = before

    def _parallel(self, path: Parallel, columns: Columns) -> Iterator[Pair]:
        names = [files.display_name(p) for p in path]
        digests = [hashlib.sha256(), hashlib.sha256()]
        with (
            files.opened(path.source, digest=digests[0]) as source,
            files.opened(path.target, digest=digests[1]) as target,
        ):
            heads = [Head(files.lines_of(*file)) for file in zip((source, target), names, strict=True)]
            self.schema = detect.of_parallel(heads[0].lines, heads[1].lines, self.name, columns)
            kept = [
                self._kept(head, self.schema, new_prefixes(head, columns), name)
                for head, name in zip(heads, names, strict=True)
            ]
            yield from variants(parallel.pairs(kept[0], kept[1], *names), self.schema)
        self.hashes |= {name: digest.hexdigest() for name, digest in zip(names, digests, strict=True)}


def read_pairs(path: Pairs, *, columns: Columns = STANDARD, reader: Reader | None = None) -> list[Pair]:
    """Return all pairs of one or several files, in order; see `inputs` and `Input.pairs`."""
    return [pair for one in inputs(path, reader=reader) for pair in one.pairs(columns)]


def inputs(paths: Pairs, *, reader: Reader | None = None) -> list[Input]:
    """Return what the paths name, in order: files, "-" for standard input, patterns such as `*.tsv`, `a.ko,b.en`.

    In place of paths there may be the pairs themselves, see `memory.rows`.

    A name that exists is that file, whatever it contains. The files of a pattern come in the order of their names.
    reader: how to read them; None finds it from each file's name, or else from its first lines.
    DataError: a pattern that no file matches, nothing at all, or standard input twice.
    """
    path_types = (Path, str, Parallel)
    several = [paths] if isinstance(paths, path_types) else memory.rows(paths, paths=path_types)
    if isinstance(several, memory.Rows):
        return [Input(several)]
    found = [Input(path, reader) for given in several for path in expanded(given)]
    if not found:
        raise errors.DataError("no file of pairs is given; give at least one")
    if sum(str(path) == "-" for one in found for path in one.paths) > 1:
        raise errors.DataError("standard input can be read only once; give the other as a file")
    return found


def expanded(path: Path_) -> Iterable[Path_]:
    if isinstance(path, Parallel) or _exists(path):
        return [path]
    text = str(path)
    if text.count(",") == 1:
        source, target = text.split(",")
        if _exists(source) or _exists(target):
            return [Parallel(source, target)]
    return files.matching(text) or [path]


def _exists(path: Path | str) -> bool:
    try:
        return str(path) == "-" or Path(path).exists()
    except (OSError, ValueError):  # an impossible name; opening it raises the error
        return False


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo() or path.is_char_device()
    except (OSError, ValueError):
        return False


class Head:
    """The first lines of a file, which stay to be read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._rest = lines
        self.lines: list[str] = []
        n_characters = 0
        for line in itertools.islice(lines, detect.N_HEAD):
            self.lines.append(line)
            n_characters += len(line)
            if n_characters > HEAD_CHARACTERS:
                break
        self.whole: bool = len(self.lines) < detect.N_HEAD and n_characters <= HEAD_CHARACTERS

    def all(self) -> Iterator[str]:
        """Return all lines of the file."""
        return itertools.chain(self.lines, self._rest)


def new_prefixes(head: Head, columns: Columns) -> tuple[str, ...]:
    """Return the prefixes of comments that no line of the head has; a later line with one is refused.

    None where the head is the whole file, or where options or another file decide what a comment is.
    """
    decided = head.whole or columns.comment is not None or columns.like is not None
    return () if decided else formats.unknown_prefixes(head.lines)


def variants(pairs: Iterator[Pair], schema: Schema) -> Iterator[Pair]:
    """Return the pairs, in which `word(2)` is the word if the schema has variants."""
    if not schema.variants:
        return pairs
    return (pair._replace(source=detect.VARIANT.sub("", pair.source)) for pair in pairs)
