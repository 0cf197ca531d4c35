"""Completion in the shells of docs/reference/commands.md, in the shells themselves where they are installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINES = {
    "bash": 'eval "$(_SEQWRIGHT_COMPLETE=bash_source seqwright)"',
    "zsh": 'eval "$(_SEQWRIGHT_COMPLETE=zsh_source seqwright)"',
    "fish": "_SEQWRIGHT_COMPLETE=fish_source seqwright | source",
}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
# Load the completions as a user does, then print those of `seqwright tr`, as Tab would offer them.
REQUEST = {
    "bash": "COMP_WORDS=(seqwright tr); COMP_CWORD=1; _seqwright_completion seqwright; echo ${COMPREPLY[@]}",
    "zsh": "words=(seqwright tr); CURRENT=2; _describe() { print -l ${(P)3} }; _seqwright_completion",
    "fish": "complete --do-complete 'seqwright tr'",
}


@pytest.fixture
def path(tmp_path):
    """A PATH on which `seqwright` is this one."""
    command = tmp_path / "seqwright"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seqwright "$@"\n')
    command.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("shell", LINES)
def test_the_documented_line_completes_commands(path, tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    start = "autoload -Uz compinit && compinit -u -D\n" if shell == "zsh" else ""
    done = subprocess.run(
        [shell, "-c", f"{start}{LINES[shell]}\n{REQUEST[shell]}"], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert re.search(r"\btrain\b", done.stdout), done
    assert not re.search(r"\btune\b", done.stdout), done


@pytest.mark.skipif(not PAGE.exists(), reason="tests an installed package without its documentation")
def test_each_shell_is_documented():
    text = PAGE.read_text().replace(r"\|", "|")
    assert [shell for shell, line in LINES.items() if f"`{line}`" not in text] == []


@pytest.mark.parametrize("shell", LINES)
def test_completion_offers_the_options_of_a_command(shell):
    environment = {
        **os.environ,
        "_SEQWRIGHT_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "seqwright train --epo",
        "COMP_CWORD": "--epo" if shell == "fish" else "2",
    }
    command = [sys.executable, "-m", "seqwright"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "--epochs" in done.stdout
    assert "--seed" not in done.stdout
