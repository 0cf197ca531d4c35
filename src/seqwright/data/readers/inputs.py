"""From what a user names to pairs: several files, patterns, parallel files, and which reader is right for each."""

import glob
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from seqwright import errors
from seqwright.data.readers import arrow, dictionary, files, jsonl, memory, parallel, tsv
from seqwright.data.readers.columns import STANDARD, Columns, Pair

__all__ = ["Input", "Pairs", "Parallel", "Paths", "Reader", "inputs", "read_pairs"]

Reader = Literal["tsv", "dictionary", "jsonl", "parquet", "arrow", "parallel"]

SUFFIXES: dict[str, Reader] = {
    ".tsv": "tsv",
    ".dict": "dictionary",
    ".dic": "dictionary",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
MAGIC: dict[bytes, Reader] = {b"PAR1": "parquet", b"ARROW1": "arrow"}
OF_LINES = {"tsv": tsv.pairs, "dictionary": dictionary.pairs, "jsonl": jsonl.pairs}
N_PEEK = 20  # lines that tell what a file of no telling name holds


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

    hashes: the SHA-256 of each file's bytes, by name; whole once `pairs` has come to its end.
    format: its reader; None where only its first lines tell, and it has not been read.
    """

    def __init__(self, path: Path_ | memory.Rows, reader: Reader | None = None) -> None:
        self.path = path
        self.name = ", ".join(map(files.display_name, self.paths)) or str(path)
        self._reader = reader
        self.hashes: dict[str, str] = {}
        self.format: Reader | None = reader
        if isinstance(path, Parallel):
            self.format = "parallel"
        elif not reader and not isinstance(path, memory.Rows):
            self.format = by_name(path)

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
    def is_stream(self) -> bool:
        """Return whether it can be read only once: standard input or another pipe, or an iterable."""
        return self.in_memory or any(str(path) == "-" or _is_pipe(Path(path)) for path in self.paths)

    def pairs(self, columns: Columns = STANDARD) -> Iterator[Pair]:
        """Yield the pairs, in constant memory.

        DataError: missing, a directory, unreadable, empty, damaged, changed meanwhile, not UTF-8, no target anywhere,
        or what the reader in question says.
        """
        n, has_target = 0, False
        for pair in self._read(columns):
            n += 1
            has_target = has_target or bool(pair.target)
            yield pair
        if not n:
            what = "there are none" if self.in_memory else "the file is empty"
            expected = "(source, target) tuples" if self.in_memory else "lines of source<TAB>target"
            raise errors.DataError(f"{self.name}: {what}; expected {expected}")
        if not has_target:
            raise errors.DataError(
                f"{self.name}: every target is empty (column {columns.target}); expected lines of source<TAB>target, "
                f"or name the right column"
            )

    def _read(self, columns: Columns) -> Iterator[Pair]:
        if isinstance(self.path, memory.Rows):
            yield from self.path.pairs(columns)
            self.hashes[self.name] = self.path.digest
            return
        if isinstance(self.path, Parallel):
            yield from self._parallel(self.path)
            return
        reader = self._reader or by_name(self.path)
        if reader == "parallel":
            raise errors.DataError(f"{self.name}: a parallel file needs another; give both as SOURCE,TARGET")
        if reader is None and not self.is_stream:
            with files.opened(self.path) as stream, files.reading(self.name):
                start = stream.read(max(map(len, MAGIC)))
            reader = next((found for magic, found in MAGIC.items() if start.startswith(magic)), None)
        self.format = reader
        if reader in ("parquet", "arrow"):
            yield from self._table(self.path, columns, parquet=reader == "parquet")
            return
        digest = hashlib.sha256()
        with files.opened(self.path, digest=digest) as stream:
            lines = files.lines_of(stream, self.name)
            if reader is None:
                peeked = list(itertools.islice(lines, N_PEEK))
                reader, lines = by_content(peeked), itertools.chain(peeked, lines)
                self.format = reader
            yield from OF_LINES[reader](lines, self.name, columns)
        self.hashes[self.name] = digest.hexdigest()

    def _table(self, path: Path | str, columns: Columns, *, parquet: bool) -> Iterator[Pair]:
        if self.is_stream:
            raise errors.DataError(f"{self.name}: Parquet and Arrow are not read from a pipe; give a file")
        before = files.sha256(path)
        yield from arrow.pairs(path, columns, parquet=parquet)
        if files.sha256(path) != before:
            raise errors.DataError(f"{self.name}: was changed while it was read; start again when nothing writes to it")
        self.hashes[self.name] = before

    def _parallel(self, path: Parallel) -> Iterator[Pair]:
        names = [files.display_name(p) for p in path]
        digests = [hashlib.sha256(), hashlib.sha256()]
        with (
            files.opened(path.source, digest=digests[0]) as source,
            files.opened(path.target, digest=digests[1]) as target,
        ):
            lines = files.lines_of(source, names[0]), files.lines_of(target, names[1])
            yield from parallel.pairs(*lines, *names)
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
    if glob.has_magic(text):
        if matches := sorted(glob.glob(text, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            return matches
        raise errors.DataError(f"{files.display_name(path)}: no file matches; check the pattern")
    return [path]


def _exists(path: Path | str) -> bool:
    try:
        return str(path) == "-" or Path(path).exists()
    except (OSError, ValueError):  # a name that cannot be; opening it says so
        return False


def _is_pipe(path: Path) -> bool:
    try:
        return path.is_fifo() or path.is_char_device()
    except (OSError, ValueError):
        return False


def by_name(path: Path | str) -> Reader | None:
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in files.PACKED:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def by_content(lines: Sequence[str]) -> Reader:
    """Return which reader the first lines of a file ask for; tab-separated where nothing else is certain."""
    filled = [line for line in lines if line.strip()]
    if any(line.startswith(dictionary.COMMENT) and "\t" not in line for line in filled):
        return "dictionary"
    if filled and filled[0].lstrip().startswith('{"') and "\t" not in filled[0]:
        return "jsonl"
    # Two spaces, as CMUdict has them. One would make a dictionary of any text.
    if filled and all(re.match(r"[^ \t]+  [^ \t]", line) and "\t" not in line for line in filled):
        return "dictionary"
    return "tsv"
