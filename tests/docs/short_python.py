"""Run a Python block of a document, with trainings of one epoch of a tiny network."""

import sys
from pathlib import Path

import seqwright
from seqwright import config

whole = seqwright.train
SHORT = ("model.hidden_size=8", "model.embedding_size=4", "training.epochs=1")


def short(*arguments: object, **options: object) -> seqwright.Translator:
    """Train as `seqwright.train` does, but shortly, also where there is a model already."""
    return whole(*arguments, **{"config": config.parse({}, SHORT), "overwrite": True, **options})


if __name__ == "__main__":
    seqwright.train = short
    path = Path(sys.argv[1])
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), {"__name__": "__main__"})
