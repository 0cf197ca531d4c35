"""Files of pairs, unlabelled sources and related pairs, and trainings on them."""

from __future__ import annotations

import random
from pathlib import Path

from seqwright import config
from seqwright.training import auxiliary
from seqwright.training.prepare import Prepared

SMALL = ["model.hidden_size=16", "model.embedding_size=8", "training.augmentation=0", "training.batch_size=8"]


def words(n: int, seed: int, letters: str = "abcde") -> list[str]:
    rng = random.Random(seed)
    return sorted({"".join(rng.choices(letters, k=rng.randint(2, 5))) for _ in range(n)})


def written(folder: Path) -> dict[str, Path]:
    """100 pairs of a word in capitals, 100 words of which some are in the pairs, and pairs with one more letter."""
    found = {name: folder / f"{name}.tsv" for name in ("pairs", "words", "related")}
    found["pairs"].write_text("".join(f"{word}\t{word.upper()}\n" for word in words(100, 1)))
    found["words"].write_text("".join(f"{word}\n" for word in [*words(60, 2), *words(100, 1), "xyz", ""]))
    related = [*words(60, 3, "abcdez"), *words(100, 1)]
    found["related"].write_text("".join(f"{word}\t{word.upper()}!\n" for word in related))
    return found


def configured(files: dict[str, Path], *settings: str, n_folds: int, epochs: int) -> config.Config:
    """Return the configuration of a training on all files.   n_folds: of a cross-validation, 0 for none."""
    named = [f"training.unlabelled={files['words']}", f"training.also={files['related']}"]
    return config.parse(
        {}, [*SMALL, *named, f"training.cross_validation={n_folds}", f"training.epochs={epochs}", *settings]
    )


def source_texts(prepared: Prepared, one: auxiliary.Auxiliary) -> set[str]:
    decode = prepared.source.vocabulary.decode
    return {"".join(decode(one.examples.pair(n)[0])) for n in range(len(one.examples))}
