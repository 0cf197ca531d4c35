"""Pronouncing dictionaries: `WORD  PH PH ...` a line, as CMUdict has them."""

import re
from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Columns, Pair
from seqwright.data.readers.files import shorten

__all__ = ["COMMENT", "pairs"]

COMMENT = ";;;"
BLANKS = re.compile(r"[ \t]+")
VARIANT = re.compile(r"(?<=.)\(\d+\)$")  # WORD(2) is a further pronunciation of WORD


def pairs(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Pair]:  # noqa: ARG001 - as every reader
    """Yield a Pair for each entry: the word, and its phonemes with one space between them.

    Spaces or tabs stand behind the word and between phonemes. Empty lines and lines that start with ;;; are skipped;
    what follows a # that stands alone is a comment.
    DataError: a word without phonemes.
    """
    for number, line in enumerate(lines, start=1):
        if line.startswith(COMMENT) or not line.strip(" \t"):
            continue
        word, *phonemes = BLANKS.split(line.strip(" \t"))
        if "#" in phonemes:
            del phonemes[phonemes.index("#") :]
        if not phonemes:
            raise errors.DataError(
                f"{name}, line {number}: nothing behind the word in {shorten(line)}; expected WORD  PH PH ... "
                f"(a comment starts with {COMMENT})"
            )
        yield Pair(VARIANT.sub("", word), " ".join(phonemes), "", number)
