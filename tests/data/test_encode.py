"""One pass over files of any size gives what plain code gives, in memory and from a cache that survives anything."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from encoded import encode_pairs
from hypothesis import given
from hypothesis import strategies as st

from seqwright import errors
from seqwright.data import batches, cache, encode, holdout, outliers, readers, spool, text, vocabulary
from seqwright.data.encode import Request
from seqwright.data.tokenizer import Segmentation, Tokenizer

TEXTS = st.text("ab가é ", max_size=6)
ROWS = st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=30).filter(
    lambda rows: len({s for s, t in rows if s or t}) > 1 and any(t for _, t in rows)
)


def read(*paths, place=None, **request):
    return encode.read(readers.inputs(list(paths)), Request(**request), place=place)


def ids(corpus):
    return {name: getattr(corpus.examples, name).tolist() for name in batches.Examples.__dataclass_fields__}


def same(one, other):
    """Return whether two corpora are equal in everything that a training sees."""
    return ids(one) == ids(other) and one[1:] == other[1:]


def is_mapped(corpus):
    return all(isinstance(getattr(corpus.examples, name), np.memmap) for name in batches.Examples.__dataclass_fields__)


@pytest.fixture
def write(tmp_path):
    def write(rows, name="pairs.tsv"):
        path = tmp_path / name
        path.write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8", newline="\n")
        return path

    return write


@pytest.fixture
def from_disk(monkeypatch):
    """Let nothing be small enough for memory."""
    monkeypatch.setattr(encode, "IN_MEMORY", 0)


def reversals(n, seed=1):
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdef", k=rng.randint(1, 9))) for _ in range(n)]
    return [(word, word[::-1]) for word in words]


# What comes out


@given(ROWS, st.sampled_from([None, 0.2, 0.7]), st.booleans(), st.integers(8, 30))
def test_it_is_what_plain_code_gives(tmp_path_factory, rows, dev_share, on_disk, max_tokens):
    path = tmp_path_factory.mktemp("encode") / "pairs.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8", newline="\n")
    columns = readers.Columns(source=1, target=2, features=0, header=False, comment="")  # drawn rows may look like them
    pairs = [pair for pair in readers.read_pairs(path, columns=columns) if pair.source or pair.target]
    known, _ = (pairs, []) if dev_share is None else holdout.split(pairs, fraction=dev_share, seed=3)
    formats = [text.detect([pair.source for pair in known]), text.detect([pair.target for pair in known])]
    n_tokens = [sum(len(f.split(t)) for f, t in zip(formats, pair[:2], strict=True)) + 3 for pair in pairs]
    short = [pair for pair, n in zip(pairs, n_tokens, strict=True) if n <= max_tokens]
    request = {"columns": columns, "dev_share": dev_share, "seed": 3, "max_tokens": max_tokens}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "IN_MEMORY", 0 if on_disk else 10**6)
        patch.setattr(spool, "ROWS", 7)
        patch.setattr(spool, "IDS", 20)
        if not short or (dev_share is not None and len({pair.source for pair in short}) < 2):
            with pytest.raises(errors.DataError):
                read(path, **request)
            return
        found = read(path, **request)
    train, dev = (short, []) if dev_share is None else holdout.split(short, fraction=dev_share, seed=3)
    texts = [pair.source for pair in train], [pair.target for pair in train]
    source, target = (
        Tokenizer(one, vocabulary.Vocabulary.build(map(one.split, some)))
        for one, some in zip(formats, texts, strict=True)
    )
    expected = encode_pairs(train, source, target)
    assert ids(found) == ids(found._replace(examples=expected))
    assert (found.source, found.target) == (source, target)
    assert found.dev == dev
    assert [e.line for e in found.excluded] == [p.line for p, n in zip(pairs, n_tokens, strict=True) if n > max_tokens]
    assert found.limits.longest_target == expected.target_lengths.max() - 1
    assert found.limits.shortest_target == expected.target_lengths.min() - 1
    assert found.limits.longest_source == expected.source_lengths.max() - 1
    assert found.limits.ratio == (expected.target_lengths / expected.source_lengths).max()
    assert is_mapped(found) == on_disk


def test_a_monstrous_line_is_left_out_with_its_file_and_number(write):
    first = write([("a", "b")] * 2, "first.tsv")
    second = write([("c", "d"), ("x" * 100, "y"), ("e", "f")], "second.tsv")
    found = read(first, second, max_tokens=50)
    assert found.excluded == [(str(second), 2, 104, 50)]
    assert len(found.examples) == 4
    assert "x" not in found.source.vocabulary
    with pytest.raises(errors.DataError, match="every pair has more than 3 tokens"):
        read(first, max_tokens=3)


def test_outliers_are_left_out_as_if_they_were_not_in_the_file(write):
    words = [(f"w{n}", f"v{n}") for n in range(300)]
    page = "x" * 500, "z" * 400
    usual, found = read(write(words)), read(write([*words[:7], page, *words[7:]], "with.tsv"))
    assert [(line, n_tokens, most) for _, line, n_tokens, most in found.excluded] == [(8, 903, outliers.LEAST)]
    assert found.examples.source.tolist() == usual.examples.source.tolist()
    assert found.examples.target.tolist() == usual.examples.target.tolist()
    assert (found.source.vocabulary, found.target.vocabulary) == (usual.source.vocabulary, usual.target.vocabulary)
    assert found.limits == usual.limits


@pytest.mark.parametrize("share", [0.5, None])
def test_outliers_are_left_out_of_what_is_held_out(write, share):
    rows = [(f"w{n}", f"v{n}") for n in range(300)] + [(f"{n}" * 300, "z") for n in range(3)]
    found = read(write(rows), dev_share=share)
    assert len(found.excluded) == 3
    assert len(found.examples) + len(found.dev) == 300
    assert max(len(pair.source) for pair in found.dev) < 5 if share else not found.dev


def test_long_pairs_among_long_pairs_are_usual(write):
    rows = [("a" * n, "b" * n) for n in range(200, 240)] + [("a" * 700, "b" * 400)]
    assert not read(write(rows)).excluded
    assert len(read(write([*rows, ("a" * 4000, "b" * 2000)])).excluded) == 1


def test_among_few_pairs_none_is_an_outlier(write):
    assert not read(write([("ab", "c"), ("abc", "d"), ("a" * 3000, "b")])).excluded


def test_what_is_an_outlier_can_be_set(write):
    rows = [("ab", "c"), ("abc", "d"), ("a" * 300, "b"), ("abcdefgh", "b")]
    assert [line for _, line, _, _ in read(write(rows), max_pair_tokens=10).excluded] == [3, 4]
    assert not read(write(rows), max_pair_tokens=400).excluded
    with pytest.raises(errors.DataError, match=r"pairs\.tsv: no pair to train on has at most 3 tokens"):
        read(write(rows), max_pair_tokens=3)


def test_features_are_noticed(write):
    assert read(write([("a", "b", "V"), ("c", "d", "")])).has_features
    assert not read(write([("a", "b", ""), ("c", "d", "")])).has_features


@pytest.mark.usefixtures("from_disk")
def test_a_large_vocabulary_gets_wide_numbers(write):
    n = 1 << 15
    path = write([(chr(0x3400 + i), "x y") for i in range(n)])
    found = read(path, source=Segmentation(unicode_form=text.UnicodeForm.NONE))
    assert found.examples.source.dtype == np.int32
    assert found.examples.target.dtype == np.int16
    rows = found.examples.batch(np.arange(n)).source[0]
    assert "".join(found.source.vocabulary.decode(rows.tolist())) == "".join(map(chr, range(0x3400, 0x3400 + n)))


def test_texts_are_cut_as_the_first_pairs_ask_for(write, monkeypatch):
    monkeypatch.setattr(encode, "HEAD_PAIRS", 3)
    rows = [(f"{n}", "K AH0 T") for n in range(3)] + [
        (f"{n}", f"no phonemes at all but the sentence number{n} that has word{n}") for n in range(99)
    ]
    assert read(write(rows)).target.splitter == text.TextFormat(text.Tokens.WORDS)
    monkeypatch.setattr(encode, "HEAD_PAIRS", 99)
    assert read(write(rows)).target.splitter == text.TextFormat(text.Tokens.CHARACTERS)


# The cache


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def entries(path):
    return names(cache.beside(path).directory)


def test_small_data_leaves_no_trace(write, tmp_path):
    assert not is_mapped(read(write(reversals(500))))
    assert names(tmp_path) == ["pairs.tsv"]


@pytest.mark.parametrize("tokens", ["characters", "subwords:40"])
def test_data_is_the_same_in_memory_and_from_the_cache(write, monkeypatch, tokens):
    path = write(reversals(3000))
    request = {"dev_share": 0.1, "source": Segmentation(tokens), "max_tokens": 15}
    small = read(path, **request)
    monkeypatch.setattr(encode, "IN_MEMORY", 5000)  # so that it begins in memory
    built = read(path, **request)
    found = read(path, **request)
    assert is_mapped(built) and is_mapped(found) and not is_mapped(small)
    for corpus in (built, found):
        assert same(corpus, small)
        assert corpus.source.split("abcabc") == small.source.split("abcabc")
    epochs = [
        batches.batches(c.examples, batch_size=7, rng=np.random.default_rng(1), max_tokens=99) for c in (small, found)
    ]
    for one, other in zip(*epochs, strict=True):
        assert all(a.tobytes() == b.tobytes() and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


@pytest.mark.usefixtures("from_disk")
def test_the_text_is_read_once(write, monkeypatch):
    path = write(reversals(50))
    built = read(path, dev_share=0.2)
    monkeypatch.setattr(encode, "Builder", None)
    assert same(read(path, dev_share=0.2), built)
    moved = path.rename(path.with_name("moved.tsv"))
    found = read(moved, dev_share=0.2, place=cache.beside(path))
    assert same(found._replace(hashes={}), built._replace(hashes={}))
    assert list(found.hashes) == [str(moved)]


@pytest.mark.usefixtures("from_disk")
def test_another_content_or_request_is_another_entry(write):
    path = write(reversals(50))
    requests = [
        {},
        {"dev_share": 0.1},
        {"dev_share": 0.1, "seed": 2},
        {"max_tokens": 20},
        {"source": Segmentation("words")},
    ]
    requests += [{"columns": readers.Columns(features=0)}, {"target": Segmentation(unicode_form=text.UnicodeForm.NFD)}]
    for n, request in enumerate(requests, start=1):
        read(path, **request)
        read(path, **request)
        assert len(entries(path)) == n
    write([*reversals(50), ("new", "wen")])
    assert len(read(path).examples) == 51
    assert len(entries(path)) == len(requests) + 1


@pytest.mark.usefixtures("from_disk")
def test_once_it_is_made_neither_the_file_nor_the_cache_is_needed(write):
    path = write(reversals(200))
    found = read(path)
    before = ids(found)
    path.unlink()
    if os.name != "nt":
        shutil.rmtree(cache.beside(path).directory)
    assert ids(found) == before


@pytest.mark.usefixtures("from_disk")
def test_the_place_can_be_named(write, tmp_path):
    path = write(reversals(50))
    read(path, place=cache.Place(tmp_path / "deep" / "cache"))
    assert len(names(tmp_path / "deep" / "cache")) == 1
    assert not cache.beside(path).directory.exists()


@pytest.mark.usefixtures("from_disk")
def test_standard_input_is_kept_in_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"ab\tba\ncd\tdc\n"), "utf-8"))
        assert len(read("-").examples) == 2
    assert len(names(Path(".standard-input.seqwright-cache"))) == 1


FILES = ["found.json", "source.vocab.json", "source.npy", "source_starts.npy", "target.npy", "target_starts.npy"]


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


@pytest.mark.usefixtures("from_disk")
@pytest.mark.parametrize("damage", [cut, flip, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("name", [*FILES, cache.CHECK])
def test_a_damaged_entry_is_made_again(write, name, damage):
    path = write(reversals(50))
    whole = read(path)
    expected = ids(whole)
    del whole
    [entry] = cache.beside(path).directory.iterdir()
    if name == cache.CHECK and damage is flip:
        return  # a changed bit in white space would be none
    damage(entry / name)
    assert cache.beside(path).find(entry.name) is None
    assert ids(read(path)) == expected
    assert cache.beside(path).find(entry.name) == entry
    assert entries(path) == [entry.name]


# Processes that are killed, that run side by side, or that may not write


BUILD = """
import sys
from seqwright.data import encode, readers, spool
encode.IN_MEMORY, spool.BUFFER = 0, 100
print("begins", flush=True)
found = encode.read(readers.inputs(sys.argv[1]), encode.Request(dev_share=0.1))
print(len(found.examples), found.examples.source.sum(), flush=True)
"""


def start(path, code=BUILD, **options):
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
def test_a_build_killed_at_any_moment_leaves_nothing_that_harms(write):
    """Worth its seconds: real processes, killed at moments from the first line to the rename."""
    path = write(reversals(20_000))
    expected = start(path).communicate()[0].split()[1:]
    shutil.rmtree(cache.beside(path).directory)
    directory = cache.beside(path).directory
    n_partial = 0
    for moment in (0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.3):
        shutil.rmtree(directory, ignore_errors=True)
        process = start(path)
        assert process.stdout.readline() == "begins\n"
        while moment and process.poll() is None and not list(directory.glob(f"*{cache.PARTIAL}")):
            time.sleep(1e-3)  # on a busy machine, reading the first pairs takes longer than any moment
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        partials = list(directory.glob(f"*{cache.PARTIAL}"))
        n_partial += len(partials)
        for partial in partials:
            for file in [*partial.iterdir(), partial]:
                os.utime(file, (1, 1))  # as if it were long ago
        assert start(path).communicate()[0].split()[1:] == expected
        assert len(entries(path)) == 1
    assert n_partial, "no kill came while an entry was written"


def test_what_another_run_is_writing_is_left_alone(write, monkeypatch):
    monkeypatch.setattr(encode, "IN_MEMORY", 0)
    path = write(reversals(50))
    with cache.beside(path).build() as other:
        (other.path / "source.ids").write_bytes(b"ids")
        read(path)
        assert other.path.is_dir()
        assert len(entries(path)) == 2
    assert len(entries(path)) == 1


def test_runs_side_by_side_make_one_entry(write):
    path = write(reversals(3000))
    runs = [start(path) for _ in range(4)]
    said = {run.communicate()[0] for run in runs}
    assert len(said) == 1
    assert [run.returncode for run in runs] == [0] * 4
    assert len(entries(path)) == 1


READ_ONLY = """
import os, sys
from seqwright import errors
from seqwright.data import encode, readers
encode.IN_MEMORY, encode.WITHOUT_CACHE = 0, int(sys.argv[2])
import numpy, msgspec, tempfile, hashlib
tempfile.gettempdir()
if os.geteuid() == 0:
    os.setuid(65534)
