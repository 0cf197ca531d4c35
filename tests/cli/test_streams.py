"""Standard streams that are closed, on a full disk or without a reader, for every command."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from command import COMMAND, TINY, posix

from seqwright import bundle
from seqwright.cli.main import seqwright as group

pytestmark = [
    posix,
    pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full"),  # noqa: PTH110 - no file of ours
]
SMALL = [*TINY, "--epochs", "1", "--set", "training.report=false"]
ARGUMENTS = {
    "train": ["pairs.tsv", "--output", "new", *SMALL],
    "predict": ["model", "pairs.tsv"],
    "evaluate": ["model", "pairs.tsv"],
    "score": ["model", "pairs.tsv"],
    "inspect": ["model"],
    "check": ["pairs.tsv"],
    "suggest": ["model", "pairs.tsv"],
    "report": ["model", "pairs.tsv"],
    "export": ["model", "--output", "new", "--int8"],
    "compare": ["model", "model", "pairs.tsv"],
    "tune": ["pairs.tsv", "--output", "new", "--trials", "1", "--set", "training.epochs=1"],
    "distill": ["model", "pairs.tsv", "--output", "new", "--n-best", "1", *SMALL],
    "join": ["model", "other", "--output", "new", "--data", "pairs.tsv"],
    "demo": ["dates", "--output", "new", "--epochs", "1"],
}
SILENT = {"train"}  # its results are files
SERVERS = {"serve"}  # tests/serve: it runs until it is stopped
SLOW = {"demo", "tune"}  # their work takes many seconds, and they print by the same function as train


def test_every_command_is_tried() -> None:
    assert sorted([*ARGUMENTS, *SERVERS]) == sorted(group.commands)


@pytest.fixture
def folder(tmp_path: Path, trained: Path, reversals: str) -> Path:
    shutil.copytree(trained, tmp_path / "model")
    model = bundle.load(trained)
    weights = {name: array + 0.001 for name, array in model.weights.items()}
    bundle.save(tmp_path / "other", msgspec.structs.replace(model, weights=weights))
    (tmp_path / "pairs.tsv").write_text(reversals, encoding="utf-8")
    return tmp_path


def shell(folder: Path, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell that redirects its streams."""
    line = f"exec {shlex.join([*COMMAND, *arguments])} {redirection}"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def into_broken_pipe(folder: Path, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with standard output in a pipe without a reader."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            ["sh", "-c", f"exec {shlex.join([*COMMAND, *arguments])} {redirection}"], cwd=folder,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, stdin=subprocess.DEVNULL, stdout=writing,
            stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)


@pytest.mark.parametrize("command", sorted(ARGUMENTS.keys() - SLOW))
def test_a_command_works_with_all_streams_closed(command: str, folder: Path) -> None:
    before = (folder / "pairs.tsv").read_bytes()
    done = shell(folder, "<&- >&- 2>&-", command, *ARGUMENTS[command])
    assert done.returncode == 0
    assert (folder / "pairs.tsv").read_bytes() == before
    if "--output" in ARGUMENTS[command]:
        assert (folder / "new" / "model.safetensors").exists()


@pytest.mark.parametrize("command", sorted(ARGUMENTS.keys() - SLOW - SILENT))
def test_results_on_a_full_disk_are_one_error(command: str, folder: Path) -> None:
    done = shell(folder, ">/dev/full", command, *ARGUMENTS[command])
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == "seqwright: error: standard output: No space left on device"
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr


@pytest.mark.parametrize("command", sorted(ARGUMENTS.keys() - SLOW))
def test_messages_on_a_full_disk_and_unread_results_are_discarded(command: str, folder: Path) -> None:
    done = into_broken_pipe(folder, "2>/dev/full", command, *ARGUMENTS[command])
    assert done.returncode == 0


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "2>/dev/full", "<&-", "<&- 2>&-"])
def test_one_stream_less_changes_no_answer(redirection: str, folder: Path) -> None:
    expected = shell(folder, "", "predict", "model", "pairs.tsv")
    done = shell(folder, redirection, "predict", "model", "pairs.tsv")
    assert done.returncode == expected.returncode == 0
    assert done.stdout == ("" if redirection == ">&-" else expected.stdout)
    assert done.stderr == ("" if "2>" in redirection else expected.stderr)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["predict", "--help"], []])
def test_help_without_streams_ends_quietly(arguments: list[str], folder: Path) -> None:
    code = 0 if arguments else 2
    assert shell(folder, ">&- 2>&1", *arguments).stdout == ""
    assert shell(folder, ">&-", *arguments).returncode == code
    assert into_broken_pipe(folder, "2>/dev/full", *arguments).returncode in (0, code)


def test_an_error_that_cannot_be_written_keeps_its_exit_code(folder: Path) -> None:
    for redirection in ("2>&-", "2>/dev/full"):
        assert shell(folder, redirection, "predict", "absent").returncode == 1
        assert shell(folder, redirection, "predict", "model", "--beam", "no").returncode == 2


def test_no_file_takes_the_place_of_a_closed_stream(folder: Path) -> None:
    """The system gives a new file the lowest free number, which is then that of a closed stream."""
    done = shell(folder, ">&- 2>&-", "train", "pairs.tsv", "--output", "new", *SMALL)
    assert done.returncode == 0
    assert all(line.startswith(b"{") for line in (folder / "new" / "metrics.jsonl").read_bytes().splitlines())
