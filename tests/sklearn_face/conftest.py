"""A tiny transducer and what it learns."""

import pytest

from seqwright.sklearn import SequenceTransducer


@pytest.fixture(scope="session")
def words(reversals):
    """Return 60 sources of letters and their targets, the same letters reversed."""
    sources, targets = zip(*(line.split("\t") for line in reversals.splitlines()), strict=True)
    return list(sources), list(targets)


@pytest.fixture
def tiny():
    """Return an unfitted transducer that learns for a moment only."""
    return SequenceTransducer(epochs=3, hidden_size=8, beam=2, settings=("model.embedding_size=4",))


@pytest.fixture(scope="session")
def fitted(words):
    """Return a transducer that has learned enough to be right sometimes; do not fit it again."""
    settings = ("model.embedding_size=16", "model.dropout=0", "optim.learning_rate=2e-2", "training.batch_size=8")
    return SequenceTransducer(epochs=15, hidden_size=24, settings=settings).fit(*words)
