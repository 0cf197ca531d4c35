"""Each record is in exactly one part, and has an answer beside its columns; no cluster is needed for this."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

import seqwright
from seqwright.errors import DataError, UsageError
from seqwright.inference import Options
from seqwright.ray.answering import Done, Parts, remove_unfinished
from seqwright.ray.formats import Columns
from seqwright.ray.parts import Part, expanded, located, plan

WORDS = ["abc", "hgf", "", "cab", "日本", "a b", "ab\u2028c", "gfe"] * 9


@pytest.fixture(scope="module")
def answered(trained: Path) -> Callable[..., list[Done]]:
    """Return a function that answers all parts of files in this process."""
    model = seqwright.load(trained)

    def run(paths: list[Path], output: Path, *, part_bytes: int = 40, source: str | None = None) -> list[Done]:
        files = fs.LocalFileSystem()
        actor = Parts(model, Options(beam=1), 1, Columns(source), files, files)
        parts = plan(files, [str(path) for path in paths], str(output), part_bytes=part_bytes).parts
        found = actor({name: np.array([getattr(part, name) for part in parts]) for name in Part._fields})
        return [Done(*row) for row in zip(*(found[name] for name in Done._fields), strict=True)]

    return run


@pytest.fixture(scope="module")
def expected(trained: Path) -> dict[str, str]:
    """Return the answer to each word."""
    found = seqwright.load(trained).predict(WORDS[:8], beam=1)
    return {word: hypotheses[0].text for word, hypotheses in zip(WORDS, found, strict=False)}


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("part_bytes", [1, 2, 3, 7, 40, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_every_line_is_in_one_part(
    part_bytes: int, end: str, answered: Any, expected: dict[str, str], tmp_path: Path
) -> None:
    words = WORDS[:16] if part_bytes < 7 else WORDS
    text = (end or "\n").join(words) + end
    (tmp_path / "in.txt").write_bytes(text.encode())
    done = answered([tmp_path / "in.txt"], tmp_path / "out", part_bytes=part_bytes)
    assert [one.fault for one in done] == [""] * len(done)
    lines = contents(tmp_path / "out").decode().split("\n")[:-1]
    assert lines == [f"{word}\t{expected[word]}" for word in words]
    assert sum(one.n_records for one in done) == len(words)


def test_json_lines_keep_their_fields(answered: Any, expected: dict[str, str], tmp_path: Path) -> None:
    records = [{"id": n, "source": word, "more": [1, {"x": None}]} for n, word in enumerate(WORDS)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    answered([tmp_path / "in.jsonl"], tmp_path / "out", part_bytes=300)
    found = [json.loads(line) for line in contents(tmp_path / "out").decode().split("\n")[:-1]]
    assert all(isinstance(one.pop("score"), float) for one in found)
    assert found == [{**one, "answer": expected[str(one["source"])]} for one in records]
    assert len(list((tmp_path / "out").glob("in-*-of-*.jsonl"))) > 5


def test_json_lines_may_have_their_sources_in_objects_within(
    answered: Any, expected: dict[str, str], tmp_path: Path
) -> None:
    records = [{"id": n, "pair": {"source": word}} for n, word in enumerate(WORDS)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    answered([tmp_path / "in.jsonl"], tmp_path / "out", source="pair.source")
    found = [json.loads(line) for line in contents(tmp_path / "out").decode().split("\n")[:-1]]
    assert [one["answer"] for one in found] == [expected[word] for word in WORDS]
    assert [one["pair"] for one in found] == [one["pair"] for one in records]


def test_csv_keeps_quoted_line_ends_and_numbers_as_they_are(
    answered: Any, expected: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["n", "word"], *([f"00{n}\n,", word] for n, word in enumerate(WORDS))])
    answered([tmp_path / "in.csv"], tmp_path / "out", source="word")
    with (tmp_path / "out" / "in.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["n", "word", "answer", "score"]
    assert [row[:3] for row in rows] == [[f"00{n}\n,", word, expected[word]] for n, word in enumerate(WORDS)]


def test_parquet_keeps_columns_types_and_metadata(answered: Any, expected: dict[str, str], tmp_path: Path) -> None:
    table = pa.table({"id": pa.array(range(len(WORDS)), pa.uint8()), "source": WORDS, "list": [[1.5]] * len(WORDS)})
    table = table.replace_schema_metadata({"origin": "test"})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=10)
    answered([tmp_path / "in.parquet"], tmp_path / "out", part_bytes=200)
    parts = sorted((tmp_path / "out").iterdir())
    assert len(parts) > 1
    found = pa.concat_tables([pq.read_table(path) for path in parts])
    before = pq.read_table(tmp_path / "in.parquet")
    assert found.drop_columns(["answer", "score"]).equals(before, check_metadata=True)
    assert found.column("answer").to_pylist() == [expected[word] for word in WORDS]


def test_parquet_may_have_its_sources_in_structures(answered: Any, expected: dict[str, str], tmp_path: Path) -> None:
    table = pa.table({"id": list(range(len(WORDS))), "pair": [{"source": word, "more": [1]} for word in WORDS]})
    pq.write_table(table, tmp_path / "in.parquet")
    answered([tmp_path / "in.parquet"], tmp_path / "out", source="pair.source")
    found = pq.read_table(tmp_path / "out" / "in.parquet")
    assert found.drop_columns(["answer", "score"]).equals(table)
    assert found.column("answer").to_pylist() == [expected[word] for word in WORDS]


@pytest.mark.parametrize("name", ["in.txt", "in.csv", "in.jsonl"])
def test_an_empty_file_has_an_empty_answer(name: str, answered: Any, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    [done] = answered([tmp_path / name], tmp_path / "out")
    assert done.fault == ""
    assert contents(tmp_path / "out") == b""


def test_compressed_lines_are_one_part_and_compressed_again(
    answered: Any, expected: dict[str, str], tmp_path: Path
) -> None:
    import gzip

    (tmp_path / "in.txt.gz").write_bytes(gzip.compress("\n".join(WORDS).encode()))
    answered([tmp_path / "in.txt.gz"], tmp_path / "out")
    lines = gzip.decompress((tmp_path / "out" / "in.txt.gz").read_bytes()).decode().split("\n")[:-1]
    assert lines == [f"{word}\t{expected[word]}" for word in WORDS]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("in.txt", b"abc\n\xff\n", "not UTF-8"),
        ("in.jsonl", b'{"source": "abc"}\n{"sou', "not a JSON object"),
        ("in.jsonl", b'{"source": 3}', "expected a string"),
        ("in.jsonl", b'{"source": "a", "answer": 1}', "rename"),
        ("in.csv", b'source,b\n1,"2', "unexpected end"),
        ("in.csv", b"a,b\n1,2\n", "--source-column"),
    ],
)
def test_a_damaged_file_leaves_nothing_and_is_named(
    name: str, content: bytes, complaint: str, answered: Any, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    [done] = answered([tmp_path / name], tmp_path / "out", part_bytes=1000)
    assert complaint in done.fault
    assert name in done.fault
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_parquet_file_is_found_when_the_parts_are_planned(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and nothing more")
    found = plan(fs.LocalFileSystem(), [str(tmp_path / "in.parquet")], "/out")
    assert list(found.unreadable) == [str(tmp_path / "in.parquet")]


def test_patterns_folders_and_addresses_name_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/a.txt", "c.csv", "_seqwright.json", ".hidden.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def names(address: str) -> list[str]:
        return [str(Path(path).relative_to(tmp_path)) for path in expanded(address)[1]]

    assert names(f"{tmp_path}/*.txt") == ["a.txt", "b.txt"]
    assert names(f"{tmp_path}") == ["a.txt", "b.txt", "c.csv", "sub/a.txt"]
    assert names(f"{tmp_path}/*/a.txt") == ["sub/a.txt"]
    assert names(f"file://{tmp_path}/a.txt") == ["a.txt"]
    with pytest.raises(DataError, match="no file"):
        names(f"{tmp_path}/*.jsonl")
    with pytest.raises(DataError, match="no such file"):
        names(f"{tmp_path}/d.txt")
    with pytest.raises(UsageError, match="nowhere"):
        located("nowhere://x/y")


def test_files_of_one_name_in_two_folders_keep_their_folders(tmp_path: Path) -> None:
    for name in ("x/a.txt", "y/a.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    found = plan(fs.LocalFileSystem(), [str(tmp_path / "x/a.txt"), str(tmp_path / "y/a.txt")], "/out")
    assert [part.output for part in found.parts] == ["/out/x/a.txt", "/out/y/a.txt"]


def test_what_killed_actors_left_of_answered_parts_is_removed_and_nothing_else(tmp_path: Path) -> None:
    unfinished = tmp_path / f".{'0f' * 16}.a.jsonl"
    others = [tmp_path / name for name in ("a.jsonl", ".a.jsonl", f".{'0f' * 16}.b.jsonl", f".{'0f' * 15}.a.jsonl")]
    for path in (unfinished, *others):
        path.write_text("{}\n")
    remove_unfinished(fs.LocalFileSystem(), [str(tmp_path / "a.jsonl")])
    assert sorted(tmp_path.iterdir()) == sorted(others)
