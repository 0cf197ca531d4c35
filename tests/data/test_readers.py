"""What a file may hold, and what is said about one that cannot be read."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import readers
from seqwright.data.readers import files, formats

# Anything that UTF-8 can hold but the two characters that separate, and "\r", which may belong to a line's end.
FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), max_size=12)


@pytest.fixture
def write(tmp_path):
    def write(data: bytes | str, name: str = "pairs.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def stdin_of(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")


def message(path: Path | str, **options) -> str:
    with pytest.raises(errors.DataError) as caught:
        readers.read_pairs(path, **options)
    assert "\n" not in str(caught.value), "a message is one line"
    return str(caught.value)


TMX = '<?xml version="1.0"?>\n<tmx version="1.4">\n<body>\n<tu/>\n</body>\n</tmx>\n'
PO = '# a comment\nmsgid "Hello"\nmsgstr "Bonjour"\n\nmsgid "Bye"\nmsgstr "Salut"\n'


@pytest.mark.parametrize(("data", "says"), [(TMX, "is XML"), (PO, "is a catalogue of gettext")])
def test_files_of_translators_are_named(write, data, says):
    assert says in message(write(data))
    assert "translate-toolkit" in message(write(data))


# Pairs


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_object_of_texts_is_a_dictionary(write, indent):
    entries = {f"mot {n}": f"word {n}" for n in range(3000)}
    found = readers.read_pairs(write(json.dumps(entries, indent=indent), "a.json"))
    assert {pair.source: pair.target for pair in found} == entries


def test_a_json_object_of_a_pair_is_a_pair(write):
    keys = "source", "target", *(f"note {n}" for n in range(20))
    [pair] = readers.read_pairs(write(json.dumps({key: f"its {key}" for key in keys}), "a.json"))
    assert pair[:2] == ("its source", "its target")


@pytest.mark.parametrize(
    "row",
    [
        {"source": "chat", "target": "cat", "notes": [{"n": 1}, {"n": 2}]},
        {"source": {"text": "chat", "lang": "fr"}, "target": {"text": "cat", "lang": "en"}},
    ],
)
def test_a_json_object_of_one_pair_with_more_in_it_is_that_pair(write, row):
    columns = readers.Columns() if "notes" in row else readers.Columns(source="source.text", target="target.text")
    [pair] = readers.read_pairs(write(json.dumps(row), "a.json"), columns=columns)
    assert pair[:2] == ("chat", "cat")


@pytest.mark.parametrize("row", ['["a", ["b"]]', '["a"]', '{"source": "a", "target": "b"}'])
def test_rows_of_one_json_array_are_of_one_kind(write, row):
    assert "expected an object such as" in message(write(f'[["x", "y"], {row}]', "a.json"))


def test_a_delimiter_may_have_several_characters(write):
    path = write('a "b|||c "d\n', "a.txt")
    [pair] = readers.read_pairs(path, columns=readers.Columns(delimiter="|||"))
    assert pair[:2] == ('a "b', 'c "d')


@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    compress=st.booleans(),
    last_end=st.booleans(),
)
@example(rows=[("a\u2028b\x0b\x85", '"'), ("\x00", "'\x1c")], end="\n", bom=True, compress=True, last_end=True)
@example(rows=[("", "0"), ("", "0"), ("%", "")], end="\n", bom=False, compress=False, last_end=False)
def test_pairs_come_back_as_they_were_written_or_are_asked_about(tmp_path_factory, rows, end, bom, compress, last_end):
    rows = [*rows, ("x", "y")]  # a file whose every target is empty is refused
    text = end.join("\t".join(row) for row in rows) + end * last_end
    if text.startswith("\ufeff"):
        bom = True  # one mark is dropped, so a text that starts with one needs another in front
    data = ("\ufeff" * bom + text).encode()
    path = tmp_path_factory.mktemp("pairs") / ("pairs.tsv.gz" if compress else "pairs.tsv")
    path.write_bytes(gzip.compress(data) if compress else data)
    try:
        pairs = readers.read_pairs(path)
    except errors.AmbiguityError:
        assert any(source.startswith(formats.PREFIXES) for source, _ in rows), "lines that may be comments"
        pairs = readers.read_pairs(path, columns=readers.Columns(comment=""))
    assert [(pair.source, pair.target) for pair in pairs] == rows
    assert [pair.line for pair in pairs] == list(range(1, len(rows) + 1))


def test_an_empty_line_is_a_pair_of_empty_texts_and_keeps_the_line_numbers(write):
    pairs = readers.read_pairs(write("a\tb\n\nc\td\n"))
    assert pairs == [readers.Pair("a", "b", "", 1), readers.Pair("", "", "", 2), readers.Pair("c", "d", "", 3)]


def test_the_third_column_is_the_features_where_every_line_has_one(write):
    path = write("go\twent\tV;PST\n\nsee\tsaw\t\n")
    assert [pair.features for pair in readers.read_pairs(path)] == ["V;PST", "", ""]
    assert [pair.features for pair in readers.read_pairs(path, columns=readers.Columns(features=0))] == ["", "", ""]


def test_a_stray_third_column_is_refused_unless_the_features_column_is_named(write):
    path = write("a\tb\nc\td\te\n")
    assert f"{path}, line 2: this line has a column 3, line 1 has not: 'c\\td\\te'" in message(path)
    assert [p.features for p in readers.read_pairs(path, columns=readers.Columns(features=3))] == ["", "e"]
    assert "line 2: this line has no column 3, line 1 has one" in message(write("c\td\te\na\tb\n"))


def test_columns_can_stand_in_any_order(write):
    path = write("go\tV;PST\twent\tmore\n")
    pair = readers.read_pairs(path, columns=readers.Columns(source=1, target=3, features=2))[0]
    assert (pair.source, pair.target, pair.features) == ("go", "went", "V;PST")
    assert readers.read_pairs(path, columns=readers.Columns(source=3, target=1))[0].features == "V;PST"


@pytest.mark.parametrize(
    "columns",
    [
        {"source": 0}, {"target": -1}, {"features": -1},
        {"source": 2, "target": 2}, {"target": 2, "features": 2}, {"source": "a", "target": "a"},
    ],
)  # fmt: skip
def test_columns_that_mean_nothing_are_refused(columns):
    with pytest.raises(errors.ConfigError):
        readers.Columns(**columns)


def test_standard_input_is_read_and_left_open(monkeypatch):
    stdin = stdin_of(b"a\tb\r\nc\td")
    monkeypatch.setattr("sys.stdin", stdin)
    assert [pair[:2] for pair in readers.read_pairs("-")] == [("a", "b"), ("c", "d")]
    assert not stdin.buffer.closed


def test_a_line_without_a_tab_is_named_with_its_number_and_text(write):
    path = write("a\tb\nword W ER D\nc\td\n")
    assert f"{path}, line 2: no tab in 'word W ER D'" in message(path)


def test_a_long_or_unprintable_line_is_shortened_in_the_message(write):
    said = message(write("a\tb\n" + "\x1b[2J\x00" * 4000 + "\n"))
    assert len(said) < 500
    assert said.isprintable()


def test_too_few_columns_are_counted_in_the_message(write):
    said = message(write("a\tb\n"), columns=readers.Columns(source=1, target=4))
    assert "line 1: 2 columns in 'a\\tb', needed 4" in said


def test_a_byte_that_is_not_utf8_is_named_with_line_and_offset(write):
    data = "ä\tb\nc\té".encode() + b"\xff\n"
    at = data.index(b"\xff")
    assert f"line 2, byte 5 (byte {at + 1} of the file): 0xff is not UTF-8" in message(write(data))
    with_bom = readers.BOM + b"\xe9\tb\n"
    assert "line 1, byte 4 (byte 4 of the file): 0xe9" in message(write(with_bom))


def test_utf16_with_a_byte_order_mark_is_read(write):
    for encoding in ("utf-16", "utf-16-be"):
        data = ("\ufeff" * (encoding == "utf-16-be") + "a\tb\n가\t😀\n").encode(encoding)
        assert [pair[:2] for pair in readers.read_pairs(write(data))] == [("a", "b"), ("가", "😀")]


@pytest.mark.parametrize("text", ["word\tw ɜː d\nword\tw ɜː d\n", "가나\tgo on\n다라\tcome in\n"])
@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
def test_utf16_without_a_mark_is_named_with_the_command(write, text, encoding):
    assert f"iconv -f {encoding} -t UTF-8" in message(write(text.encode(encoding)))


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"GIF89a", "a picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x7fELF\x02", "a program"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"PK\x03\x04", "a ZIP archive"),
    ],
)
def test_a_file_that_is_no_text_is_named_for_what_it_is(write, start, what):
    found = message(write(start + bytes(range(256))))
    assert f"is {what};" in found
    assert "iconv" not in found


@pytest.mark.parametrize(("start", "what"), [(b"PAR1\x15\x04", "a Parquet file"), (b"ARROW1\0\0", "an Arrow file")])
def test_a_table_where_lines_are_read_is_named_for_what_it_is(write, start, what):
    with pytest.raises(errors.DataError, match=f"is {what}; give lines of text"):
        list(files.read_lines(write(start + bytes(range(256)))))


@pytest.mark.parametrize("sign", formats.SIGNS + formats.WEAK_SIGNS)
def test_a_list_too_short_to_tell_its_delimiter_is_told_the_option(write, sign):
    path = write(f"go{sign}come in\nred{sign}blue\n".encode())
    with pytest.raises(errors.AmbiguityError) as found:
        list(readers.read_pairs(path))
    assert found.value.choices == [["--delimiter", sign]]
    pairs = readers.read_pairs(path, columns=readers.Columns(delimiter=sign))
    assert [pair[:2] for pair in pairs] == [("go", "come in"), ("red", "blue")]


def test_a_spreadsheet_is_told_to_be_saved_and_not_to_be_unpacked(tmp_path):
    """The first member is that of Excel, of openpyxl, of LibreOffice."""
    for first in ("[Content_Types].xml", "docProps/app.xml", "mimetype"):
        with zipfile.ZipFile(path := tmp_path / "pairs.xlsx", "w") as archive:
            archive.writestr(first, "application/vnd.oasis.opendocument.spreadsheet")
        assert "save its table as CSV" in message(path)
        assert "unzip" not in message(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pairs.tsv", "word\tw\n")
    assert "unzip -p" in message(path)


def test_no_printed_command_overwrites_the_file_that_it_reads(write):
    for name in ("pairs.tsv", "other.tsv"):
        for data in (b"PK\x03\x04", "word\tw\nword\tw\n".encode("utf-16-le"), MARKDOWN.encode()):
            assert not message(write(data, name)).partition(" > ")[2].startswith(name)


MARKDOWN = "| word | ipa |\n|:---|---:|\n" + "".join(f"| {a}{b} | {b} {a} |\n" for a in "abcd" for b in "efgh")


@pytest.mark.skipif(shutil.which("awk") is None, reason="runs the printed command, which needs awk")
def test_a_table_in_markdown_is_refused_with_a_command_that_converts_it(write, tmp_path):
    command = message(path := write(MARKDOWN.encode())).partition("convert it: ")[2]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    [converted] = set(tmp_path.glob("*.tsv")) - {path}  # the original stays
    found = [pair[:2] for pair in readers.read_pairs(converted, columns=readers.Columns(header=True))]
    assert found == [(f"{a}{b}", f"{b} {a}") for a in "abcd" for b in "efgh"]


def test_columns_between_pipes_without_a_rule_are_no_markdown(write):
    data = MARKDOWN.replace("|:---|---:|\n", "").encode()
    assert len(list(readers.read_pairs(write(data)))) == 16


def test_a_missing_file_is_named(tmp_path):
    assert f"{tmp_path / 'none.tsv'}: no such file" in message(tmp_path / "none.tsv")


def test_a_directory_is_named(tmp_path):
    assert f"{tmp_path}: is a directory" in message(tmp_path)


@pytest.mark.parametrize("data", [b"", readers.BOM])
def test_an_empty_file_is_refused_as_pairs(write, data):
    assert "the file is empty" in message(write(data))


AS_NOBODY = """
import os, sys
from seqwright import errors
from seqwright.data import readers
from seqwright.data.readers import formats
if os.geteuid() == 0:
    os.setuid(65534)
