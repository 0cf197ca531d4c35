"""`seqwright demo`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["demo"]


@click.command(short_help="Train a small model and show its answers.")
@click.argument("name", type=click.Choice(["pronunciation", "dates", "sentences"]), default="pronunciation")
@options.time_budget
@options.threads
@click.option(
    "-o", "--output", metavar="DIR", default="seqwright-demo", show_default=True, help="Model directory to write."
)
def demo(*, name: str, time_budget: float | None, output: str) -> None:
    """Train a model on data from installed packages (`pip install 'seqwright[demo]'`), and show its answers.

    pronunciation (about two minutes): English words to phonemes, from the CMU Pronouncing Dictionary. dates (one
    minute): dates in the formats of eighteen locales to ISO 8601. sentences (up to two minutes): Korean sentences of a
    small grammar to English. The answers shown are to held-out sources. The pairs are written to DIR as train.tsv and
    test.tsv.

    \b
    Examples:
      seqwright demo
      seqwright demo dates
      seqwright demo sentences
      seqwright demo pronunciation --time-budget 10m -o better-demo
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import demo as demos
    from seqwright.cli import display, showcase

    click.echo(f"{demos.DEMOS[name].about}\n", err=True)
    with display.listening() as listen:
        result = demos.run(name, Path(output), time_budget_s=time_budget, listen=listen)
    showcase.show(result, demos.DEMOS[name].try_source, output)
