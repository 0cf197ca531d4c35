"""A model exported to ONNX answers as `predict` does, by the client that an export writes, which knows no seqwright."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

import seqwright
from seqwright import bundle, config, exporters, training
from seqwright.cli.main import main
from seqwright.data.readers import Pair
from seqwright.errors import OutputError, UsageError
from seqwright.exporters.onnx.precision import Precision
from seqwright.exporters.onnx.rules import rules

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

GOLDEN = [
    "additive", "article", "bilinear", "deep", "dot", "features-copying", "int8", "jamo", "members", "subwords", "tied",
]  # fmt: skip
NODE_MODULES = Path(os.environ.get("SEQWRIGHT_NODE_MODULES", "node_modules")).absolute()
SETTINGS = {
    "bilinear": ["model.attention=bilinear"],
    "additive with a bias by distance": ["model.attention=additive", "model.distance_bias=true"],
    "copying with features": ["model.copying=true", "model.sum_features=true"],
    "ensemble of two": ["training.members=2"],
}


def client(directory: Path) -> Any:
    """Return the client of an exported model."""
    described = importlib.util.spec_from_file_location("exported_client", directory / "predict.py")
    assert described is not None
    assert described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module.Model(directory)


def assert_same_texts(model: Path, exported: Path, sources: Sequence[str], features: Sequence[str]) -> None:
    """Fail where greedy search or a beam of five answers otherwise in ONNX Runtime."""
    ours, theirs = seqwright.load(model), client(exported)
    for beam in (1, 5):
        expected = [found[0].text for found in ours.predict(sources, features=features, beam=beam)]
        assert theirs.predict(list(sources), list(features), beam=beam) == expected


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Return the folder of golden models; skip where it is absent."""
    path = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
    if not path.is_dir():
        pytest.skip(f"no golden models at {path}")
    return path


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_model_answers_the_same(name: str, golden_dir: Path, tmp_path: Path) -> None:
    model = golden_dir / name / "model"
    exporters.export_onnx(model, tmp_path / "onnx")
    rows = [line.split("\t") for line in (golden_dir / name / "in.txt").read_text("utf-8").split("\n")[:-1]]
    words = [row[0] for row in rows]
    sources = [*words, " ".join(words), "".join(words)]  # the last two are read in windows
    features = [*(";".join(row[1:2]) for row in rows), "", ""]
    assert_same_texts(model, tmp_path / "onnx", sources, features)


@pytest.fixture(scope="module", params=SETTINGS)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, reversals: str) -> Path:
    """Return a model trained for a moment on words with features; later features than the last are unknown."""
    folder = tmp_path_factory.mktemp("tiny")
    rows = [f"{line}\t{'ABC'[n % 3]};D{n % 2}" for n, line in enumerate(reversals.splitlines())]
    (folder / "pairs.tsv").write_text("\n".join(rows), encoding="utf-8")
    settings = ["model.hidden_size=16", "model.embedding_size=8", "training.epochs=6", "training.report=false"]
    chosen = config.parse({}, settings + SETTINGS[request.param])
    training.train(folder / "pairs.tsv", output=folder / "model", config=chosen)
    return folder / "model"


def test_a_trained_model_answers_the_same(tiny: Path, tmp_path: Path) -> None:
    exporters.export_onnx(tiny, tmp_path / "onnx")
    sources = ["abc", "hgfed", "a", "", " ", "  x ", "xyz", "aéz", "abzcd", "h" * 30, "ab cd " * 30, "日本😀"]
    features = ["A;D0", "B", "", "", "A", ";;", " A ; D1", "Z;D0", "A;Z", "; ", "C;D1", "C"]
    assert_same_texts(tiny, tmp_path / "onnx", sources * 3, features + features[::-1] + [""] * 12)


