"""The script for a GPU runs from its first line to its last on a processor, with small networks."""

import pytest

pytest.importorskip("torch", reason="the engine needs PyTorch: pip install seqwright[torch]")

from benchmarks import gpu


def test_engine_and_bare_loops_are_measured_in_both_precisions():
    rows = list(gpu.speeds([gpu.Size(8, V=11, B=3, S=5)], device="cpu", steps=2, rounds=1))
    assert [row["precision"] for row in rows] == ["float32", "bfloat16"]
    for row in rows:
        assert all(row[f"{name}_words/s"] > 0 for name in ("engine", "packed", "padded"))


@pytest.mark.usefixtures("data_dir")
def test_the_seconds_to_the_same_dev_score_are_those_of_both_engines():
    found = gpu.to_the_same_score(
        "cpu", "training.epochs=1", "model.hidden_size=8", "model.embedding_size=8", "training.batch_size=256"
    )
    assert found["seconds"].keys() == {"kernels", "cpu"}
    assert found["seconds"]["kernels"] > 0
