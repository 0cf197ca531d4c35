"""The benchmarks are no installed package: they are imported from the top of the repository."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.fixture(autouse=True)
def one_thread():
    """Let PyTorch, where it is there, use one thread: its threads spin, and on a busy machine that costs minutes."""
    if (torch := sys.modules.get("torch")) is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
