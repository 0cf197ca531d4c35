"""Every faulty input ends with one line that names it, and without loss of data."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from command import TINY, Result, posix, process

import seqwright as package


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def answers_of(model: Path) -> list[str]:
    return [hypotheses[0].text for hypotheses in package.load(model).predict(["abc", "hgf"])]


def model_in(folder: Path) -> tuple[object, ...]:
    """Return what a directory answers with, and all that it loads but its arrays."""
    loaded = package.load(folder).bundle
    return answers_of(folder), loaded.config, loaded.source.vocabulary, loaded.limits, loaded.manifest


BAD_PAIRS = {
    "empty": (b"", ["empty", "source<TAB>target"]),
    "not UTF-8": (b"ab\tba\ncaf\xe9\tx\n", ["line 2, byte 4", "UTF-8", "iconv"]),
    "UTF-16": ("ab\tba\nba\tab\n".encode("utf-16-le"), ["UTF-16", "iconv"]),
    "no tab": (b"ab\tba\nab ba\n", ["line 2", "no tab", "'ab ba'"]),
    "one pair": (b"ab\tba\n", ["one pair"]),
    "one source": (b"ab\tba\nab\tbb\n", ["one source"]),
    "targets empty": (b"ab\t\ncd\t\n", ["every target is empty"]),
}


@pytest.mark.parametrize("fault", BAD_PAIRS)
def test_a_bad_file_of_pairs_is_refused_by_name_and_nothing_is_written(fault, tmp_path, seqwright):
    data, words = BAD_PAIRS[fault]
    path = tmp_path / "words.tsv"
    path.write_bytes(data)
    message = seqwright("train", path, "-o", tmp_path / "out").refused(1)
    assert all(word in message for word in [*words, str(path)]), message
    assert contents(tmp_path) == {"words.tsv": data}


def test_a_missing_file_and_a_directory_are_refused_by_name(tmp_path, seqwright, pairs):
    assert "no such file" in seqwright("train", tmp_path / "none.tsv", "-o", tmp_path / "out").refused(1)
    assert "is a directory" in seqwright("train", tmp_path, "-o", tmp_path / "out").refused(1)
    assert "no such file" in seqwright("train", pairs, "--dev", tmp_path / "d.tsv", "-o", tmp_path / "out").refused(1)
    assert not (tmp_path / "out").exists()


def test_the_real_command_refuses_like_the_one_in_this_process(tmp_path):
    path = tmp_path / "words.tsv"
    path.write_bytes(b"ab\tba\nab ba\n")
    message = process("train", path, "-o", tmp_path / "out").refused(1)
    assert f"{path}, line 2: no tab" in message


def test_a_dev_file_that_shares_no_symbol_is_refused(tmp_path, seqwright, pairs):
    dev = tmp_path / "dev.tsv"
    for text, side in (("жз\tba\n", "source"), ("ab\tжз\n", "target")):
        dev.write_text(text, encoding="utf-8")
        message = seqwright("train", pairs, "--dev", dev, "-o", tmp_path / "out").refused(1)
        assert str(dev) in message
        assert f"{side}s share no symbol" in message


def test_standard_input_cannot_be_both_pairs_and_dev(tmp_path, seqwright):
    assert "standard input" in seqwright("train", "-", "--dev", "-", "-o", tmp_path / "out").refused(2)


def test_an_output_that_exists_is_refused_and_overwrite_replaces_it(seqwright, pairs, model):
    before = contents(model)
    message = seqwright("train", pairs, "-o", model).refused(2)
    assert str(model) in message
    assert "--overwrite" in message
    assert contents(model) == before
    assert seqwright("train", pairs, "-o", model, "--overwrite", "--epochs", "1", *TINY).code == 0
    assert contents(model)["model.safetensors"] != before["model.safetensors"]
    assert len(answers_of(model)) == 2


def test_an_output_that_is_a_file_or_under_one_is_refused(seqwright, pairs):
    for output in (pairs, pairs / "deep" / "model"):
        assert f"{pairs} is a file" in seqwright("train", pairs, "-o", output).refused(2)


# Nothing is forbidden to root, so the command becomes nobody; it imports first, as nobody may not read every Python.
AS_NOBODY = """
import locale, os, sys  # locale: what writes click's messages imports it late
from seqwright import training
from seqwright.cli import display, main
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(main.main())
"""


@posix
def test_an_output_without_permission_is_refused_before_training(pairs):
    folder = Path(tempfile.mkdtemp())  # not tmp_path, which is closed to others
    try:
        shutil.copy(pairs, folder / "pairs.tsv")
        folder.chmod(0o555)
        arguments = ["train", str(folder / "pairs.tsv"), "-o", str(folder / "model")]
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *arguments], capture_output=True, text=True, check=False
        )
        message = Result(done.returncode, done.stdout, done.stderr).refused(1)
        assert "Permission denied" in message
        assert str(folder) in message
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def limited_files():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@posix
def test_a_file_that_cannot_be_written_to_its_end_leaves_the_previous_model(pairs, model):
    before = model_in(model)
    big = ["--set", "model.hidden_size=64", "--epochs", "1"]
    result = process("train", pairs, "-o", model, "--overwrite", *big, preexec_fn=limited_files)
    assert result.code == 1
    assert "Traceback" not in result.err
    assert f"seqwright: error: {model}" in result.err.splitlines()[-1]
    assert "File too large" in result.err.splitlines()[-1]
    assert model_in(model) == before


@contextlib.contextmanager
def small_disk(folder: Path):
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "seqwright-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_previous_model(tmp_path, pairs, model):
    with small_disk(tmp_path / "disk") as disk:
        kept = shutil.copytree(model, disk / "model")
        big = ["--set", "model.hidden_size=64", "--epochs", "1"]
        result = process("train", pairs, "-o", kept, "--overwrite", *big)
        assert result.code == 1
        assert "Traceback" not in result.err
        assert "No space left on device" in result.err.splitlines()[-1]
        assert "unchanged" in result.err.splitlines()[-1]
        assert model_in(kept) == model_in(model)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - no file of ours
def test_answers_that_cannot_be_written_are_an_error(model):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "seqwright", "predict", model], input=b"abc\n", stdout=full, stderr=subprocess.PIPE,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b"seqwright: error: standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_model_directory_that_is_none_is_refused(command, tmp_path, seqwright, pairs):
    assert "no such model directory" in seqwright(command, tmp_path / "none", pairs).refused(1)
    assert "is a file" in seqwright(command, pairs, pairs).refused(1)
    assert "config.json: missing" in seqwright(command, tmp_path, pairs).refused(1)


def test_a_damaged_model_is_refused(seqwright, pairs, model):
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    message = seqwright("predict", model, pairs).refused(1)
    assert str(weights) in message
    assert "train it again" in message


@pytest.mark.parametrize("option", ["--set", "--config"])
def test_a_misspelt_setting_is_refused_with_the_nearest_name(option, tmp_path, seqwright, pairs):
    file = tmp_path / "settings.toml"
    file.write_text("[model]\nhiden_size = 3\n", encoding="utf-8")
    given = "model.hiden_size=3" if option == "--set" else file
    message = seqwright("train", pairs, option, given).refused(2)
    assert "did you mean 'hidden_size'?" in message
    assert str(given) in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[modle]\nlayers = 1\n", ["[modle]", "did you mean 'model'?"]),
        (b"[model\n", ["not TOML", "line 1"]),
        (b"\xff\xfe", ["not TOML"]),
        (b"[optim]\nrate = -1\n", ["optim.learning_rate = -1"]),
        (b"[model]\nattention = 'dto'\n", ["model.attention", "bilinear"]),
    ],
)
def test_a_bad_configuration_file_is_refused_by_name(text, words, tmp_path, seqwright, pairs):
    file = tmp_path / "settings.toml"
    file.write_bytes(text)
    message = seqwright("train", pairs, "--config", file).refused(2)
    assert all(word in message for word in [str(file), *words]), message
    assert "no" in seqwright("train", pairs, "--config", tmp_path / "none.toml").refused(2).lower()


def test_a_line_that_is_not_utf8_stops_predict_by_name_after_the_lines_before_it(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_bytes(b"abc\nca\xe9\n")
    stopped = seqwright("predict", model, path)
    assert stopped.code == 1
    assert stopped.err.startswith(f"seqwright: error: {path}, line 2, byte 3")
    path.write_bytes(b"abc\n")
    assert stopped.out == seqwright("predict", model, path).out
    assert "no such file" in seqwright("predict", model, tmp_path / "none.txt").refused(1)


def test_a_file_without_pairs_cannot_be_evaluated_on(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_bytes(b"abc\n")
    assert f"{path}, line 1: no tab" in seqwright("evaluate", model, path).refused(1)


def test_a_column_of_some_lines_is_refused_with_the_commands_that_decide(tmp_path, seqwright):
    path = tmp_path / "words.tsv"
    path.write_bytes(b"ab\tba\tV\ncd\tdc\n")
    result = seqwright("check", path)
    error, *commands = result.err.splitlines()
    assert (result.code, result.out) == (2, "")
    assert "words.tsv, line 2: this line has no column 3" in error
    options = [command.split(f"{path} ")[1].split() for command in commands]
    assert options == [["--features-column", "none"], ["--features-column", "3"]]
    assert [seqwright("check", path, *some).code for some in options] == [0, 0]


@pytest.mark.parametrize("command", ["export {} --html page.html", "suggest {} words.txt more.tsv"])
def test_an_output_that_is_given_as_an_argument_is_answered_with_its_option(command, seqwright, model):
    assert "the output is given with -o" in seqwright(*command.format(model).split()).refused(2)
