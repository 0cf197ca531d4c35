"""Numbers for symbols, in memory and on disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import vocabulary
from seqwright.data.vocabulary import Vocabulary

SYMBOLS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=3)
SEQUENCES = st.lists(st.lists(SYMBOLS | st.sampled_from(vocabulary.SPECIAL), max_size=6), max_size=6)


@given(SEQUENCES)
def test_what_was_seen_survives_encoding(sequences):
    v = Vocabulary.build(sequences)
    for sequence in sequences:
        ids = v.encode(sequence)
        assert v.decode(ids) == sequence
        assert all(len(vocabulary.SPECIAL) <= i < len(v) for i in ids)
        assert v.unknown(sequence) == []


@given(SEQUENCES)
def test_a_vocabulary_survives_json(sequences):
    v = Vocabulary.build(sequences)
    assert Vocabulary.from_json(v.to_json()) == v


def test_json_has_a_symbol_a_line():
    v = Vocabulary.build(["aab"])
    assert v.to_json().decode().splitlines()[3:-1] == ['["a",2],', '["b",1]']


def test_frequent_symbols_come_first_and_ties_by_code_point():
    assert Vocabulary.build(["bbb", "aécc", "é"]).symbols == ("b", "c", "é", "a")


@given(st.lists(st.lists(SYMBOLS)), st.randoms(use_true_random=False))
def test_the_order_of_sequences_does_not_matter(sequences, random):
    assert Vocabulary.build(random.sample(sequences, len(sequences))) == Vocabulary.build(sequences)


def test_rare_symbols_are_left_to_unknown():
    v = Vocabulary.build(["aab"], min_count=2)
    assert v.encode("ab") == [4, vocabulary.UNKNOWN]
    assert v.unknown("bab") == ["b", "b"]


def test_a_symbol_spelled_like_a_special_one_is_an_ordinary_symbol():
    v = Vocabulary.build([["<pad>", "<unk>", "<s>", "</s>"]])
    assert sorted(v.encode(vocabulary.SPECIAL)) == [4, 5, 6, 7]
    assert "<pad>" not in Vocabulary.build(["a"])


def test_special_ids_are_the_first_four_and_have_names():
    v = Vocabulary.build([])
    assert len(v) == 4
    assert v.decode([vocabulary.PAD, vocabulary.UNKNOWN, vocabulary.START, vocabulary.END]) == list(vocabulary.SPECIAL)


def test_copy_map_are_the_ids_of_the_same_symbols_in_the_other_vocabulary():
    source, target = Vocabulary("abc"), Vocabulary("xcb")
    copy_map = source.copy_map(target)
    assert target.decode(copy_map[4:][copy_map[4:] >= 0]) == ["b", "c"]
    assert copy_map.tolist() == [-1, vocabulary.UNKNOWN, -1, vocabulary.END, -1, 6, 5]


def test_singletons_are_the_ids_of_symbols_seen_once():
    v = Vocabulary.build(["aabbcd"])
    assert v.decode(v.singletons()) == ["c", "d"]


def test_a_lone_surrogate_is_refused_when_the_vocabulary_is_built():
    with pytest.raises(errors.DataError, match=r"'\\ud800'"):
        Vocabulary.build(["a\ud800"])


GOOD = Vocabulary.build(["ab"]).to_json()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a vocabulary"),
        (GOOD[:40], "not a vocabulary"),
        (b"[]", "not a vocabulary"),
        (b"\xff\xfe", "not a vocabulary"),
        (GOOD.replace(b'"a"', b"7"), "not a vocabulary"),
        (GOOD.replace(b'"a"', b'"\xff"'), "not a vocabulary"),
        (GOOD.replace(b"symbols", b"simbols"), "not a vocabulary"),
        (GOOD.replace(b"{", b'{"more": 1, '), "not a vocabulary"),
        (GOOD.replace(b'"b"', b'"a"'), "the symbol 'a' occurs there twice"),
        (GOOD.replace(b"<s>", b"<go>"), "special"),
        (GOOD.replace(b'"version": 1', b'"version": 0'), "version 0"),
        (b'{"version": 2, "anything": "else"}', "upgrade"),
    ],
)
def test_a_damaged_file_is_named(data, says):
    with pytest.raises(errors.ModelError) as caught:
        Vocabulary.from_json(data, path="model/source.vocab.json")
    assert str(caught.value).startswith("model/source.vocab.json: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_extended_vocabulary_keeps_its_ids_and_counts_and_appends_what_it_lacks():
    found = Vocabulary("ab", [3, 2]).extended(Vocabulary("cbd", [9, 8, 7]))
    assert found.symbols == ("a", "b", "c", "d")
    assert found.counts == (3, 2, 9, 7)
