"""Options that several commands share, and the parsing of their values."""

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
    "ray",
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
    """A decorator that adds an option to a command."""

    def __call__(self, command: Command, /) -> Command: ...


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """Return a duration such as 90s, 2m or 1h30m in seconds."""
    if value is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", value)
    total = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != value or total == 0:
        raise click.BadParameter(f"{value!r} is not a duration; expected one like 90s, 2m or 1h30m")
    return total


def stem(path: str) -> str:
    """Return the name of a file without .tsv and the suffix of its compression."""
    name = Path(path).name
    for ending in (".gz", ".zst", ".tsv"):
        name = name.removesuffix(ending)
    return name


def use_threads(_context: click.Context, _option: click.Parameter, value: int | None) -> None:
    """Set the number of threads of the compiled kernels."""
    if value is not None:
        from seqwright import kernels

        kernels.set_threads(value)


beam: Decorator = click.option(
    "--beam", type=click.IntRange(min=1), default=5, show_default=True, metavar="N",
    help="Beam size: hypotheses kept at each step; 1 is greedy search, the fastest.",
)  # fmt: skip

time_budget: Decorator = click.option(
    "--time-budget", callback=seconds, metavar="TIME",
    help="Time limit of the training of all networks, such as 90s, 2m or 1h30m.",
)  # fmt: skip

checkpoint_every: Decorator = click.option(
    "--checkpoint-every", callback=seconds, metavar="TIME",
    help="Longest interval between checkpoints. One is also written after an epoch, except where epochs are so short "
    "that this would slow the training.  [default: 60s]",
)  # fmt: skip

threads: Decorator = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", callback=use_threads, expose_value=False,
    help="Number of threads; results do not depend on it.  [default: all cores]",
)  # fmt: skip

ray: Decorator = click.option(
    "--ray", is_flag=False, flag_value="", metavar="[ADDRESS]",
    help="Train several networks at the same time on a Ray cluster, by default that of this machine, with --threads N "
         "(1) each; its machines share the directory to write. Needs seqwright[ray].",
)  # fmt: skip

dev: Decorator = click.option(
    "--dev",
    metavar="FILE",
    help="Dev set: pairs that select the best weights.  [default: a tenth of the sources, at most 2,000]",
)

overwrite: Decorator = click.option("--overwrite", is_flag=True, help="Replace the model in DIR.")

seed: Decorator = click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Random seed: same seed, same model.  [default: 1]"
)

epochs: Decorator = click.option(
    "--epochs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Maximum number of passes over the training pairs.  [default: by their number]",
)

config_file: Decorator = click.option("--config", "config_file", metavar="FILE", help="TOML file with any setting.")

settings: Decorator = click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."
)

quiet: Decorator = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")


def place(_context: click.Context, _option: click.Parameter, value: str | None) -> int | str | None:
    """Return the number or the name of a column; "none" is 0."""
    if value is None:
        return None
    return 0 if value == "none" else int(value) if value.isdecimal() else value


READING: tuple[Decorator, ...] = (
    click.option("--source-column", callback=place, metavar="N|NAME",
                 help="Column of the sources: a number from 1, or a name if the file has a header or keys."),
    click.option("--target-column", callback=place, metavar="N|NAME", help="Column of the targets."),
    click.option("--features-column", callback=place, metavar="N|NAME|none",
                 help="Column of the features; none: the file has no features."),
    click.option("--format", "reader", metavar="FORMAT",
                 type=click.Choice(["tsv", "csv", "dictionary", "jsonl", "json", "parquet", "arrow"]),
                 help="tsv (no quoting), csv (with quoting), dictionary (WORD PH PH), jsonl, json, parquet or arrow."),
    click.option("--header/--no-header", "header", default=None, help="The first line holds column names, or a pair."),
    click.option("--delimiter", metavar="TEXT", help="Column delimiter: tab, comma, semicolon, pipe or the text."),
    click.option("--comment", metavar="PREFIX|none", help="Skip lines with this prefix; none: skip no line."),
)  # fmt: skip


def reading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options on the format and the columns of files of pairs; the defaults are found from the data.

    The command receives those that are given as the dictionary `reading`.
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
    """Return the options of `reading` as settings of the configuration."""
    return tuple(f"text.{key}={json.dumps(value)}" for key, value in reading.items())


def as_columns(reading: Mapping[str, Any]) -> Columns:
    """Return the options of `reading` as column specifications.   ConfigError: they contradict each other."""
    from seqwright import config

    return config.parse({}, as_settings(reading)).text.columns()
