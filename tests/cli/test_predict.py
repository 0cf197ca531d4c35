"""Every input line has one output line."""

import io
import os
import re
import select
import subprocess
import sys

import pytest
from command import COMMAND, posix, process

import seqwright as package

STRANGE = [
    "", " ", "   ", "abc", "a" * 10_000, "a\0b", "\0", "😀", "👩\u200d👩\u200d👧", "\u00e9", "e\u0301", "жз",
    "a\rb", "\r", "a\u2028b", "\u2028", "\x0b\x0c\x85", "a\tb", "a\ufeff", '"', "'", "한글", "\u1112\u1161\u11ab",
    "ﬁ", "<pad>", "</s>", "\U0010ffff",
]  # fmt: skip


def test_strange_lines_give_one_line_each_in_order(model):
    result = process("predict", model, stdin=("\n".join(STRANGE) + "\n").encode())
    assert result.code == 0
    assert result.out.count("\n") == len(STRANGE)
    # A carriage return belongs to the line's end, and what follows a tab is another column.
    lines = [line.removesuffix("\r").partition("\t")[0] for line in STRANGE]
    expected = [hypotheses[0].text for hypotheses in package.load(model).predict(lines)]
    assert result.out == "".join(re.sub("[\t\r]", " ", text) + "\n" for text in expected)  # a line holds neither


@pytest.mark.parametrize(
    ("data", "n"),
    [(b"", 0), (b"\n", 1), (b"abc", 1), (b"abc\r\nbcd\r\n", 2), (b"\xef\xbb\xbfabc\n\n", 2), (b"\n" * 1100, 1100)],
)
def test_lines_are_counted_as_they_end(data, n, tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_bytes(data)
    result = seqwright("predict", model, path, "--beam", 1)
    assert result.code == 0
    assert result.out.count("\n") == n


def test_ends_of_lines_and_a_byte_order_mark_change_no_answer(tmp_path, seqwright, model):
    plain, windows = tmp_path / "plain.txt", tmp_path / "windows.txt"
    plain.write_bytes(b"abc\nhgf\n")
    windows.write_bytes(b"\xef\xbb\xbfabc\r\nhgf\r\n")
    assert seqwright("predict", model, plain).out == seqwright("predict", model, windows).out


def test_an_answer_does_not_depend_on_its_neighbours(tmp_path, seqwright, model):
    lines = ["abc", "h" * 300, "", "gf", "abc"]
    path = tmp_path / "lines.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    together = seqwright("predict", model, path).out.splitlines()
    for line, answer in zip(lines, together, strict=True):
        path.write_text(f"{line}\n", encoding="utf-8")
        assert seqwright("predict", model, path).out == f"{answer}\n"


def test_every_line_has_the_requested_number_of_columns(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\n\nhgf\n", encoding="utf-8")
    plain = seqwright("predict", model, path, "--n-best", 3).out.removesuffix("\n").split("\n")
    scored = seqwright("predict", model, path, "--n-best", 3, "--scores").out.removesuffix("\n").split("\n")
    assert [line.count("\t") for line in plain] == [2] * 3
    assert [line.count("\t") for line in scored] == [5] * 3
    for texts, pairs in zip(plain, scored, strict=True):
        columns = pairs.split("\t")
        assert columns[0::2] == texts.split("\t")
        scores = [float(score) for score in columns[1::2] if score]
        assert scores == sorted(scores, reverse=True)
        assert all(score <= 0 for score in scores)


def warnings_of(seqwright, model, path, text, *options):
    path.write_text(text, encoding="utf-8")
    return seqwright("predict", model, path, "--quiet", *options).err.splitlines()


def test_each_kind_of_unknown_symbols_has_one_warning(tmp_path, seqwright, model):
    assert warnings_of(seqwright, model, tmp_path / "lines.txt", "abc\nжaж\nж\0ю\nABCAB!?\nxyzv\n") == [
        "seqwright: warning: line 2: the model was trained on LATIN, not on CYRILLIC: 'ж', 'ю'",
        "seqwright: warning: line 3: not in the vocabulary: '\\x00' (U+0000 without a name), '!' (U+0021 EXCLAMATION "
        "MARK), '?' (U+003F QUESTION MARK) and 4 others",
        "seqwright: warning: line 4: the model was trained on lower case, not on 'A', 'B', 'C'; --fold-case converts "
        "them",
    ]


def test_fold_case_reads_lines_in_another_case(tmp_path, seqwright, model):
    path = tmp_path / "lines.txt"
    assert warnings_of(seqwright, model, path, "ABC\nhg\n", "--fold-case") == []
    folded = seqwright("predict", model, path, "--fold-case").out
    path.write_text("abc\nhg\n", encoding="utf-8")
    assert folded == seqwright("predict", model, path).out


def test_symbols_of_later_lines_are_counted_at_the_end(tmp_path, seqwright, model):
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 100)))
    assert len(warnings_of(seqwright, model, tmp_path / "lines.txt", many)) == 1
    lines = "\n".join(["一", *["abc"] * 600, many, *["abc"] * 600, "ж"])
    first, last = warnings_of(seqwright, model, tmp_path / "lines.txt", lines)
    assert "'一'" in first
    assert "100 more unknown symbols" in last


@posix
def test_a_closed_pipe_ends_the_command_without_an_error(tmp_path, model):
    path = tmp_path / "lines.txt"
    path.write_text("abc\n" * 20_000, encoding="utf-8")
    command = [*COMMAND, "predict", str(model), str(path), "--beam", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@posix
def test_each_line_typed_at_a_terminal_is_answered_at_once(model):
    import pty

    keyboard, terminal = pty.openpty()
    command = [*COMMAND, "predict", str(model)]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            for _ in range(2):  # the second is typed after the first is answered
                os.write(keyboard, b"abc\n")
                answered, _, _ = select.select([running.stdout], [], [], 60)
                assert answered, "it waits for more lines"
                assert running.stdout.readline().endswith(b"\n")
            os.write(keyboard, b"\x04")  # Ctrl-D at the start of a line ends the input
            assert running.wait(timeout=60) == 0
        finally:
            running.kill()
    os.close(keyboard)
    os.close(terminal)


def test_standard_input_is_the_default(seqwright, model, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc\nhgf\n")))
    assert seqwright("predict", model).out.count("\n") == 2
