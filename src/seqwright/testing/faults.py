"""Faults planted on purpose: a check that has never been seen to fail checks nothing.

A fault is a small change of the source text of a function. The text must occur exactly once: when the function is
rewritten, the fault has to be rewritten with it, and cannot silently become no fault.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Fault", "with_fault"]


class Fault(NamedTuple):
    """What a check has to see, and the change of the source text that makes it."""

    name: str
    right: str
    wrong: str


def with_fault(function: Callable[..., Any], right: str, wrong: str) -> Callable[..., Any]:
    """Return `function` compiled anew, with `wrong` in the place of `right` in its (dedented) source."""
    source = textwrap.dedent(inspect.getsource(function))
    count = source.count(right)
    assert count == 1, f"{function.__qualname__} has {count} places that read {right!r}; a fault needs exactly 1"
    names = dict(vars(sys.modules[function.__module__]))
    exec(compile(source.replace(right, wrong), f"<{function.__qualname__} with a fault>", "exec"), names)
    faulty: Callable[..., Any] = names[function.__name__]
    return faulty
