"""Fixtures that every test can ask for."""

import os
from pathlib import Path

import hypothesis
import pytest

# No deadline for a single example: on a shared machine it would measure the neighbours.
hypothesis.settings.register_profile("seqwright", deadline=None)
hypothesis.settings.load_profile("seqwright")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real data, which is not part of the project; skip where it is absent."""
    beside = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    path = Path(os.environ.get("SEQWRIGHT_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set SEQWRIGHT_DATA to the folder that holds it")
    return path
