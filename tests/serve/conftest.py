"""Servers as processes of their own, on loopback and free ports."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from serving import Server

from seqwright import training
from seqwright.config import parse

pytest.importorskip("starlette", reason="starlette is not installed: pip install 'seqwright[serve]'")

START = """
import sys
from pathlib import Path
from seqwright.serve import server
from seqwright.serve.limits import Limits
*paths, limits, token, n = sys.argv[1:]
paths, limits = [Path(p) for p in paths], Limits(**eval(limits))
server.run(paths, host="127.0.0.1", port=0, token=token or None, n_workers=int(n), limits=limits)
"""


@pytest.fixture(scope="module")
def start(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server for a copy of the trained model, with other limits if given."""
    started = []

    def run(*, token: str = "", workers: int = 1, others: Sequence[Path] = (), **limits: object) -> Server:
        model = Path(shutil.copytree(trained, tmp_path_factory.mktemp("served") / "words"))
        models = list(map(str, [model, *others]))
        command = [sys.executable, "-c", START, *models, repr(limits), token, str(workers)]
        if not limits:
            command = [sys.executable, "-m", "seqwright", "serve", *models, "--port", "0"]
            command += ["--token", token] if token else []
            command += ["--workers", str(workers)] if workers > 1 else []
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        found = re.search(r"serving words.* at http://127\.0\.0\.1:(\d+)/", line)
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


@pytest.fixture(scope="module")
def other(tmp_path_factory, reversals):
    """Return the directory of a model unlike the trained one."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "pairs.tsv").write_text(reversals, encoding="utf-8")
    tiny = ["model.hidden_size=6", "model.embedding_size=4", "training.epochs=2", "training.report=false"]
    training.train(folder / "pairs.tsv", output=folder / "model", config=parse({}, tiny))
    return folder / "model"


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Return the directory of a model from Hebrew and Hangul to Arabic and to letters with combining marks."""
    folder = tmp_path_factory.mktemp("scripts")
    hebrew, hangul, arabic = "אבגדהוזח", "가나다라마바사아", "ابجدهوزح"
    marked = ["a\u0320", "k", "o\u031e", "t\u0348", "i", "s\u02b0", "u", "n"]
    words = [(i % 8, i // 8, (5 * i + 3) % 8) for i in range(60)]
    pairs = [("".join(hebrew[i] for i in word), "".join(marked[i] for i in word)) for word in words]
    pairs += [("".join(hangul[i] for i in word), "".join(arabic[i] for i in word)) for word in words]
    (folder / "pairs.tsv").write_text("".join(f"{s}\t{t}\n" for s, t in pairs), encoding="utf-8")
    tiny = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=4", "training.report=false",
            "text.target_tokens=characters"]  # fmt: skip
    training.train(folder / "pairs.tsv", output=folder / "model", config=parse({}, tiny))
    return folder / "model"
