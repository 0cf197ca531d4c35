"""`seqwright compare`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["compare"]


@click.command(short_help="Compare two models, with a significance test.")
@click.argument("model_a")
@click.argument("model_b")
@click.argument("file", required=False)
@options.beam
@options.reading
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", help="Seed of the bootstrap."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all disagreements.")
def compare(
    *, model_a: str, model_b: str, file: str | None, beam: int, seed: int, as_json: bool, reading: dict[str, Any]
) -> None:
    """Compare the answers of MODEL_A and MODEL_B on FILE, lines of source<TAB>target.

    Without FILE, both are evaluated on the dev set of their trainings, without their lexicons. The output has exact
    match and TER of both models, the sources that only one of them answers correctly, McNemar's test, and confidence
    intervals of the differences by paired bootstrap resampling (Koehn 2004; 10,000 resamples).

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
