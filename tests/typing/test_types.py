"""The package has the marker of types, and exports the same names to type checkers and at run time."""

import ast
from importlib import resources
from pathlib import Path

import seqwright


def test_the_package_says_that_it_is_typed():
    assert resources.files("seqwright").joinpath("py.typed").is_file()


def test_the_names_for_checkers_are_those_that_are_found_at_run_time():
    tree = ast.parse(Path(seqwright.__file__).read_text("utf-8"))
    announced = {
        alias.asname or alias.name: (node.module, alias.name)
        for block in tree.body if isinstance(block, ast.If)
        for node in block.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    assert announced == {
        name: (home, seqwright._NAMES_THERE.get(name, name)) for name, home in seqwright._HOMES.items()
    }
    assert set(seqwright.__all__) == {*announced, "__version__"}
    for name in seqwright.__all__:
        assert getattr(seqwright, name) is not None
