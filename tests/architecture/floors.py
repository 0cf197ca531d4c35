"""Which package stands on which floor, and what breaks the rules: a module imports only from floors below its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FLOORS = {
    "errors": 0,
    "types": 0,
    "scripts": 1,
    "kernels": 1,
    "nn": 2,
    "optim": 2,
    "data": 2,
    "metrics": 2,
    "file_set": 2,
    "checked": 2,
    "tensors": 2,
    "models": 3,
    "search": 3,
    "engines": 4,
    "config": 4,
    "bundle": 4,
    "data_checks": 4,
    "inference": 4,
    "plotting": 4,
    "provenance": 4,
    "evaluation": 5,
    "exporters": 5,
    "ensembling": 5,
    "report": 5,
    "training": 5,
    "distillation": 5,
    "tuning": 5,
    "sklearn": 5,
    "suggestion": 5,
    "demo": 5,
    "serve": 5,
    "ray": 5,
    "cli": 6,
}
BESIDE = {  # what may be imported from the same floor, by whom
    "optim": {"nn"},  # the flat vector of parameters
    "bundle": {"config"},  # a model directory holds its configuration
    "data_checks": {"config"},  # reads files as training would
    "provenance": {"bundle", "config"},  # of a model directory, whose data is read as it was in training
    "inference": {"bundle"},  # with the model of a directory
    "exporters": {"evaluation", "serve"},  # measures the model before and after; a page has the server's views and card
    "ensembling": {"evaluation"},  # likewise
    "report": {"evaluation"},  # shows the scores
    "training": {"report"},  # writes it at the end
    "distillation": {"training", "evaluation"},  # trains one model on the answers of another
    "tuning": {"training"},  # trains with one configuration after the other
    "ray": {"training"},  # runs its tasks
    "sklearn": {"training"},  # fits with it
    "demo": {"training", "evaluation"},  # is both on data of its own
}
OUTSIDE = {"testing"}  # tools for tests, which may import anything and are imported by no module
FRONT = {"__init__", "__main__"}  # of the package itself: they offer what the floors hold
ONLY_FROM_FRONT = {"__version__"}  # what a module may take from the package itself


class Import(NamedTuple):
    line: int
    target: str  # dotted, without "seqwright."; "" is the package itself


def violations(package: Path) -> list[str]:
    """Return what breaks the rules in the source of `package`, a line each."""
    found = []
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(package)
        own = where.parts[0].removesuffix(".py")
        if own in FRONT | OUTSIDE:
            continue
        if own not in FLOORS:
            found.append(f"{where}: {own!r} has no floor; place it in FLOORS of tests/architecture/floors.py")
            continue
        for line, target in imports(ast.parse(path.read_text("utf-8")), where):
            if complaint := judge(own, target):
                found.append(f"{where}:{line}: {complaint}")
    return found


def judge(own: str, target: str) -> str:
    """Return what is wrong with an import of `target` by a module of `own`, or nothing."""
    other = target.split(".")[0]
    if other == own or target in ONLY_FROM_FRONT:
        return ""
    if other in OUTSIDE:
        return f"imports {target}, which is for tests only"
    if other not in FLOORS:
        return f"imports {target or 'the package itself'}: import the module that holds the name"
    if FLOORS[other] < FLOORS[own] or other in BESIDE.get(own, ()):
        return ""
    return f"{own} (floor {FLOORS[own]}) imports {target} (floor {FLOORS[other]})"


def imports(tree: ast.Module, where: Path) -> Iterator[Import]:
    """Yield every import of the package's own modules, inside functions and under TYPE_CHECKING too."""
    for scope, node in imported_in(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "seqwright":
                    yield from (Import(node.lineno, name) for name in sorted(taken_from("seqwright", scope)))
                elif alias.name.startswith("seqwright."):
                    yield Import(node.lineno, alias.name.removeprefix("seqwright."))
            continue
        base = node.module or ""
        if node.level:
            inside = ["seqwright", *where.parent.parts]
            base = ".".join([*inside[: len(inside) - node.level + 1], *([base] if base else [])])
        if base == "seqwright":
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif base.startswith("seqwright."):
            yield Import(node.lineno, base.removeprefix("seqwright."))


def imported_in(scope: ast.AST) -> Iterator[tuple[ast.AST, ast.Import | ast.ImportFrom]]:
    """Yield each import below `scope` with the module or function that it stands in."""
    ahead = list(ast.iter_child_nodes(scope))
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield scope, node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported_in(node)
        else:
            ahead += ast.iter_child_nodes(node)


def taken_from(name: str, scope: ast.AST) -> set[str]:
    """Return every x of `name`.x in `scope`."""
    return {
        node.attr
        for node in ast.walk(scope)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def used_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (module, name) for what is taken from other modules; a module whose name is bound anew is left out."""
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for scope, node in imported_in(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "seqwright":
            for alias in node.names:
                yield str(node.module), alias.name
                local = alias.asname or alias.name
                if local not in bound:
                    yield from ((f"{node.module}.{alias.name}", taken) for taken in taken_from(local, scope))
