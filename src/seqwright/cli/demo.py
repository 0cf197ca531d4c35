"""`seqwright demo`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["demo"]


@click.command(short_help="Watch a model learn, and see its answers.")
@click.argument("name", type=click.Choice(["pronunciation", "dates", "sentences"]), default="pronunciation")
@options.time_budget
@options.threads
@click.option(
    "-o", "--output", metavar="DIR", default="seqwright-demo", show_default=True, help="Where to leave the model."
)
def demo(*, name: str, time_budget: float | None, output: str) -> None:
    """Make a model from data that comes with `pip install 'seqwright[demo]'`, and show what it answers.

    pronunciation (about two minutes) learns from the CMU Pronouncing Dictionary how English words are spoken; dates
    (one minute) learns to read dates as eighteen locales write them; sentences (up to two minutes) learns to translate
    Korean sentences of a small grammar into English. What the model is shown to answer at the end is held out of its
    training. The pairs stay beside the model, to train on again.

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
