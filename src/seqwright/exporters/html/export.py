"""Export a model as a page, and evaluate the weights that it has."""

from __future__ import annotations

from pathlib import Path

import msgspec

from seqwright import bundle as bundles
from seqwright import evaluation, file_set
from seqwright.data import readers
from seqwright.errors import OutputError, UsageError
from seqwright.exporters import int8
from seqwright.exporters.html import page
from seqwright.inference.translator import Translator

__all__ = ["export_html"]


def export_html(
    model: str | Path,
    *,
    output: str | Path | None = None,
    data: readers.Paths | None = None,
    beam: int = 5,
    reading: readers.Columns = readers.STANDARD,
    listen: evaluation.Listener = evaluation.unheard,
) -> int8.Exported:
    """Write a model as one HTML file that answers in a browser, without a network, and evaluate its weights.

    The page has 8-bit weights, as `export` writes them, but does not round the inputs of products: it answers as a
    model with these weights in 32 bits.

    Parameters
    ----------
    model : path
        The model directory.
    output : path, optional
        The file to write, which is replaced; by default the model's path with `.html` appended.
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
        Sizes and scores of the model and of the page.

    Raises
    ------
    UsageError
        If `output` is a directory.
    ModelError
        If the model cannot be loaded.
    OutputError
        If `output` cannot be written.
    """
    path = Path(model)
    before = Translator(bundles.load(path))
    absolute = path.absolute()
    target = Path(output) if output is not None else absolute.with_name(f"{absolute.name}.html")
    if target.is_dir():
        raise UsageError(f"{target} is a directory; give the name of a file, such as {target / 'page.html'}")
    after = Translator(rounded(before.bundle))
    document = page.composed(absolute.resolve().name, path, after)
    try:
        file_set.write(target, document)
    except OSError as error:
        raise OutputError(f"{target}: cannot write the page: {error.strerror}; choose another --output") from None
    scores, missing = int8.measured(before, after, path, data=data, beam=beam, reading=reading, listen=listen)
    return int8.Exported(target, (bundles.weights_file(path).stat().st_size, len(document)), scores, missing)


def rounded(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return the model that the page answers as: with weights of 8 bits, and inputs of products as they are."""
    return msgspec.structs.replace(int8.rounded(bundle), int8=False)
