"""Korean inflection for the demo sentences: particles, and predicates in three tenses and two speech levels."""

from enum import Enum

__all__ = ["Tense", "is_hangul", "predicate", "topic", "with_particle"]

FIRST, N_FINALS = 0xAC00, 28  # precomposed syllables; the index of the final consonant varies fastest
NONE, N, L, B = 0, 4, 8, 17  # indices of final consonants: none, ㄴ, ㄹ, ㅂ


class Tense(Enum):
    PRESENT = "present"
    PAST = "past"
    FUTURE = "future"


def is_hangul(text: str) -> bool:
    """Return whether a text consists of precomposed syllables and spaces."""
    return bool(text) and all("가" <= c <= "힣" or c == " " for c in text)


def topic(noun: str) -> str:
    """Return the noun with 은 or 는."""
    return noun + ("은" if final(noun) else "는")


def with_particle(noun: str, particle: str) -> str:
    """Return the noun with a particle; "를" becomes 을 after a consonant."""
    return noun + ("을" if particle == "를" and final(noun) else particle)


def predicate(
    stem: str, past: str, tense: Tense, *, negated: bool = False, question: bool = False, polite: bool = False
) -> str:
    """Return an inflected verb without punctuation.

    stem: the dictionary form without 다.   past: the stem of the past tense, such as 먹었.
    """
    if negated:
        stem, past = f"{stem}지 않", f"{stem}지 않았"
    if tense is Tense.PAST:
        return past + ("습니까" if question else "습니다") if polite else past + ("니" if question else "다")
    if tense is Tense.FUTURE:
        going = joined(stem, L, "을") + " "
        return going + (("것입니까" if question else "것입니다") if polite else "거니" if question else "것이다")
    if polite:
        return joined(stem, B, "습") + ("니까" if question else "니다")
    return without_l(stem) + "니" if question else joined(stem, N, "는") + "다"


def joined(stem: str, consonant: int, syllable: str) -> str:
    """Return the stem with a final consonant if it ends in a vowel or ㄹ, else with an additional syllable."""
    stem = without_l(stem)
    return stem + syllable if final(stem) else stem[:-1] + chr(ord(stem[-1]) + consonant)


def without_l(stem: str) -> str:
    return stem[:-1] + chr(ord(stem[-1]) - L) if final(stem) == L else stem


def final(text: str) -> int:
    """Return the index of the last syllable's final consonant; NONE if it has none."""
    return (ord(text[-1]) - FIRST) % N_FINALS if "가" <= text[-1] <= "힣" else NONE
