"""Model directories to report on."""

from pathlib import Path

import pytest

from seqwright import config, training

TINY = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=2", "training.cross_validation=0"]
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "</title></style>", "\u202eabc", "a\u200bb\0",
           "&amp;", "' onmouseover='alert(3)", "<!--", "]]>", "\ufeffx", "javascript:alert(4)", "שלום<b>"]  # fmt: skip


def model_of(folder: Path, lines: str, *settings: str) -> Path:
    """Return the directory of a tiny model of these lines."""
    (folder / "pairs.tsv").write_text(lines, encoding="utf-8", newline="")
    training.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, [*TINY, *settings]))
    return folder / "model"


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of data that contains markup."""
    lines = "".join(f"{text}{i}\t{other}\t{text.replace(';', '')}\n" for i in range(3) for text in HOSTILE
                    for other in (text, text[::-1]))  # fmt: skip
    columns = ["text.source_column=1", "text.target_column=2", "text.features_column=3"]
    return model_of(tmp_path_factory.mktemp("hostile"), lines, "training.dev_share=0.5", *columns)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, reversals: str) -> Path:
    """Return a model without attention."""
    return model_of(tmp_path_factory.mktemp("plain"), reversals, "model.attention=none")


@pytest.fixture(scope="session")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of sentences."""
    people, verbs = ["The doctor", "My friend", "Nobody here", "A child"], ["sees", "buys", "will not sell", "has lost"]
    things = ["a <b>book</b>.", "the bicycle.", "« bread »", "an old house & garden.", "tea?"]
    rows = [
        (f"{a}가 {c} {b}", f"{a} {b} {c}") for a in people for b in verbs for c in things
    ]  # fmt: skip
    lines = "".join(f"{source}\t{target}\n" for source, target in rows)
    return model_of(tmp_path_factory.mktemp("sentences"), lines, "training.dev_share=0.3", "text.target_tokens=words")
