"""Records of files, and the files again: where they are now, verified by their hashes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright.data import readers
from seqwright.errors import DataError
from seqwright.provenance.records import FileRecord, Provenance, Role, located, stored

__all__ = ["Located", "file_of_sources", "file_records", "inputs", "locate", "moved", "named"]

NAMED_COLUMNS = ("jsonl", "json", "parquet", "arrow")  # formats whose columns have names


class Located(NamedTuple):
    """A file of a record and where it is now."""

    record: FileRecord
    path: Path


def file_records(inputs: Iterable[readers.Input], role: Role, hashes: Mapping[str, str]) -> list[FileRecord]:
    """Return the records of inputs that have been read, or whose content a cache knows.

    hashes: SHA-256 by `readers.display_name`.
    """
    records = []
    for one in inputs:
        if one.in_memory:
            records.append(
                FileRecord(
                    role=role,
                    kind="memory",
                    path="",
                    format="memory",
                    columns={"source": 1, "target": 2},
                    size=None,
                    sha256=hashes[one.name],
                )
            )
            continue
        sides = ("source", "target") if isinstance(one.path, readers.Parallel) else ("",)
        for path, side in zip(one.paths, sides, strict=True):
            records.append(
                FileRecord(
                    role=role,
                    kind="stream" if one.is_stream else "file",
                    path=stored(path),
                    format=one.format,
                    columns={side: 1} if side else _columns(one.schema),
                    size=None if one.is_stream else Path(path).stat().st_size,
                    sha256=hashes[readers.display_name(path)],
                )
            )
    return records


def file_of_sources(path: Path | str, role: Role = "distillation source") -> FileRecord:
    """Return the record of a file with a source on each line and no targets, for a model to answer."""
    sha256 = readers.sha256(path)
    return FileRecord(
        role=role,
        path=stored(path),
        format="lines",
        columns={"source": 1},
        size=Path(path).stat().st_size,
        sha256=sha256,
    )


def _columns(schema: readers.Schema) -> dict[str, int | str]:
    found: dict[str, int | str] = {"source": schema.source, "target": schema.target}
    if schema.features:
        found["features"] = schema.features
    return {role: schema.names[int(at) - 1] for role, at in found.items()} if schema.format in NAMED_COLUMNS else found


def named(files: Sequence[FileRecord]) -> list[str]:
    """Return what each input is called: a file, or two parallel ones together."""
    return [", ".join(part.name for part in parts) for parts in _inputs(files)]


def moved(found: Provenance, after: Path, *, before: Path | None = None, base: Path | None = None) -> Provenance:
    """Return the provenance of a model for its directory `after`, from where its files are found by relative paths.

    before: the directory where the model was; None of a new one, whose paths are those of this process.
    base: the directory of the model that it started from, where the files of that one are found from.
    """
    files = [_moved(file, before, after) for file in found.files]
    earlier = None if found.base is None else moved(found.base, after, before=base or before)
    return msgspec.structs.replace(found, files=files, base=earlier)


def _moved(file: FileRecord, before: Path | None, after: Path) -> FileRecord:
    if file.kind != "file":
        return file
    if before is None:
        here = Path(file.location)
    elif file.from_model:
        here = before / located(file.from_model)
    else:
        here = before.parent / file.location  # an earlier manifest; wherever it is, its hash is compared
    try:
        relative = Path(os.path.relpath(here.resolve(), after.resolve()))
    except ValueError:  # on another drive
        return msgspec.structs.replace(file, from_model="")
    return msgspec.structs.replace(file, from_model=stored(relative.as_posix()))


def locate(
    files: Sequence[FileRecord], directory: Path, *, data_dir: Path | None = None, hint: str = ""
) -> list[Located]:
    """Return where the files are now: at the path that was given, or at the same place relative to the model directory.

    data_dir: a directory to look in first.   hint: what to do about a file that is not there.
    DataError: pairs of no file, a file that is not there, or that has changed.
    """
    return [Located(file, _place(file, directory, data_dir, hint)) for file in files]


def _place(file: FileRecord, directory: Path, data_dir: Path | None, hint: str) -> Path:
    if file.kind != "file":
        origin = "were in memory" if file.kind == "memory" else "were read from standard input or another pipe"
        role = "training" if file.role == "train" else file.role
        raise DataError(f"the {role} pairs {origin}, which cannot be read again")
    there = [path for path in _candidates(file, directory, data_dir) if path.is_file()]
    for path in there:
        if readers.sha256(path) == file.sha256:
            return path
    if not there:
        raise DataError(f"{file.name}: no such file any longer{hint}")
    raise DataError(f"{readers.display_name(there[0])} is not the file that was read in training: it has changed since")


def _candidates(file: FileRecord, directory: Path, data_dir: Path | None) -> Iterator[Path]:
    path = Path(file.location)
    if data_dir is not None:
        yield from (data_dir / path, data_dir / path.name)
    yield path
    if file.from_model:
        yield directory / located(file.from_model)
    yield directory.parent / path  # a training writes its model into the working directory if it has no other output


def inputs(found: Sequence[Located]) -> list[readers.Input]:
    """Return the files as they are read: parallel ones two at a time."""
    places = {id(one.record): one.path for one in found}
    return [_input(parts, [places[id(part)] for part in parts]) for parts in _inputs([one.record for one in found])]


def _input(parts: Sequence[FileRecord], paths: Sequence[Path]) -> readers.Input:
    if len(parts) == 2:
        return readers.Input(readers.Parallel(*map(str, paths)))
    format_ = parts[0].format
    return readers.Input(paths[0], None if format_ in ("auto", "lines") else msgspec.convert(format_, readers.Reader))


def _inputs(files: Sequence[FileRecord]) -> Iterator[list[FileRecord]]:
    """Yield the records of each input: one, or a source and a target."""
    ahead = iter(files)
    for file in ahead:
        is_first = file.format == "parallel" and "target" not in file.columns
        yield [file, next(ahead)] if is_first else [file]
