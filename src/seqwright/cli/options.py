"""Options that several commands share, and how their values are read."""

import re
from pathlib import Path

import click

__all__ = [
    "beam",
    "checkpoint_every",
    "config_file",
    "dev",
    "epochs",
    "overwrite",
    "quiet",
    "seconds",
    "seed",
    "settings",
    "stem",
    "threads",
    "time_budget",
]

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


beam = click.option(
    "--beam", type=click.IntRange(min=1), default=5, show_default=True, metavar="N",
    help="Answers followed at a time; 1 is greedy, and fastest.",
)  # fmt: skip

time_budget = click.option(
    "--time-budget", callback=seconds, metavar="TIME",
    help="End within this time, all networks together, such as 90s, 2m or 1h30m.",
)  # fmt: skip

checkpoint_every = click.option(
    "--checkpoint-every", callback=seconds, metavar="TIME",
    help="Save all that is needed to go on, so often and after each epoch.  [default: 60s]",
)  # fmt: skip

threads = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", callback=use_threads, expose_value=False,
    help="Processor cores to use; no result depends on it.  [default: all]",
)  # fmt: skip

dev = click.option(
    "--dev", metavar="FILE", help="Pairs to measure on; without it, a tenth of the sources, at most 2,000."
)

overwrite = click.option("--overwrite", is_flag=True, help="Replace the model that stands in DIR.")

seed = click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Same seed, same model.  [default: 1]")

epochs = click.option(
    "--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the pairs.  [default: by number]"
)

config_file = click.option("--config", "config_file", metavar="FILE", help="TOML file with any setting.")

settings = click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated."
)

quiet = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
