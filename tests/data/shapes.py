"""One list of pairs, written in the shapes in which people keep such pairs. `SHAPES` has them by name."""

from __future__ import annotations

import bz2
import csv
import datetime
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow
import pyarrow.feather
import pyarrow.parquet

__all__ = ["IMPOSSIBLE", "SHAPES", "Row", "clean", "tasks"]

Row = tuple[str, ...]  # source, target and, of inflection, features
Rows = Sequence[Row]
Writer = Callable[[Path, Rows], str]


def tasks() -> dict[str, list[Row]]:
    """Return small made-up data of the usual kinds."""
    draw = random.Random(5)
    letters, phonemes = "abdefgiklmnoprstuv", "ɑː b d ɛ f ɡ iː k l m n əʊ p ɹ s t ʌ v"
    sounds = dict(zip(letters, phonemes.split(" "), strict=True))

    def word(syllables: int) -> str:
        return "".join(draw.choice("bdfgklmnprstv") + draw.choice("aeiou") for _ in range(syllables))

    words = list(dict.fromkeys(word(draw.randint(2, 4)) for _ in range(150)))
    endings = {"V;PST": "ko", "V;PRS;3;SG": "si", "N;PL": "lam", "N;ACC;SG": "ta"}
    months = [f"{datetime.date(2000, month, 1):%B}" for month in range(1, 13)]
    dates = [(draw.randint(1, 28), draw.randint(1, 12), draw.randint(1950, 2020)) for _ in range(150)]
    nouns, verbs = ["cat", "dog", "house", "tree", "girl", "boy"], ["likes", "sees", "wants", "finds"]
    noms, verbes = ["chat", "chien", "maison", "arbre", "fille", "garçon"], ["aime", "voit", "veut", "trouve"]
    picks = [(draw.randrange(6), draw.randrange(4), draw.randrange(6)) for _ in range(400)]
    sentences = [
        (f'The {nouns[a]} {verbs[v]}, "really", the {nouns[b]}.', f"Le {noms[a]} {verbes[v]}, vraiment, le {noms[b]}.")
        for a, v, b in dict.fromkeys(picks)
    ]
    sums = [(draw.randint(0, 900), draw.randint(0, 900)) for _ in range(150)]
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    return {
        "g2p": [(word, " ".join(sounds[c] for c in word)) for word in words],
        "inflection": [(one, one + endings[tag], tag) for one in words[:60] for tag in draw.sample([*endings], 3)],
        "dates": [(f"{months[m - 1]} {d}, {y}", f"{y}-{m:02}-{d:02}") for d, m, y in dict.fromkeys(dates)],
        "sentences": sentences,
        "addition": [(f"{a}+{b}", str(a + b)) for a, b in dict.fromkeys(sums)],
        "numbers": [(str(n), " ".join(digits[int(c)] for c in str(n))) for n in draw.sample(range(9999), 150)],
    }


def clean(path: Path, rows: Rows) -> str:
    """Write lines of source<TAB>target, with features as a third column."""
    return lines(path, ["\t".join(row) for row in rows])


def lines(path: Path, texts: Sequence[str], *, end: str = "\n", encoding: str = "utf-8") -> str:
    path.write_bytes("".join(text + end for text in texts).encode(encoding))
    return str(path)


def joined(rows: Rows, delimiter: str = "\t") -> list[str]:
    return [delimiter.join(row) for row in rows]


def with_column(at: int, value: Callable[[int], str], *titles: str) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        changed = [(*row[:at], value(i), *row[at:]) for i, row in enumerate(rows)]
        head = [titles] if titles else []
        return lines(path, joined([*head, *changed]))

    return write


def with_remarks(*titles: str) -> Writer:
    """Return a writer of lines of which one in seven ends in a further column."""

    def write(path: Path, rows: Rows) -> str:
        changed = [(*row, REMARKS[i % 3]) if i % 7 == 3 else row for i, row in enumerate(rows)]
        head = [(*titles[: len(rows[0])], "remark")] if titles else []
        return lines(path, joined([*head, *changed]))

    return write


def with_lines(*texts: str, every: int = 0) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        found = list(texts)
        for i, line in enumerate(joined(rows), start=1):
            found += [line, *([texts[0]] if every and i % every == 0 else [])]
        return lines(path, found)

    return write


def quoted(delimiter: str, *titles: str, quoting: int = csv.QUOTE_MINIMAL, order: Sequence[int] = ()) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
        for row in ([titles[: len(rows[0])]] if titles else []) + list(rows):
            writer.writerow([row[i] for i in order if i < len(row)] if order else row)
        path.write_bytes(text.getvalue().encode())
        return str(path)

    return write


def dictionary(separator: str) -> Writer:
    return lambda path, rows: lines(path, [separator.join(row[:2]) for row in rows])


def within(key: str, *names: str) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        objects = [{"id": i, key: dict(zip(names, row, strict=False))} for i, row in enumerate(rows)]
        return lines(path, [json.dumps(one) for one in objects])

    return write


