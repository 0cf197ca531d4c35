"""What cannot train is refused in one line before anything is read or written."""

import importlib.util
import sys

import pytest

from seqwright import config, engines
from seqwright.cli.main import main
from seqwright.errors import ConfigError, DependencyError, UsageError

TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not TORCH, reason="the engine needs PyTorch: pip install seqwright[torch]")


def test_an_absent_pytorch_is_an_error_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DependencyError, match=r"pip install 'seqwright\[torch\]'"):
        engines.check("cpu", "float32")


def test_training_with_the_layers_needs_no_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    engines.check(None, "float32")


def test_precision_is_a_setting_of_pytorch():
    with pytest.raises(ConfigError, match="needs PyTorch"):
        config.parse({}, ["training.precision=bfloat16"])


def test_an_apple_gpu_has_no_bfloat16():
    with pytest.raises(ConfigError, match="Apple GPU"):
        config.parse({}, ["training.precision=bfloat16", "training.device=mps"])


def test_torchrun_without_a_device_is_refused(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(UsageError, match="add --device cpu or cuda"):
        engines.check(None, "float32")


@needs_torch
def test_a_missing_gpu_is_named_in_one_line_before_a_file_is_read(tmp_path, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["train", str(tmp_path / "absent.tsv"), "--device", "cuda", "-o", str(tmp_path / "model")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "--device cuda" in err
    assert "use --device auto or cpu" in err
    assert not (tmp_path / "model").exists()


@needs_torch
def test_auto_is_a_gpu_if_there_is_one(monkeypatch):
    import torch

    from seqwright.engines.pytorch import devices

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for available, expected in (False, "cpu"), (True, "cuda"):
        monkeypatch.setattr(torch.cuda, "is_available", lambda available=available: available)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        assert devices.chosen("auto", "float32").type == expected


@needs_torch
def test_more_processes_than_gpus_are_refused(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(UsageError, match="--nproc-per-node 2"):
        engines.check("cuda", "float32")
