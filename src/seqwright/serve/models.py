"""The models of a server, each of which may be replaced while requests use it."""

from __future__ import annotations

import dataclasses
import functools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from seqwright import file_set
from seqwright.errors import SeqwrightError, UsageError
from seqwright.inference import translator
from seqwright.inference.options import Options
from seqwright.serve import examples
from seqwright.serve.card import Card, card
from seqwright.serve.problems import Problem
from seqwright.serve.schema import Settings

__all__ = ["WATCHED_S", "Models", "Served"]

WATCHED_S = 2.0  # between checks of the model directories for changes
CONSTRAINTS = 16  # options with their constraints, kept for each model


class Served:
    """A loaded model under its name. Hashed by identity: a model that replaces it is another one."""

    def __init__(self, name: str, path: Path) -> None:
        self.name: str = name
        self.path: Path = path
        self.state: tuple[int, ...] | None = state(path)  # before loading: a change meanwhile is loaded next time
        self.translator: translator.Translator = translator.load(path)
        self.card: Card = card(name, path, self.translator)
        self._reading = threading.Lock()
        self._examples: bytes | None = None
        self.options: Callable[[Settings], Options] = functools.lru_cache(CONSTRAINTS)(self._options)
        self.check: Callable[[Settings], None] = functools.lru_cache(CONSTRAINTS)(self._check)

    def examples(self) -> bytes:
        """Return some pairs as JSON; any number of threads may call it, one reads them."""
        with self._reading:
            if self._examples is None:
                self._examples = msgspec.json.encode(examples.some(self.path, self.translator.bundle))
            return self._examples

    def _check(self, settings: Settings) -> None:
        self.translator.check(settings.options())

    def _options(self, settings: Settings) -> Options:
        options = settings.options()
        constraint = self.translator.constraint(**settings.constraints(), min_length=options.min_length or 0)
        return dataclasses.replace(options, constraint=constraint) if constraint else options


class Models:
    """Models by name; the first is the default."""

    def __init__(self, paths: Sequence[Path]) -> None:
        names = [path.resolve().name for path in paths]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{names.count(name)} models are named {name!r}; rename the directory of one")
        self._served = {name: Served(name, path) for name, path in zip(names, paths, strict=True)}
        self._loading = threading.Lock()
        self.n_loads: int = len(names)

    def __iter__(self) -> Iterator[Served]:
        return iter(list(self._served.values()))

    def get(self, name: str | None) -> Served:
        """Return a model, by default the first.   Problem: 404 where there is none of that name."""
        if name is None:
            return next(iter(self._served.values()))
        if name not in self._served:
            raise Problem(404, f"no model {name[:80]!r}; known: {', '.join(self._served)}")
        return self._served[name]

    def pack(self) -> None:
        """Pack the weights of all models now, so that processes that are forked share them."""
        for served in self:
            served.translator.predict(["a"], beam=1, options=Options(max_length=1))

    def refresh(self, *, all_: bool = False) -> None:
        """Load each model whose directory has changed, or all, and replace the earlier one when the new one is whole.

        Requests that have begun end with the earlier model. One that cannot be loaded leaves the earlier in use.
        """
        with self._loading:
            for name, served in list(self._served.items()):
                found = state(served.path)
                if not all_ and (found == served.state or found is None):
                    continue
                try:
                    self._served[name] = Served(name, served.path)
                    self.n_loads += 1
                    print(f"seqwright: loaded {name} anew", file=sys.stderr, flush=True)
                except (SeqwrightError, OSError) as error:
                    served.state = found  # once for each change
                    print(f"seqwright: {name} stays as it is: {error}", file=sys.stderr, flush=True)


def state(path: Path) -> tuple[int, ...] | None:
    """Return what differs when a directory holds another model; None while it holds none."""
    try:
        found = file_set.place(path, "config.json").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
