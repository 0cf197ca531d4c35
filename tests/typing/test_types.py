"""What a client's type checker is told: the marker is shipped, and each exported name exists where it is announced."""

import ast
from importlib import resources
from pathlib import Path

import seqwright


def test_the_package_says_that_it_is_typed():
    assert resources.files("seqwright").joinpath("py.typed").is_file()


def test_the_names_for_checkers_are_those_that_are_found_at_run_time():
    tree = ast.parse(Path(seqwright.__file__).read_text("utf-8"))
    announced = {
        alias.name: node.module
        for block in tree.body if isinstance(block, ast.If)
        for node in block.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    assert announced == seqwright._HOMES
    assert set(seqwright.__all__) == {*announced, "__version__"}
    for name in seqwright.__all__:
        assert getattr(seqwright, name) is not None
