"""Servers as processes of their own, on loopback and free ports."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import Server

pytest.importorskip("starlette", reason="starlette is not installed: pip install 'seqwright[serve]'")

START = """
import sys
from pathlib import Path
from seqwright.serve import server
from seqwright.serve.limits import Limits
*paths, limits, token = sys.argv[1:]
server.run([Path(p) for p in paths], host="127.0.0.1", port=0, token=token or None, limits=Limits(**eval(limits)))
"""


@pytest.fixture(scope="module")
def start(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server for a copy of the trained model, with other limits if given."""
    started = []

    def run(*, token: str = "", **limits: object) -> Server:
        model = Path(shutil.copytree(trained, tmp_path_factory.mktemp("served") / "words"))
        command = [sys.executable, "-c", START, str(model), repr(limits), token]
        if not limits:
            command = [sys.executable, "-m", "seqwright", "serve", str(model), "--port", "0"]
            command += ["--token", token] if token else []
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        found = re.search(r"serving words at http://127\.0\.0\.1:(\d+)/", line)
        assert found, line + process.stderr.read().decode()
        return Server(process, int(found[1]), model)

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(start: Callable[..., Server]) -> Server:
    """Return a server that tests share and leave as it is."""
    return start()
