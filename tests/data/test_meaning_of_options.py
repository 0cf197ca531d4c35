"""An option that a format has no use for is refused, with what to do instead; it is never ignored in silence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seqwright import config, errors
from seqwright.data import readers
from seqwright.data.readers import Columns, Rows

WORDS = ["tomato", "potato", "tree", "house", "river", "cloud", "stone", "grass"]
PAIRS = [(word, word.upper()) for word in WORDS]
OPTIONS = {"format": "csv", "delimiter": ";", "header": True, "features": 3, "source": 2, "target": 1}
COMMANDS = {"format": "--format csv", "delimiter": "--delimiter ;", "header": "--header", "features": "column 3",
            "source": "--source-column 2", "target": "--target-column 1"}  # fmt: skip
REFUSED = {  # by how pairs are given
    "parallel": {"format", "delimiter", "features"},
    "jsonl": {"delimiter", "header"},
    "json": {"header"},  # a delimiter makes it CSV, which it is not
    "parquet": {"delimiter", "header"},
    "arrow": {"delimiter", "header"},
    "dictionary": {"delimiter", "header"},
    "memory": {"format", "delimiter", "header", "source", "target"},
    "tsv": set(),
    "csv": set(),
}


def parallel(folder: Path) -> str:
    paths = folder / "a.src", folder / "a.trg"
    for path, side in zip(paths, zip(*PAIRS, strict=True), strict=True):
        path.write_text("".join(f"{text}\n" for text in side), encoding="utf-8")
    return f"{paths[0]},{paths[1]}"


def lines(suffix: str, separator: str) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        path = folder / f"pairs.{suffix}"
        path.write_text("".join(f"{separator.join(pair)}\n" for pair in PAIRS), encoding="utf-8")
        return str(path)

    return write


def objects(folder: Path) -> str:
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps({"source": s, "target": t}) + "\n" for s, t in PAIRS), encoding="utf-8")
    return str(path)


def array(folder: Path) -> str:
    path = folder / "pairs.json"
    path.write_text(json.dumps([{"source": s, "target": t} for s, t in PAIRS]), encoding="utf-8")
    return str(path)


def table(kind: str) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'seqwright[data]'")
        from pyarrow import feather, parquet

        path = str(folder / f"pairs.{kind}")
        columns = pyarrow.table({"source": WORDS, "target": [target for _, target in PAIRS]})
        (parquet.write_table if kind == "parquet" else feather.write_feather)(columns, path)
        return path

    return write


GIVEN: dict[str, Callable[[Path], object]] = {
    "parallel": parallel, "jsonl": objects, "json": array, "parquet": table("parquet"), "arrow": table("arrow"),
    "dictionary": lines("dict", " "), "memory": lambda _folder: Rows(PAIRS), "tsv": lines("tsv", "\t"),
    "csv": lines("csv", ","),
}  # fmt: skip


@pytest.mark.parametrize("option", ["delimiter", "header", "features", "source", "target"])
@pytest.mark.parametrize("kind", GIVEN)
def test_an_option_without_meaning_is_refused_and_any_other_is_not(tmp_path, kind, option):
    given, columns = GIVEN[kind](tmp_path), Columns(**{option: OPTIONS[option]})
    if option in REFUSED[kind]:
        with pytest.raises(errors.UsageError, match=r"has no meaning for .*; leave it out, ") as caught:
            readers.read_pairs(given, columns=columns)
        assert COMMANDS[option] in str(caught.value)
        return
    found = ""
    try:
        readers.read_pairs(given, columns=columns)
    except errors.SeqwrightError as error:  # such as a column that is not there
        found = str(error)
    assert "has no meaning" not in found


@pytest.mark.parametrize("format_", ["tsv", "csv", "dictionary", "jsonl", "json", "parquet", "arrow"])
def test_parallel_files_and_pairs_in_memory_have_no_format(tmp_path, format_):
    for kind in ("parallel", "memory"):
        with pytest.raises(errors.UsageError, match=f"--format {format_} has no meaning"):
            readers.read_pairs(GIVEN[kind](tmp_path), columns=Columns(format=format_))


@pytest.mark.parametrize("format_", ["jsonl", "json", "dictionary", "parquet", "arrow"])
def test_a_format_that_is_given_refuses_the_options_that_it_has_no_use_for(tmp_path, format_):
    given = GIVEN[format_](tmp_path)
    assert [pair[:2] for pair in readers.read_pairs(given, columns=Columns(format=format_))] == PAIRS
    for option in ("delimiter", "header"):
        with pytest.raises(errors.UsageError, match="has no meaning"):
            readers.read_pairs(given, columns=Columns(format=format_, **{option: OPTIONS[option]}))


def test_what_holds_for_any_data_is_accepted(tmp_path):
    for kind, given in GIVEN.items():
        columns = Columns(header=False, features=0, format="parallel" if kind == "parallel" else None)
        assert [pair[:2] for pair in readers.read_pairs(given(tmp_path), columns=columns)] == PAIRS


def test_a_model_that_was_trained_with_such_an_option_reads_its_files_again(tmp_path):
    path = parallel(tmp_path)
    [one] = readers.inputs(path)
    list(one.pairs())
    text = config.TextConfig(reader="csv", delimiter="semicolon", schema=one.schema)
    assert [pair[:2] for pair in readers.read_pairs(path, columns=text.columns())] == PAIRS


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet", "arrow"])
def test_a_number_that_no_key_has_is_refused_with_those_that_are_there(tmp_path, kind):
    given = GIVEN[kind](tmp_path)
    for option in ("source", "target", "features"):
        with pytest.raises(errors.DataError, match="no column 3; its columns: 1 source, 2 target"):
            readers.read_pairs(given, columns=Columns(**{option: 3}))
