"""Korean sentences and their English translations, made by a small grammar around names that `babel` knows.

Nobody wrote these sentences: subjects, verbs, objects, places and times are combined at random, in three tenses,
negated and as questions, plain and polite. The names of countries, languages and currencies are those of the Unicode
CLDR (Unicode licence), and which country has which of them is true as far as the CLDR knows. They are much easier than
sentences that people write.
"""

import importlib
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from seqwright.demo import korean
from seqwright.errors import DependencyError

__all__ = ["EXAMPLE", "meaning", "pairs"]

EXAMPLE = ("나는 밥을 먹는다.", "I have a meal.")
UNFINISHED = 0.2  # share of sentences without a full stop, as many people type


class Verb(NamedTuple):
    """One verb in both languages.

    past: the Korean past stem.   particle: on the Korean object; "를" stands for 을, too.   third, simple_past: English
    forms.   preposition: before the English object.
    """

    stem: str
    past: str
    particle: str
    base: str
    third: str
    simple_past: str
    preposition: str = ""


class Noun(NamedTuple):
    """A name in both languages."""

    korean: str
    english: str


SUBJECTS = [
    Noun("나", "I"), Noun("너", "you"), Noun("우리", "we"), Noun("그들", "they"), Noun("그", "he"), Noun("그녀", "she"),
    Noun("선생님", "the teacher"), Noun("학생", "the student"), Noun("의사", "the doctor"), Noun("아이", "the child"),
    Noun("어머니", "my mother"), Noun("아버지", "my father"), Noun("친구", "my friend"), Noun("왕", "the king"),
]  # fmt: skip
PLURAL = {"I", "you", "we", "they"}  # what takes the verb without -s
LANGUAGE_VERBS = [
    Verb("배우", "배웠", "를", "learn", "learns", "learned"),
    Verb("가르치", "가르쳤", "를", "teach", "teaches", "taught"),
    Verb("말하", "말했", "를", "speak", "speaks", "spoke"),
    Verb("이해하", "이해했", "를", "understand", "understands", "understood"),
]
COUNTRY_VERBS = [
    Verb("가", "갔", "에", "go", "goes", "went", "to "),
    Verb("살", "살았", "에", "live", "lives", "lived", "in "),
    Verb("오", "왔", "에서", "come", "comes", "came", "from "),
    Verb("떠나", "떠났", "를", "leave", "leaves", "left"),
    Verb("사랑하", "사랑했", "를", "love", "loves", "loved"),
    Verb("그리워하", "그리워했", "를", "miss", "misses", "missed"),
]
CURRENCY_VERBS = [
    Verb("쓰", "썼", "를", "use", "uses", "used", "the "),
    Verb("받", "받았", "를", "accept", "accepts", "accepted", "the "),
]
HAVE = Verb("먹", "먹었", "를", "have", "has", "had")
EAT = Verb("먹", "먹었", "를", "eat", "eats", "ate")
DRINK = Verb("마시", "마셨", "를", "drink", "drinks", "drank")
READ = Verb("읽", "읽었", "를", "read", "reads", "read")
WRITE = Verb("쓰", "썼", "를", "write", "writes", "wrote")
BUY = Verb("사", "샀", "를", "buy", "buys", "bought")
SELL = Verb("팔", "팔았", "를", "sell", "sells", "sold")
SEE = Verb("보", "봤", "를", "see", "sees", "saw")
LIKE = Verb("좋아하", "좋아했", "를", "like", "likes", "liked")
THINGS = {
    Noun("밥", "a meal"): [HAVE], Noun("아침", "breakfast"): [HAVE], Noun("점심", "lunch"): [HAVE],
    Noun("빵", "bread"): [EAT, BUY, LIKE], Noun("사과", "an apple"): [EAT, BUY, SELL],
    Noun("생선", "fish"): [EAT, SELL], Noun("물", "water"): [DRINK, BUY], Noun("차", "tea"): [DRINK, LIKE],
    Noun("커피", "coffee"): [DRINK, SELL, LIKE], Noun("우유", "milk"): [DRINK, BUY],
    Noun("책", "a book"): [READ, WRITE, BUY, SELL], Noun("꽃", "a flower"): [SEE, BUY],
    Noun("편지", "a letter"): [READ, WRITE], Noun("신문", "a newspaper"): [READ, SELL],
    Noun("시", "a poem"): [READ, WRITE], Noun("영화", "a movie"): [SEE], Noun("산", "the mountain"): [SEE, LIKE],
    Noun("자전거", "a bicycle"): [SEE, BUY, SELL], Noun("집", "a house"): [SEE, BUY, SELL],
    Noun("바다", "the sea"): [SEE, LIKE],
}  # fmt: skip
TIMES = {
    korean.Tense.PRESENT: [Noun("매일", "every day"), Noun("지금", "now")],
    korean.Tense.PAST: [Noun("어제", "yesterday"), Noun("오늘", "today")],
    korean.Tense.FUTURE: [Noun("내일", "tomorrow"), Noun("오늘", "today")],
}
WITH_ARTICLE = (
    "Islands", "Republic", "Emirates", "Territory", "Territories", "Lands", "Kingdom", "States", "Union", "Isle of Man",
    "Netherlands", "Philippines", "Bahamas", "Maldives", "Gambia", "Comoros", "Seychelles",
)  # fmt: skip


