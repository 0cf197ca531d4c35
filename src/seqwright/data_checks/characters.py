"""Invisible characters, mixed Unicode forms, stray spaces, and traces of damaged encodings."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from seqwright.data.readers import Pair
from seqwright.data_checks.code_points import JOINERS, is_invisible, named
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Side, Split, alphabet, places, texts

__all__ = ["damaged", "invisible", "mixed_forms", "stray_spaces"]


def invisible(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find zero-width characters, directional marks, controls and spaces other than U+0020, on each side."""
    for side in SIDES:
        symbols = alphabet(splits, side)
        shaped = any(unicodedata.bidirectional(c) == "AL" or "\u0900" <= c <= "\u109f" for c in symbols)
        strange = [c for c in symbols if is_invisible(c) and not (shaped and c in JOINERS)]
        yield from occurrences(
            splits, side, strange, kind="invisible", level=Level.WARNING,
            message="{side}s contain {n} not visible to a reader",
            advice="A model treats each as a separate symbol. Remove them or use plain spaces, unless intended.",
        )  # fmt: skip


def damaged(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find replacement characters, unassigned characters and private-use characters."""
    for side in SIDES:
        strange = [c for c in alphabet(splits, side) if c == "\ufffd" or unicodedata.category(c) in {"Cn", "Co"}]
        yield from occurrences(
            splits, side, strange, kind="damaged", level=Level.ERROR,
            message="{side}s contain {n} typical of decoding errors",
            advice="The text was decoded with a wrong encoding. Use the original file, or remove these lines.",
        )  # fmt: skip


def stray_spaces(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find texts with leading, trailing or repeated spaces."""
    for side, text_of in SIDES:
        cases = [
            Case(repr(text), places([(split, pair)]))
            for split, pair, text in texts(splits, text_of)
            if text and (text[0] == " " or text[-1] == " " or "  " in text)
        ]
        if cases:
            yield Finding(
                kind=f"{side} spaces",
                level=Level.WARNING,
                message=f"{len(cases):,} {side}{'' if len(cases) == 1 else 's'} with leading, trailing or repeated "
                "spaces",
                advice="As characters, graphemes and subwords all spaces are symbols; as words, these are ignored. "
                "Remove them unless intended.",
                cases=cases,
            )


def mixed_forms(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find letters that occur both composed and decomposed (é as U+00E9 and as U+0065 U+0301)."""
    for side in SIDES:
        name, text_of = side
        otherwise: dict[str, list[tuple[Split, Pair]]] = {}
        for split, pair, text in texts(splits, text_of):
            if unicodedata.is_normalized("NFC", text):
                continue
            nfc = unicodedata.normalize("NFC", text)
            for letter in sorted(set(nfc)):
                if nfc.count(letter) > text.count(letter) and not unicodedata.is_normalized("NFD", letter):
                    otherwise.setdefault(letter, []).append((split, pair))
        both = sorted(otherwise.keys() & alphabet(splits, side))
        cases = []
        for letter in both:
            as_one = [(split, pair) for split, pair, text in texts(splits, text_of) if letter in text]
            apart = otherwise[letter]
            what = f"{named(letter)}: {len(as_one):,} lines have it composed, {len(apart):,} decomposed"
            cases.append(Case(what, places(as_one if len(as_one) < len(apart) else apart)))
        if cases:
            n = len(cases)
            yield Finding(
                kind=f"{name} mixed forms",
                level=Level.WARNING,
                message=f"{n:,} {name} letter{' occurs' if n == 1 else 's occur'} in two Unicode forms",
                advice="seqwright normalises them; other tools may not. The lines with the rarer form are listed.",
                cases=cases,
            )


def occurrences(
    splits: Sequence[Split], side: Side, strange: Iterable[str], *, kind: str, level: Level, message: str, advice: str
) -> Iterator[Finding]:
    """Find the lines that contain the characters, one case for each character."""
    found: dict[str, list[tuple[Split, Pair]]] = {c: [] for c in sorted(strange)}
    if not found:
        return
    any_of = re.compile(f"[{re.escape(''.join(found))}]")
    for split, pair, text in texts(splits, side[1]):
        for c in sorted(set(any_of.findall(text))):
            found[c].append((split, pair))
    n = f"{len(found):,} character{'' if len(found) == 1 else 's'}"
    yield Finding(
        kind=f"{side[0]} {kind}",
        level=level,
        message=message.format(side=side[0], n=n),
        advice=advice,
        cases=[Case(named(c), places(where)) for c, where in found.items()],
    )