try:
    print(type(encode.read(readers.inputs(sys.argv[1]), encode.Request()).examples.source).__name__)
except errors.OutputError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are of another kind here")
@pytest.mark.parametrize(
    ("n_ids", "says"),
    [(10**9, "ndarray\n"), (10, ".pairs.tsv.seqwright-cache: the data is too large for memory and its cache cannot")],
)
def test_where_nothing_can_be_written_memory_serves_while_it_can(write, tmp_path, n_ids, says):
    path = write(reversals(500))
    tmp_path.chmod(0o555)
    command = [sys.executable, "-c", READ_ONLY, path.name, str(n_ids)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    tmp_path.chmod(0o755)
    assert said.startswith(says)
    assert "--cache DIR" in said or says == "ndarray\n"
    assert names(tmp_path) == ["pairs.tsv"]


NO_SPACE = """
import resource, sys
from seqwright import errors
from seqwright.data import encode, readers, spool
encode.IN_MEMORY, spool.BUFFER = 0, 100
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    encode.read(readers.inputs(sys.argv[1]), encode.Request())
except errors.OutputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="no limit of this kind here")
def test_a_full_disk_is_named_and_nothing_is_left_on_it(write):
    path = write(reversals(5000))
    said = start(path, NO_SPACE).communicate()[0]
    assert said.startswith(f"{cache.beside(path).directory}: the data is too large for memory and its cache cannot be")
    assert entries(path) == []