class Names(NamedTuple):
    """What babel knows, each name once in each language.   currency_of, language_of: of countries."""

    countries: list[Noun]
    languages: list[Noun]
    currencies: list[Noun]
    currency_of: list[tuple[Noun, Noun]]
    language_of: list[tuple[Noun, Noun]]


def pairs(n: int, rng: np.random.Generator) -> dict[str, list[tuple[str, str]]]:
    """Return n different Korean sentences with their translations, EXAMPLE among them, by what they mean.

    Sentences mean the same where their translations differ in the full stop alone.
    DependencyError: babel is not installed.
    """
    names = read_names()
    translations = {EXAMPLE[0]: EXAMPLE[1]}
    while len(translations) < n:
        source, target = sentence(names, rng)
        if target.endswith(".") and rng.random() < UNFINISHED:
            source, target = source.removesuffix("."), target.removesuffix(".")
        translations.setdefault(source, target)
    found: dict[str, list[tuple[str, str]]] = {}
    for source, target in translations.items():
        found.setdefault(meaning(target), []).append((source, target))
    return found


def meaning(target: str) -> str:
    """Return what tells a translation from others."""
    return target.removesuffix(".")


def sentence(names: Names, rng: np.random.Generator) -> tuple[str, str]:
    """Return one sentence: mostly something that somebody does, sometimes a fact about a country."""
    if rng.random() < 0.1:
        return fact(names, rng)
    verb, noun, in_a_country = clause(names, rng)
    subject, tense, polite = pick(SUBJECTS, rng), pick(list(korean.Tense), rng), rng.random() < 0.5
    negated, asked = rng.random() < 0.25, rng.random() < 0.2
    time = pick(TIMES[tense], rng) if rng.random() < 0.4 else None
    place = pick(names.countries, rng) if not in_a_country and rng.random() < 0.3 else None
    source = [
        korean.topic(subject.korean),
        time and time.korean,
        place and f"{place.korean}에서",
        korean.with_particle(noun.korean, verb.particle),
        korean.predicate(verb.stem, verb.past, tense, negated=negated, asked=asked, polite=polite),
    ]
    target = [
        english(subject.english, verb, tense, negated=negated, asked=asked),
        f"{verb.preposition}{noun.english}",
        place and f"in {place.english}",
        time and time.english,
    ]
    end = "?" if asked else "."
    return " ".join(filter(None, source)) + end, capitalized(" ".join(filter(None, target))) + end


