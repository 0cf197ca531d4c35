"""What a SentencePiece model does to texts, read from its protocol buffer (sentencepiece_model.proto).

Its library has no function for this.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["peculiarities"]

PIECES, TRAINER, NORMALIZER = 1, 2, 3  # fields of ModelProto
PIECE_TYPE, USER_DEFINED, BYTE = 3, 4, 6  # a field of SentencePiece, and two of its values
MODEL_TYPE, UNIGRAM, SUFFIX = 3, 1, 24  # fields of TrainerSpec, and a value of the first
RULES, PREFIX, EXTRA_SPACES = 2, 3, 4  # fields of NormalizerSpec
TYPES: dict[object, str] = {2: "a BPE model", 3: "a model of words", 4: "a model of characters"}


def peculiarities(model: bytes) -> list[str]:
    """Return in words how a model differs from a unigram model without normalization, as `subwords.train` makes."""
    trainer: dict[int, int | bytes] = {MODEL_TYPE: UNIGRAM, SUFFIX: 0}  # the values of fields that are absent
    normalizer: dict[int, int | bytes] = {PREFIX: 1, EXTRA_SPACES: 1}
    piece_types = set()
    for number, value in fields(model):
        if number == PIECES and isinstance(value, bytes):
            piece_types.add(dict(fields(value)).get(PIECE_TYPE))
        elif number == TRAINER and isinstance(value, bytes):
            trainer |= dict(fields(value))
        elif number == NORMALIZER and isinstance(value, bytes):
            normalizer |= dict(fields(value))
    found = {
        TYPES.get(trainer[MODEL_TYPE], "a model of an unknown type"): trainer[MODEL_TYPE] != UNIGRAM,
        "with fallback to bytes": BYTE in piece_types,
        "with symbols defined by its user": USER_DEFINED in piece_types,
        "that normalizes texts": bool(normalizer.get(RULES)),
        "that removes spaces": bool(normalizer[EXTRA_SPACES]),
        "that adds no space before texts": not normalizer[PREFIX],
        "that adds spaces after words": bool(trainer[SUFFIX]),
    }
    return [words for words, is_so in found.items() if is_so]


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and value of each field of a protocol buffer; what is no integer is left as bytes."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(message, at)
            yield key >> 3, value
            continue
        size, at = varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield key >> 3, message[at : at + size]
        at += size


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the integer that begins at a position, seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
