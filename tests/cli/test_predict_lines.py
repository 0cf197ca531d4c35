"""Lines from pipes, invalid UTF-8, long lines, and the summary at the end."""

import json
import os
import select
import subprocess

import pytest
from command import COMMAND, posix, process

from seqwright.cli import lines


@posix
def test_a_line_in_a_pipe_is_answered_before_the_next_arrives(model):
    command = [*COMMAND, "predict", str(model), "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as running:
        try:
            for asked in (b"abc\n", b"abc\nbcd\n", b"c"):
                running.stdin.write(asked)
                running.stdin.flush()
                for _ in range(asked.count(b"\n")):
                    answered, _, _ = select.select([running.stdout], [], [], 60)
                    assert answered, "it waits for more lines"
                    assert running.stdout.readline().endswith(b"\n")
            running.stdin.close()
            assert running.stdout.read().count(b"\n") == 1  # the line that nothing ended
        finally:
            running.kill()


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n\nb", b"\xef\xbb\xbfa\r\nb\r\n", b"x" * 200_000 + b"\ny\n"])
@pytest.mark.parametrize("size", [1, 2, 500])
def test_chunks_hold_every_line_once_whatever_their_size(data, size, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_bytes(data)
    reader = lines.Reader(str(path), errors="strict")
    chunks = list(reader.chunks(size))
    expected = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").decode().split("\n")
    assert [line.text for chunk in chunks for line in chunk] == (expected if expected[-1] else expected[:-1])
    assert all(1 <= len(chunk) <= size for chunk in chunks)
    assert reader.n_bytes == len(data)


@posix
def test_a_chunk_of_a_pipe_is_what_has_come():
    reading, writing = os.pipe()
    os.write(writing, b"a\nb\nc")
    chunks = lines.Reader(f"/dev/fd/{reading}", errors="strict").chunks(500)
    assert [line.text for line in next(chunks)] == ["a", "b"]
    os.write(writing, b"d\n")
    assert [line.text for line in next(chunks)] == ["cd"]
    os.close(writing)
    assert list(chunks) == []
    os.close(reading)


def test_invalid_utf8_can_be_replaced_and_is_flagged(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_bytes(b"abc\nca\xe9\n\xef\xbf\xbd\n")  # the last is a real U+FFFD
    result = seqwright("predict", model, path, "--errors", "replace", "--json")
    records = [json.loads(line) for line in result.out.splitlines()]
    assert [record["source"] for record in records] == ["abc", "ca\ufffd", "\ufffd"]
    assert ["undecodable" in record["flags"] for record in records] == [False, True, False]
    assert "1 not valid UTF-8" in result.err


def test_a_long_line_is_answered_in_windows_and_flagged(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\n" + "ab cd " * 2000 + "\n", encoding="utf-8")
    result = seqwright("predict", model, path, "--json", "--max-batch-tokens", 500)
    short, long = (json.loads(line) for line in result.out.splitlines())
    assert not any("windows" in flag for flag in short["flags"])
    assert "windows:250" in long["flags"]  # of 48 letters, behind a space
    assert [answer for _, answer in long["alignment"]] == list(range(len(long["tokens"])))
    assert "1 answered in windows, longer than the model reads at once" in result.err


def test_a_summary_counts_the_lines_once_unless_it_is_not_wanted(model):
    assert process("predict", model, stdin=b"abc\n" * 1100).err.startswith("seqwright: 1,100 lines")
    assert process("predict", model, "--quiet", stdin=b"abc\n" * 3).err == ""


def test_flushing_each_line_changes_no_answer(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\nbcd\n\n", encoding="utf-8")
    assert seqwright("predict", model, path, "--flush").out == seqwright("predict", model, path).out


def test_lines_with_unknown_symbols_can_be_refused_and_the_others_are_answered(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\nжa\nbcd\n", encoding="utf-8")
    result = seqwright("predict", model, path, "--unknown", "error")
    kept = seqwright("predict", model, path).out.split("\n")
    assert result.out.split("\n") == [kept[0], "", kept[2], ""]
    assert result.code == 1
    assert "1 line has no answer because of unknown symbols" in result.err.splitlines()[-1]
    assert "ж" in seqwright("predict", model, path, "--unknown", "copy").out.split("\n")[1]
