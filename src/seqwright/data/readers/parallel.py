"""Two parallel files: line n of one is the source of line n of the other."""

import itertools
from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import shorten

__all__ = ["pairs"]


def pairs(sources: Iterable[str], targets: Iterable[str], source_name: str, target_name: str) -> Iterator[Pair]:
    """Yield the pair of both lines of each number.   DataError: one file has more lines than the other."""
    for number, (source, target) in enumerate(itertools.zip_longest(sources, targets), start=1):
        if source is None or target is None:
            ended, longer = (source_name, target_name) if source is None else (target_name, source_name)
            line = target if source is None else source
            raise errors.DataError(
                f"{longer}, line {number}: {shorten(line)} has no counterpart: {ended} ends with line {number - 1}; "
                f"the files must have as many lines each"
            )
        yield Pair(source, target, "", number)
