"""Which pairs are sentences, and how they are cut."""

import random

import pytest

from seqwright.data import encode, readers, sentences, subwords, text
from seqwright.data.tokenizer import Segmentation

ADJECTIVES = [a + b for a in ("gl", "br", "st", "pl", "kr") for b in ("ano", "ile", "orem", "ade", "umt", "ish")]
NOUNS = [
    a + b
    for a in ("hou", "tre", "ca", "boo", "wa", "lam", "pen", "sho", "fli", "gru")
    for b in ("se", "ter", "rd", "lin", "k", "ppo")
]
VERBS = [a + b for a in ("see", "tak", "giv", "mak", "fin", "brea") for b in ("s", "ed", "ing", "ling")]
OTHER = {word: word[::-1] + "u" for word in [*ADJECTIVES, *NOUNS, *VERBS]}


def translations(n, rng=None):
    """Sentences of a language and, with the adjective after the noun and without articles, another."""
    rng = rng or random.Random(1)
    pairs = []
    for _ in range(n):
        a, s, v, b, o = (rng.choice(words) for words in (ADJECTIVES, NOUNS, VERBS, ADJECTIVES, NOUNS))
        longer = rng.random() < 0.5
        source = f"The {a} {s} {v} {f'the {b} {o}' if longer else o}."
        target = " ".join(OTHER[word] for word in ([s, a, v, o, b] if longer else [s, a, v, o]))
        pairs.append((source, target.capitalize() + "."))
    return pairs


def recognised(pairs):
    sources, targets = zip(*pairs, strict=True)
    return sentences.are_translations(sources, targets)


def words(n, rng):
    return ["".join(rng.choice("abdefgiklmnoprstu") for _ in range(rng.randint(3, 9))) for _ in range(n)]


NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August"]


TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def strings(kind, n=300):
    rng = random.Random(2)
    if kind == "phonemes":
        return [(word, " ".join(word)) for word in words(n, rng)]
    if kind == "stressed phonemes":
        return [(word, " ".join(f"{c.upper()}H{rng.randint(0, 2)}" for c in word)) for word in words(n, rng)]
    if kind == "inflection":
        return [(word, f"was {word}ed by") for word in words(n, rng)]
    if kind == "dates":
        return [
            (f"{rng.choice(MONTHS)} {rng.randint(1, 28)}, {rng.randint(1900, 2030)}", "in the year of that")
            for _ in range(n)
        ]
    if kind == "numbers":
        return [
            (f"{rng.randint(1, 999)}", f"{rng.choice(NUMBERS)} hundred and {rng.choice(NUMBERS)}") for _ in range(n)
        ]
    if kind == "numbers in two languages":
        return [
            (" ".join(rng.choices(NUMBERS, k=4)), " ".join(w + "o" for w in rng.choices(NUMBERS, k=5)))
            for _ in range(n)
        ]
    if kind == "hyphenated numbers in two languages":
        numbers = [[f"{rng.choice(TENS)}-{rng.choice(NUMBERS)}" for _ in range(3)] for _ in range(n)]
        return [(" ".join(three), " und ".join(f"{w}o" for w in three)) for three in numbers]
    if kind == "names":
        return [
            (" ".join(three).title(), "".join(three)) for three in zip(*(words(n, rng) for _ in "abc"), strict=True)
        ]
    if kind == "names in sequences":
        rows = list(zip(*(words(n, rng) for _ in "abc"), strict=True))
        return [(" ".join(row).title(), " ".join(row[:2]).title() + " of the house") for row in rows]
    if kind == "pronunciation of sentences":
        return [(source, source.replace("e", "ɛ").replace("sh", "ʃ").lower()) for source, _ in translations(n)]
    if kind == "corrections":
        return [(source.replace("The ", "") + " x", source) for source, _ in translations(n)]
    return [("", "")] * n


@pytest.mark.parametrize("n", [60, 3000])
def test_sentences_of_two_languages_are_recognised_in_either_direction(n):
    pairs = translations(n)
    assert recognised(pairs)
    assert recognised([(target, source) for source, target in pairs])
    assert recognised([(source.lower(), target.lower()) for source, target in pairs])


def test_punctuation_between_spaces_is_no_word_without_letters():
    def apart(text):
        return f"« {text.replace('.', ' !')} » — ?"

    assert recognised([(apart(source), apart(target)) for source, target in translations(300)])