def keyed(*names: str, array: bool = False, indent: int | None = None) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        objects = [{"id": i} | dict(zip(names, row, strict=False)) for i, row in enumerate(rows)]
        if array:
            return lines(path, [json.dumps(objects, ensure_ascii=False, indent=indent)])
        return lines(path, [json.dumps(one) for one in objects])

    return write


def whole(meaning: Callable[[Sequence[dict[str, str]]], object], *names: str, indent: int | None = None) -> Writer:
    """Return a writer of one JSON value.   meaning: of objects with these names."""

    def write(path: Path, rows: Rows) -> str:
        value = meaning([dict(zip(names, row, strict=False)) for row in rows])
        return lines(path, [json.dumps(value, ensure_ascii=False, indent=indent)])

    return write


def structures(path: Path, rows: Rows) -> str:
    objects = [dict(zip(("source", "target", "features"), row, strict=False)) for row in rows]
    pyarrow.parquet.write_table(pyarrow.table({"n": list(range(len(rows))), "pair": objects}), str(path))
    return str(path)


def table(write_table: Callable[[pyarrow.Table, str], object], *names: str) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        columns = {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=False)}
        write_table(pyarrow.table({"n": list(range(len(rows))), **columns}), str(path))
        return str(path)

    return write


def parallel(path: Path, rows: Rows) -> str:
    source, target = path.with_suffix(".src"), path.with_suffix(".trg")
    lines(source, [row[0] for row in rows])
    lines(target, [row[1] for row in rows])
    return f"{source},{target}"


def packed(compress: Callable[[bytes], bytes]) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        clean(path, rows)
        path.write_bytes(compress(path.read_bytes()))
        return str(path)

    return write


def encoded(encoding: str, end: str = "\n") -> Writer:
    return lambda path, rows: lines(path, joined(rows), end=end, encoding=encoding)


def ordered(*order: int, titles: Row = ()) -> Writer:
    def write(path: Path, rows: Rows) -> str:
        moved = [tuple(row[i] for i in order if i < len(row)) for row in rows]
        head = [tuple(titles[i] for i in order if i < len(rows[0]))] if titles else []
        return lines(path, joined([*head, *moved]))

    return write


def variants(path: Path, rows: Rows) -> str:
    """Write further answers of a source as `source(2)`; the pairs are the same."""
    seen: dict[str, int] = {}
    found = []
    for source, *others in rows:
        seen[source] = seen.get(source, 0) + 1
        found.append((f"{source}({seen[source]})" if seen[source] > 1 else source, *others))
    return lines(path, joined(found))


def numbered(path: Path, rows: Rows) -> str:
    return lines(path, [f"{source}  {0.01 * (i % 100):.2f} {target}" for i, (source, target, *_) in enumerate(rows)])


