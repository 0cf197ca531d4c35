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

__all__ = ["Exported", "export", "measured", "rounded"]


class Exported(NamedTuple):
    """The result of an export.

    Attributes
    ----------
    output : Path
        The model directory or the page that was written.
    n_bytes : (int, int)
        Sizes of the files of weights, before and after; for a page, its own size is the second.
    scores : (metrics.Scores, metrics.Scores) or None
        Before and after; None if there were no pairs for evaluation.
    missing : str
        The reason why there were none.
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
    """Write a copy of a model with 8-bit weights, and evaluate both.

    Parameters
    ----------
    model : path
        The model directory.
    output : path, optional
        The directory to write; by default the model's with `-int8` appended.
    data : path or several paths, optional
        Pairs for evaluation; by default the dev pairs of the training, if they are available.
    beam : int, default 5
        Hypotheses kept at each step of the evaluation.
    reading : Columns, optional
        How `data` is read where it differs from the files of the training.
    listen : callable, optional
        Called with the progress of the evaluation, see `evaluate`.

    Returns
    -------
    Exported
        Sizes and scores, before and after.

    Raises
    ------
    UsageError
        If the model has 8-bit weights already, or `output` exists.
    ModelError
        If the model cannot be loaded.
    OutputError
        If `output` cannot be written.
    """
    path = Path(model)
    before = Translator(bundles.load(path))
    if before.bundle.int8:
        raise UsageError(f"{path} is in 8 bits already")
    target = Path(output) if output is not None else path.absolute().with_name(f"{path.absolute().name}-int8")
    bundles.refuse_taken(target)
    after = Translator(rounded(before.bundle))
    scores, missing = measured(before, after, path, data=data, beam=beam, reading=reading, listen=listen)
    manifest = before.bundle.manifest | {"int8": {"exact": [one.exact for one in scores]} if scores else {}}
    if "provenance" in manifest:
        moved = provenance.moved(provenance.provenance(manifest), target, before=path)
        manifest["provenance"] = msgspec.to_builtins(moved)
    bundles.save(target, msgspec.structs.replace(after.bundle, manifest=manifest))
    n_bytes = tuple(bundles.weights_file(one).stat().st_size for one in (path, target))
    return Exported(target, (n_bytes[0], n_bytes[1]), scores, missing)


def measured(
    before: Translator,
    after: Translator,
    path: Path,
    *,
    data: readers.Paths | None,
    beam: int,
    reading: readers.Columns,
    listen: evaluation.Listener,
) -> tuple[tuple[metrics.Scores, metrics.Scores] | None, str]:
    """Return the scores of a model before and after, and where there are none the reason.   path: its directory."""
    pairs, missing = provenance.pairs_to_evaluate(before.bundle, path, data, evaluation.columns(before, reading))
    if not pairs:
        return None, missing
    first, second = evaluation.evaluate_each([before, after], pairs, beam=beam, listen=listen)
    return (first.scores, second.scores), missing


def rounded(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return the model with the weights that its 8-bit codes represent."""
    floats = []
    for one in bundle.networks:
        declared = Seq2seq.declared(one.spec)
        floats.append(int8.from_codes(int8.to_codes(one.arrays, declared), declared))
    joined = weights.joined(floats, numbered=weights.is_numbered(bundle.weights))
    return msgspec.structs.replace(bundle, weights=joined, int8=True)
