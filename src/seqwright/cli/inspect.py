"""`seqwright inspect`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["inspect"]


@click.command(short_help="Show what a model is, and where it looks.")
@click.argument("model")
@click.argument("source", required=False)
@click.option("--features", default="", metavar="F;F", help="The source's features, for a model that reads them.")
@click.option("--target", metavar="TEXT", help="Show where the model looks for this answer, in place of its own.")
@options.beam
@click.option("--svg", metavar="FILE", help="Draw into this file, too; needs seqwright[plot].")
@click.option("--png", metavar="FILE", help="The same as pixels.")
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
    """Print a summary of MODEL: its sizes, symbols, data and scores. With SOURCE, answer that and draw the attention.

    A row is a token of the answer, a column one of the source; the darker the block, the more the model looked there.
    <end> is the end of either.

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
            raise UsageError("--target needs the SOURCE that it answers")
        if svg or png:
            raise UsageError("--svg and --png need the SOURCE to draw")
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
