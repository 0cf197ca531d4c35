"""Two parallel files: line n of one is the source of line n of the other, comments and a header aside."""

import itertools
from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import shorten

__all__ = ["pairs"]


def pairs(
    sources: Iterable[tuple[int, str]], targets: Iterable[tuple[int, str]], source_name: str, target_name: str
) -> Iterator[Pair]:
    """Yield the pairs of lines, which come with their numbers; `Pair.line` is the number of the source.

    DataError: one file has more lines than the other.
    """
    last = 0
    for source, target in itertools.zip_longest(sources, targets):
        if source is None or target is None:
            ended, longer = (source_name, target_name) if source is None else (target_name, source_name)
            number, line = target if source is None else source
            raise errors.DataError(
                f"{longer}, line {number}: {shorten(line)} has no counterpart: {ended} ends with line {last}; "
                f"the files must have as many lines each (--comment PREFIX skips comments)"
            )
        last = source[0]
        yield Pair(source[1], target[1], "", last)
