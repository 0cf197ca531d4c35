"""Copy source symbols that are not in the model's vocabulary into its hypotheses.

A model with a copy gate (`nn.copying`) predicts UNKNOWN for such a symbol; `resolved` replaces it by the source symbol
with the highest attention weight. `inserted` handles the symbols that the model has not copied.

Jean et al. 2015 ("On Using Very Large Target Vocabulary", section 3.3) and Luong et al. 2015 ("Addressing the Rare Word
Problem") replace each UNKNOWN of a hypothesis by the source word with the highest attention weight. A hypothesis
without UNKNOWN is aligned from the source: an unknown symbol belongs to the target token whose attention weight for it
is the highest. If that token attends to no other source token more, it is the model's rendering of the symbol, and the
symbol replaces it. Otherwise the token renders another source token and is kept, and the symbol is inserted beside it,
before or after it as in the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seqwright.data.vocabulary import UNKNOWN
from seqwright.types import Array

__all__ = ["Inserted", "inserted", "resolved", "unknown"]


def unknown(symbols: Sequence[str], ids: Sequence[int]) -> dict[int, str]:
    """Return the symbols whose id is UNKNOWN, by position."""
    return {i: symbol for i, (symbol, known) in enumerate(zip(symbols, ids, strict=False)) if known == UNKNOWN}


def resolved(ids: Sequence[int], weights: Array, unknown: Mapping[int, str]) -> dict[int, int]:
    """Return for each target token that is UNKNOWN, by row, the unknown source symbol's column of highest weight.

    ids: of the T target tokens.   weights (T + 1, S): attention weights.   unknown: as for `inserted`.
    """
    columns = sorted(unknown)
    return {
        row: columns[int(weights[row, columns].argmax())]
        for row, symbol in enumerate(ids)
        if symbol == UNKNOWN and columns
    }


class Inserted(NamedTuple):
    """The tokens of a hypothesis after insertion.

    rows: the original token that each new token replaces or is next to.   symbols: the source symbol at each position;
    None where the original token is kept.   added: whether the symbol is next to its row's token instead of it.
    """

    rows: list[int]
    symbols: list[str | None]
    added: list[bool]


def inserted(weights: Array, unknown: Mapping[int, str]) -> Inserted:
    """Return the positions of unknown source symbols in a hypothesis; several at one position keep the source's order.

    weights (T + 1, S): attention weights of T target tokens, then of the end, over S source tokens.
    unknown: the symbols by column. A symbol to which the end has the highest weight is appended.
    """
    T = len(weights) - 1
    columns_of: dict[int, list[int]] = {}
    for column in sorted(unknown):
        columns_of.setdefault(int(weights[:, column].argmax()), []).append(column)
    result = Inserted([], [], [])

    def put(row: int, symbol: str | None, *, added: bool) -> None:
        result.rows.append(row)
        result.symbols.append(symbol)
        result.added.append(added)

    for row in range(T):
        columns = columns_of.get(row, [])
        owner = int(weights[row].argmax()) if columns else -1
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
    for column in columns_of.get(T, []):
        put(T, unknown[column], added=True)
    return result
