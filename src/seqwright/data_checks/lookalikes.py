"""Confusable characters: a Latin o in a Cyrillic word, g (U+0067) beside ɡ (U+0261) in transcriptions."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from seqwright.data.readers import Pair
from seqwright.data_checks.code_points import named
from seqwright.data_checks.findings import Case, Finding, Level
from seqwright.data_checks.splits import SIDES, Split, alphabet, places, texts

__all__ = ["foreign_letters", "look_alike_symbols"]

# Letters with the same shape; the subset of Unicode's confusables.txt (UTS #39) that keyboards can produce.
LATIN_CYRILLIC = dict(zip("aeopcyxisjhdqwlABEKMHOPCTXIJSYl", "аеорсухіѕјһԁԛԝӏАВЕКМНОРСТХІЈЅУӀ", strict=True))
LATIN_GREEK = dict(zip("ovABEZHIKMNOPTYX", "ονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True))
# (intended letter, similar key on a keyboard) within one alphabet, typically of a transcription.
WITHIN = [("ɡ", "g"), ("ː", ":"), ("ˈ", "'"), ("ˈ", "’"), ("ʼ", "'"), ("ʼ", "’"), ("ə", "ǝ"), ("ɛ", "ε"), ("ɣ", "γ"),
          ("ɑ", "α"), ("ʊ", "υ"), ("ɪ", "ı"), ("ǃ", "!"), ("ʔ", "?"), ("-", "‐"), ("-", "–"), ("-", "−"),
          ("'", "’"), ('"', "”"), ('"', "“")]  # fmt: skip


def foreign_letters(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find words of one script with a letter of another script that has the same shape."""
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
                advice="A model treats them as different symbols. Replace the letter of the other script.",
                cases=[
                    Case(f"{named(strange)} in words of {script(own).capitalize()}", places(where))
                    for (strange, own), where in found.items()
                ],
            )


def look_alike_symbols(splits: Sequence[Split]) -> Iterator[Finding]:
    """Find pairs of similar symbols in the alphabet of sources or targets."""
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
                advice="If they have the same meaning, use one of them. The lines with the rarer one are listed.",
                cases=cases,
            )


def number(found: Sequence[object]) -> str:
    return f"{len(found):,} line{'' if len(found) == 1 else 's'}"


def disguised(word: str, script_of: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (letter, letter of the same shape) for letters of the rarer script in a word of two scripts."""
    counted = Counter(script_of[c] for c in word if script_of[c])
    if len(counted) != 2:
        return
    (main, n), (other, n_other) = counted.most_common()
    # Greek letters occur in Latin text on purpose: β and θ are letters of the IPA.
    same_shape = SAME_SHAPE.get((other, main))
    if same_shape is None or n == n_other:
        return
    strange = sorted({c for c in word if script_of[c] == other})
    if all(c in same_shape for c in strange):
        yield from ((c, same_shape[c]) for c in strange)


def script(c: str) -> str:
    """Return LATIN, CYRILLIC or GREEK for a letter of these scripts, else ""."""
    if not c.isalpha():
        return ""
    first = unicodedata.name(c, "").partition(" ")[0]
    return first if first in {"LATIN", "CYRILLIC", "GREEK"} else ""


def turned(same_shape: dict[str, str]) -> dict[str, str]:
    return {b: a for a, b in same_shape.items()}


SAME_SHAPE = {  # (script of the letter, script of the word): {letter: letter of the word's script}
    ("LATIN", "CYRILLIC"): LATIN_CYRILLIC | {"I": "І", "l": "ӏ"},
    ("CYRILLIC", "LATIN"): turned(LATIN_CYRILLIC),
    ("LATIN", "GREEK"): LATIN_GREEK,
    ("GREEK", "LATIN"): turned(LATIN_GREEK),
}