try:
    readers.read_pairs(sys.argv[1])
except errors.DataError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are of another kind here")
def test_a_file_without_permission_is_named(write):
    path = write("a\tb\n")
    path.chmod(0)
    path.parent.chmod(0o755)  # entered from here, because nobody may not walk down to it
    command = [sys.executable, "-c", AS_NOBODY, path.name]
    said = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=True).stdout
    assert said == "pairs.tsv: no permission to read it; change its permissions or copy it\n"


@pytest.mark.parametrize("path", ["a\0b.tsv", "x" * 5000 + ".tsv", "line\nfeed.tsv"])
def test_a_path_that_cannot_be_is_an_error_on_one_line(path):
    assert "check the path" in message(path)


def test_every_target_empty_is_refused(write):
    assert "every target is empty (column 2)" in message(write("a\t\nb\t\n\n"))


GZ = gzip.compress("".join(f"{n}\t{n * n}\n" for n in range(99)).encode())


@pytest.mark.parametrize("data", [GZ[:-9], b"a\tb\n", GZ[:12] + b"\xff" * 9 + GZ[21:], GZ[:-8] + b"\0" * 8])
def test_a_damaged_gz_is_named(write, data):
    assert "damaged or not gzip" in message(write(data, "pairs.tsv.gz"))


