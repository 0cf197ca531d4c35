"""`seqwright train`."""

import sys
from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["train"]


@click.command(short_help="Learn from a file of pairs.")
@click.argument("pairs", required=False)
@click.option("--dev", metavar="FILE", help="Pairs to measure on; without it, a tenth of the sources is held out.")
@click.option("-o", "--output", metavar="DIR", help="Model directory to write.  [default: ./<PAIRS>-model]")
@click.option("--overwrite", is_flag=True, help="Replace the model that stands in DIR.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Same seed, same model.  [default: 1]")
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes over the pairs.  [default: by number]")
@click.option(
    "--members", type=click.IntRange(min=1), metavar="N",
    help="Train N networks, one after the other, that answer together: slower, and right more often.",
)
@options.time_budget
@options.checkpoint_every
@options.threads
@click.option("--config", "config_file", metavar="FILE", help="TOML file with any setting.")
@click.option("--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting; may be repeated.")
@click.option("--print-config", is_flag=True, help="Print all settings as TOML for --config, and exit.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def train(
    *,
    pairs: str | None,
    dev: str | None,
    output: str | None,
    overwrite: bool,
    seed: int | None,
    epochs: int | None,
    members: int | None,
    time_budget: float | None,
    checkpoint_every: float | None,
    config_file: str | None,
    settings: tuple[str, ...],
    print_config: bool,
    quiet: bool,
) -> None:
    """Learn from PAIRS, a file of source<TAB>target lines, and write a model directory.

    PAIRS is UTF-8 text, one pair a line, .gz or not; a third column holds features, if any. - is standard input.
    The best model so far is kept whenever the dev pairs are answered better. Ctrl-C, kill or a power cut lose nothing:
    the same command again goes on, and ends with the same bytes as if it had never stopped.

    \b
    Examples:
      seqwright train words.tsv
      seqwright train words.tsv --dev dev.tsv -o words-model --time-budget 10m
      zcat words.tsv.gz | seqwright train - -o words-model
      seqwright train words.tsv --set model.hidden_size=512 --set optim.rate=5e-4
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import config as configuration
    from seqwright import training
    from seqwright.cli import display

    flags = {
        "seed": seed, "epochs": epochs, "members": members, "time_budget_s": time_budget,
        "checkpoint_every_s": checkpoint_every,
    }  # fmt: skip
    settings += tuple(f"training.{key}={value}" for key, value in flags.items() if value is not None)
    keys = configuration.load(Path(config_file)) if config_file else {}
    config = configuration.parse(keys, settings, origin=config_file or "--set")
    if print_config:
        click.echo(configuration.to_toml(config), nl=False)
        return
    if pairs is None:
        raise click.UsageError("Missing argument PAIRS, a file of source<TAB>target lines.")
    if output is None:
        if pairs == "-":
            raise click.UsageError("Pairs from standard input have no name; give the model directory with --output.")
        output = f"{Path(pairs).name.removesuffix('.gz').removesuffix('.tsv')}-model"
    with display.listening(pairs, quiet=quiet) as listen:
        training.train(
            pairs, output=output, dev=dev, config=config, overwrite=overwrite, listen=listen, command=sys.argv
        )
