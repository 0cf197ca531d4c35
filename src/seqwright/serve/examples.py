"""Examples for the page, where the files that a model was trained on are still there.

Pairs of the dev set; of a model that was trained on all its pairs, such as after a cross-validation, training pairs.
"""

from __future__ import annotations

from pathlib import Path

from seqwright import provenance
from seqwright.bundle import Bundle
from seqwright.data.readers import Pair
from seqwright.serve.schema import Example, ExamplesResponse

__all__ = ["some"]

N_EXAMPLES = 8
MOST_CHARACTERS = 200  # of a source: more is no example to click


def some(path: Path, bundle: Bundle) -> ExamplesResponse:
    """Return a few pairs, evenly spaced from the shortest source to the longest; none where they are not known."""
    dev = provenance.dev_pairs(bundle, path).pairs
    found = dev or provenance.training_pairs(bundle, path)
    one_each = {pair.source: pair for pair in reversed(found) if 0 < len(pair.source) <= MOST_CHARACTERS}
    pairs = sorted(one_each.values(), key=lambda pair: (len(pair.source), pair.source))
    n = min(N_EXAMPLES, len(pairs))
    chosen = [pairs[(2 * i + 1) * len(pairs) // (2 * n)] for i in range(n)]
    missing = "" if chosen else "the pairs of this model are not available"  # the reason may name paths
    return ExamplesResponse(examples=[_as_example(pair, trained=not dev) for pair in chosen], missing=missing)


def _as_example(pair: Pair, *, trained: bool) -> Example:
    return Example(source=pair.source, features=pair.features, target=pair.target, trained=trained)