# Lines


@given(lines=st.lists(FIELDS, max_size=8), end=st.sampled_from(["\n", "\r\n"]), compress=st.booleans())
def test_as_many_lines_come_back_as_were_written(tmp_path_factory, lines, end, compress):
    data = ("\ufeff" + "".join(line + end for line in lines)).encode()
    path = tmp_path_factory.mktemp("lines") / ("lines.txt.gz" if compress else "lines.txt")
    path.write_bytes(gzip.compress(data) if compress else data)
    assert list(readers.read_lines(path)) == lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (readers.BOM, []),
        (readers.BOM + b"\n", [""]),
        (readers.BOM + b"a\n" + readers.BOM + b"b\n", ["a", "\ufeffb"]),
        (b"\n", [""]),
        (b"\r\n\n", ["", ""]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\r\r\n", ["a\r"]),
        (b"a\rb\x0b\x0c\x00\n", ["a\rb\x0b\x0c\x00"]),
        ("a\u2028\u0085\x1c\n😀".encode(), ["a\u2028\u0085\x1c", "😀"]),
    ],
)
def test_lines_end_at_line_feeds_only(write, monkeypatch, data, lines):
    assert list(readers.read_lines(write(data))) == lines
    monkeypatch.setattr("sys.stdin", stdin_of(data))
    assert list(readers.read_lines("-")) == lines


