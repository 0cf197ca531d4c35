"""What the values of a column are: text, tags, counts, probabilities, identifiers and so on; from a sample of them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence

__all__ = [
    "IGNORED",
    "LANGUAGE",
    "LANGUAGES",
    "N_FEW",
    "TAG_PARTS",
    "is_number",
    "kind_of",
    "looks_composite",
    "rank_of",
    "spaced_symbols",
]

IGNORED = ("empty", "notes", "constant", "probabilities", "identifiers", "links", "attribution", "language codes")
MOST = 0.97  # share of the values that must be of a kind; a few outliers do not hide it
N_FEW = 10  # below it, a sample is too small to show how often values recur

INTEGER = re.compile(r"[+-]?(?:\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+|\d+)")
DECIMAL = re.compile(r"[+-]?(?:\d+[.,]\d*|[.,]\d+|\d+)(?:[eE][+-]?\d+)?\s?%?|-inf", re.IGNORECASE)
IDENTIFIER = re.compile(r"(?:[^\W\d]+[-_:.#/]*|[#_]+)\d[\w:.-]*|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
LINK = re.compile(r"(?:\w+://|www\.)\S+", re.IGNORECASE)
LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
ATTRIBUTION = re.compile(
    r"\bcc[- ]?(?:by|0)\b|licen[cs]e|attribut|copyright|©|\w://|\bwww\.|tatoeba|wiktionary|wikipedia|public domain"
    r"|(?:^|\s)@\w|\bGPL\b|\bMIT\b",
    re.IGNORECASE,
)
TAG_PARTS = re.compile(r"[;|,\s]+")


def kind_of(values: Sequence[str]) -> str:
    """Return what the values of a column are; "text" where nothing else is certain."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return "empty"
    if len(values) >= N_FEW and 2 * len(filled) < len(values):
        return "notes"
    distinct = len(set(filled))
    if number := _numbers(filled, distinct):
        return number
    if share(filled, DATE.fullmatch) >= MOST:
        return "dates"
    if share(filled, LINK.fullmatch) >= MOST:
        return "links"
    if len(filled) >= 5 and distinct == len(filled) and share(filled, IDENTIFIER.fullmatch) >= MOST:
        return "identifiers"
    if share(filled, ATTRIBUTION.search) >= 0.8:
        return "attribution"
    if tags := _tags(filled, len(values), distinct):
        return tags
    if len(filled) >= N_FEW and distinct == 1:
        return "constant"
    return "text"


def rank_of(kind: str, values: Sequence[str]) -> int:
    """Return how likely a column is the source or the target: text before numbers, varied values before few."""
    if kind in IGNORED:
        return 0
    return 3 if kind == "text" else 2 if 2 * len(set(values)) >= len(values) else 1


def share(values: Sequence[str], test: Callable[[str], object]) -> float:
    """Return the share of values that pass a test."""
    return sum(1 for value in values if test(value)) / len(values)


def is_number(text: str) -> bool:
    """Return whether the text is a number, with decimals, thousands or a percent sign."""
    return bool(DECIMAL.fullmatch(text) or INTEGER.fullmatch(text))


def _numbers(filled: Sequence[str], distinct: int) -> str:
    if share(filled, is_number) < MOST:
        return ""
    if share(filled, INTEGER.fullmatch) >= MOST:
        numbers = [int(re.sub(r"\D", "", value)) for value in filled if INTEGER.fullmatch(value)]
        n = len(numbers)
        if (
            n >= 5
            and distinct == len(filled)
            and (all(a < b for a, b in itertools.pairwise(numbers)) and numbers[-1] - numbers[0] == n - 1)
        ):
            return "identifiers"
        if n >= N_FEW and distinct == len(filled) and min(numbers) >= 10_000:
            return "identifiers"
        return "counts"
    decimals = [value.replace(",", ".").strip("% ") for value in filled if DECIMAL.fullmatch(value)]
    numbers_ = [float(value) for value in decimals if value]
    if not numbers_:
        return "counts"
    if min(numbers_) >= 0 and (max(numbers_) <= 1 or all(value.endswith("%") for value in filled)):
        return "probabilities"
    if max(numbers_) <= 0:
        return "probabilities"  # their logarithms
    return "weights"


def looks_composite(filled: Sequence[str]) -> bool:
    """Return whether values are made of several parts as tags are: V;PST, Case=Nom|Number=Sing."""
    return 2 * sum(";" in value or "|" in value or "=" in value for value in filled) >= len(filled)


def _tags(filled: Sequence[str], n_rows: int, distinct: int) -> str:
    """Return "tags", "labels" where the same values recur without signs of being tags, or ""."""
    n = len(filled)
    if n_rows >= N_FEW and 10 * n < 9 * n_rows:
        return ""
    parts = Counter(part for value in filled for part in TAG_PARTS.split(value) if part)
    if not parts or max(map(len, parts)) > 30:
        return ""
    if n < N_FEW:
        named = share(list(parts), _is_tag) == 1
        return "tags" if named and not any(spaced_symbols([value]) for value in filled) else ""
    composite = looks_composite(filled)
    recur = parts.total() >= 3 * len(parts) or len(parts) <= 5 or (composite and share(list(parts), _is_tag) == 1)
    if not recur or not (composite or 10 * distinct <= 7 * n):
        return ""
    if share(list(parts), LANGUAGE.fullmatch) == 1 and _are_languages(parts):
        return "language codes"
    if distinct == 1 and not composite:
        return "constant"
    if composite or (sum(count for part, count in parts.items() if _is_tag(part)) >= 0.9 * parts.total()):
        return "tags"
    if distinct <= 60 and n >= 4 * distinct and not any(" " in value for value in filled):
        return "labels"
    return ""


def _is_tag(part: str) -> bool:
    """Return whether this is written as tags are: V, PST, 3, PSS1P, Case=Nom."""
    return "=" in part or (part.upper() == part and any(c.isupper() for c in part)) or part.isdigit()


def _are_languages(parts: Counter[str]) -> bool:
    return all(re.split("[-_]", part)[0].lower() in LANGUAGES for part in parts)


def spaced_symbols(values: Sequence[str]) -> bool:
    """Return whether spaces separate symbols, such as phonemes, rather than words."""
    tokens = Counter(token for value in values for token in value.split())
    n_spaced = sum(" " in value.strip() for value in values)
    if 2 * n_spaced < len(values) or not tokens:
        return False
    mean = sum(len(token) * count for token, count in tokens.items()) / tokens.total()
    return mean <= 3.2 and (len(values) < N_FEW or tokens.total() >= 3 * len(tokens))


CODES = """
    af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk
    km kn  ko ku ky la lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru sa sk sl so sq sr sv sw
    ta te tg th  tl tr tt uk ur uz vi yi zh zu ady afr ara aze bel ben bul cat ces cmn cym dan deu ell eng epo
    est eus fas fin fra  fre ger gle glg gre heb hin hrv hun hye ind isl ita jpn kat kaz kor lat lav lit mkd mlt
    mon nld nob nor pan pol  por ron rus slk slv spa sqi srp swa swe tam tel tgl tha tur ukr urd uzb vie yid zho
    dut
"""
LANGUAGES = frozenset(CODES.split())
