"""Running commands as users do, and the expected form of errors."""

import os
import signal
import subprocess
import sys
from typing import NamedTuple

import pytest

COMMAND = [sys.executable, "-m", "seqwright"]
TINY = ["--set", "model.hidden_size=8", "--set", "model.embedding_size=4", "--set", "training.cross_validation=0"]


class Result(NamedTuple):
    """Exit code and output of a run of the command."""

    code: int
    out: str
    err: str

    def refused(self, code: int) -> str:
        """Return the error message, after checking that it is the only output and one line."""
        assert self.code == code, self
        assert self.out == "", self
        assert "Traceback" not in self.err, self
        assert self.err.startswith("seqwright: error: "), self
        assert self.err.count("\n") == 1, self
        assert self.err.endswith("\n"), self
        return self.err


def process(*arguments: object, stdin: bytes = b"", **options) -> Result:
    """Run the command as its users do."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, timeout=120, check=False, **options
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(*arguments: object, **options) -> subprocess.Popen[bytes]:
    """Start the command so that it can be interrupted, even where this process ignores Ctrl-C."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options,
    )  # fmt: skip


posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals, pipes or permissions")
