"""Letters that look alike and are not: a Latin o in a Cyrillic word, a plain g among the ɡ of a transcription."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from seqwright.data.readers import Pair
from seqwright.data_checks.code_points import named
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Split, alphabet, places, texts

__all__ = ["foreign_letters", "look_alike_symbols"]

# Column by column the same shape; a subset of Unicode's confusables.txt (UTS #39) that keyboards really produce.
LATIN_CYRILLIC = dict(zip("aeopcyxisjhdqwlABEKMHOPCTXIJSYl", "аеорсухіѕјһԁԛԝӏАВЕКМНОРСТХІЈЅУӀ", strict=True))
LATIN_GREEK = dict(zip("ovABEZHIKMNOPTYX", "ονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True))
# In one alphabet, most often of a transcription: the letter meant, and what a keyboard has nearby.
WITHIN = [("ɡ", "g"), ("ː", ":"), ("ˈ", "'"), ("ˈ", "’"), ("ʼ", "'"), ("ʼ", "’"), ("ə", "ǝ"), ("ɛ", "ε"), ("ɣ", "γ"),
          ("ɑ", "α"), ("ʊ", "υ"), ("ɪ", "ı"), ("ǃ", "!"), ("ʔ", "?"), ("-", "‐"), ("-", "–"), ("-", "−"),
          ("'", "’"), ('"', "”"), ('"', "“")]  # fmt: skip


def foreign_letters(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find words of one script that hold a letter of another script with the same shape."""
    for side in SIDES:
        name, text_of = side
        symbols = alphabet(splits, side)
        script_of = {c: script(c) for c in symbols}
        if len(set(script_of.values()) & {"LATIN", "CYRILLIC", "GREEK"}) < 2:
            continue
        found: dict[tuple[str, str], list[tuple[Split, Pair]]] = {}
        for split, pair, text in texts(splits, text_of):
            if len({script_of[c] for c in text} - {""}) < 2:
                continue
            for word in text.split(" "):
                for strange, own in disguised(word, script_of):
                    found.setdefault((strange, own), []).append((split, pair))
        if found:
            n = sum(map(len, found.values()))
            yield Finding(
                kind=f"{name} foreign letters",
                level=Level.ERROR,
                message=f"{n:,} {name} word{' has' if n == 1 else 's have'} a look-alike letter of another script",
                advice="To a model these are two letters. Replace the foreign one.",
                cases=[
                    Case(f"{named(strange)} in words of {script(own).capitalize()}", places(where))
                    for (strange, own), where in found.items()
                ],
            )


def look_alike_symbols(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find pairs of symbols in one side's alphabet that look alike."""
    for side in SIDES:
        name, text_of = side
        symbols = alphabet(splits, side)
        suspects = [(a, b) for a, b in WITHIN if a in symbols and b in symbols]
        cases = []
        for a, b in suspects:
            lines = {c: [(split, pair) for split, pair, text in texts(splits, text_of) if c in text] for c in (a, b)}
            rare, usual = sorted((a, b), key=lambda c: len(lines[c]))
            what = f"{named(rare)} ({number(lines[rare])}) beside {named(usual)} ({number(lines[usual])})"
            cases.append(Case(what, places(lines[rare])))
        if cases:
            yield Finding(
                kind=f"{name} look-alikes",
                level=Level.WARNING,
                message=f"{name}s have {len(cases):,} pair{'' if len(cases) == 1 else 's'} of symbols that look alike",
                advice="If they mean the same, write one of them. The rarer one's lines are listed.",
                cases=cases,
            )


def number(found: Sequence[object]) -> str:
    return f"{len(found):,} line{'' if len(found) == 1 else 's'}"


def disguised(word: str, script_of: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (letter, the letter of the same shape) for letters of the script that is rarer in a word of two."""
    counted = Counter(script_of[c] for c in word if script_of[c])
    if len(counted) != 2:
        return
    (main, n), (other, n_other) = counted.most_common()
    # In Greek and Latin together, only Latin is at home in formulas and transcriptions: β and θ are IPA.
    same_shape = SAME_SHAPE.get((other, main))
    if same_shape is None or n == n_other:
        return
    strange = sorted({c for c in word if script_of[c] == other})
    if all(c in same_shape for c in strange):
        yield from ((c, same_shape[c]) for c in strange)


def script(c: str) -> str:
    """Return LATIN, CYRILLIC or GREEK for a letter of these, else nothing."""
    if not c.isalpha():
        return ""
    first = unicodedata.name(c, "").partition(" ")[0]
    return first if first in {"LATIN", "CYRILLIC", "GREEK"} else ""


def turned(same_shape: dict[str, str]) -> dict[str, str]:
    return {b: a for a, b in same_shape.items()}


SAME_SHAPE = {  # (foreign, own): each foreign letter and the own letter of the same shape
    ("LATIN", "CYRILLIC"): LATIN_CYRILLIC | {"I": "І", "l": "ӏ"},
    ("CYRILLIC", "LATIN"): turned(LATIN_CYRILLIC),
    ("LATIN", "GREEK"): LATIN_GREEK,
    ("GREEK", "LATIN"): turned(LATIN_GREEK),
}
