"""A model as one compressed string, which `engine/model.js` unpacks in a browser.

A zlib stream in base64: the length of a description (uint32), the description in JSON, and the arrays that it lists.
Weights are the 8-bit codes and scales of `models.int8`; sums of products stay floats, so the page computes as a model
with these weights in float32, without the rounding of inputs that a model in 8 bits has.
"""

from __future__ import annotations

import base64
import dataclasses
import struct
import zlib
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from seqwright.bundle import Bundle
from seqwright.data.subwords import Subwords
from seqwright.data.tokenizer import Tokenizer
from seqwright.inference.confidence import Confidence
from seqwright.models import Seq2seq, int8

__all__ = ["packed"]


def packed(bundle: Bundle) -> str:
    """Return a model as base64."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    networks = []
    for number, one in enumerate(bundle.networks):
        declared = Seq2seq.declared(one.spec)
        codes = int8.to_codes(one.arrays, declared)
        arrays |= {f"{number}.{name}": array for name, array in codes.items()}
        networks.append({
            "spec": dataclasses.asdict(one.spec),
            "weights": [f"{number}.{name}" for name in one.arrays],
            "rows": [name for name, parameter in declared.items() if parameter.contracted == 1],
        })  # fmt: skip
    text = bundle.config.text
    description = {
        "networks": networks,
        "source": side(text.source_tokens, bundle.source),
        "target": side(text.target_tokens, bundle.target),
        "limits": msgspec.to_builtins(bundle.limits),
        "lexicon": [(pair.source, pair.target, pair.features) for pair in bundle.lexicon],
        "calibration": calibration(bundle, arrays),
    }  # fmt: skip
    return base64.b64encode(zlib.compress(laid_out(description, arrays), 9)).decode("ascii")


def side(tokens: str | None, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return how one side is cut into tokens, and its symbols."""
    found: dict[str, Any] = {
        "tokens": tokens or "characters",
        "form": tokenizer.unicode_form,
        "symbols": tokenizer.vocabulary.symbols,
        "subwords": None,
    }
    if isinstance(tokenizer.splitter, Subwords):
        pieces, scores = zip(*tokenizer.splitter.scores(), strict=True)
        found["subwords"] = {"pieces": pieces, "scores": scores}
    return found


def calibration(bundle: Bundle, arrays: dict[str, npt.NDArray[Any]]) -> dict[str, Any] | None:
    """Return the calibration, None without one; its n-grams are added to the arrays."""
    found = Confidence(bundle).calibration
    if found is None:
        return None
    familiarity = found.familiarity
    if familiarity is not None:
        table = familiarity.table()
        arrays["ngrams"], arrays["counts"] = np.diff(table.keys, prepend=0), table.counts
        kept = {name: getattr(familiarity, name) for name in ("order", "n_ids", "surprises", "n", "longest")}
    return {"slope": found.slope, "intercept": found.intercept, "familiarity": None if familiarity is None else kept}


def laid_out(description: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    """Return the description, with the name, type, shape and position of each array, and the arrays."""
    contents, places, position = [], [], 0
    for name, array in arrays.items():
        contents.append(array.astype(array.dtype.newbyteorder("<")).tobytes())
        places.append([name, array.dtype.name, array.shape, position])
        position += len(contents[-1])
    document = msgspec.json.encode(description | {"arrays": places})
    return struct.pack("<I", len(document)) + document + b"".join(contents)
