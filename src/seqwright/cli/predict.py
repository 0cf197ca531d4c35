"""`seqwright predict`."""

from typing import Any, Literal

import click

from seqwright.cli import options

__all__ = ["predict"]


@click.command(short_help="Predict an answer for each line of a file.")
@click.argument("model")
@click.argument("file", nargs=-1)
@options.beam
@options.threads
@click.option("--n-best", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Answers for each line.")  # fmt: skip
@click.option("--scores", is_flag=True, help="Add a score after each answer: the mean log-probability of its tokens.")
@click.option("--alignment", is_flag=True, help="Add a column of alignments, such as 0-0 1-0: source, answer token.")
@click.option(
    "--tsv", is_flag=True,
    help="Columns: source, features, text, score, confidence, flags, alignment; text and score of further answers.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each line, with all fields.")
@click.option("--length-penalty", type=click.FloatRange(min=0), default=0.0, metavar="X",
              help="Rank by the length penalty α of Wu et al. 2016 instead of mean log-probability.")  # fmt: skip
@click.option("--coverage-penalty", type=click.FloatRange(min=0), default=0.0, metavar="X",
              help="Coverage penalty β of Wu et al. 2016, for answers that omit parts of the source.")  # fmt: skip
@click.option("--min-length", type=click.IntRange(min=0), metavar="N",
              help="Minimum length in tokens; the answer to an empty line may always be empty.  "
                   "[default: half the minimum length of training targets]")  # fmt: skip
@click.option("--max-length", type=click.IntRange(min=0), metavar="N",
              help="Maximum length in tokens.  [default: by source length, from the training data]")  # fmt: skip
@click.option("--groups", type=click.IntRange(min=1), default=1, metavar="N",
              help="Diverse beam search: split the beam into N groups.")  # fmt: skip
@click.option("--diversity", type=click.FloatRange(min=0), default=0.5, show_default=True, metavar="X",
              help="For --groups: penalty on symbols that earlier groups chose, in nats.")  # fmt: skip
@click.option("--sample", "sampling", is_flag=True, help="Sample answers instead of beam search.")
@click.option("--temperature", type=click.FloatRange(min=0, min_open=True), default=1.0, metavar="X",
              help="For --sample: softmax temperature; below 1, probable symbols are drawn more often.")  # fmt: skip
@click.option("--top-k", type=click.IntRange(min=0), default=0, metavar="N",
              help="For --sample: draw from the N most probable symbols; 0 is all.")  # fmt: skip
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), default=1.0, metavar="X",
              help="For --sample: draw from the most probable symbols with this total probability.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=1, metavar="N", help="For --sample: random seed.")
@click.option("--prefix", default="", metavar="TEXT", help="Constraint: answers begin with this text.")
@click.option("--allow", metavar="SYMBOLS", help="Constraint: answers contain only these symbols.")
@click.option("--one-of", metavar="FILE", help="Constraint: answers are lines of this file.")
@click.option("--pattern", metavar="REGEX",
              help="Constraint: answers match this regular expression as a whole, such as [0-9]{4}-[0-9]{2}. Syntax of "
                   "Python without back-references, lookaround, word boundaries and flags.")  # fmt: skip
@click.option("--lexicon", metavar="FILE",
              help="Pairs as for train; lines that are a source of theirs get its targets as answers.")  # fmt: skip
@click.option("--no-lexicon", is_flag=True, help="Do not use MODEL's lexicon.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, metavar="X",
              help="Write an empty answer where the confidence is lower.")  # fmt: skip
@click.option(
    "--unknown", type=click.Choice(["keep", "copy", "drop", "error"]), default="keep", show_default=True,
    help="Symbols that are not in the vocabulary: keep as unknown (a model with copying may copy them), copy always to "
         "the answer, drop, or error: no answer for the line, and exit code 1.",
)  # fmt: skip
@click.option("--fold-case", is_flag=True,
              help="Convert lines to lower or upper case where the vocabulary has more of their letters.")  # fmt: skip
@click.option("--errors", type=click.Choice(["strict", "replace"]), default="strict", show_default=True,
              help="A line that is not UTF-8: stop with an error, or replace invalid bytes with U+FFFD.")  # fmt: skip
@click.option("--max-source-tokens", type=click.IntRange(min=1), metavar="N",
              help="Answer longer lines in windows.  [default: from the lengths of training sources]")  # fmt: skip
@click.option("--max-batch-tokens", type=click.IntRange(min=1), default=16_384, show_default=True, metavar="N",
              help="Source tokens in a batch, each of which takes some KiB of memory.")  # fmt: skip
@click.option("--flush", is_flag=True, help="Answer each line before the next one is read; slower for files.")
@click.option("--ray", is_flag=False, flag_value="", metavar="[ADDRESS]",
              help="Answer files on a Ray cluster, by default that of this machine; needs seqwright[ray].")  # fmt: skip
@click.option("-o", "--output", metavar="DIR", help="For --ray: folder or URI of the answered files.")
@options.reading
@click.option("--quiet", is_flag=True, help="Write no summary to standard error.")
def predict(
    *,
    model: str,
    file: tuple[str, ...],
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
    ray: str | None,
    output: str | None,
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Predict an answer for each line of FILE (default: standard input) with MODEL; write one line for each, in order.

    With --n-best, answers are columns separated by tabs, best first; columns are empty where the search found fewer.
    Lines for a model with features are source<TAB>features. Tabs and line ends within an answer are written as spaces,
    except in JSON. Lines of a pipe are answered as they arrive.

    With --ray, FILE is any number of files, folders, patterns and URIs: Parquet, JSON lines, CSV and lines. Records get
    the columns answer and score, lines an answer after a tab, in files of the same names in --output. The command
    answers what is missing if it is started again.

    Flags in --json and --tsv: unknown:x, a symbol that is not in the vocabulary; refused, no answer because of one;
    windows:n, a long line answered in n windows; cut, an answer truncated at the maximum length; repeats, an answer
    that repeats a phrase; empty, an empty line; undecodable, a line that is not UTF-8; lexicon, an answer from the
    lexicon; unsure, a confidence below --min-confidence.

    \b
    Examples:
      seqwright predict words-model new.txt > answers.txt
      echo tomato | seqwright predict words-model
      seqwright predict words-model new.txt --json > answers.jsonl
      seqwright predict words-model 'data/*.parquet' --ray --output answered
    """
    if tsv and as_json:
        raise click.UsageError("--tsv and --json exclude each other; choose one")
    if ray is not None:
        form_options = {"--tsv": tsv, "--json": as_json, "--scores": scores, "--alignment": alignment, "--flush": flush,
                        "--n-best": n_best > 1}  # fmt: skip
        for name in (name for name, given in form_options.items() if given):
            raise click.UsageError(f"{name} has no effect with --ray, which writes columns; leave it out")
        if output is None or not file:
            raise click.UsageError("--ray needs files to answer, and --output DIR for the answered ones")
    elif output is not None or len(file) > 1:
        raise click.UsageError("several files, and --output, need --ray; answer one file, and redirect its answers")
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
    search = inference.Options(
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
    if ray is not None:
        from seqwright.cli import on_ray

        on_ray.predict(model, file, str(output), address=ray, options=search, reading=reading, quiet=quiet)
        return
    path = file[0] if file else "-"
    answers.write(loaded, path, form, options=search, errors=errors, flush=flush, quiet=quiet, reading=reading)
