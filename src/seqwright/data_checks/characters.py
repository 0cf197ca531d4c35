"""Characters that a reader does not see or cannot tell apart, and the traces of damaged encodings."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from seqwright.data.readers import Pair
from seqwright.data_checks.code_points import JOINERS, is_invisible, named
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Side, Split, alphabet, places, texts

__all__ = ["damaged", "invisible", "mixed_forms", "stray_spaces"]


def invisible(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find zero-width characters, marks of direction, controls and spaces other than U+0020, on each side."""
    for side in SIDES:
        symbols = alphabet(splits, side)
        shaped = any(unicodedata.bidirectional(c) == "AL" or "\u0900" <= c <= "\u109f" for c in symbols)
        strange = [c for c in symbols if is_invisible(c) and not (shaped and c in JOINERS)]
        yield from occurrences(
            splits, side, strange, kind="invisible", level=Level.WARNING,
            message="{side}s have {n} that a reader cannot see",
            advice="Each is a symbol of its own to a model. Remove them, or write plain spaces, unless they are meant.",
        )  # fmt: skip


def damaged(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find replacement characters, unassigned ones and private ones."""
    for side in SIDES:
        strange = [c for c in alphabet(splits, side) if c == "\ufffd" or unicodedata.category(c) in {"Cn", "Co"}]
        yield from occurrences(
            splits, side, strange, kind="damaged", level=Level.ERROR,
            message="{side}s have {n} that replace a lost or unknown one",
            advice="The text was decoded wrongly somewhere before. Go back to the original, or drop these lines.",
        )  # fmt: skip


def stray_spaces(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find texts that begin or end in a space, or have two in a row."""
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
                message=f"{len(cases):,} {side}{'' if len(cases) == 1 else 's'} with a space too many",
                advice="Characters, graphemes and subwords keep every space; words lose those at the ends and repeated "
                "ones. Strip them unless they are meant.",
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
                advice="seqwright reads both as one; other tools will not. The rarer form's lines are listed.",
                cases=cases,
            )


def occurrences(
    splits: Sequence[Split], side: Side, strange: Iterable[str], *, kind: str, level: Level, message: str, advice: str
) -> Iterator[Finding]:
    """Find the lines that hold strange characters, one case for each character."""
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
