"""From the first lines of a file, and the options, to its schema: what the file means.

Only a head of bounded size is examined, so detection costs the same for every file. Where the data allows two meanings
it decides for none: the error names the options that do.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seqwright import errors
from seqwright.data.readers import encodings, files, formats, kinds, names, roles
from seqwright.data.readers.columns import Columns
from seqwright.data.readers.schema import Column, Format, Schema

__all__ = ["N_HEAD", "VARIANT", "by_name", "doubtful_comment", "of_lines", "of_parallel", "of_table"]

N_HEAD = 2000  # lines or rows that decide
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".dict": "dictionary",
    ".dic": "dictionary",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
MARKUP = ("<?xml", "<!doctype", "<html", "<tmx", "<xliff")
MESSAGES = ('msgid "', 'msgstr "')  # of a catalogue of gettext
VARIANT = re.compile(r"(?<=.)\((\d{1,2})\)$")  # WORD(2) is a further pronunciation of WORD


def by_name(path: Path | str, packed: Sequence[str]) -> Format | None:
    """Return the format that a file's name determines, which .tsv does not.   packed: suffixes to ignore."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in packed:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def of_lines(lines: Sequence[str], name: str, columns: Columns, named: Format | None, *, whole: bool) -> Schema:
    """Return the schema of a file of lines.   named: the format of its name.   whole: the lines are all of it.

    AmbiguityError: two meanings are as likely.
    """
    like = columns.like
    if columns.format is None and columns.delimiter is None:
        filled = [line for line in lines if line.strip()]
        check_markdown(filled, name)
        if named is None:
            check_catalogue(filled, name)
    body = formats.without_comments(lines)
    asked = columns.format or named
    if asked is None and old_dictionary(lines, body):
        asked = "dictionary"
    cut = formats.layout(body, asked, columns.delimiter, whole=whole)
    untabbed = cut == formats.Layout("tsv") and body and not any("\t" in line for line in body)
    if untabbed and like is not None and like.format in ("dictionary", "csv") and not (asked or columns.delimiter):
        cut = formats.layout(body, like.format, like.delimiter if like.format == "csv" else None, whole=whole)
    if asked is None and cut == formats.Layout("tsv") and len(body) > 1:
        check_tabs(body, name)
    comment = columns.comment
    if comment is None:
        comment = formats.comment_of(lines, cut)
        if comment is None and like is not None:
            comment = like.comment
        if comment is None:
            prefix = next(p for p in formats.PREFIXES if any(line.startswith(p) for line in lines))
            raise doubtful_comment(name, f"{prefix} ")
    if cut.format == "dictionary":
        check_words(body, name)
    kept = [line for line in lines if line.strip() and not formats.is_comment(line, comment)]
    if cut.format in ("jsonl", "json", "parallel"):
        return Schema(format=cut.format, delimiter="", comment=comment)
    rows = rows_of(kept, cut, whole=whole)
    start = Schema(format=cut.format, delimiter=cut.delimiter, comment=comment, numbers=cut.numbers)
    return of_rows(rows, name, columns, start)


def doubtful_comment(name: str, prefix: str) -> errors.AmbiguityError:
    """Return the error of lines that may be comments or data.   prefix: as the option --comment takes it."""
    return errors.AmbiguityError(
        f"{name}: lines that start with {prefix.rstrip()} may be comments or data",
        [["--comment", prefix], ["--comment", "none"]],
    )


