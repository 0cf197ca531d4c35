"""Models of an earlier release answer as they did then, with the compiled kernels and with those in NumPy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NAMES = [
    "additive", "article", "bilinear", "deep", "dot", "features-copying", "int8", "jamo", "members", "subwords", "tied",
]  # fmt: skip
TOLERANCE = 1e-5  # of scores and log-probabilities; relative where these are below -1
# The kernels in NumPy round as its BLAS does: those that OpenBLAS has for various processors differ by up to 7e-5.
TOLERANCE_OF_NUMPY = 1e-4
PREDICT = [sys.executable, "-m", "seqwright", "predict"]


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Return the folder of models and their answers, which is not part of the project; skip where it is absent."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
    path = Path(os.environ.get("SEQWRIGHT_GOLDEN", beside))
    if not path.is_dir():
        pytest.skip(f"no golden models at {path}; set SEQWRIGHT_GOLDEN to the folder that holds them")
    return path


def difference(expected: Any, found: Any, tolerance: float, place: str = "") -> str:
    """Return where the found record is not the expected one, "" if nowhere. It may have further fields."""
    if isinstance(expected, dict):
        missing = expected.keys() - found.keys()
        if missing:
            return f"{place}: no {', '.join(sorted(missing))}"
        inner = [(expected[key], found[key], f"{place}.{key}") for key in expected]
        return next(filter(None, (difference(a, b, tolerance, where) for a, b, where in inner)), "")
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        inner = [(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(expected, found, strict=True))]
        return next(filter(None, (difference(a, b, tolerance, where) for a, b, where in inner)), "")
    if place.endswith(".confidence") and expected is not None:  # evidence of an unfamiliar source may lower it
        same = 0 <= found <= expected + tolerance
    elif isinstance(expected, float):
        same = abs(found - expected) <= tolerance * max(1, abs(expected))
    else:
        same = found == expected
    return "" if same else f"{place}: {expected!r} became {found!r}"


@pytest.mark.parametrize("kernels", ["native", "reference"])
@pytest.mark.parametrize("name", NAMES)
def test_a_golden_model_answers_as_it_did(name: str, kernels: str, golden_dir: Path) -> None:
    folder = golden_dir / name
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    if kernels == "reference":
        environment["SEQWRIGHT_KERNELS"] = "reference"
    tolerance = TOLERANCE_OF_NUMPY if environment.get("SEQWRIGHT_KERNELS") == "reference" else TOLERANCE
    command = [*PREDICT, folder / "model", folder / "in.txt", "--beam", "4", "--n-best", "2", "--json", "--quiet"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    expected = (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()
    found = done.stdout.splitlines()
    assert len(found) == len(expected)
    for n, (before, after) in enumerate(zip(expected, found, strict=True), start=1):
        assert not (what := difference(json.loads(before), json.loads(after), tolerance)), f"line {n}: {what}"


def test_every_golden_model_is_tried(golden_dir: Path) -> None:
    assert sorted(path.name for path in golden_dir.iterdir() if path.is_dir()) == sorted(NAMES)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"text": "a"}, {"text": "b"}),
        ({"text": "a"}, {"tokens": ["a"]}),
        ({"tokens": ["a"]}, {"tokens": ["a", "b"]}),
        ({"score": -0.5}, {"score": -0.5001}),
        ({"n_best": [{"text": "a", "alignment": [[0, 0]]}]}, {"n_best": [{"text": "a", "alignment": [[0, 1]]}]}),
        ({"confidence": 0.5}, {"confidence": 0.6}),
    ],
)
def test_another_answer_is_a_difference(expected: Any, found: Any) -> None:
    assert difference(expected, found, TOLERANCE)
