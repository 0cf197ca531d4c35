"""`seqwright tune`."""

import contextlib
from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["tune"]


@click.command(short_help="Search hyperparameters for a file of pairs.")
@click.argument("pairs", nargs=-1, required=True)
@click.option("-o", "--output", metavar="DIR", help="Directory of the study.  [default: ./<PAIRS>-tuned]")
@options.dev
@click.option(
    "--time-budget", callback=options.seconds, default="1h", show_default=True, metavar="TIME",
    help="Total time of all trials, such as 30m or 8h.",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Maximum number of trials.")
@options.seed
@options.threads
@options.ray
@options.reading
@options.config_file
@click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE",
    help="A setting to fix for all trials; may be repeated.",
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
    ray: str | None,
    config_file: str | None,
    settings: tuple[str, ...],
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Search sizes, encoder layers, attention, dropout, learning rate and batch size for PAIRS.

    The first trial uses the settings of --config, or those of `seqwright train`; the sampler of Optuna chooses the
    others by the results so far. Unpromising trials are pruned, and each takes at most a tenth of the time. Trials are
    compared by exact match on the dev set, those of sentences by chrF. Needs `pip install 'seqwright[tune]'`.

    After an interruption, the same command continues the search and restarts the interrupted trial; after the end, it
    continues with a larger budget. The best settings are written to DIR/best.toml, for `seqwright train --config`.

    With --ray, trials run at the same time; a trial has the same scores, and the sampler knows fewer of them when it
    chooses the next one.

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
    execute = None
    if ray is not None:
        from seqwright.cli import on_ray

        execute = on_ray.cluster(ray, pairs, dev, device=config.training.device)
    with contextlib.nullcontext() if quiet else display.listening() as listen:
        found = tuning.tune(
            pairs, output=output, dev=dev, config=config, fixed=fixed, time_budget_s=time_budget, max_trials=trials,
            listen=listen, execute=execute,
        )  # fmt: skip
    display.show(found, pairs)
