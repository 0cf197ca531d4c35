"""`seqwright predict`."""

import click

from seqwright.cli import options

__all__ = ["predict"]


@click.command(short_help="Answer every line of a file.")
@click.argument("model")
@click.argument("file", default="-")
@options.beam
@click.option("--n-best", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Answers a line.")
@click.option("--scores", is_flag=True, help="A score behind each answer: mean log-probability of a token, at most 0.")
def predict(*, model: str, file: str, beam: int, n_best: int, scores: bool) -> None:
    """Answer every line of FILE (default: standard input) with MODEL, one line each, in order.

    Several answers stand side by side, separated by tabs, best first; a line has empty columns where the search found
    fewer. A model that was trained with features reads source<TAB>features.

    \b
    Examples:
      seqwright predict words-model new.txt > answers.txt
      echo tomato | seqwright predict words-model
      seqwright predict words-model new.txt --n-best 3 --scores
      cut -f1 test.tsv | seqwright predict words-model --beam 1
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright import translator
    from seqwright.cli import answers

    answers.write(translator.load(model), file, beam=beam, n_best=n_best, scores=scores)