def test_in_8_bits_it_answers_as_the_model_in_8_bits(trained: Path, tmp_path: Path, reversals: str) -> None:
    small = exporters.export(trained, output=tmp_path / "small").output
    exporters.export_onnx(trained, tmp_path / "onnx", precision="int8")
    sources = [line.split("\t")[0] for line in reversals.splitlines()]
    assert_same_texts(small, tmp_path / "onnx", sources, [""] * len(sources))


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_smaller_precision_takes_less_space(precision: str, golden_dir: Path, tmp_path: Path) -> None:
    whole = exporters.export_onnx(golden_dir / "subwords" / "model", tmp_path / "whole").n_bytes
    small = exporters.export_onnx(golden_dir / "subwords" / "model", tmp_path / "small", precision=precision).n_bytes
    assert small["search.onnx"] < {"float16": 0.7, "int8": 0.6}[precision] * whole["search.onnx"]


def test_a_lexicon_is_looked_up(trained: Path, tmp_path: Path) -> None:
    exporters.export_onnx(trained, tmp_path / "onnx")
    entries = [Pair("abc", "known"), Pair("abc", "second"), Pair("a", "")]
    whole = msgspec.structs.replace(bundle.load(trained), lexicon=entries)
    (tmp_path / "onnx" / "model.json").write_bytes(msgspec.json.encode(rules(whole, Precision.FLOAT32)))
    assert client(tmp_path / "onnx").predict(["abc", "a"]) == ["known", ""]


def test_the_client_answers_lines_where_seqwright_cannot_be_imported(trained: Path, tmp_path: Path) -> None:
    exporters.export_onnx(trained, tmp_path / "onnx")
    (tmp_path / "seqwright.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "-P", tmp_path / "onnx" / "predict.py", tmp_path / "onnx"], input="abc\ncab\tX\n", text=True,
        capture_output=True, check=True, env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    expected = seqwright.load(trained).predict(["abc", "cab"], features=["", "X"])
    assert done.stdout.splitlines() == [found[0].text for found in expected]


@pytest.mark.skipif(not (NODE_MODULES / "onnxruntime-web").exists(),
                    reason="needs Node.js, and SEQWRIGHT_NODE_MODULES with onnxruntime-web")  # fmt: skip
@pytest.mark.parametrize("name", ["features-copying", "jamo", "subwords", "int8"])
def test_the_client_in_javascript_answers_the_same(name: str, golden_dir: Path, tmp_path: Path) -> None:
    exporters.export_onnx(golden_dir / name / "model", tmp_path / "onnx")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    given = (golden_dir / name / "in.txt").read_text("utf-8")
    commands = (["node", "predict.mjs", "."], [sys.executable, "predict.py", "."])
    answers = [
        subprocess.run(command, cwd=tmp_path / "onnx", input=given, text=True, capture_output=True, check=True).stdout
        for command in commands
    ]
    assert answers[0] == answers[1]


def test_the_command_prints_the_files(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(trained), "--onnx", str(tmp_path / "onnx"), "--float16"]) == 0
    printed = capsys.readouterr().out
    assert {path.name for path in (tmp_path / "onnx").iterdir()} == {
        line.split(":")[0].rpartition("/")[2] for line in printed.splitlines()
    }
    assert "search.onnx" in printed


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--onnx", "{taken}"], "exists already"),
        (["--onnx", "new", "--int8", "--float16"], "choose one"),
        (["--onnx", "new", "-o", "other"], "--output"),
        (["--onnx", "new", "--data", "x.tsv"], "--data"),
        (["--float16"], "--onnx"),
    ],
)
def test_misuse_is_one_line(
    arguments: list[str], complaint: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    given = [one.format(taken=tmp_path) for one in arguments]
    assert main(["export", str(trained), *given]) == 2
    assert complaint in capsys.readouterr().err


def test_a_wrong_precision_and_a_file_in_the_way_are_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="float32, float16, int8"):
        exporters.export_onnx(trained, tmp_path / "onnx", precision="bfloat16")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Not a directory"):
        exporters.export_onnx(trained, tmp_path / "file" / "onnx")


def test_without_onnx_the_command_names_the_extra(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("seqwright.exporters.onnx.graph")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", str(trained), "--onnx", str(tmp_path / "onnx")]) != 0
    assert "pip install 'seqwright[onnx]'" in capsys.readouterr().err
