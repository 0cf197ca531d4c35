"""Symbols and features of dev and test files that are not in the training files."""

import itertools
from collections.abc import Iterator, Sequence

from seqwright.data import text
from seqwright.data_checks.code_points import named, visible
from seqwright.data_checks.findings import Case, Finding, Level, Place
from seqwright.data_checks.splits import Cut

__all__ = ["unseen"]

MANY = 0.01  # share of the later files' lines above which the finding is an error
MEANS = {
    "source": "A model trained on the first file reads them as the unknown symbol.",
    "target": "A model trained on the first file cannot predict them.",
}


def unseen(cuts: Sequence[Cut], *, n_training: int = 1) -> Iterator[Finding]:
    """Find symbols and features that occur only in files after the first n_training."""
    training, others = cuts[:n_training], cuts[n_training:]
    names = ", ".join(cut.split.name for cut in training)
    for side, name in enumerate(("source", "target")):
        known = {token for cut in training for tokens in cut.tokens[side] for token in tokens}
        found = strange(others, side, known)
        if name == "source":
            features = {pair.features for cut in training for pair in cut.split.pairs}
            found |= strange_features(others, set(itertools.chain.from_iterable(map(text.feature_symbols, features))))
        if found:
            n = len(found)
            n_lines = len({place for where in found.values() for place in where})
            n_all = sum(len(cut.split.pairs) for cut in others)
            occurs = f"symbol{' occurs' if n == 1 else 's occur'}"
            yield Finding(
                kind=f"{name} unseen",
                level=Level.ERROR if n_lines > MANY * n_all else Level.WARNING,
                message=f"{n:,} {name} {occurs} in later files and not in {names}",
                advice=f"{MEANS[name]} Add training pairs with them.",
                cases=[
                    Case(named(token) if len(token) == 1 else visible(token), where)
                    for token, where in sorted(found.items(), key=lambda item: -len(item[1]))
                ],
            )


def strange(cuts: Sequence[Cut], side: int, known: set[str]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for cut in cuts:
        for pair, tokens in zip(cut.split.pairs, cut.tokens[side], strict=True):
            if not known.issuperset(tokens):
                for token in dict.fromkeys(tokens):
                    if token not in known:
                        found.setdefault(token, []).append(Place(cut.split.name, pair.line))
    return found


def strange_features(cuts: Sequence[Cut], known: set[str]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for cut in cuts:
        for pair in cut.split.pairs:
            if pair.features:
                for symbol in text.feature_symbols(pair.features):
                    if symbol not in known:
                        found.setdefault(symbol, []).append(Place(cut.split.name, pair.line))
    return found
