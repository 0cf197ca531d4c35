"""Which format the first lines of a file are in, and what starts their comments."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from seqwright.data.readers import kinds, names
from seqwright.data.readers.schema import Format

__all__ = [
    "PREFIXES",
    "Layout",
    "comment_of",
    "csv_rows",
    "is_comment",
    "is_markdown",
    "layout",
    "prefix_of",
    "sign_of",
    "unknown_prefixes",
    "without_comments",
]

PREFIXES = (";;;", "#", ";", "//", "%", "--")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
TWO_SPACES = re.compile(r"[^ \t]+ {2,}[^ \t]")
MARKDOWN_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
N_COMPARED = 500  # lines that a line is compared with
SIGNS = (" ||| ", " -> ", " => ", " → ")  # between source and target: as aligners of words take them; in lists
WEAK_SIGNS = (" = ", " :: ")  # the same, where nothing else separates columns
N_SURE = 5  # lines that separate columns alike, in a file of no telling name


class Layout(NamedTuple):
    """How lines are cut into cells.   numbers: numeric fields after the word of a dictionary."""

    format: Format
    delimiter: str = "\t"
    numbers: int = 0


def layout(lines: Sequence[str], asked: Format | None, delimiter: str | None, *, whole: bool = True) -> Layout:
    """Return the format of the first lines of a file, without comments.   whole: they are all of it."""
    filled = [line for line in lines if line.strip()]
    if asked in ("jsonl", "json", "parquet", "arrow", "parallel"):
        return Layout(asked, "")
    if asked == "dictionary":
        return Layout("dictionary", "", leading_numbers(filled))
    if asked == "tsv" or (asked is None and len(delimiter or "") > 1):  # cells in quotation marks have one character
        return Layout("tsv", delimiter or "\t")
    if asked == "csv" or delimiter not in (None, "\t"):
        return Layout("csv", delimiter or csv_delimiter(filled, whole=whole, sure=False) or ",")
    if not filled:
        return Layout("tsv")
    start = filled[0].lstrip()
    if "\t" not in filled[0] and start.startswith("{"):
        return Layout("jsonl" if start.startswith('{"') else "json", "")
    if is_json_array(filled):
        return Layout("json", "")
    tabbed = sum("\t" in line for line in filled)
    if tabbed == len(filled) and has_notes(filled):
        return Layout("dictionary", "", leading_numbers(filled))
    if tabbed == len(filled) or (tabbed and not is_mixed(filled)):
        return Layout("csv" if quoted(filled) else "tsv")
    if not tabbed and (found := sign_of(filled, SIGNS)):
        return Layout("tsv", found)
    if not tabbed and (found := csv_delimiter(filled, whole=whole)):
        return Layout("csv", found)
    if not tabbed and (found := sign_of(filled, WEAK_SIGNS)):
        return Layout("tsv", found)
    if (not tabbed and all(map(TWO_SPACES.match, filled))) or is_dictionary(filled):
        return Layout("dictionary", "", leading_numbers(filled))
    return Layout("tsv")


def is_json_array(filled: Sequence[str]) -> bool:
    start = "\n".join(filled[:3]).lstrip()
    return bool(re.match(r'\[\s*(\{\s*"|\[\s*")', start))


def is_markdown(filled: Sequence[str]) -> bool:
    """Return whether lines are a table in Markdown: all between pipes, with a rule as the second line."""
    return (
        len(filled) > 2
        and MARKDOWN_RULE.fullmatch(filled[1].strip()) is not None
        and all(line.strip().startswith("|") and line.strip().endswith("|") for line in filled)
    )


def has_notes(filled: Sequence[str]) -> bool:
    """Return whether some lines of a dictionary with tabs end in a comment, as those of CMUdict do."""
    noted = [line for line in filled if " # " in line]
    return 0 < 2 * len(noted) < len(filled) and is_dictionary([line.partition(" # ")[0] for line in filled])


def is_mixed(filled: Sequence[str]) -> bool:
    """Return whether tabs and spaces separate words from symbols, as in a dictionary put together from several."""
    others = [line for line in filled if "\t" not in line]
    return len(others) >= 2 and all(" " in line.strip() for line in others) and is_dictionary(filled)


def is_dictionary(filled: Sequence[str]) -> bool:
    """Return whether lines are a word and symbols of a small inventory, between spaces."""
    if len(filled) < kinds.N_FEW:
        return False
    rows = [line.split() for line in filled]
    if any(len(row) < 2 for row in rows):
        return False
    symbols = Counter(token for row in rows for token in row[1:] if not kinds.is_number(token))
    if not symbols or len(symbols) > 400 or symbols.total() < 4 * len(symbols):
        return False
    mean = sum(len(token) * n for token, n in symbols.items()) / symbols.total()
    words = [row[0] for row in rows]
    short = mean <= 3.5 or (mean <= 4.5 and symbols.total() >= 10 * len(symbols))
    return short and 2 * len(set(words)) >= len(words) and 5 * sum(w in symbols for w in words) <= len(words)


def leading_numbers(filled: Sequence[str]) -> int:
    """Return how many fields between word and symbols are numbers on nearly every line: counts or probabilities."""
    rows = [line.split() for line in filled if "#" not in line]
    n, least = 0, max(N_SURE, 0.9 * len(rows))
    while sum(len(row) > n + 2 and kinds.is_number(row[n + 1]) for row in rows) >= least:
        n += 1
    return n


def quoted(lines: Sequence[str], delimiter: str = "\t") -> bool:
    """Return whether every cell is in quotation marks or a number, as a spreadsheet writes them.

    Also where cells with quotation marks in them are quoted and the marks doubled, and no other cell has any.
    """
    cells = [cell for line in lines for cell in line.split(delimiter) if cell]
    inside = [cell for cell in cells if '"' in cell]
    if len(lines) < 3 or not inside or not all(map(QUOTED.fullmatch, inside)):
        return False
    if any('""' in cell[1:-1] for cell in inside):
        return True
    return all(map(kinds.is_number, set(cells) - set(inside))) and 2 * len(inside) > len(cells)


def sign_of(filled: Sequence[str], signs: Sequence[str] = SIGNS + WEAK_SIGNS, *, fewest: int = N_SURE) -> str:
    """Return the sign that nearly every line has, as often as the others, "" if there is none.

    fewest: with fewer lines, there is none.
    """
    for sign in signs if len(filled) >= fewest else ():
        [(n, lines)] = Counter(line.count(sign) for line in filled).most_common(1)
        if n and lines >= 0.97 * len(filled):
            return sign
    return ""


def csv_delimiter(filled: Sequence[str], *, whole: bool, sure: bool = True) -> str:
    """Return what cuts every line into the same number of cells, "" if nothing does."""
    if sure and len(filled) < N_SURE:
        return ""
    found: dict[str, float] = {}
    for delimiter in ("\t", ";", ",", "|"):
        widths = Counter(map(len, csv_rows(filled, delimiter, whole=whole)))
        if not widths:
            continue
        [(width, n)] = widths.most_common(1)
        if width > 1 and n >= 0.97 * widths.total():
            found[delimiter] = n / widths.total()
    if ";" in found and "," in found:
        is_prose = found[";"] > found[","] or sum(line.count(", ") for line in filled) >= len(filled)
        return ";" if is_prose or decimal_commas(filled) else ","
    return next(iter(found), "")


def decimal_commas(filled: Sequence[str]) -> bool:
    """Return whether commas are decimal or belong to texts, because semicolons cut off a number or a quoted cell."""
    commas = sum(line.count(",") for line in filled)
    return 2 * sum(len(re.findall(r"\d,\d", line)) for line in filled) >= commas or quoted(filled, ";")


def csv_rows(lines: Sequence[str], delimiter: str, *, whole: bool) -> list[list[str]]:
    """Return the cells of each row, without empty rows.   whole: the last row is not cut short."""
    try:
        rows = [row for row in csv.reader([line + "\n" for line in lines], delimiter=delimiter) if row]
    except csv.Error:
        return []
    return rows if whole or len(rows) < 2 else rows[:-1]


def without_comments(lines: Sequence[str]) -> list[str]:
    """Return the lines that are surely no comments: nothing that often starts one."""
    others = [line for line in lines if line.strip() and not line.startswith(PREFIXES)]
    return others if 2 * len(others) >= len([line for line in lines if line.strip()]) else [*filter(str.strip, lines)]


def comment_of(lines: Sequence[str], cut: Layout) -> str | None:
    """Return what starts the comments among the lines, "" where none are certain; None where data is as likely."""
    filled = [line for line in lines if line.strip()]
    others = [line for line in filled if not line.startswith(PREFIXES)]
    doubt = False
    for prefix in PREFIXES:
        marked = [line for line in filled if line.startswith(prefix)]
        if not marked or len(others) < 3 or len(marked) > len(others):
            continue
        odd = [line for line in marked if is_odd(line, others, cut)]
        blank = all(line[len(prefix) :][:1] in ("", " ", "\t") for line in marked)
        if all(is_uneven(line, others, cut) for line in marked) or (len(odd) == len(marked) and prefix == ";;;"):
            return prefix + " " if blank and prefix != ";;;" else prefix
        if blank and 2 * len(odd) >= len(marked):
            return prefix + " "
        copied = any(prefix in cell for line in marked for cell in cells_of(line, cut)[1:])
        rare = not copied and not any(prefix in line for line in others)
        doubt = doubt or (rare and bool(blank or odd))
    return None if doubt else ""


def is_uneven(line: str, others: Sequence[str], cut: Layout) -> bool:
    """Return whether a line has another number of cells than all others."""
    return len(cells_of(line, cut)) not in {len(cells_of(other, cut)) for other in others[:N_COMPARED]}


def is_odd(line: str, others: Sequence[str], cut: Layout) -> bool:
    """Return whether a line that may be a comment is unlike the others: cells or symbols that they do not have."""
    if is_uneven(line, others, cut):
        return True
    cells, rows = cells_of(line, cut), [cells_of(other, cut) for other in others[:N_COMPARED]]
    if len(cells) < 2:
        return False
    if names.role_of(cells[0].lstrip("#;/%- ")):
        return True  # of a header, or a note such as `# licence`
    targets = [row[-1] for row in rows if len(row) == len(cells)]
    if not kinds.spaced_symbols(targets):
        return False
    known = {symbol for target in targets for symbol in target.split()}
    unseen = [symbol for symbol in cells[-1].split() if symbol not in known]
    return any(len(symbol) > 3 for symbol in unseen) or 2 * len(unseen) > len(cells[-1].split())


def cells_of(line: str, cut: Layout) -> list[str]:
    if cut.format == "dictionary":
        word, *rest = line.split() or [""]
        return [word, " ".join(rest[cut.numbers :])] if rest else [word]
    if cut.format == "csv":
        rows = csv_rows([line], cut.delimiter, whole=True)
        return rows[0] if rows else [line]
    return line.split(cut.delimiter) if cut.delimiter else [line]


def unknown_prefixes(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the prefixes of comments that occur nowhere in the lines, so that a later line with one is no data."""
    return tuple(prefix for prefix in PREFIXES if not any(prefix in line for line in lines))


def prefix_of(line: str, prefixes: tuple[str, ...]) -> str:
    """Return the prefix that a line has as a comment has it, followed by a blank; "" for other lines."""
    for prefix in prefixes:
        if line.startswith(prefix) and (prefix == ";;;" or line[len(prefix) :][:1] in ("", " ", "\t")):
            return prefix if prefix == ";;;" else f"{prefix} "
    return ""


def is_comment(line: str, prefix: str) -> bool:
    """Return whether a line is a comment; a blank at the end of the prefix also matches a tab or the end of line."""
    if not prefix or not line.startswith(prefix.rstrip(" ")):
        return False
    return not prefix.endswith(" ") or line[len(prefix) - 1 : len(prefix)] in ("", " ", "\t")
