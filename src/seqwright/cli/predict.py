"""`seqwright predict`."""

from typing import Any, Literal

import click

from seqwright.cli import options

__all__ = ["predict"]


@click.command(short_help="Answer every line of a file.")
@click.argument("model")
@click.argument("file", default="-")
@options.beam
@options.threads
@click.option("--n-best", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Answers a line.")
@click.option("--scores", is_flag=True, help="A score behind each answer: mean log-probability of a token, at most 0.")
@click.option("--alignment", is_flag=True, help="A last column of links such as 0-0 1-0: source token, answer's token.")
@click.option(
    "--tsv", is_flag=True,
    help="Columns: source, features, text, score, confidence, flags, links; then text and score of further answers.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all there is to know.")
@click.option("--length-penalty", type=click.FloatRange(min=0), default=0.0, metavar="X",
              help="Rank by Wu et al. 2016 with this α, in place of the mean log-probability.")  # fmt: skip
@click.option("--coverage-penalty", type=click.FloatRange(min=0), default=0.0, metavar="X",
              help="Rank answers that leave parts of the source out lower: β of Wu et al. 2016.")  # fmt: skip
@click.option("--min-length", type=click.IntRange(min=0), metavar="N",
              help="Fewest tokens of an answer; by default half as many as the shortest target of training had. "
                   "A line without tokens may always have an empty answer.")  # fmt: skip
@click.option("--max-length", type=click.IntRange(min=0), metavar="N",
              help="Most tokens; by default what training makes likely.")  # fmt: skip
@click.option("--groups", type=click.IntRange(min=1), default=1, metavar="N",
              help="Share the beam among N groups that avoid each other's symbols.")  # fmt: skip
@click.option("--diversity", type=click.FloatRange(min=0), default=0.5, show_default=True, metavar="X",
              help="How much they do, in nats.")  # fmt: skip
@click.option("--sample", "sampling", is_flag=True, help="Draw the answers instead of searching the best.")
@click.option("--temperature", type=click.FloatRange(min=0, min_open=True), default=1.0, metavar="X",
              help="For --sample: below 1 the likely is drawn more.")  # fmt: skip
@click.option("--top-k", type=click.IntRange(min=0), default=0, metavar="N",
              help="For --sample: draw from the N likeliest symbols; 0 is all.")  # fmt: skip
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), default=1.0, metavar="X",
              help="For --sample: draw from the likeliest symbols of this probability.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=1, metavar="N", help="For --sample.")
@click.option("--prefix", default="", metavar="TEXT", help="What every answer begins with.")
@click.option("--allow", metavar="SYMBOLS", help="Symbols that answers may hold, and no others.")
@click.option("--one-of", metavar="FILE", help="Every answer is a line of this file.")
@click.option("--pattern", metavar="REGEX",
              help="What the whole of every answer matches, such as [0-9]{4}-[0-9]{2}: a regular expression of Python, "
                   "without back references, look-around, word boundaries and flags.")  # fmt: skip
@click.option("--lexicon", metavar="FILE",
              help="Pairs as for train: their sources are answered from there, the others by MODEL.")  # fmt: skip
@click.option("--no-lexicon", is_flag=True, help="Do not answer from the pairs that MODEL was given at training.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, metavar="X",
              help="Leave a line of less confidence empty, for a human to answer.")  # fmt: skip
@click.option(
    "--unknown", type=click.Choice(["keep", "copy", "drop", "error"]), default="keep", show_default=True,
    help="A symbol that the model has never seen: answer it as unknown (a model that copies may copy it), put it into "
         "the answer in any case, leave it out, or give no answer and end with exit code 1.",
)  # fmt: skip
@click.option("--fold-case", is_flag=True,
              help="Read a line in lower or upper case where the model knows more of its letters then.")  # fmt: skip
@click.option("--errors", type=click.Choice(["strict", "replace"]), default="strict", show_default=True,
              help="A line that is not UTF-8: stop there, or read U+FFFD in it.")  # fmt: skip
@click.option("--max-source-tokens", type=click.IntRange(min=1), metavar="N",
              help="Answer a longer line in parts; by default what training makes likely.")  # fmt: skip
@click.option("--max-batch-tokens", type=click.IntRange(min=1), default=16_384, show_default=True, metavar="N",
              help="Source tokens searched at a time, each of which takes some KiB of memory.")  # fmt: skip
@click.option("--flush", is_flag=True, help="Answer each line before the next is looked at; slower, also from a file.")
@options.reading
@click.option("--quiet", is_flag=True, help="No summary on standard error.")
def predict(
    *,
    model: str,
    file: str,
    beam: int,
    n_best: int,
    scores: bool,
    alignment: bool,
    length_penalty: float,
    coverage_penalty: float,
    min_length: int | None,
    max_length: int | None,
    groups: int,
    diversity: float,
    sampling: bool,
    temperature: float,
    top_k: int,
    top_p: float,
    seed: int,
    prefix: str,
    allow: str | None,
    one_of: str | None,
    pattern: str | None,
    tsv: bool,
    as_json: bool,
    lexicon: str | None,
    no_lexicon: bool,
    min_confidence: float,
    unknown: str,
    fold_case: bool,
    errors: Literal["strict", "replace"],
    max_source_tokens: int | None,
    max_batch_tokens: int,
    flush: bool,
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Answer every line of FILE (default: standard input) with MODEL, one line each, in order.

    Several answers stand side by side, separated by tabs, best first; a line has empty columns where the search found
    fewer. A model that was trained with features reads source<TAB>features. A tab or line end within an answer is
    written as a space, but in JSON. From a pipe, lines are answered as they come.

    Flags: unknown:x, a symbol that the model has never seen; refused, no answer because of it; windows:n, a line too
    long for the model, answered in n parts; cut, an answer that its greatest length ended; repeats, an answer in
    subwords that repeats itself; undecodable, a line that is not UTF-8; lexicon, an answer from there; unsure, one of
    less than --min-confidence.

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
    from seqwright import evaluation, inference
    from seqwright.cli import answers, records
    from seqwright.data import readers
    from seqwright.inference import translator

    def form(answer: inference.Answer) -> str:
        if as_json:
            return records.as_json(answer)
        if tsv:
            return records.as_row(answer, n_best=n_best)
        return records.as_plain(answer, n_best=n_best, scores=scores, alignment=alignment)

    loaded = translator.load(model)
    constraint = loaded.constraint(
        prefix=prefix, allow=allow, one_of=readers.read_lines(one_of) if one_of else None, pattern=pattern,
        min_length=min_length or 0,
    )  # fmt: skip
    asked = inference.Options(
        beam=beam, n_best=n_best, length_penalty=length_penalty, coverage_penalty=coverage_penalty,
        min_length=min_length, max_length=max_length, groups=groups, diversity=diversity, sampling=sampling,
        temperature=temperature, top_k=top_k, top_p=top_p, seed=seed, constraint=constraint, unknown=unknown,
        fold_case=fold_case,
        dictionary=(
            evaluation.read_dictionary(loaded, lexicon, reading=options.as_columns(reading)) if lexicon else None
        ),
        lexicon=not no_lexicon, min_confidence=min_confidence,
        max_source_tokens=max_source_tokens, max_batch_tokens=max_batch_tokens,
    )  # fmt: skip
    answers.write(loaded, file, form, options=asked, errors=errors, flush=flush, quiet=quiet, reading=reading)
