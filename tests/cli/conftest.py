"""A runner of commands in this process, and fixtures of data and models."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Result

from seqwright.cli.main import main


@pytest.fixture
def seqwright(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command in this process."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # the command sets it, and this process keeps its environment

    def run(*arguments: object) -> Result:
        code = main([str(argument) for argument in arguments])
        return Result(code, *capfd.readouterr())

    return run


@pytest.fixture
def pairs(tmp_path: Path, reversals: str) -> Path:
    """Return a good file of pairs."""
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path, trained: Path) -> Path:
    """Return a model directory that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "model"))
