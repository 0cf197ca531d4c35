"""Fixtures that every test can ask for."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from seqwright import config, training

# No deadline for a single example: on a shared machine it would measure the neighbours.
hypothesis.settings.register_profile("seqwright", deadline=None)
hypothesis.settings.load_profile("seqwright")


@pytest.fixture(autouse=True)
def one_thread_of_pytorch() -> Iterator[None]:
    """Let PyTorch, where it is in use, have one thread: its threads spin, and on a busy machine that costs minutes."""
    if (torch := sys.modules.get("torch")) is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real data, which is not part of the project; skip where it is absent."""
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    path = Path(os.environ.get("SEQWRIGHT_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set SEQWRIGHT_DATA to the folder that holds it")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a started browser; skip where it or what drives it is absent."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reversals() -> str:
    """Return 60 pairs of letters and the same letters reversed, as lines of a file."""
    letters = "abcdefgh"
    words = [letters[i % 8] + letters[i // 8] + letters[(i * 5 + 3) % 8] for i in range(60)]
    return "".join(f"{word}\t{word[::-1]}\n" for word in words)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, reversals: str) -> Path:
    """Return the directory of a tiny model that knows little; copy it before changing anything in it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "pairs.tsv").write_text(reversals, encoding="utf-8")
    tiny = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=8", "training.report=false",
            "training.cross_validation=0"]  # fmt: skip
    training.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, tiny))
    return folder / "model"