def of_parallel(sources: Sequence[str], targets: Sequence[str], name: str, columns: Columns) -> Schema:
    """Return the schema of two parallel files.

    Comments are not skipped without the option, because a heading of a text may begin like one.
    AmbiguityError: lines may be comments, or the first lines may be names.   DataError: options that name the columns
    otherwise.
    """
    comment, like = columns.comment, columns.like
    if comment is None and like is not None:
        comment = like.comment
    if comment is None:
        for lines in (sources, targets):
            marked = [prefix for line in lines if (prefix := formats.prefix_of(line, formats.PREFIXES))]
            for prefix in dict.fromkeys(marked):
                others = [line for line in lines if not line.startswith(prefix.rstrip())]
                if max(3, marked.count(prefix)) <= len(others) and not any(prefix.rstrip() in line for line in others):
                    raise doubtful_comment(name, prefix)
        comment = ""
    kept = [[line for line in lines if not formats.is_comment(line, comment)] for lines in (sources, targets)]
    rows = [list(row) for row in zip(*kept, strict=False)]
    has_header = is_header(rows, rows, name, columns)
    header = tuple(cell.strip() for cell in rows[0]) if has_header else ()
    roles.check_parallel(header, name, columns)
    sides = (Column("source", header[0]), Column("target", header[1])) if has_header else ()
    start = Schema(format="parallel", delimiter="", comment=comment, header=has_header, columns=sides)
    return with_variants(start, rows[has_header:])


def check_markdown(filled: Sequence[str], name: str) -> None:
    """Raise DataError, with the command that converts it, for a table in Markdown."""
    if formats.is_markdown(filled):
        program = r"""!/^ *[|][-:| ]+$/ {for (i = 2; i < NF; i++) printf "%s%s", $i, i < NF - 1 ? "\t" : "\n"}"""
        raise errors.DataError(
            f"{name}: is a table in Markdown; convert it: "
            f"awk -F ' *[|] *' '{program}' {shlex.quote(name)} > {encodings.unlike(name)}"
        )


def check_catalogue(filled: Sequence[str], name: str) -> None:
    """Raise DataError, with what to do, for XML and for a catalogue of gettext, the files of translators."""
    if any("\t" in line for line in filled):
        return
    if filled and filled[0].lstrip().lower().startswith(MARKUP):
        raise errors.DataError(
            f"{name}: is XML; write the texts of its pairs as lines of source<TAB>target (a translation memory in TMX, "
            f"for example, by tmx2po and po2csv of the package translate-toolkit)"
        )
    if sum(line.startswith(MESSAGES) for line in filled) > 1:
        raise errors.DataError(
            f"{name}: is a catalogue of gettext; convert it with po2csv of the package translate-toolkit"
        )


def check_tabs(body: Sequence[str], name: str) -> None:
    """Raise AmbiguityError where no line has a tab, and spaces or a sign may separate words from symbols."""
    if any("\t" in line for line in body) or not all(" " in line.strip() for line in body):
        return
    what, choice = "it may be a dictionary, where spaces separate a word from its symbols", ["--format", "dictionary"]
    if sign := formats.sign_of(body, fewest=1):
        what, choice = f"{sign!r} may be the delimiter, which so few lines do not decide", ["--delimiter", sign]
    raise errors.AmbiguityError(
        f"{name}: no tab in {files.shorten(body[0])}; expected source<TAB>target, or with --target FILE a file of "
        f"sources and one of targets; {what}",
        [choice],
    )


def check_words(body: Sequence[str], name: str) -> None:
    """Raise DataError where the words of a dictionary are probabilities, and the words follow them."""
    words = [line.split(maxsplit=1)[0] for line in body if line.strip()]
    if len(words) >= kinds.N_FEW and kinds.kind_of(words) in ("probabilities", "weights"):
        raise errors.DataError(
            f"{name}: lines begin with a number in place of a word: {files.shorten(body[0])}; remove the numbers: "
            f"sed 's/^[^[:space:]]*[[:space:]]*//' {shlex.quote(name)} > words.dict"
        )


def old_dictionary(lines: Sequence[str], body: Sequence[str]) -> bool:
    """Return whether comments of CMUdict say that the file is a dictionary, if not every entry has a tab."""
    if not any(line.startswith(";;;") and "\t" not in line for line in lines):
        return False
    return len(body) < 3 or not all("\t" in line for line in body)


