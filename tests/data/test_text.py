"""Cutting, joining, and finding out how."""

import sys
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import readers, text

CHARACTERS, GRAPHEMES, WORDS = text.Tokens
NFC, NFD, NFKC, NFKD, NONE = text.UnicodeForm


@given(st.text(), st.sampled_from([NFC, NFD]))
def test_characters_join_to_the_composed_text(source, form):
    format_ = text.TextFormat(CHARACTERS, form)
    assert format_.join(format_.split(source)) == unicodedata.normalize("NFC", source)


@given(st.text())
def test_without_a_form_nothing_changes(source):
    format_ = text.TextFormat(CHARACTERS, NONE)
    assert format_.join(format_.split(source)) == source


@given(st.text(), st.sampled_from([NFC, NFD, NFKC, NFKD]), st.sampled_from([CHARACTERS, WORDS]))
def test_texts_that_look_alike_have_the_same_tokens(source, form, tokens):
    format_ = text.TextFormat(tokens, form)
    alike = [unicodedata.normalize(f, source) for f in ("NFC", "NFD")]
    assert format_.split(alike[0]) == format_.split(alike[1]) == format_.split(source)


@given(st.lists(st.text(st.characters(exclude_characters=" "), min_size=1)))
def test_words_come_back_and_only_spaces_separate_them(words):
    format_ = text.TextFormat(WORDS, NONE)
    assert format_.split(format_.join(words)) == words


def test_runs_of_spaces_separate_words_once():
    assert text.TextFormat(WORDS).split("  a   b\u00a0c ") == ["a", "b\u00a0c"]


def test_hangul_decomposes_into_jamo_and_is_recomposed():
    format_ = text.TextFormat(CHARACTERS, NFD)
    assert len(format_.split("한글")) == 6
    assert format_.join(format_.split("한글")) == "한글"


def test_compatibility_forms_fold_what_only_looks_different():
    assert text.TextFormat(CHARACTERS, NFKC).split("ﬁ２") == ["f", "i", "2"]


def test_graphemes_name_the_extra_where_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "regex", None)
    with pytest.raises(errors.DependencyError, match=r"seqwright\[text\]"):
        text.TextFormat(GRAPHEMES).split("a")


def test_graphemes_keep_marks_with_their_letters():
    pytest.importorskip("regex", reason="needs the extra [text]")
    assert text.TextFormat(GRAPHEMES).split("e\u0323\u0301k̚👩‍🚀") == ["ẹ\u0301", "k̚", "👩‍🚀"]


def test_a_format_survives_json_and_nothing_else_does():
    format_ = text.TextFormat(WORDS, NFKD)
    assert msgspec.json.decode(msgspec.json.encode(format_), type=text.TextFormat) == format_
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"tokens": "syllables"}', type=text.TextFormat)


# Features


def test_features_stand_before_the_source():
    format_ = text.TextFormat()
    assert text.source_tokens("go", "V;PST", format_) == ["feature V", "feature PST", "g", "o"]
    assert text.source_tokens("go", "", format_) == ["g", "o"]


def test_empty_features_are_skipped():
    assert text.feature_symbols(";V;;PST;") == ["feature V", "feature PST"]


@given(st.text(), st.text(), st.sampled_from([CHARACTERS, WORDS]), st.sampled_from(list(text.UnicodeForm)))
def test_no_text_yields_a_features_symbol(source, features, tokens, form):
    format_ = text.TextFormat(tokens, form)
    assert not set(text.feature_symbols(features)) & set(format_.split(f"{source}{features} feature {features}"))


# Finding out


@pytest.mark.parametrize(
    ("texts", "tokens"),
    [
        (["m yː k ø d i k"], WORDS),
        (["HH AH0 L OW1"], WORDS),
        (["T R IH P AH L EY", "AH"], WORDS),
        (["ʔ ɓ ï ŋ ˨˩ f a w ŋ͡m ˧˧"], WORDS),
        (["n i3 h ao3"], WORDS),
        (["tʷʰ kʲː ɔ̃ː"], WORDS),
        (["12 345", "678 90"], CHARACTERS),
        (["a b", "c", "d", "e"], CHARACTERS),
        (["wednesday, august 29, 1979"], CHARACTERS),
        (["nükleer kışlarınızı", "ev"], CHARACTERS),
        (["a còng", "bình phong"], CHARACTERS),
        (["나 안 가.", "안녕."], CHARACTERS),
        (["나 안 가."], CHARACTERS),
        (["Don't you dare touch anything.", "Go."], CHARACTERS),
        (["1", "22", "333"], CHARACTERS),
        (["a", "b", "c"], CHARACTERS),
        (["", " "], CHARACTERS),
        ([], CHARACTERS),
        (["NOUN VERB DET NOUN", "DET NOUN VERB ADV"] * 50, WORDS),
        (["NOUN VERB DET NOUN", "DET NOUN VERB ADV"], CHARACTERS),
        ([f"{n} + {7 * n}" for n in range(99)], CHARACTERS),
    ],
)
def test_tokens_are_found_from_a_few_texts(texts, tokens):
    assert text.detect(texts).tokens is tokens


def test_spaces_at_the_ends_do_not_make_words():
    assert text.detect(["a ", " b", "c "]).tokens is CHARACTERS


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["abc"], NFC),
        (["한글", "go"], NFD),
        (["안녕 Tiếng Việt là ngôn ngữ của người Việt Nam"], NFC),
        ([unicodedata.normalize("NFD", "é"), "a"], NFD),
        ([unicodedata.normalize("NFD", "é"), "é"], NFC),
        (["é"], NFC),
        ([], NFC),
    ],
)
def test_the_unicode_form_is_found(texts, form):
    assert text.detect(texts).unicode_form is form


def test_what_is_given_is_kept():
    assert text.detect(["한 글"], tokens=WORDS) == text.TextFormat(WORDS, NFC)
    assert text.detect(["a b"], unicode_form=NONE) == text.TextFormat(WORDS, NONE)


@given(st.lists(st.text(st.sampled_from("ab 가é1\u0301"), max_size=9), max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_texts_does_not_matter(texts, random):
    shuffled = random.sample(texts, len(texts))
    assert text.detect(shuffled) == text.detect(texts)


@pytest.mark.parametrize(
    ("folder", "source_form", "target_tokens", "target_form"),
    [
        ("g2p/[!k]*.tsv", NFC, WORDS, NFC),
        ("g2p/kor*.tsv", NFD, WORDS, NFC),
        ("cmudict/*.tsv", NFC, WORDS, NFC),
        ("addition/*.tsv", NFC, CHARACTERS, NFC),
        ("date/*.tsv", NFC, CHARACTERS, NFC),
        ("korean-english/[!A]*.tsv", NFD, CHARACTERS, NFC),
        ("turkish-inflection/*.tsv", NFC, CHARACTERS, NFC),
    ],
)
def test_real_files_get_the_format_that_suits_them(data_dir, folder, source_form, target_tokens, target_form):
    paths = sorted(data_dir.glob(folder))
    assert paths
    for path in paths:
        pairs = readers.read_pairs(path)
        assert text.detect([p.source for p in pairs]) == text.TextFormat(CHARACTERS, source_form), path
        assert text.detect([p.target for p in pairs]) == text.TextFormat(target_tokens, target_form), path
        # Five lines must say the same of the targets as the whole file.
        for i in range(0, len(pairs) - 5, len(pairs) // 20):
            assert text.detect([p.target for p in pairs[i : i + 5]]).tokens is target_tokens, (path, i)
