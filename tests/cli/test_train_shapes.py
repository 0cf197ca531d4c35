"""`train` on one list of pairs in every shape: the same weights, at once or by a command that the refusal prints."""

import shlex
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "data"))
import shapes

TINY = ["--epochs", "1", "--cross-validate", "0", "--set", "model.hidden_size=8", "--set", "model.embedding_size=4",
        "--set", "training.report=false", "--set", "training.dev_limit=5"]  # fmt: skip
# Where the data allows another meaning; in every other shape, no option is needed.
ASKS = {"user names", "remarks on some lines"}
CELLS = [(shape, "g2p") for shape in shapes.SHAPES if (shape, "g2p") not in shapes.IMPOSSIBLE]
CELLS += [("features in the middle", "inflection"), ("counts first", "addition")]
CELLS += [("dictionary of one space", "addition")]


@pytest.fixture(scope="module")
def rows():
    return {task: rows[:60] for task, rows in shapes.tasks().items()}


@pytest.mark.parametrize(("shape", "task"), CELLS)
def test_a_shape_trains_the_same_weights_or_prints_the_command_that_does(tmp_path, seqwright, rows, shape, task):
    def weights(name):
        return (tmp_path / name / "model.safetensors").read_bytes()

    assert (
        seqwright("train", shapes.clean(tmp_path / "clean.tsv", rows[task]), "-o", tmp_path / "clean", *TINY).code == 0
    )
    name, write = shapes.SHAPES[shape]
    (tmp_path / "shape").mkdir()
    given = ["train", write(tmp_path / "shape" / name, rows[task]), "-o", tmp_path / "model", *TINY]
    first = seqwright(*given)
    if first.code == 0:
        assert weights("model") == weights("clean")
        return
    assert first.code == 2
    assert shape in ASKS or task == "addition"
    assert not (tmp_path / "model").exists()
    found = set()
    for line in first.err.splitlines():
        if line.startswith("  ") and " train " in line:
            words = shlex.split(line)
            assert seqwright(*words[words.index("train") :], "--overwrite").code == 0
            found.add(weights("model"))
    assert weights("clean") in found


def test_what_is_found_is_printed_and_remembered(tmp_path, seqwright, rows):
    write = shapes.SHAPES["probabilities in the middle"][1]
    path = write(tmp_path / "words.tsv", rows["g2p"])
    said = seqwright("train", path, "-o", tmp_path / "model", *TINY).err
    assert "columns  1 source, 3 target; 2 ignored: probabilities (use --features-column 2 to read it as fe" in said
    assert "1 source, 3 target" in seqwright("check", path).out
    clean = shapes.clean(tmp_path / "clean.tsv", rows["g2p"])
    two = tmp_path / "two.tsv"  # too few lines to recognise anything
    two.write_text("".join(Path(path).read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    for command in ("evaluate", "score"):
        assert seqwright(command, tmp_path / "model", path).out == seqwright(command, tmp_path / "model", clean).out
        assert seqwright(command, tmp_path / "model", two).code == 0
    assert len(seqwright("score", tmp_path / "model", two).out.splitlines()) == 2


def test_a_dictionary_that_had_to_be_named_is_read_by_every_later_command(tmp_path, seqwright, rows):
    path = tmp_path / "lexicon.txt"
    path.write_text("".join(f"{source} {target}\n" for source, target in rows["g2p"][:30]), "utf-8")
    few = tmp_path / "few.txt"
    few.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    model = tmp_path / "model"
    assert seqwright("train", path, "-o", model, "--set", "text.reader=dictionary", "--dev", few, *TINY).code == 0
    assert seqwright("evaluate", model, few).code == 0
    assert len(seqwright("score", model, few).out.splitlines()) == 3
    assert seqwright("compare", model, model, few).code == 0
    assert seqwright("export", model, "--int8", "--data", few).code == 0
    (tmp_path / "words").write_text(f"{rows['g2p'][0][0]}\n", "utf-8")
    said = seqwright("predict", model, tmp_path / "words", "--lexicon", few)
    assert said.out == f"{rows['g2p'][0][1]}\n"
