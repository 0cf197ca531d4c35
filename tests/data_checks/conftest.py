"""Files of pairs written by hand, and their findings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seqwright import data_checks
from seqwright.data_checks.findings import Finding


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Finding]]:
    """Return a function from texts of files, called a.tsv, b.tsv …, to the findings by kind."""
    monkeypatch.chdir(tmp_path)

    def find(*texts: str) -> dict[str, Finding]:
        names = [f"{letter}.tsv" for letter in "abcdef"[: len(texts)]]
        for name, text in zip(names, texts, strict=True):
            Path(name).write_text(text, encoding="utf-8", newline="")
        found = data_checks.check_files(names).findings
        return {finding.kind: finding for finding in found}

    return find