def rows_of(lines: Sequence[str], cut: formats.Layout, *, whole: bool) -> list[list[str]]:
    if cut.format == "csv":
        return formats.csv_rows(lines, cut.delimiter, whole=whole)
    if cut.format == "dictionary":
        return [dictionary_cells(line, cut.numbers) for line in lines]
    return [line.split(cut.delimiter) for line in lines]


def dictionary_cells(line: str, numbers: int) -> list[str]:
    word, *rest = line.split() or [""]
    return [word, *rest[:numbers], " ".join(rest[numbers:])]


def of_rows(rows: Sequence[list[str]], name: str, columns: Columns, start: Schema) -> Schema:
    """Return the schema of rows of cells, the first of which may be a header."""
    counts = [len(row) for row in rows]
    width = max(set(counts), key=counts.count) if counts else 2
    even = [row for row in rows if len(row) == width]
    has_header = start.format != "dictionary" and is_header(even, rows, name, columns)
    if rows and len(rows[0]) > width and start.format != "dictionary":
        # A header may name a last column, such as of remarks, that most lines do not have.
        wide = [rows[0], *(row + [""] * (len(rows[0]) - len(row)) for row in rows[1:])]
        if has_header or is_header(wide, wide, name, columns):
            even, width, has_header, rows = wide, len(rows[0]), True, wide
    header = tuple(cell.strip() for cell in rows[0]) if has_header else ()
    if has_header and even and even[0] is rows[0]:
        even = even[1:]
    return with_variants(roles.resolve(even, header, width, name, columns, start), even)


def is_header(even: Sequence[list[str]], rows: Sequence[list[str]], name: str, columns: Columns) -> bool:
    if columns.header is not None:
        return columns.header and bool(rows)
    if any(isinstance(place, str) for place in columns.places):
        return bool(rows)
    if not even or even[0] is not rows[0]:
        return False
    like = columns.like
    if like is not None and like.header and [cell.strip() for cell in rows[0]] == list(like.names):
        return True
    found = names.header(even[0], even[1:200])
    if found is None and like is not None:
        return False
    if found is None:
        raise errors.AmbiguityError(
            f"{name}: the first line may be a header or a pair: {' | '.join(even[0])[:80]!r}",
            [["--header"], ["--no-header"]],
        )
    return found


def of_table(keys: Sequence[str], rows: Sequence[list[str]], name: str, columns: Columns, start: Schema) -> Schema:
    """Return the schema of rows whose columns have names."""
    found = roles.resolve(rows, tuple(keys), len(keys), name, columns, start)
    exact = {columns.names.source, columns.names.target} <= set(keys)  # as programs write pairs
    return found if exact else with_variants(found, rows)


def with_variants(schema: Schema, rows: Sequence[list[str]]) -> Schema:
    """Return the schema with `variants` set where sources such as `word(2)` are variants of a source.

    A number that the target repeats, as in `Level (2)`, is a part of the text.
    """
    if schema.format == "dictionary":
        return msgspec.structs.replace(schema, variants=True)
    width = max(schema.source, schema.target)
    pairs = [(row[schema.source - 1], row[schema.target - 1]) for row in rows if len(row) >= width]
    sources = [source for source, _ in pairs]
    marked = [source for source in sources if VARIANT.search(source)]
    if not marked or 10 * len(marked) > 9 * len(sources):
        return schema
    repeated = sum(1 for source, target in pairs if (found := VARIANT.search(source)) and found[1] in target)
    if 2 * repeated > len(marked):
        return schema
    plain = set(sources)
    bases: dict[str, set[str]] = {}
    for source in marked:
        base = VARIANT.sub("", source)
        bases.setdefault(base, set()).add(source[len(base) :])
    related = sum(base in plain or "(1)" in numbers for base, numbers in bases.items())
    highest = max(int(number[1:-1]) for numbers in bases.values() for number in numbers)
    if 2 * related >= len(bases) and highest <= 30 and len(marked) <= 5 * len(bases):
        return msgspec.structs.replace(schema, variants=True)
    return schema
