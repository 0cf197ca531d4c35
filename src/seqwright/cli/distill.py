"""`seqwright distill`."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["distill"]


@click.command(short_help="Train a small model on a large one's answers.")
@click.argument("teacher")
@click.argument("pairs", nargs=-1, required=True)
@click.option("-o", "--output", metavar="DIR", help="Model directory to write.  [default: ./<TEACHER>-small]")
@click.option(
    "--hidden-size", type=click.IntRange(min=1), metavar="H", help="Hidden size of the small model.  [default: 128]"
)
@click.option(
    "--n-best", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="Training pairs for each source, drawn from its N best answers by probability.",
)  # fmt: skip
@click.option("--sources", metavar="FILE", help="File with further sources, one a line, without targets.")
@options.dev
@options.overwrite
@options.seed
@options.epochs
@options.time_budget
@options.checkpoint_every
@options.threads
@options.reading
@options.config_file
@options.settings
@options.quiet
def distill(
    *,
    teacher: str,
    pairs: tuple[str, ...],
    output: str | None,
    hidden_size: int | None,
    n_best: int,
    sources: str | None,
    dev: str | None,
    overwrite: bool,
    seed: int | None,
    epochs: int | None,
    time_budget: float | None,
    checkpoint_every: float | None,
    config_file: str | None,
    settings: tuple[str, ...],
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Train a small model on the answers of the model in TEACHER to the sources of PAIRS.

    This is sequence-level knowledge distillation (Kim & Rush 2016): the student keeps most of the accuracy of a large
    model or an ensemble, and is many times as fast. Sources without targets (--sources) improve it further. Dev
    sources are excluded from training; if TEACHER was trained with --dev, pass the same file here.

    After an interruption, the same command resumes. --time-budget limits the training of the student, not the answers
    of the teacher. At the end, both models are compared on the dev set.

    \b
    Examples:
      seqwright distill words-model words.tsv -o small-model
      seqwright distill words-model words.tsv --sources more-words.txt --hidden-size 64
      seqwright distill words-model words.tsv --n-best 4 --time-budget 10m
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import config as configuration
    from seqwright import distillation
    from seqwright.cli import display, figures

    flags = {
        "model.hidden_size": hidden_size, "training.seed": seed, "training.epochs": epochs,
        "training.time_budget_s": time_budget, "training.checkpoint_every_s": checkpoint_every,
    }  # fmt: skip
    settings += tuple(f"{key}={json.dumps(value)}" for key, value in flags.items() if value is not None)
    keys = configuration.load(Path(config_file)) if config_file else {}
    config = configuration.parse(keys, settings, origin=config_file or "--set")
    with display.listening(quiet=quiet) as listen:
        found = distillation.distill(
            teacher,
            pairs,
            output=output or f"{Path(teacher).resolve().name}-small",
            sources=sources,
            dev=dev,
            n_best=n_best,
            reading=options.as_columns(reading),
            config=config,
            overwrite=overwrite,
            listen=listen,
            command=sys.argv,
        )
    click.echo(figures.as_text(found))
