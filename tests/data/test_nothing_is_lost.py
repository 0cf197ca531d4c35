"""No pair of a file is skipped unless it is a header or a comment: what may be either is refused with the options."""

import random

import pytest

from seqwright import errors
from seqwright.data import readers
from seqwright.data.readers import Columns

FOREIGN = [
    "faites\test-elle",
    "lang\tvie",
    "in\thon",
    "may\tn",
    "#2057650\t2003-09-14",
    "\tnothing",
    "나는\tQuel",
    "x\t",
]


def write(path, lines) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def choices_of(path, **columns) -> list[list[str]]:
    with pytest.raises(errors.AmbiguityError) as caught:
        readers.read_pairs(path, columns=Columns(**columns))
    return caught.value.choices


def test_no_line_of_real_data_is_skipped_whatever_the_first_line_is(tmp_path, data_dir):
    draw = random.Random(7)
    contents = [path.read_text(encoding="utf-8").splitlines() for path in sorted(data_dir.glob("*/*.tsv"))]
    words = sorted({word for lines in contents for line in draw.sample(lines, 20) for word in line.split()})
    n_read = 0
    for n in range(400):
        lines = draw.choice(contents)
        rows = draw.sample(lines, draw.choice([2, 3, 5, 8, 15, 40, 300]))
        rest = rows[0].split("\t")[2:]
        other = draw.choice(draw.choice(contents)).split("\t")[:2]
        firsts = [FOREIGN[n % len(FOREIGN)].split("\t"), other, draw.sample(words, 2), ["", draw.choice(words)]]
        rows = ["\t".join([*draw.choice(firsts), *rest]), *rows]
        try:
            pairs = readers.read_pairs(write(tmp_path / "a.tsv", rows))
        except errors.AmbiguityError:
            continue
        n_read += 1
        assert [pair[:2] for pair in pairs] == [tuple(row.split("\t")[:2]) for row in rows], rows[:3]
    assert n_read > 200


def test_a_slice_of_real_data_needs_no_command(tmp_path, data_dir):
    draw, refused = random.Random(8), 0
    for path in sorted(data_dir.glob("*/*.tsv")) * 3:
        rows = draw.sample(path.read_text(encoding="utf-8").splitlines(), 40)
        try:
            pairs = readers.read_pairs(write(tmp_path / "a.tsv", rows))
            assert [pair[:2] for pair in pairs] == [tuple(row.split("\t")[:2]) for row in rows]
        except errors.AmbiguityError:
            refused += 1
    assert refused <= 1


@pytest.mark.parametrize("first", ["\tnothing\tV;PST", "nichts\t\tV;PST", "Q\tQu\tV;PST"])
def test_a_first_line_with_a_known_tag_is_no_header(tmp_path, first):
    rows = [f"{a}{b}\t{a}{b}ed\tV;PST" for a in "bdfgk" for b in "aeiou"]
    pairs = readers.read_pairs(write(tmp_path / "a.tsv", [first, *rows]))
    assert ["\t".join(pair[:3]) for pair in pairs] == [first, *rows]


@pytest.mark.parametrize("n", [1, 2, 4, 9, 20])
def test_random_texts_in_two_columns_are_source_and_target(tmp_path, n):
    draw = random.Random(n)
    for alphabet in ("abcdef", "0123456789", "ab ", "ABC;|", "가나다라"):
        cells = [tuple("".join(draw.choices(alphabet, k=draw.randint(1, 6))) for _ in "st") for _ in range(n)]
        pairs = readers.read_pairs(write(tmp_path / "a.tsv", map("\t".join, cells)))
        assert [pair[:2] for pair in pairs] == cells


# Comments


WORDS = [f"{a}{b}{c}" for a in "bdk" for b in "aeiou" for c in "lmn"]


@pytest.mark.parametrize("separator", ["  ", "\t"])
@pytest.mark.parametrize("at", [0, 20])
def test_a_number_sign_with_known_symbols_may_be_a_word(tmp_path, separator, at):
    lines = [f"{word}{separator}{' '.join(word)}" for word in WORDS]
    lines.insert(at, f"#{separator}b a l")
    path = write(tmp_path / "a.txt", lines)
    assert choices_of(path) == [["--comment", "# "], ["--comment", "none"]]
    assert len(readers.read_pairs(path, columns=Columns(comment=""))) == len(WORDS) + 1
    assert len(readers.read_pairs(path, columns=Columns(comment="# "))) == len(WORDS)


@pytest.mark.parametrize("comment", ["# names", "# names\tof people", ";;; names", "// names\tb a l"])
@pytest.mark.parametrize("known", [False, True])
def test_a_comment_after_the_lines_that_are_examined_is_skipped_if_known_and_else_refused(tmp_path, comment, known):
    lines = [f"{word}{n}\t{word}" for n in range(60) for word in WORDS]
    lines.insert(2500, comment)
    if known:
        lines.insert(0, comment.partition(" ")[0] + " a list")
    path = write(tmp_path / "a.tsv", lines)
    if known:
        [one] = readers.inputs(path)
        assert len(list(one.pairs())) == 60 * len(WORDS)
        assert one.count.comments == 2
        return
    with pytest.raises(errors.AmbiguityError, match="line 2501: lines that start with"):
        readers.read_pairs(path)
    [[_, prefix], _] = choices_of(path)
    assert len(readers.read_pairs(path, columns=Columns(comment=prefix))) == 60 * len(WORDS)


def test_a_sign_that_the_data_uses_elsewhere_starts_no_comment_later(tmp_path):
    lines = [f"{word} # {n}\t{word}" for n in range(60) for word in WORDS]
    lines.insert(2500, "# x\ty")
    assert len(readers.read_pairs(write(tmp_path / "a.tsv", lines))) == len(lines)


# Parallel files


def parallel(tmp_path, sources, targets) -> str:
    return f"{write(tmp_path / 'a.src', sources)},{write(tmp_path / 'a.trg', targets)}"


@pytest.mark.parametrize("both", [False, True])
def test_comments_of_parallel_files_are_refused_with_the_options(tmp_path, both):
    targets = ["# words", *map(str.upper, WORDS)] if both else [*map(str.upper, WORDS)]
    path = parallel(tmp_path, ["# words", *WORDS], targets)
    assert choices_of(path) == [["--comment", "# "], ["--comment", "none"]]
    pairs = readers.read_pairs(path, columns=Columns(comment="# "))
    assert [pair[:2] for pair in pairs] == [(word, word.upper()) for word in WORDS]
    assert pairs[0].line == 2


def test_a_number_in_brackets_that_the_target_repeats_is_text(tmp_path):
    others = [(f"{word}s", word.upper()) for word in WORDS]
    named = [(f"Chapter of {word} ({n})", f"Kapitel: {word} ({n})") for word in WORDS[:3] for n in (1, 2, 3)]
    path = tmp_path / "titles.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in others + named), encoding="utf-8")
    assert [pair[:2] for pair in readers.read_pairs(path)] == others + named


def test_headers_and_variants_of_parallel_files_are_known(tmp_path):
    sources = [word for word in WORDS for _ in range(2)]
    marked = [f"{word}({n % 2 + 1})" if n % 2 else word for n, word in enumerate(sources)]
    [one] = readers.inputs(parallel(tmp_path, ["source", *marked], ["target", *map(str.upper, sources)]))
    assert [pair[:2] for pair in one.pairs()] == [(word, word.upper()) for word in sources]
    assert readers.describe(one.schema, one.count)[1:] == [
        "skipped  2 header lines, numbers of variants, such as (2) after a source"
    ]
