"""The number of threads leaves no trace in a model."""

import numpy as np
import pytest

from seqwright import config, kernels, training

SETTINGS = ["model.hidden_size=48", "training.epochs=2", "training.report=false"]


@pytest.mark.skipif(not kernels.description().startswith("native"), reason="NumPy's threads are its own business")
def test_trainings_with_one_two_and_four_threads_end_with_the_same_bytes(tmp_path):
    rng = np.random.default_rng(5)
    words = ["".join(rng.choice(list("abcdefg"), rng.integers(1, 9))) for _ in range(300)]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    before, models = kernels.threads(), []
    try:
        for n in (1, 2, 4):
            kernels.set_threads(n)
            training.train(pairs, output=tmp_path / str(n), config=config.parse({}, SETTINGS))
            models.append((tmp_path / str(n) / "model.safetensors").read_bytes())
    finally:
        kernels.set_threads(before)
    assert models[0] == models[1] == models[2]
