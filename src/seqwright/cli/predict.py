"""`seqwright predict`."""

from typing import Literal

import click

from seqwright.cli import options

__all__ = ["predict"]


@click.command(short_help="Answer every line of a file.")
@click.argument("model")
@click.argument("file", default="-")
@options.beam
@click.option("--n-best", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Answers a line.")
@click.option("--scores", is_flag=True, help="A score behind each answer: mean log-probability of a token, at most 0.")
@click.option("--alignment", is_flag=True, help="A last column of links such as 0-0 1-0: source token, answer's token.")
@click.option(
    "--tsv", is_flag=True,
    help="Columns: source, features, text, score, flags, links; then text and score of each further answer.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all there is to know.")
@click.option(
    "--unknown", type=click.Choice(["keep", "copy", "drop", "error"]), default="keep", show_default=True,
    help="A symbol that the model has never seen: answer it as unknown, also copy it into the answer, leave it out, or "
         "give no answer and end with exit code 1.",
)  # fmt: skip
@click.option("--errors", type=click.Choice(["strict", "replace"]), default="strict", show_default=True,
              help="A line that is not UTF-8: stop there, or read U+FFFD in it.")  # fmt: skip
@click.option("--max-source-tokens", type=click.IntRange(min=1), metavar="N",
              help="Answer a longer line in parts; by default what training makes likely.")  # fmt: skip
@click.option("--max-batch-tokens", type=click.IntRange(min=1), default=16_384, show_default=True, metavar="N",
              help="Source tokens searched at a time; bounds memory.")  # fmt: skip
@click.option("--flush", is_flag=True, help="Answer each line before the next is looked at; slower, also from a file.")
@click.option("--quiet", is_flag=True, help="No summary on standard error.")
def predict(
    *,
    model: str,
    file: str,
    beam: int,
    n_best: int,
    scores: bool,
    alignment: bool,
    tsv: bool,
    as_json: bool,
    unknown: str,
    errors: Literal["strict", "replace"],
    max_source_tokens: int | None,
    max_batch_tokens: int,
    flush: bool,
    quiet: bool,
) -> None:
    """Answer every line of FILE (default: standard input) with MODEL, one line each, in order.

    Several answers stand side by side, separated by tabs, best first; a line has empty columns where the search found
    fewer. A model that was trained with features reads source<TAB>features. A tab or line end within an answer is
    written as a space, but in JSON. From a pipe, lines are answered as they come.

    Flags: unknown:x, a symbol that the model has never seen; refused, no answer because of it; windows:n, a line too
    long for the model, answered in n parts; cut, an answer that its greatest length ended; undecodable, a line that is
    not UTF-8.

    \b
    Examples:
      seqwright predict words-model new.txt > answers.txt
      echo tomato | seqwright predict words-model
      seqwright predict words-model new.txt --n-best 3 --scores
      seqwright predict words-model new.txt --json > answers.jsonl
    """
    if tsv and as_json:
        raise click.UsageError("--tsv and --json are two forms of the same record; choose one")
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import answering, translator
    from seqwright.cli import answers, records

    def form(answer: answering.Answer) -> str:
        if as_json:
            return records.as_json(answer)
        if tsv:
            return records.as_row(answer, n_best=n_best)
        return records.as_plain(answer, n_best=n_best, scores=scores, alignment=alignment)

    asked = answering.Options(
        beam=beam,
        n_best=n_best,
        unknown=unknown,
        max_source_tokens=max_source_tokens,
        max_batch_tokens=max_batch_tokens,
    )
    answers.write(translator.load(model), file, form, options=asked, errors=errors, flush=flush, quiet=quiet)
