"""`seqwright tune`."""

from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["tune"]


@click.command(short_help="Search the settings that suit the data.")
@click.argument("pairs", nargs=-1, required=True)
@click.option("-o", "--output", metavar="DIR", help="Where the record is kept.  [default: ./<PAIRS>-tuned]")
@options.dev
@click.option(
    "--time-budget", callback=options.seconds, default="1h", show_default=True, metavar="TIME",
    help="For all trainings together, such as 30m or 8h.",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="End after so many, if the time lasts.")
@options.seed
@options.threads
@options.reading
@options.config_file
@click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE",
    help="A setting that holds for all trials and is not searched; may be repeated.",
)  # fmt: skip
@options.quiet
def tune(
    *,
    pairs: tuple[str, ...],
    output: str | None,
    dev: str | None,
    time_budget: float,
    trials: int | None,
    seed: int | None,
    config_file: str | None,
    settings: tuple[str, ...],
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Train on PAIRS again and again with other sizes, encoder layers, attention, dropout, rates and batch sizes.

    The settings that --config names, or else those of `seqwright train`, are tried first; what comes next depends on
    what was good so far. A trial ends early where others were better by then, and takes a tenth of the time at most.
    Needs `pip install 'seqwright[tune]'`.

    After Ctrl-C or a kill, the same command goes on and begins the trial at work anew; after the end, it goes on with
    more time. DIR holds best.toml, for `seqwright train --config`.

    \b
    Examples:
      seqwright tune words.tsv --time-budget 8h
      seqwright tune words.tsv --dev dev.tsv --trials 20 --set model.encoder_layers=1
      seqwright train words.tsv --config words-tuned/best.toml
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import config as configuration
    from seqwright import tuning
    from seqwright.cli import trials as display

    keys = configuration.load(Path(config_file)) if config_file else {}
    settings += options.as_settings(reading)
    fixed = [setting.partition("=")[0].strip() for setting in settings]
    if seed is not None:
        settings += (f"training.seed={seed}",)
    config = configuration.parse(keys, settings, origin=config_file or "--set")
    if output is None:
        if pairs[0] == "-":
            raise click.UsageError("Pairs from standard input have no name; give the directory with --output.")
        output = f"{options.stem(pairs[0])}-tuned"
    found = tuning.tune(
        pairs, output=output, dev=dev, config=config, fixed=fixed, time_budget_s=time_budget, max_trials=trials,
        listen=None if quiet else display.tell,
    )  # fmt: skip
    display.show(found, pairs)