def clause(names: Names, rng: np.random.Generator) -> tuple[Verb, Noun, bool]:
    """Return a verb with a suitable object, and whether a place in addition would be one too many."""
    kind = rng.integers(5)
    if kind == 0:
        return pick(COUNTRY_VERBS, rng), pick(names.countries, rng), True
    if kind == 1:
        return pick(LANGUAGE_VERBS, rng), pick(names.languages, rng), False
    if kind == 2:
        return pick(CURRENCY_VERBS, rng), pick(names.currencies, rng), False
    thing = pick(list(THINGS), rng)
    return pick(THINGS[thing], rng), thing, False


def fact(names: Names, rng: np.random.Generator) -> tuple[str, str]:
    polite = rng.random() < 0.5
    if rng.random() < 0.5:
        country, currency = pick(names.currency_of, rng)
        ending = "입니다" if polite else "이다"
        return (
            f"{korean.topic(f'{country.korean}의 통화')} {currency.korean}{ending}.",
            f"The currency of {country.english} is the {currency.english}.",
        )
    country, language = pick(names.language_of, rng)
    use = korean.predicate("쓰", "썼", korean.Tense.PRESENT, polite=polite)
    return (
        f"{country.korean}에서는 {korean.with_particle(language.korean, '를')} {use}.",
        f"{language.english} is used in {country.english}.",
    )


def english(subject: str, verb: Verb, tense: korean.Tense, *, negated: bool, asked: bool) -> str:
    """Return subject and verb, with do where a negation or a question needs it: "does he not go"."""
    third = subject not in PLURAL
    if tense is korean.Tense.FUTURE:
        auxiliary = "will"
    elif negated or asked:
        auxiliary = "did" if tense is korean.Tense.PAST else "does" if third else "do"
    else:
        return f"{subject} {verb.simple_past if tense is korean.Tense.PAST else verb.third if third else verb.base}"
    first = [auxiliary, subject] if asked else [subject, auxiliary]
    return " ".join([*first, *(["not"] if negated else []), verb.base])


def read_names() -> Names:
    try:
        babel: Any = importlib.import_module("babel")
        numbers: Any = importlib.import_module("babel.numbers")
        known_languages: Any = importlib.import_module("babel.languages")
    except ImportError:
        raise DependencyError("the sentences demo needs the library babel: pip install 'seqwright[demo]'") from None
    ko, en = babel.Locale("ko"), babel.Locale("en")
    territories = [code for code in en.territories if code.isalpha() and numbers.get_territory_currencies(code)]
    currency = {code: numbers.get_territory_currencies(code)[0] for code in territories}
    spoken = {code: known_languages.get_official_languages(code) for code in territories}
    countries = both(territories, ko.territories, en.territories)
    countries = {code: noun._replace(english=with_article(noun.english)) for code, noun in countries.items()}
    currencies = both(currency.values(), ko.currencies, en.currencies)
    languages = both([one for codes in spoken.values() for one in codes], ko.languages, en.languages)
    return Names(
        list(countries.values()),
        list(languages.values()),
        list(currencies.values()),
        [(noun, currencies[currency[code]]) for code, noun in countries.items() if currency[code] in currencies],
        [(noun, languages[one]) for code, noun in countries.items() for one in spoken[code] if one in languages],
    )


def both(codes: Any, ko: Any, en: Any) -> dict[str, Noun]:
    """Return the names of codes that are plain words in both languages, and mean one thing in each."""
    found = {code: Noun(ko[code], en[code]) for code in sorted(set(codes)) if code in ko and code in en}
    n_korean = Counter(noun.korean for noun in found.values())
    n_english = Counter(noun.english for noun in found.values())
    return {
        code: noun
        for code, noun in found.items()
        if korean.is_hangul(noun.korean) and noun.english.replace(" ", "").isalpha()
        and n_korean[noun.korean] == n_english[noun.english] == 1
    }  # fmt: skip


def with_article(country: str) -> str:
    return f"the {country}" if country.endswith(WITH_ARTICLE) else country


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def pick(values: list[Any], rng: np.random.Generator) -> Any:
    return values[int(rng.integers(len(values)))]
