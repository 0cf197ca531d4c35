"""What a training found about its files decides how they are read again: the same pairs, whatever was asked for."""

import itertools

import pytest

from seqwright import config
from seqwright.data import readers
from seqwright.training.prepare import prepare

TAGS = ["V;PST", "V;PRS", "N;PL", "N;SG"]
ODD = ["<b>", "a,b", '"x', "é ö", "#1", "1:2"]
STEMS = [(f"{a}{b}", f"{b}{a}x") for a, b in itertools.product("abcdefg", repeat=2)]
FILES = {
    "tags": [(*stem, TAGS[i % len(TAGS)]) for i, stem in enumerate(STEMS)],
    "odd third column": [(*stem, ODD[i % len(ODD)]) for i, stem in enumerate(STEMS)],
    "counts": [(*stem, str(17 * i + 3)) for i, stem in enumerate(STEMS)],
}
ASKED = [
    [],
    ["text.source_column=1"],
    ["text.features_column=3"],
    ["text.features_column=0"],
    ["text.source_column=1", "text.target_column=2", "text.features_column=3"],
    ["text.source_column=2", "text.target_column=1", "text.features_column=3"],
    ["text.source_column=2", "text.target_column=1", "text.features_column=0"],
    ["text.source_column=3", "text.target_column=1", "text.features_column=2"],
]


CASES = [
    (content, asked)
    for content in FILES
    for asked in ASKED
    # A third column of no clear kind is refused unless its role is given, and is too poor for a source.
    if content != "odd third column" or ("text.features_column=3" in asked)
]


@pytest.mark.parametrize(
    ("content", "asked"), CASES, ids=lambda given: given if isinstance(given, str) else " ".join(given)
)
def test_files_are_read_again_as_in_training(tmp_path, content, asked):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in FILES[content]), encoding="utf-8")
    given = config.parse({}, asked)
    before = list(readers.Input(path).pairs(given.text.columns()))
    found = prepare(path, None, given).config.text
    for columns in (found.columns(), found.later_columns()):
        assert list(readers.Input(path).pairs(columns)) == before
