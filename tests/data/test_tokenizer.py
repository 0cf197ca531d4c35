"""From text to ids and back, and the files of a side."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data import subwords, text
from seqwright.data.tokenizer import Segmentation, Tokenizer, file_names
from seqwright.data.vocabulary import UNKNOWN, Vocabulary
from seqwright.errors import ModelError

FORMATS = st.builds(
    text.TextFormat, st.sampled_from(["characters", "words"]).map(text.Tokens), st.sampled_from(text.UnicodeForm)
)
TEXTS = st.lists(st.text("ab가é ", max_size=9), max_size=9)


def made(splitter, texts):
    return Tokenizer(splitter, Vocabulary.build(map(splitter.split, texts)))


@pytest.fixture(scope="module")
def pieces():
    texts = ["a cat sat", "the cat", "a hat that sat"] * 9
    return made(subwords.train(texts, 20, text.UnicodeForm.NFC), texts)


def loaded(tokenizer, side="source", **changed):
    settings = Segmentation(**{"tokens": tokenizer.tokens, "unicode_form": tokenizer.unicode_form} | changed)
    return Tokenizer.load(side, tokenizer.files(side).__getitem__, settings, folder=Path("model"))


@given(FORMATS, TEXTS)
def test_known_text_is_decoded_from_its_ids_as_its_tokens_are_joined(splitter, texts):
    tokenizer = made(splitter, texts)
    for one in texts:
        ids = tokenizer.encode(one)
        assert tokenizer.decode(ids) == splitter.join(splitter.split(one))
        assert tokenizer.unknown(one) == []
        assert UNKNOWN not in ids


@given(FORMATS, TEXTS)
def test_a_tokenizer_is_loaded_from_its_files_as_it_was(splitter, texts):
    assert loaded(made(splitter, texts)) == made(splitter, texts)


def test_subwords_are_loaded_from_their_files_as_they_were(pieces):
    assert loaded(pieces, "target") == pieces
    assert sorted(pieces.files("target")) == sorted(file_names("target"))
    assert pieces.decode(pieces.encode("that cat")) == "that cat"
    assert pieces != Tokenizer(subwords.Subwords(pieces.model, text.UnicodeForm.NFD), pieces.vocabulary)


def test_a_file_of_subwords_is_read_only_if_the_settings_name_them(pieces):
    assert loaded(pieces, tokens="characters").splitter == text.TextFormat()
    plain = made(text.TextFormat(), ["ab"])
    assert list(plain.files("source")) == ["source.vocab.json"]
    with pytest.raises(KeyError):
        loaded(plain, tokens="subwords:9")


def test_without_settings_tokens_are_characters_in_nfc():
    assert loaded(made(text.TextFormat(), ["ab"]), tokens=None, unicode_form=None).splitter == text.TextFormat()


def test_the_file_that_is_damaged_is_named(pieces):
    for name in pieces.files("source"):
        files = pieces.files("source") | {name: b"{}"}
        with pytest.raises(ModelError, match=f"model.{name}: not a"):
            Tokenizer.load("source", files.__getitem__, Segmentation(pieces.tokens), folder=Path("model"))


def test_features_precede_the_tokens_and_what_is_unknown_keeps_its_place():
    tokenizer = Tokenizer(text.TextFormat(), Vocabulary(["feature V", "a", "b"]))
    assert tokenizer.encode("axb", "V;N") == [4, UNKNOWN, 5, UNKNOWN, 6]
    assert tokenizer.unknown("axb", "V;N") == ["feature N", "x"]
