"""`seqwright inspect`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["inspect"]


@click.command(short_help="Show a model's summary or its attention weights.")
@click.argument("model")
@click.argument("source", required=False)
@click.option("--features", default="", metavar="F;F", help="Features of SOURCE, for a model with features.")
@click.option("--target", metavar="TEXT", help="Score this target instead of predicting one.")
@options.beam
@click.option("--svg", metavar="FILE", help="Also draw the weights to an SVG file; needs seqwright[plot].")
@click.option("--png", metavar="FILE", help="Also draw the weights to a PNG file; needs seqwright[plot].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect(
    *,
    model: str,
    source: str | None,
    features: str,
    target: str | None,
    beam: int,
    svg: str | None,
    png: str | None,
    as_json: bool,
) -> None:
    """Print a summary of MODEL: network, vocabularies, data and scores. With SOURCE, print the attention weights of its
    answer.

    Rows are the tokens of the answer with their log-probabilities, columns those of the source; darker blocks are
    larger weights. <end> is the end-of-sequence symbol.

    \b
    Examples:
      seqwright inspect words-model
      seqwright inspect words-model tomato
      seqwright inspect words-model tomato --target "T AH0 M EY1 T OW2"
      seqwright inspect words-model tomato --svg tomato.svg
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import inference
    from seqwright.cli import attention, model_summary, records
    from seqwright.errors import UsageError
    from seqwright.inference import translator

    loaded = translator.load(model)
    if source is None:
        if target is not None:
            raise UsageError("--target needs a SOURCE")
        if svg or png:
            raise UsageError("--svg and --png need a SOURCE")
        summary = model_summary.of(loaded.bundle)
        click.echo(model_summary.as_json(summary) if as_json else model_summary.as_text(summary))
        return
    if target is None:
        [answer] = loaded.answer([source], features=[features], options=inference.Options(beam=beam))
    else:
        [answer] = loaded.score([source], [target], features=[features])
    for path in filter(None, (svg, png)):
        attention.painted(answer, loaded.source_tokens(source, features), Path(path))
    if as_json:
        click.echo(records.as_json(answer))
        return
    click.echo(attention.drawn(answer, loaded.source_tokens(source, features)))
