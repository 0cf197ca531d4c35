"""What `train` can be given to learn from, and how its texts are cut."""

import json

import pytest
from command import TINY, posix, process

import seqwright as package

QUICK = [*TINY, "--epochs", "1", "-q"]


@pytest.fixture
def rows(reversals):
    return [line.split("\t") for line in reversals.splitlines()]


def n_pairs(model):
    return json.loads((model / "manifest.json").read_text("utf-8"))["n_pairs"]


def test_several_files_and_patterns_are_learned_from(tmp_path, seqwright, rows):
    for name, some in (("one.tsv", rows[:20]), ("part-1.tsv", rows[20:40]), ("part-2.tsv", rows[40:])):
        (tmp_path / name).write_text("".join(f"{s}\t{t}\n" for s, t in some), "utf-8")
    dev = tmp_path / "one.tsv"
    model = tmp_path / "model"
    assert seqwright("train", dev, tmp_path / "part-*.tsv", "--dev", dev, "-o", model, *QUICK).code == 0
    assert n_pairs(model) == len(rows)
    hashes = json.loads((model / "manifest.json").read_text("utf-8"))["data"]
    assert [path.rpartition("/")[2] for path in hashes] == ["one.tsv", "part-1.tsv", "part-2.tsv"]


@pytest.mark.parametrize("way", ["option", "comma"])
def test_parallel_files_are_learned_from(tmp_path, seqwright, rows, way, pairs):
    for side, name in enumerate(("pairs.ko", "pairs.en")):
        (tmp_path / name).write_text("".join(row[side] + "\n" for row in rows), "utf-8")
    files = [tmp_path / "pairs.ko", "--target", tmp_path / "pairs.en"]
    given = files if way == "option" else [f"{files[0]},{files[2]}"]
    assert seqwright("train", *given, "-o", tmp_path / "parallel", *QUICK).code == 0
    assert seqwright("train", pairs, "-o", tmp_path / "columns", *QUICK).code == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("parallel", "columns")]
    assert weights[0] == weights[1]


def test_targets_go_with_one_file_of_sources(tmp_path, seqwright, pairs):
    assert "one file" in seqwright("train", pairs, pairs, "--target", pairs, "-o", tmp_path / "m").refused(2)


def test_texts_are_tokenised_by_the_options(tmp_path, seqwright, pairs):
    model = tmp_path / "model"
    options = [
        "--source-tokens",
        "graphemes",
        "--target-tokens",
        "words",
        "--source-form",
        "NFD",
        "--target-form",
        "none",
    ]
    assert seqwright("train", pairs, "--dev", pairs, "-o", model, *options, *QUICK).code == 0
    found = package.load(model).bundle.config.text
    assert [found.source_tokens, found.target_tokens, found.source_form, found.target_form] == options[1::2]


@pytest.mark.parametrize("kind", ["syllables", "subwords", "subwords:0", "subwords:x"])
def test_unknown_tokens_are_refused_with_the_known_ones(tmp_path, seqwright, pairs, kind):
    said = seqwright("train", pairs, "-o", tmp_path / "model", "--source-tokens", kind).refused(2)
    assert "characters, graphemes, words, subwords:8000" in said


def test_a_model_with_subwords_answers_from_its_directory_alone(tmp_path, seqwright):
    words = ["ban" + b + c for b in ("ko", "du", "lan") for c in ("s", "ing", "ed", "er")]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"{a} {b} {a}\t{b} {a}\n" for a in words for b in words), "utf-8")
    model = tmp_path / "model"
    options = ["--source-tokens", "subwords:40", "--target-tokens", "subwords:50"]
    assert seqwright("train", pairs, "-o", model, *options, *QUICK).code == 0
    pairs.unlink()
    assert {path.name for path in model.glob("*.subwords.model")} == {"source.subwords.model", "target.subwords.model"}
    loaded = package.load(model)
    assert max(map(len, loaded.bundle.target.vocabulary.symbols)) > 2
    text = "bankos banduing bankos"
    pieces = loaded.bundle.source.split(text)
    assert loaded.bundle.source.join(pieces) == text
    [[answer]] = loaded.predict([text])
    assert answer.text == loaded.bundle.target.join(answer.tokens)
    assert "\u2581" not in answer.text
    (model / "source.subwords.model").write_bytes(b"damaged")
    (tmp_path / "sources").write_text("ban\n", "utf-8")
    assert "source.subwords.model: not a SentencePiece model" in seqwright(
        "predict", model, tmp_path / "sources"
    ).refused(1)


def test_the_cache_is_written_to_the_given_directory(tmp_path, seqwright, pairs, monkeypatch):
    monkeypatch.setattr("seqwright.data.encode.IN_MEMORY", 0)
    for name in ("one", "two"):
        assert seqwright("train", pairs, "-o", tmp_path / name, "--cache", tmp_path / "cache", *QUICK).code == 0
    assert len(list((tmp_path / "cache").iterdir())) == 1
    monkeypatch.undo()
    assert seqwright("train", pairs, "-o", tmp_path / "three", *QUICK).code == 0
    weights = {(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two", "three")}
    assert len(weights) == 1


@posix
@pytest.mark.parametrize("cross_validate", [[], ["--cross-validate", "0"], ["--cross-validate", "2"]])
@pytest.mark.parametrize("option", ["--lexicon", "--also", "--unlabelled"])
def test_a_file_that_can_be_read_once_is_read_once_or_refused(tmp_path, pairs, option, cross_validate):
    given = {"--lexicon": b"aa\tb\n", "--also": b"aab\tbaa\nbb\tbb\n", "--unlabelled": b"aaab\n"}[option]
    is_reread = option == "--unlabelled" or "2" in cross_validate
    for stream in ("-", "/dev/fd/0"):
        done = process(
            "train", pairs, "-o", tmp_path / "model", "--overwrite", *TINY[:4], "--epochs", 1, option, stream,
            *cross_validate, stdin=given,
        )  # fmt: skip
        if is_reread:
            assert f"reads training.{option[2:]} several times; give a file" in done.refused(code=2)
        else:
            assert done.code == 0, done.err
