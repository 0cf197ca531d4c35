"""A training that is killed before an operation on a file of its directory: the same command completes it."""

import json
import os
from itertools import count

import pytest

from seqwright import bundle, config, training
from seqwright.training import checkpoint
from tests.bundle.test_killed_writers import killed

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def measured(model):
    events = map(json.loads, (model / "metrics.jsonl").read_text().splitlines())
    return [(event["epoch"], event["loss"]) for event in events if event["type"] == "measured"]


@pytest.mark.parametrize("members", [1, 2])
def test_a_training_killed_at_any_file_operation_ends_with_the_same_model_and_metrics(
    tmp_path, reversals, members, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # takes most of the time, and matters for a power cut only
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(reversals, encoding="utf-8")
    settings = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=2", "training.report=false"]
    tiny = config.parse({}, [*settings, f"training.members={members}", "training.batch_size=32"])

    def train(name):
        training.train(pairs, output=tmp_path / name, config=tiny)

    train("whole")
    weights = (tmp_path / "whole" / "model.safetensors").read_bytes()
    n_resumed = 0
    for n in count(0, 2 if members == 1 else 7):  # every second, or seventh: all take a minute
        model = tmp_path / f"killed{n}"
        if not killed(n, lambda model=model: train(model.name), within=model):
            break
        # Whatever has no checkpoint counts as finished, so it must be whole, or not be there.
        n_resumed += checkpoint.exists(model)
        assert checkpoint.exists(model) or not bundle.exists(model) or bundle.load(model).manifest["calibration"]
        train(model.name)
        assert (model / "model.safetensors").read_bytes() == weights
        assert measured(model) == measured(tmp_path / "whole")
    assert n_resumed > 5
