"""Where the time of a real training step goes: seconds inside each kernel, and what is left to Python and NumPy."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import machine, recipes, timing
from seqwright import kernels
from seqwright.training.loop import optimizer

__all__ = ["measure"]


def measure(*, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each part of a step of each training: its share, and its least and median time in ms."""
    for recipe in recipes.chosen(only):
        yield from _rows(recipe, steps, threads)


def _rows(recipe: recipes.Recipe, rounds: int, threads: int) -> Iterator[dict[str, Any]]:
    prepared = recipe.prepared()
    net, drawn = recipes.drawn(prepared, recipe.n_batches)
    settings = prepared.config.optim
    assert settings.learning_rate is not None, "set by the recipe"
    rng, adam, clock = np.random.default_rng(3), optimizer(settings, settings.learning_rate), _Clock()
    neighbours, found = machine.Neighbours(), defaultdict[str, list[float]](list)
    with clock:
        for turn in range(rounds + 1):  # the first one fills the buffers
            began = time.perf_counter()
            for batch in drawn:
                net.loss(*batch[:4], rng, read=batch.read, copied=batch.copied)
                net.backward()
                adam.update(net.params, net.grads)
            passed, parts = time.perf_counter() - began, clock.taken()
            if turn:
                parts |= {"Python and NumPy": passed - sum(parts.values()), "step": passed}
                for name, seconds in parts.items():
                    found[name].append(seconds / recipe.n_batches)
    whole = timing.spread(found["step"])["median"]
    for name, seconds in sorted(found.items(), key=lambda item: -sum(item[1])):
        one = timing.spread(seconds, 1e3)
        yield {
            "training": recipe.name, "threads": threads, "part": name, "ms": one, "share": one["median"] / whole / 1e3,
            "neighbours_share": neighbours.share(),
        }  # fmt: skip


class _Clock:
    """While it is entered, the functions of `kernels` add the seconds that they take to the clock."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._kernels = {name: getattr(kernels, name) for name in kernels.reference.__all__}

    def __enter__(self) -> None:
        for name, kernel in self._kernels.items():
            if callable(kernel) and not isinstance(kernel, type):
                setattr(kernels, name, self._timed(name, kernel))

    def __exit__(self, *_: object) -> None:
        for name, kernel in self._kernels.items():
            setattr(kernels, name, kernel)

    def _timed(self, name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            began = time.perf_counter()
            result = kernel(*args)
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - began
            return result

        return timed

    def taken(self) -> dict[str, float]:
        """Return the seconds by kernel since the last call."""
        found, self._seconds = self._seconds, {}
        return found
