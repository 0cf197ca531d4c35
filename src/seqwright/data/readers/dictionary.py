"""Pronouncing dictionaries: `WORD  PH PH ...` a line, as CMUdict, Kaldi and MFA have them."""

import re
from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.detect import VARIANT
from seqwright.data.readers.files import shorten
from seqwright.data.readers.kinds import is_number
from seqwright.data.readers.schema import Count, Schema

__all__ = ["COMMENT", "pairs"]

COMMENT = ";;;"
BLANKS = re.compile(r"[ \t]+")
SPECIAL = re.compile(r"!\w+|<[^<>]+>|\[[^\[\]]+\]|\{[^{}]+\}")  # entries for what is no word: !SIL, <UNK>, [noise]
SOUNDS = re.compile(r"\W*(?:sil|spn|nsn|nse|lau|sp|unk|oov|noise|silence|eps|garbage|gbg|fil|brth|breath)\w*\W*", re.I)


def pairs(lines: Iterable[tuple[int, str]], name: str, schema: Schema, count: Count) -> Iterator[Pair]:
    """Yield a Pair for each entry: the word, and its phonemes with one space between them.

    Spaces or tabs follow the word and separate phonemes. Empty lines and lines that start with ;;; are skipped, and so
    are up to `schema.numbers` numbers after the word and entries of silence and noise; what follows a separate
    # is a comment.
    DataError: a word without phonemes.
    """
    last = schema.numbers + 2  # column of the phonemes
    for number, line in lines:
        if line.startswith(COMMENT):
            count.comments += 1
            continue
        word, *phonemes = BLANKS.split(line.strip(" \t"))
        if not phonemes and not word:
            continue
        if "#" in phonemes:
            del phonemes[phonemes.index("#") :]
        n = 0
        while n < schema.numbers and n + 1 < len(phonemes) and is_number(phonemes[n]):
            n += 1
        if not phonemes:
            raise errors.DataError(
                f"{name}, line {number}: nothing follows the word in {shorten(line)}; expected WORD  PH PH ... "
                f"(a comment starts with {COMMENT})"
            )
        if len(phonemes) == n + 1 and SPECIAL.fullmatch(word) and SOUNDS.fullmatch(phonemes[n]):
            count.special += 1
            continue
        word, text = VARIANT.sub("", word), " ".join(phonemes[n:])
        if schema.source == 1 and schema.target == last and not schema.features:
            yield Pair(word, text, "", number)
            continue
        cells = [word, *phonemes[:n], *[""] * (schema.numbers - n), text]
        places = schema.source, schema.target, schema.features
        source, target, features = (cell(cells, place, name, number) for place in places)
        yield Pair(source, target, features, number)


def cell(cells: list[str], place: int, name: str, number: int) -> str:
    if place > len(cells):
        raise errors.DataError(
            f"{name}, line {number}: no column {place}; the word of a dictionary is column 1, its symbols {len(cells)}"
        )
    return cells[place - 1] if place else ""
