"""A model in another form: in 8 bits, for a quarter of the space and a fraction of the time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from seqwright import bundle as bundles
from seqwright import evaluation, metrics, provenance
from seqwright.data import readers
from seqwright.errors import UsageError
from seqwright.inference.translator import Translator
from seqwright.models import Seq2seq, int8, weights

__all__ = ["Exported", "export"]


class Exported(NamedTuple):
    """What an export wrote.

    n_bytes: of the weights, before and after.   scores: of the answers before and after; None where there were no pairs
    to measure on, and `missing` says why.
    """

    output: Path
    n_bytes: tuple[int, int]
    scores: tuple[metrics.Scores, metrics.Scores] | None
    missing: str


def export(
    model: str | Path,
    *,
    output: str | Path | None = None,
    data: readers.Paths | None = None,
    beam: int = 5,
    reading: readers.Columns = readers.STANDARD,
    listen: evaluation.Listener = evaluation.unheard,
) -> Exported:
    """Write a model with 8-bit weights to the directory `output` (MODEL-int8 if not given), and measure both.

    data: pairs to measure on; those that training measured on, where they can be found, if not given.
    reading: how `data` is read, where not as the files of the training.
    listen: see `evaluation.evaluate`.
    UsageError: it is in 8 bits already, or something stands at `output`.
    """
    path = Path(model)
    before = Translator(bundles.load(path))
    if before.bundle.int8:
        raise UsageError(f"{path} is in 8 bits already")
    target = Path(output) if output is not None else path.absolute().with_name(f"{path.absolute().name}-int8")
    bundles.refuse_taken(target)
    after = Translator(_rounded(before.bundle))
    columns = evaluation.columns(before, reading)
    pairs, missing = provenance.pairs_to_evaluate(before.bundle, path, data, columns)
    scores = None
    if pairs:
        first, second = evaluation.evaluate_each([before, after], pairs, beam=beam, listen=listen)
        scores = first.scores, second.scores
    manifest = before.bundle.manifest | {"int8": {"exact": [one.exact for one in scores]} if scores else {}}
    if "provenance" in manifest:
        moved = provenance.moved(provenance.provenance(manifest), target, before=path)
        manifest["provenance"] = msgspec.to_builtins(moved)
    bundles.save(target, msgspec.structs.replace(after.bundle, manifest=manifest))
    n_bytes = tuple(bundles.weights_file(one).stat().st_size for one in (path, target))
    return Exported(target, (n_bytes[0], n_bytes[1]), scores, missing)


def _rounded(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return the model as it will be read again from its codes."""
    floats = []
    for one in bundle.networks:
        declared = Seq2seq.declared(one.spec)
        floats.append(int8.from_codes(int8.to_codes(one.arrays, declared), declared))
    joined = weights.joined(floats, numbered=weights.is_numbered(bundle.weights))
    return msgspec.structs.replace(bundle, weights=joined, int8=True)