def test_short_sentences_are_recognised_by_their_full_stops():
    short = [(" ".join(s.split()[1:3]), " ".join(t.split()[: 1 + i % 3])) for i, (s, t) in enumerate(translations(300))]
    assert not recognised(short)
    assert recognised([(f"{source}.", f"{target}!") for source, target in short])


@pytest.mark.parametrize("first", ["а", "ᄀ", "א", "ا", "क", "ค"])  # Cyrillic to Thai
def test_sentences_are_recognised_in_any_script(first):
    """Letters are replaced one by one; in Devanagari every second is a vowel sign, in Thai no space is left."""
    script = {c: chr(ord(first) + i) for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
    if first == "ᄀ":  # as syllables
        script = {c: chr(0xAC00 + 588 * (i % 19) + 28 * i) for i, c in enumerate(script)}
    if first == "क":
        script |= dict(zip("aeiou", "ािीुू", strict=True))
    pairs = [(source, "".join(script.get(c, c) for c in target.lower())) for source, target in translations(300)]
    if first == "ค":
        pairs = [(source, target.replace(" ", "")) for source, target in pairs]
    assert recognised(pairs)
    assert recognised([(target, source) for source, target in pairs])


def test_one_side_may_be_in_a_script_without_spaces():
    pairs = translations(200)
    kanji = {word: chr(0x4E00 + i) + chr(0x5E00 + i) for i, word in enumerate(OTHER.values())}
    joined = [
        (source, "".join(kanji.get(w, w) for w in target.lower().rstrip(".").split()) + "。")
        for source, target in pairs
    ]
    assert recognised(joined)
    assert recognised([(target, target[::-1].strip("。") + "。") for _, target in joined])
    thai = [("".join(chr(0x0E01 + ord(c) % 40) for c in target), target) for _, target in joined]  # without full stops
    assert recognised(thai)
    assert not recognised([(target.strip("。"), target.strip("。")) for _, target in joined])  # such as readings


@pytest.mark.parametrize(
    "kind",
    ["phonemes", "stressed phonemes", "inflection", "dates", "numbers", "numbers in two languages",
     "hyphenated numbers in two languages", "names", "names in sequences", "pronunciation of sentences",
     "corrections", "empty"],
)  # fmt: skip
def test_strings_are_no_sentences(kind):
    pairs = strings(kind)
    assert not recognised(pairs)
    assert not recognised([(target, source) for source, target in pairs])


def test_a_few_pairs_say_nothing():
    assert not recognised(translations(sentences.FEWEST - 1))


def test_more_pairs_have_no_fewer_subwords():
    sizes = [sentences.units(n) for n in (10, 100, 1000, 3000, 10_000, 50_000, 137_000, 10**6)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0 < sizes[-1]


def read(path, **request):
    return encode.read(readers.inputs(path), encode.Request(**request))


def test_sentences_are_cut_into_subwords_and_other_strings_as_before(tmp_path):
    path = tmp_path / "pairs.tsv"
    for n, cut in [(1500, subwords.Subwords), (100, text.TextFormat)]:
        path.write_text("".join(f"{s}\t{t}\n" for s, t in translations(n)), encoding="utf-8")
        found = read(path)
        assert found.sentences
        assert isinstance(found.source.splitter, cut)
        assert isinstance(found.target.splitter, cut)
    path.write_text("".join(f"{s}\t{t}\n" for s, t in strings("phonemes", 1500)), encoding="utf-8")
    found = read(path)
    assert not found.sentences
    assert (found.source.tokens, found.target.tokens) == (text.Tokens.CHARACTERS, text.Tokens.WORDS)


def test_tokens_that_are_given_stay(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in translations(1500)), encoding="utf-8")
    found = read(path, source=Segmentation("words"), target=Segmentation("characters"))
    assert (found.source.tokens, found.target.tokens) == (text.Tokens.WORDS, text.Tokens.CHARACTERS)
    assert found.sentences


def test_thousands_of_characters_have_subwords_beside_them(tmp_path):
    path = tmp_path / "pairs.tsv"
    rng = random.Random(3)
    lines = [f"{s}\t{''.join(chr(0x4E00 + rng.randrange(2500)) for _ in range(12))}。\n" for s, _ in translations(1500)]
    path.write_text("".join(lines), encoding="utf-8")
    assert read(path).target.splitter.n_pieces > 2500
