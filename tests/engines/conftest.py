"""PyTorch, where it is installed, uses one thread: its threads spin, and on a busy machine that costs minutes."""

import sys

import pytest


@pytest.fixture(autouse=True)
def one_thread():
    if (torch := sys.modules.get("torch")) is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