def test_a_broken_line_is_named_or_replaced_but_never_lost(write):
    path = write(b"a\nb\xe4c\nd\n")
    assert list(readers.read_lines(path, errors="replace")) == ["a", "b\ufffdc", "d"]
    lines = readers.read_lines(path)
    assert next(lines) == "a"
    with pytest.raises(errors.DataError, match=r"line 2, byte 2 \(byte 4 of the file\): 0xe4"):
        next(lines)


@pytest.mark.parametrize("data", [b"a\tb\nc\t\xe4\xe4\n", b"a\t\xe4\n"])
def test_both_readers_name_the_same_broken_byte(write, data):
    path = write(readers.BOM + data)
    with pytest.raises(errors.DataError) as caught:
        list(readers.read_lines(path))
    assert str(caught.value) == message(path)


def test_faults_of_files_are_ours_in_lines_too(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(errors.DataError):
            list(readers.read_lines(path))


def test_lines_are_read_in_constant_memory(write):
    path = write(b"0123456789\n" * 100_000)  # 1.1 MB
    tracemalloc.start()
    try:
        n = sum(1 for _ in readers.read_lines(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n == 100_000
    assert peak < 300_000


def test_every_real_file_gives_a_pair_a_line(data_dir):
    for path in sorted(data_dir.glob("**/*.tsv")):
        pairs = readers.read_pairs(path)
        assert len(pairs) == path.read_bytes().count(b"\n"), path
        assert bool(pairs[0].features) == (path.parent.name == "turkish-inflection"), path
