"""A training with PyTorch writes the model directory that any other training writes."""

import json
import subprocess
import sys

import numpy as np
import pytest

from seqwright import bundle, config, load, training
from seqwright.data import vocabulary
from seqwright.training.events import Measured, Progressed, Started

torch = pytest.importorskip("torch", reason="the engine needs PyTorch: pip install seqwright[torch]")

from seqwright.engines.pytorch.network import Network  # noqa: E402
from seqwright.engines.pytorch.tensors import Tensors  # noqa: E402

SETTINGS = ["model.hidden_size=16", "model.embedding_size=8", "training.epochs=4", "training.report=false",
            "training.cross_validation=0"]  # fmt: skip


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def train(pairs, output, *settings, **arguments):
    events = []
    parsed = config.parse({}, [*SETTINGS, *settings])
    model = training.train(pairs, output=output, config=parsed, **{"listen": events.append, **arguments})
    return model, events


def measured(events):
    return [event.loss for event in events if isinstance(event, Measured)]


def test_a_training_has_the_losses_and_events_of_one_with_the_layers(pairs, tmp_path):
    _, ours = train(pairs, tmp_path / "ours")
    _, theirs = train(pairs, tmp_path / "theirs", "training.device=cpu")
    assert measured(theirs) == pytest.approx(measured(ours), rel=1e-3)
    kinds = [{type(event) for event in events if not isinstance(event, Progressed)} for events in (theirs, ours)]
    assert kinds[0] == kinds[1]
    [started] = [event for event in theirs if isinstance(event, Started)]
    assert started.kernels.startswith("PyTorch")


def test_a_model_is_used_without_pytorch(pairs, tmp_path):
    model, _ = train(pairs, tmp_path / "model", "training.device=cpu")
    [[expected]] = model.predict(["abc"])
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import seqwright; print(seqwright.load(sys.argv[1]).predict(['abc'])[0][0].text)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model")], capture_output=True, text=True, check=True
    )
    assert found.stdout == expected.text + "\n"


@pytest.mark.parametrize("settings", [[], ["training.device=cpu"]], ids=["layers", "PyTorch"])
def test_answers_are_those_of_the_network_in_pytorch_whichever_engine_trained_it(pairs, tmp_path, settings):
    model, _ = train(pairs, tmp_path / "model", *settings, "model.copying=false", "training.epochs=12")
    sources = [line.partition("\t")[0] for line in pairs.read_text(encoding="utf-8").splitlines()]
    answers = [hypotheses[0].text for hypotheses in model.predict(sources, beam=1)]
    assert [greedy(model.bundle, source) for source in sources] == answers
    assert len(set(answers)) > 10


def greedy(model, source):
    """Return the text of the most probable symbols, one after the other, by PyTorch."""
    [net] = model.build()
    theirs = Network.of(net)
    ids = [*model.source.encode(source), vocabulary.END]
    found, lengths = [vocabulary.START], np.array([len(ids)], np.int32)
    while found[-1] != vocabulary.END and len(found) <= model.limits.max_length(len(ids)):
        target = np.array([*found, vocabulary.PAD], np.int32)[:, None]
        given = net.inputs(np.array(ids, np.int32)[:, None], lengths, target, np.array([len(found)], np.int32))
        batch = Tensors.of(given, {}, net.spec, torch.device("cpu"), torch.float32)
        with torch.no_grad():
            logits = theirs.outputs(batch)[0][0, -1]
        too_short = len(found) <= model.limits.min_length(len(ids))
        logits[[*vocabulary.NEVER_ANSWERED, *([vocabulary.END] if too_short else [])]] = -torch.inf
        found.append(int(logits.argmax()))
    return model.target.decode(found[1:-1])


def test_an_interrupted_training_ends_with_the_same_bytes(pairs, tmp_path):
    train(pairs, tmp_path / "whole", "training.device=cpu")
    seen = []

    def interrupt(event):
        if isinstance(event, Measured):
            seen.append(event)
            if len(seen) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pairs, tmp_path / "again", "training.device=cpu", listen=interrupt)
    train(pairs, tmp_path / "again", "training.device=cpu")
    whole, again = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "again"))
    assert again == whole


def test_ensembles_time_budgets_and_mixed_precision_are_trained(pairs, tmp_path):
    model, events = train(
        pairs, tmp_path / "model", "training.device=cpu", "training.members=2", "training.time_budget_s=60",
        "training.precision=bfloat16",
    )  # fmt: skip
    assert np.isfinite(measured(events)).all()
    assert len(bundle.load(tmp_path / "model").networks) == 2
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert manifest["again"]["config"]["training"]["device"] == "cpu"
    assert model.predict(["abc"])


def test_a_model_of_the_layers_is_fine_tuned_with_pytorch(pairs, tmp_path):
    train(pairs, tmp_path / "base")
    parsed = config.parse({}, ["training.epochs=1", "training.report=false", "training.device=cpu"])
    training.train(pairs, output=tmp_path / "tuned", config=parsed, fine_tune=tmp_path / "base")
    assert load(tmp_path / "tuned").predict(["abc"])
