"""Pieces of words: cut, joined, and found without a look at what is held out."""

import io
import random
import sys

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import encode, readers, subwords, text, vocabulary
from seqwright.data.tokenizer import Segmentation

STEMS = [a + b + c for a in ("ban", "ti", "re") for b in ("ko", "du", "lan") for c in ("s", "ing", "ed", "er")]
SENTENCES = [" ".join(random.Random(n).choices(STEMS, k=6)) for n in range(300)]


@settings(max_examples=30)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\u2581"), max_size=20))
def test_subwords_join_to_the_text(source):
    cutter = subwords.train(SENTENCES, 60, text.UnicodeForm.NONE)
    assert cutter.join(cutter.split(source)) == source


def test_subwords_are_longer_than_characters_and_shorter_than_words():
    cutter = subwords.train(SENTENCES, 60, text.UnicodeForm.NFC)
    pieces = cutter.split(SENTENCES[0])
    assert len(SENTENCES[0].split()) <= len(pieces) < len(SENTENCES[0]) / 2


def test_the_same_texts_give_the_same_subwords():
    assert (
        subwords.train(SENTENCES, 60, text.UnicodeForm.NFC).model
        == subwords.train(SENTENCES, 60, text.UnicodeForm.NFC).model
    )


def test_what_subwords_have_never_seen_stays_visible():
    cutter = subwords.train(SENTENCES, 60, text.UnicodeForm.NFC)
    known = vocabulary.Vocabulary.build(map(cutter.split, SENTENCES))
    assert "가" in known.unknown(cutter.split("tikos 가 reduer"))


def test_composed_forms_are_one():
    cutter = subwords.train(["é è"] * 9, 10, text.UnicodeForm.NFD)
    assert cutter.split("é") == cutter.split("e\u0301")
    assert cutter.join(cutter.split("é")) == "é"


@pytest.mark.parametrize(
    ("texts", "n_pieces", "says"),
    [(SENTENCES, 5, "5 subwords are too few"), ([], 60, "no text"), ([""], 60, "no text")],
)
def test_subwords_that_cannot_be_are_refused(texts, n_pieces, says):
    with pytest.raises(errors.DataError, match=says):
        subwords.train(texts, n_pieces, text.UnicodeForm.NFC)


def brought(**options):
    """Return subwords of a SentencePiece model that somebody else has trained."""
    written, plain = io.BytesIO(), {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=written, minloglevel=2, hard_vocab_limit=False,
        **({"vocab_size": 60} | plain | options),
    )  # fmt: skip
    return subwords.Subwords(written.getvalue(), text.UnicodeForm.NFC)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model_type": "bpe"}, "a BPE model"), ({"model_type": "char"}, "a model of characters"),
        ({"model_type": "word"}, "a model of words"),
        ({"byte_fallback": True, "vocab_size": 320}, "with fallback to bytes"),
        ({"user_defined_symbols": ["ban"]}, "symbols defined by its user"),
        ({"normalization_rule_name": "nmt_nfkc"}, "normalizes texts"),
        ({"normalization_rule_name": "nfkc_cf"}, "normalizes texts"),
        ({"remove_extra_whitespaces": True}, "removes spaces"), ({"add_dummy_prefix": False}, "adds no space before"),
        ({"treat_whitespace_as_suffix": True}, "adds spaces after words"),
        ({"model_type": "bpe", "normalization_rule_name": "nfkc"}, "a BPE model, that normalizes texts, which"),
    ],
)  # fmt: skip
def test_scores_that_do_not_determine_the_pieces_are_refused(options, says):
    with pytest.raises(errors.UsageError, match=says):
        brought(**options).scores()


def best_total(word, scores):
    """Return the greatest total score of all ways to write a word in pieces, by enumeration."""
    ends = [end for end in range(1, len(word) + 1) if word[:end] in scores]
    return max((scores[word[:end]] + best_total(word[end:], scores) for end in ends), default=0 if not word else -1e9)


@pytest.mark.parametrize("options", [{}, {"control_symbols": ["<x>"]}, {"unk_piece": "?", "split_by_number": False}])
def test_scores_determine_the_pieces(options):
    cutter = brought(**options)
    scores = dict(cutter.scores())
    for source in [*SENTENCES[0].split(), "b", "ko ko", "ti  ba ", "banbanban"]:
        pieces = cutter.split(source)
        assert "".join(pieces) == "\u2581" + source.replace(" ", "\u2581")
        best = best_total("".join(pieces), scores)
        assert sum(scores[piece] for piece in pieces) == pytest.approx(best, abs=1e-4)


def test_subwords_of_a_damaged_model_are_refused():
    with pytest.raises(errors.ModelError):
        subwords.Subwords(b"nothing", text.UnicodeForm.NFC)


def test_subwords_name_the_package_where_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(errors.DependencyError, match=r"pip install sentencepiece"):
        subwords.train(SENTENCES, 60, text.UnicodeForm.NFC)


def test_subwords_are_found_in_what_is_not_held_out(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"word{n}\t{chr(0x4E00 + n)} x\n" for n in range(300)), "utf-8")
    request = encode.Request(target=Segmentation("subwords:1000"), dev_share=0.3)
    found = encode.read(readers.inputs(path), request)
    dev = {pair.target[0] for pair in found.dev}
    assert len(dev) > 50
    assert not any(symbol in dev for symbol in "".join(found.target.vocabulary.symbols))
    pieces = {piece for pair in found.dev for piece in found.target.split(pair.target)}
    assert set(found.target.vocabulary.unknown(pieces)) == dev


def test_subwords_of_many_texts_are_those_of_a_part_of_them(monkeypatch):
    monkeypatch.setattr(subwords, "SAMPLE", sum(map(len, SENTENCES)))
    thrice = [text_ for sentence in SENTENCES for text_ in (sentence, "never seen", "never seen")]
    n = -(-sum(map(len, thrice)) // subwords.SAMPLE)
    part = subwords.train(thrice, 60, text.UnicodeForm.NFC)
    assert part.model == subwords.train(thrice[::n], 60, text.UnicodeForm.NFC).model
    monkeypatch.undo()
    assert part.model != subwords.train(thrice, 60, text.UnicodeForm.NFC).model
