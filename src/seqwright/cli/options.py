"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

if TYPE_CHECKING:  # `seqwright --help` needs none of it
    from seqwright.data.readers import Columns

__all__ = [
    "as_columns",
    "as_settings",
    "beam",
    "checkpoint_every",
    "config_file",
    "dev",
    "epochs",
    "overwrite",
    "quiet",
    "reading",
    "seconds",
    "seed",
    "settings",
    "stem",
    "threads",
    "time_budget",
]

Command = TypeVar("Command", bound=Callable[..., Any])


class Decorator(Protocol):
    """What adds an option to a command."""

    def __call__(self, command: Command, /) -> Command: ...


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """Return the seconds that a text such as 90s, 2m or 1h30m names."""
    if value is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", value)
    total = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != value or total == 0:
        raise click.BadParameter(f"{value!r} is not a length of time; write it like 90s, 2m or 1h30m")
    return total


def stem(path: str) -> str:
    """Return a file's name without the endings that say how it is written."""
    name = Path(path).name
    for ending in (".gz", ".zst", ".tsv"):
        name = name.removesuffix(ending)
    return name


def use_threads(_context: click.Context, _option: click.Parameter, value: int | None) -> None:
    """Let the compiled kernels use so many threads."""
    if value is not None:
        from seqwright import kernels

        kernels.set_threads(value)


beam: Decorator = click.option(
    "--beam", type=click.IntRange(min=1), default=5, show_default=True, metavar="N",
    help="Answers followed at a time; 1 is greedy, and fastest.",
)  # fmt: skip

time_budget: Decorator = click.option(
    "--time-budget", callback=seconds, metavar="TIME",
    help="End within this time, all networks together, such as 90s, 2m or 1h30m.",
)  # fmt: skip

checkpoint_every: Decorator = click.option(
    "--checkpoint-every", callback=seconds, metavar="TIME",
    help="Save all that is needed to go on, so often and after each epoch.  [default: 60s]",
)  # fmt: skip

threads: Decorator = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", callback=use_threads, expose_value=False,
    help="Processor cores to use; no result depends on it.  [default: all]",
)  # fmt: skip

dev: Decorator = click.option(
    "--dev", metavar="FILE", help="Pairs to measure on; without it, a tenth of the sources, at most 2,000."
)

overwrite: Decorator = click.option("--overwrite", is_flag=True, help="Replace the model that stands in DIR.")

seed: Decorator = click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Same seed, same model.  [default: 1]"
)

epochs: Decorator = click.option(
    "--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the pairs.  [default: by number]"
)

config_file: Decorator = click.option("--config", "config_file", metavar="FILE", help="TOML file with any setting.")

settings: Decorator = click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."
)

quiet: Decorator = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")


def place(_context: click.Context, _option: click.Parameter, value: str | None) -> int | str | None:
    """Return a column's number, or its name; none is column 0."""
    if value is None:
        return None
    return 0 if value == "none" else int(value) if value.isdecimal() else value


READING: tuple[Decorator, ...] = (
    click.option("--source-column", callback=place, metavar="N|NAME",
                 help="Column of the sources: a number from 1, or a name where the file has a header or keys."),
    click.option("--target-column", callback=place, metavar="N|NAME", help="Column of the targets."),
    click.option("--features-column", callback=place, metavar="N|NAME|none",
                 help="Column of the features; none reads no column as features."),
    click.option("--format", "reader", metavar="FORMAT",
                 type=click.Choice(["tsv", "csv", "dictionary", "jsonl", "json", "parquet", "arrow"]),
                 help="tsv (no quoting), csv (with quoting), dictionary (WORD PH PH), jsonl, json, parquet or arrow."),
    click.option("--header/--no-header", "header", default=None, help="The first line holds names, or it is a pair."),
    click.option("--delimiter", metavar="CHAR", help="Of columns: tab, comma, semicolon, pipe or the character."),
    click.option("--comment", metavar="PREFIX|none", help="Lines that start so are skipped; none skips no line."),
)  # fmt: skip


def reading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how files of pairs are read; without them it is found from the data.

    The command takes them as `reading`, a dictionary of those that are given.
    """

    @functools.wraps(command)
    def collected(**options: Any) -> None:
        keys = ("source_column", "target_column", "features_column", "reader", "header", "delimiter", "comment")
        given = {key: value for key in keys if (value := options.pop(key)) is not None}
        if given.get("comment") == "none":
            given["comment"] = ""
        command(reading=given, **options)

    for option in reversed(READING):
        collected = option(collected)
    return collected


def as_settings(reading: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the options of `reading` as settings of a training."""
    return tuple(f"text.{key}={json.dumps(value)}" for key, value in reading.items())


def as_columns(reading: Mapping[str, Any]) -> Columns:
    """Return the options of `reading` as what is asked of a reader.   ConfigError: they do not go together."""
    from seqwright import config

    return config.parse({}, as_settings(reading)).text.columns()
