"""`seqwright join`."""

from pathlib import Path
from typing import Any

import click

from seqwright.cli import options

__all__ = ["join"]


@click.command(short_help="Combine trained models into an ensemble.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL…")
@click.option("-o", "--output", metavar="DIR", required=True, help="Model directory to write.")
@click.option("--data", metavar="FILE", help="Pairs to evaluate on.  [default: the dev set of the trainings]")
@options.beam
@options.threads
@options.reading
def join(*, models: tuple[str, ...], output: str, data: str | None, beam: int, reading: dict[str, Any]) -> None:
    """Write an ensemble that averages the probabilities of all MODELs, and print the exact match of each and of all.

    The models must be trained for the same task with the same tokens, for example by `seqwright train` with --seed 1,
    --seed 2 and so on, in parallel or on several machines. `seqwright train --members` trains the networks of an
    ensemble one after the other. Sizes, kinds of attention and known symbols may differ between the networks. A pattern
    such as 'words-model/folds/*' selects several MODELs.

    \b
    Examples:
      seqwright join model-1 model-2 model-3 -o words-model
      seqwright join model-1 model-2 -o words-model --data dev.tsv
      seqwright join words-model words-model/folds/* -o ensemble
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import ensembling
    from seqwright.cli import joined, progress
    from seqwright.data.readers import files

    found = [path for model in models for path in (not Path(model).exists() and files.matching(model)) or [model]]
    with progress.counted("answers") as show:
        done = ensembling.join(
            found, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show
        )
    click.echo(joined.as_text(done, found))
