"""Statistics of a file."""

import itertools
from collections.abc import Sequence

from seqwright.data.text import TextFormat
from seqwright.data_checks.findings import FileSummary, Lengths, SideSummary
from seqwright.data_checks.splits import Cut

__all__ = ["summarize"]


def summarize(cut: Cut, formats: tuple[TextFormat, TextFormat]) -> FileSummary:
    """Return the statistics of one file.   formats: of sources and targets."""
    pairs = cut.split.pairs
    real = [pair for pair in pairs if pair.source or pair.target]
    return FileSummary(
        name=cut.split.name,
        lines=len(pairs),
        pairs=len(real),
        has_features=any(pair.features for pair in pairs),
        source=side({pair.source for pair in real}, cut.tokens[0], formats[0]),
        target=side({pair.target for pair in real}, cut.tokens[1], formats[1]),
        reading=list(cut.split.reading),
    )


def side(distinct: set[str], tokens: Sequence[Sequence[str]], format_: TextFormat) -> SideSummary:
    lengths = sorted(map(len, tokens)) or [0]
    return SideSummary(
        distinct=len(distinct),
        symbols=len(set(itertools.chain.from_iterable(tokens))),
        tokens=format_.tokens,
        unicode_form=format_.unicode_form,
        lengths=Lengths(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
    )
