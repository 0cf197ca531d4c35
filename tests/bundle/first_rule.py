"""Make a model one of before there was a check: its stamp is a hash of both vocabularies and the weights alone."""

import hashlib
import json
from pathlib import Path

import safetensors.numpy

__all__ = ["restamp"]


def restamp(model: Path) -> None:
    """Rewrite config.json and the weights of a model directory as they were written by the first rule."""
    arrays = safetensors.numpy.load_file(model / "model.safetensors")
    vocabularies = b"".join((model / f"{side}.vocab.json").read_bytes() for side in ("source", "target"))
    document = json.loads((model / "config.json").read_text("utf-8"))
    document.pop("stamp_rule", None)
    document.pop("checksum", None)
    document["stamp"] = hashlib.sha256(vocabularies + safetensors.numpy.save(arrays)).hexdigest()[:16]
    document["config"]["training"]["lexicon"] = ""
    (model / "config.json").write_text(json.dumps(document), encoding="utf-8")
    (model / "model.safetensors").write_bytes(safetensors.numpy.save(arrays, {"stamp": document["stamp"]}))
