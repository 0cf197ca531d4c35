"""Signs that a file is laid out in another way than it is read: quotation marks around fields, unmarked comments."""

import functools
from collections.abc import Callable, Iterator, Sequence

from seqwright.data import readers
from seqwright.data.readers import Pair
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Split, places, texts

__all__ = ["possible_comments", "possible_remarks", "quotation_marks", "removed_quotation_marks"]


def quotation_marks(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find texts between quotation marks, which are read as text, in files where other texts have none."""
    unquoted = [split for split in splits if split.schema is not None and split.schema.format == "tsv"]
    for side, text_of in SIDES:
        found = [(split, pair, text) for split, pair, text in texts(unquoted, text_of) if is_quoted(text)]
        if found:
            n = f"{len(found):,} {side}{' is' if len(found) == 1 else 's are'}"
            yield Finding(
                kind=f"{side} quotes",
                level=Level.WARNING,
                message=f"{n} between quotation marks, which are read as text",
                advice="If a spreadsheet or a CSV writer put them there, read the file with --format csv --delimiter "
                "tab, which removes them; --format tsv keeps them.",
                cases=[Case(repr(text), places([(split, pair)])) for split, pair, text in found],
            )


def is_quoted(text: str) -> bool:
    """Return whether a text begins and ends with a quotation mark, and any others within are doubled."""
    return len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('""', "")


def removed_quotation_marks(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find files of tab-separated fields whose quotation marks are removed although no option requests it."""
    removed = [
        split
        for split in splits
        if split.schema is not None and (split.schema.format, split.schema.delimiter) == ("csv", "\t")
    ]
    if removed:
        n = f"{len(removed)} file{' is' if len(removed) == 1 else 's are'}"
        yield Finding(
            kind="removed quotes",
            level=Level.NOTE,
            message=f"{n} read as CSV with tabs: quotation marks around fields are removed",
            advice="Nearly all fields are between quotation marks, as a spreadsheet writes them. To keep the marks as "
            "text, give --format tsv.",
            cases=[Case(split.name, places([(split, pair) for pair in split.pairs[:1]])) for split in removed],
        )


def possible_comments(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find sources that begin as comments do, on few lines, in files that are read line by line."""
    for prefix in readers.COMMENT_MARKS:
        if found := _rare(splits, functools.partial(_begins, prefix)):
            n = f"{len(found):,} source{' begins' if len(found) == 1 else 's begin'}"
            yield Finding(
                kind="possible comments",
                level=Level.NOTE,
                message=f"{n} with {prefix} and may be comments",
                advice=f"They are read as pairs. To skip these lines, give --comment '{prefix}'; to say that they are "
                "pairs, --comment none.",
                cases=[Case(repr(pair.source), places([(split, pair)])) for split, pair in found],
            )


def _begins(prefix: str, pair: Pair) -> bool:
    return pair.source.startswith(prefix)


def possible_remarks(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find targets that may end in a remark, on few lines, in files that are read line by line."""
    if found := _rare(splits, lambda pair: readers.REMARK in pair.target):
        n = f"{len(found):,} target{' contains' if len(found) == 1 else 's contain'}"
        yield Finding(
            kind="possible remarks",
            level=Level.NOTE,
            message=f"{n} '{readers.REMARK}' and may end in a remark",
            advice="They are read as they are, and the remark is learned. Remove remarks from the file; --format "
            "dictionary (WORD PH PH) skips them.",
            cases=[Case(repr(pair.target), places([(split, pair)])) for split, pair in found],
        )


def _rare(splits: Sequence[Split], is_marked: Callable[[Pair], bool]) -> list[tuple[Split, Pair]]:
    """Return the marked pairs of the splits that are read line by line and have few of them."""
    found: list[tuple[Split, Pair]] = []
    for split in splits:
        if split.schema is not None and split.schema.format in readers.OF_LINES:
            marked = [(split, pair) for pair in split.pairs if is_marked(pair)]
            found += marked if readers.is_rare(len(marked), len(split.pairs)) else []
    return found
