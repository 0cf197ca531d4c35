"""The reference pages have an entry for each public name, command and flag."""

import importlib
import re
from pathlib import Path

import pytest

import seqwright
from seqwright.cli import main
from seqwright.inference.answer import Flag
from seqwright.inference.records import Record

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"
MODULES = ("seqwright.sklearn", "seqwright.optim", "seqwright.testing.gradients")
LAYERS = Path(seqwright.__file__).parent / "nn"
INTERNAL = {"__init__", "cache", "parameters"}


def entries():
    """Return the names of all directives for Python objects."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    return re.findall(r"^\.\. auto(?:function|class|exception|module):: (\S+)$", text, flags=re.MULTILINE)


def public_names():
    """Return where the public names are to be found."""
    yield from (f"seqwright.{name}" for name in seqwright.__all__ if name != "__version__")
    yield "seqwright.errors.AmbiguityError"
    for module in MODULES:
        yield from (f"{module}.{name}" for name in importlib.import_module(module).__all__)
    yield from (f"seqwright.nn.{path.stem}" for path in LAYERS.glob("*.py") if path.stem not in INTERNAL)


def value(name):
    """Return what a dotted name denotes."""
    try:
        return importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute)


def test_every_public_name_has_an_entry_in_the_reference():
    documented = {id(value(name)) for name in entries()}  # under one of its names
    assert [name for name in public_names() if id(value(name)) not in documented] == []


def test_no_entry_occurs_twice():
    names = entries()
    assert sorted(names) == sorted(set(names))


def test_the_reference_of_the_commands_is_that_of_the_whole_program():
    page = (PAGES / "commands.md").read_text(encoding="utf-8")
    module, _, name = re.search(r"click:: (\S+)", page)[1].partition(":")
    assert getattr(importlib.import_module(module), name) is main.seqwright
    assert ":nested: full" in page
    assert "{eval-rst}" in page  # the directive writes reStructuredText, which Markdown would print


@pytest.mark.parametrize("key", [*Record.__struct_fields__, *(v for k, v in vars(Flag).items() if k.isupper())])
def test_the_page_of_files_lists_the_keys_and_flags_of_an_answer(key):
    page = (PAGES / "files.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{key}", page, flags=re.MULTILINE)
