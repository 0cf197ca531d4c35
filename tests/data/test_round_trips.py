"""Text goes in as people write it and comes out the same: spacing, punctuation, casing, marks and emoji."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data import readers, subwords, text, vocabulary

SPACES = [" ", "  ", "\u00a0", "\u202f", "\u2009", "\u3000", "\u200b", "\t", "\u2028", "\x85"]
LETTERS = [
    "Le",
    "CHAT",
    "ß",
    "İ",
    "ı",
    "é",
    "e\u0301",
    "\u0301",
    "q\u0323\u0307",
    "나는",
    "\u1112\u1161\u11ab",
    "שלום",
    "ﬁ",
    "２",
]
MARKS = [
    ".",
    "...",
    ",",
    "?",
    "!",
    "« ",
    " »",
    "«\u202f",
    "\u202f»",
    "\u00a0?",
    "'",
    "’",
    "“",
    "-",
    "—",
    "¿",
    "(",
    "1,5",
    "%",
]
EMOJI = ["👩\u200d🚀", "🇫🇷", "❤\ufe0f", "🏽", "👍🏿"]
NAMES = ["<s>", "</s>", "<unk>", "<pad>", "&amp;"]  # of special symbols, as somebody may write them
PIECES = SPACES + LETTERS + MARKS + EMOJI + NAMES
TEXTS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
ANY = TEXTS | st.text(st.characters(codec="utf-8", exclude_characters=subwords.SPACE), max_size=20)
FORMS = [text.UnicodeForm.NFC, text.UnicodeForm.NFD, text.UnicodeForm.NONE]
UNITS = ["characters", "graphemes", "subwords"]


@pytest.fixture(scope="module")
def sample():
    """Return texts to find subwords in: half of the pieces, so that others are new to them."""
    chosen = random.Random(1)
    return ["".join(chosen.choices(PIECES[::2] + [" "] * 9, k=12)) for _ in range(300)]


@pytest.fixture(scope="module")
def splitters(sample):
    """Return every (unit, form) whose tokens hold all that the text does."""
    found = {("subwords", form): subwords.train(sample, 150, form) for form in FORMS}
    for form in FORMS:
        found["characters", form] = text.TextFormat(text.Tokens.CHARACTERS, form)
        found["graphemes", form] = text.TextFormat(text.Tokens.GRAPHEMES, form)
    return found


def composed(source, form):
    return source if form is text.UnicodeForm.NONE else unicodedata.normalize("NFC", source)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("form", FORMS)
@given(source=ANY)
def test_a_text_comes_back_from_its_tokens(splitters, unit, form, source):
    splitter = splitters[unit, form]
    assert splitter.join(splitter.split(source)) == composed(source, form)


@pytest.mark.parametrize("form", FORMS)
@given(source=ANY)
def test_words_lose_nothing_but_spaces_without_a_word_between_them(form, source):
    splitter = text.TextFormat(text.Tokens.WORDS, form)
    kept = " ".join(word for word in composed(source, form).split(" ") if word)
    assert splitter.join(splitter.split(source)) == kept


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("form", FORMS)
def test_a_text_comes_back_from_the_ids_of_a_vocabulary_that_was_built_on_it(splitters, sample, unit, form):
    splitter = splitters[unit, form]
    symbols = vocabulary.Vocabulary.build(map(splitter.split, sample))
    for source in sample:
        ids = symbols.encode(splitter.split(source))
        assert splitter.join(symbols.decode(ids)) == composed(source, form)


@pytest.mark.parametrize("unit", UNITS)
@given(source=ANY)
def test_what_ids_cannot_hold_is_reported_as_unknown(splitters, sample, unit, source):
    splitter = splitters[unit, text.UnicodeForm.NFC]
    symbols = vocabulary.Vocabulary.build(map(splitter.split, sample))
    tokens = splitter.split(source)
    restored = splitter.join(symbols.decode(symbols.encode(tokens)))
    assert symbols.unknown(tokens) or restored == composed(source, text.UnicodeForm.NFC)


def test_sentences_come_back_from_files_as_they_were_written(tmp_path):
    """U+2028 and U+0085 end lines for some programs, and U+00A0 is white space for others."""
    rows = [("« Où\u202f? »", "Where?"), ("\u00a0a  b ", " c\u00a0"), ("a\u2028b", "c\x85d"), ("É!", "e\u0301")]
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in rows), encoding="utf-8", newline="")
    assert [pair[:2] for pair in readers.read_pairs(path)] == rows


def test_the_mark_that_subwords_write_for_a_space_comes_back_as_one(splitters):
    splitter = splitters["subwords", text.UnicodeForm.NFC]
    assert splitter.join(splitter.split("a\u2581b")) == "a b"
