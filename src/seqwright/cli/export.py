"""`seqwright export`."""

from typing import Any

import click

from seqwright.cli import options

__all__ = ["export"]


@click.command(short_help="Write a model in 8 bits, as a web page, or for ONNX Runtime.")
@click.argument("model")
@click.option("--int8", is_flag=True, help="Quantise weights to 8-bit integers.")
@click.option("--html", is_flag=True, help="Write one HTML file that answers in a browser.")
@click.option("--onnx", metavar="DIR", help="Write graphs for ONNX Runtime to a directory; needs seqwright[onnx].")
@click.option("--float16", is_flag=True, help="With --onnx: store weights in 16 bits.")
@click.option("-o", "--output", metavar="PATH",
              help="Model directory or HTML file to write.  [default: MODEL-int8 or MODEL.html]")  # fmt: skip
@click.option("--data", metavar="FILE", help="Pairs to evaluate on.  [default: the dev set of the training]")
@options.beam
@options.threads
@options.reading
def export(
    *, model: str, int8: bool, html: bool, onnx: str | None, float16: bool, output: str | None, data: str | None,
    beam: int, reading: dict[str, Any],
) -> None:  # fmt: skip
    """Write MODEL in another form, and print how its exact match changes.

    With --int8, weights take about a quarter of the space, and prediction of single words a fraction of the time. The
    new model directory works with predict, evaluate, score and inspect; it cannot be fine-tuned.

    With --html, the page of `seqwright serve` is written with the model inside: one file that anyone opens in a
    browser, on a phone too, without a server or a network. It has 8-bit weights, and answers as a model with these
    weights does. What is typed is not sent anywhere.

    With --onnx, the encoder, a step of the decoder and the whole search become graphs for ONNX Runtime, which answer as
    predict does, from Python, JavaScript and C#; the directory has a README and a client in each. --int8 and --float16
    set the precision of the graphs; nothing is evaluated.

    \b
    Examples:
      seqwright export words-model --int8
      seqwright export words-model --int8 --output small-model --data dev.tsv
      seqwright export words-model --html -o words.html
      seqwright export words-model --onnx words-onnx
    """
    if onnx is not None:
        for given, name in ((html or None, "--html"), (output, "--output"), (data, "--data")):
            if given is not None:
                raise click.UsageError(f"{name} has no effect with --onnx DIR; leave it out.")
        _to_onnx(model, onnx, int8=int8, float16=float16)
        return
    if float16:
        raise click.UsageError("--float16 is a precision of --onnx DIR; give the directory.")
    if int8 == html:
        raise click.UsageError("Choose one form to export: --int8, --html or --onnx DIR.")
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import exporters
    from seqwright.cli import exported, progress

    write = exporters.export_html if html else exporters.export
    with progress.counted("answers") as show:
        done = write(model, output=output, data=data, beam=beam, reading=options.as_columns(reading), listen=show)
    click.echo(exported.as_text(done))


def _to_onnx(model: str, output: str, *, int8: bool, float16: bool) -> None:
    if int8 and float16:
        raise click.UsageError("--int8 and --float16 are two precisions; choose one.")
    from seqwright import exporters

    done = exporters.export_onnx(model, output, precision="int8" if int8 else "float16" if float16 else "float32")
    for name, n_bytes in done.n_bytes.items():
        click.echo(f"{done.output / name}: {n_bytes / 1e6:,.2f} MB")