COUNTS = (1, 1, 4, 2, 1, 1, 7, 3, 12, 1, 1_204)
REMARKS = "obsolete", "see also the next line", "from Latin"
USERS = "anna", "CK", "sacredceltic", "bob", "Guybrush88"
SHAPES: dict[str, tuple[str, Writer]] = {
    "header": ("a.tsv", ordered(0, 1, 2, titles=("word", "pronunciation", "tags"))),
    "header in German": ("a.tsv", ordered(0, 1, 2, titles=("Eingabe", "Ausgabe", "Merkmale"))),
    "header of languages": ("a.txt", ordered(0, 1, 2, titles=("English", "French", "features"))),
    "other order with header": ("a.tsv", ordered(1, 0, 2, titles=("source", "target", "features"))),
    "features first with header": ("a.tsv", ordered(2, 1, 0, titles=("lemma", "form", "msd"))),
    "features in the middle": ("a.tsv", ordered(0, 2, 1)),
    "comments": ("a.tsv", with_lines("# word\tpronunciation", "# licence\tCC0")),
    "comments without a tab": ("a.tsv", with_lines("# the words of a language", "#", "# CC0", every=40)),
    "comments of CMUdict": ("a.tsv", with_lines(";;; a dictionary", every=50)),
    "comments with slashes": ("a.tsv", with_lines("// a list", "// of words")),
    "counts": ("a.tsv", with_column(9, lambda i: str(COUNTS[i % len(COUNTS)]))),
    "counts with thousands": ("a.tsv", with_column(9, lambda i: f"{COUNTS[i % len(COUNTS)] * 991:,}")),
    "counts first": ("a.tsv", with_column(0, lambda i: str(COUNTS[i % len(COUNTS)]))),
    "probabilities in the middle": ("a.tsv", with_column(1, lambda i: f"{(i * 37 % 100) / 100:.2f}")),
    "logarithms": ("a.tsv", with_column(9, lambda i: f"-{(i * 37 % 100) / 10:.4f}")),
    "decimal commas": ("a.tsv", with_column(9, lambda i: f"0,{i * 37 % 100:02}")),
    "attribution": ("a.tsv", with_column(9, lambda i: f"CC-BY 2.0 Attribution: tatoeba.org #{i * 7} ({USERS[i % 5]})")),
    "links": ("a.tsv", with_column(9, lambda i: f"https://example.org/{i * 31}")),
    "identifiers first": ("a.tsv", with_column(0, lambda i: str(i + 1))),
    "named identifiers": ("a.tsv", with_column(0, lambda i: f"utt-{i * 13:05}")),
    "user names": ("a.tsv", with_column(9, lambda i: USERS[i * i % 5])),
    "language codes": ("a.tsv", with_column(9, lambda i: ("eng", "fra", "deu")[i % 3])),
    "dates of entry": ("a.tsv", with_column(9, lambda i: f"2021-{i % 12 + 1:02}-{i % 28 + 1:02}")),
    "a constant": ("a.tsv", with_column(9, lambda _: "wiktionary")),
    "remarks on some lines": ("a.tsv", with_remarks()),
    "remarks on some lines, with header": ("a.tsv", with_remarks("word", "pronunciation", "tags")),
    "variants": ("a.tsv", variants),
    "dictionary of one space": ("a.txt", dictionary(" ")),
    "dictionary of two spaces": ("a.txt", dictionary("  ")),
    "dictionary of three spaces": ("a.dict", dictionary("   ")),
    "dictionary of tabs": ("a.dict", dictionary("\t")),
    "dictionary with probabilities": ("a.dict", numbered),
    "CSV": ("a.csv", quoted(",")),
    "CSV with header": ("a.csv", quoted(",", "source", "target", "features")),
    "CSV in another order": ("a.txt", quoted(",", "source", "target", "features", order=(1, 0, 2))),
    "CSV all quoted": ("a.csv", quoted(",", "word", "ipa", "tag", quoting=csv.QUOTE_ALL)),
    "semicolons": ("a.csv", quoted(";", "Wort", "Aussprache", "Merkmale")),
    "semicolons without a name": ("a.txt", quoted(";")),
    "tabs all quoted": ("a.tsv", quoted("\t", quoting=csv.QUOTE_ALL)),
    "JSON lines": ("a.jsonl", keyed("source", "target", "features")),
    "JSON lines with other keys": ("a.jsonl", keyed("ko", "en", "tags")),
    "JSON array": ("a.json", keyed("word", "pron", "tags", array=True)),
    "JSON array, indented": ("a.json", keyed("source", "target", "features", array=True, indent=2)),
    "JSON lines of objects within objects": ("a.jsonl", within("pair", "source", "target", "features")),
    "JSON array of lists": ("a.json", whole(lambda found: [[*one.values()] for one in found], "1", "2", "3")),
    "JSON array of lists, indented": (
        "a.json",
        whole(lambda found: [[*one.values()] for one in found], "1", "2", "3", indent=2),
    ),
    "JSON array in an object": ("a.json", whole(lambda found: {"n": 1, "data": found}, "word", "ipa", "tags")),
    "JSON array in an object, indented": (
        "a.json",
        whole(lambda found: {"n": 1, "data": found}, "source", "target", "features", indent=1),
    ),
    "JSON columns": (
        "a.json",
        whole(lambda found: {key: [one[key] for one in found] for key in found[0]}, "word", "ipa", "tags"),
    ),
    "JSON columns of pandas": (
        "a.json",
        whole(
            lambda found: {key: {str(n): one[key] for n, one in enumerate(found)} for key in found[0]},
            "source",
            "target",
            "features",
        ),
    ),
    "bars": ("a.txt", lambda path, rows: lines(path, joined(rows, " ||| "))),
    "arrows": ("a.txt", lambda path, rows: lines(path, joined([row[:2] for row in rows], " -> "))),
    "Parquet with a structure": ("a.parquet", structures),
    "Parquet": ("a.parquet", table(pyarrow.parquet.write_table, "word", "ipa", "tags")),
    "Feather": ("a.feather", table(pyarrow.feather.write_feather, "source", "target", "features")),
    "parallel": ("a.tsv", parallel),
    "gzip": ("a.tsv.gz", packed(gzip.compress)),
    "gzip of another name": ("a.tsv", packed(gzip.compress)),
    "bzip2": ("a.tsv.bz2", packed(bz2.compress)),
    "xz": ("a.tsv.xz", packed(lzma.compress)),
    "UTF-16": ("a.tsv", encoded("utf-16")),
    "byte order mark": ("a.tsv", encoded("utf-8-sig")),
    "CRLF": ("a.tsv", encoded("utf-8", "\r\n")),
    "CR": ("a.txt", encoded("utf-8", "\r")),
}
SPACED = ("dates", "sentences")  # a dictionary has no sources with spaces, and no features
IMPOSSIBLE = {
    *((name, task) for name in SHAPES if "dictionary" in name for task in (*SPACED, "inflection")),
    *((name, task) for name in ("features in the middle",) for task in ("g2p", "numbers", "addition", *SPACED)),
    ("parallel", "inflection"),
    ("arrows", "inflection"),
}
