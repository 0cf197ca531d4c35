"""`seqwright compare`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["compare"]


@click.command(short_help="Tell which of two models is better, and whether by chance.")
@click.argument("model_a")
@click.argument("model_b")
@click.argument("file", required=False)
@options.beam
@options.reading
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", help="Draws the samples."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every disagreement.")
def compare(
    *, model_a: str, model_b: str, file: str | None, beam: int, seed: int, as_json: bool, reading: dict[str, Any]
) -> None:
    """Let MODEL_A and MODEL_B answer FILE, lines of source<TAB>target, and hold the answers against each other.

    Without FILE, they answer the pairs that the trainings of both measured on, without their lexicons.
    Shown are exact match and TER of both, what one answers right and the other wrong, and a paired bootstrap (Koehn
    2004): the test is drawn anew 10,000 times, with repetition, to see how far the difference depends on which sources
    are in it.

    \b
    Examples:
      seqwright compare old-model new-model test.tsv
      seqwright compare old-model new-model test.tsv --json
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import evaluation
    from seqwright.cli import compared, progress
    from seqwright.inference import translator

    a, b = translator.load(model_a), translator.load(model_b)
    with progress.counted("answers") as show:
        if file is None:
            result = evaluation.compare_dev((a, b), (model_a, model_b), beam=beam, seed=seed, listen=show)
        else:
            result = evaluation.compare_file(
                a, b, file, beam=beam, seed=seed, reading=options.as_columns(reading), listen=show
            )
    click.echo(compared.as_json(result) if as_json else compared.as_text(result, model_a, model_b))
