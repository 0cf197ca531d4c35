"""Copy source symbols that a model has never seen into its answer.

A model that copies (`nn.copying`) says UNKNOWN for one and means the symbol that it looked at: `named` finds it. Of the
others we ask afterwards: `copied`.

Jean et al. 2015 ("On Using Very Large Target Vocabulary", section 3.3) and Luong et al. 2015 ("Addressing the Rare Word
Problem") let the model say UNKNOWN and put there the source word that it looked at. Where an answer holds no UNKNOWN,
the question is asked from the source's side: which token of the answer looked at the unknown symbol most? If that token
looked at no other source token more, it is what the model made of the symbol, and the symbol takes its place. Otherwise
it stands for something else and stays, and the symbol is put beside it, on the side on which it stands in the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seqwright.data.vocabulary import UNKNOWN
from seqwright.types import Array

__all__ = ["Copied", "copied", "named", "strange"]


def strange(symbols: Sequence[str], ids: Sequence[int]) -> dict[int, str]:
    """Return the symbols whose ids are UNKNOWN, by their places."""
    return {i: symbol for i, (symbol, known) in enumerate(zip(symbols, ids, strict=False)) if known == UNKNOWN}


def named(ids: Sequence[int], attended: Array, unknown: Mapping[int, str]) -> dict[int, int]:
    """Return for each token that is UNKNOWN, by its row, the column of the unknown symbol that it looked at most.

    ids: of the T tokens.   attended (T + 1, S), unknown: as for `copied`.
    """
    columns = sorted(unknown)
    return {
        row: columns[int(attended[row, columns].argmax())]
        for row, symbol in enumerate(ids)
        if symbol == UNKNOWN and columns
    }


class Copied(NamedTuple):
    """An answer's tokens; rows: which token of the answer before each comes from or stands beside.

    symbols: those put in, at their places; the others are None.
    """

    rows: list[int]
    symbols: list[str | None]
    added: list[bool]  # whether it stands beside the row's own token


def copied(attended: Array, unknown: Mapping[int, str]) -> Copied:
    """Return where the unknown symbols go, in the order of the source where several go to one place.

    attended (T + 1, S): how much each of T tokens, then the end, looked at each of S source tokens.
    unknown: the columns that hold an unknown symbol, with the symbol. One that only the end looked at goes behind all.
    """
    T = len(attended) - 1
    drawn: dict[int, list[int]] = {}
    for column in sorted(unknown):
        drawn.setdefault(int(attended[:, column].argmax()), []).append(column)
    result = Copied([], [], [])

    def put(row: int, symbol: str | None, *, added: bool) -> None:
        result.rows.append(row)
        result.symbols.append(symbol)
        result.added.append(added)

    for row in range(T):
        columns = drawn.get(row, [])
        owner = int(attended[row].argmax()) if columns else -1
        if owner in columns:
            for column in columns:
                put(row, unknown[column], added=column != owner)
            continue
        for column in columns:
            if column < owner:
                put(row, unknown[column], added=True)
        put(row, None, added=False)
        for column in columns:
            if column > owner:
                put(row, unknown[column], added=True)
    for column in drawn.get(T, []):
        put(T, unknown[column], added=True)
    return result
