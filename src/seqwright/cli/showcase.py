"""The result of a demo: scores, a table of answers, and commands to try next."""

import shlex
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqwright.cli import program
from seqwright.evaluation import Answered, Evaluation

__all__ = ["show"]

N_ROWS, N_WRONG = 12, 5  # wrong answers are shown more often than they occur
WIDEST = 20  # cells of a text: three fit in a terminal of 80
WIDEST_SENTENCE = 37  # two fit


def show(result: Evaluation, try_source: str, output: str) -> None:
    """Print the evaluation of a demo's model in the directory `output`.   try_source: a source for the next command."""
    console = Console(highlight=False)
    s, n_right = result.scores, result.scores.n - result.scores.errors
    console.print(f"\nCorrect answers to held-out sources: {n_right:,} of {s.n:,}.", markup=False)
    if result.sentences is not None:
        figures = f"BLEU {result.sentences.bleu:.1f}, chrF {result.sentences.chrf:.1f}."
        rows = translations(chosen(result, widest=WIDEST_SENTENCE, first=try_source))
    else:
        figures = f"WER {s.wer:.1f} %, token error rate {s.ter:.1f} %."
        rows = table(chosen(result, widest=WIDEST))
    console.print(f"{figures}\n", markup=False)
    console.print(rows)
    console.print("\nTry next:", markup=False)
    for command in next_commands(try_source, output):
        console.print(f"  {command}", markup=False, soft_wrap=True)


def chosen(result: Evaluation, *, widest: int, first: str | None = None) -> list[Answered]:
    """Return some answers to show: that to the source `first`, correct ones, then wrong ones."""
    short = [answer for answer in result.answered if max(map(cell_len, shown(answer))) <= widest]
    head = [answer for answer in short if answer.source == first]
    right = [a for a in short if a.right and a not in head]
    wrong = [a for a in short if not a.right and a not in head]
    n_rows = N_ROWS - len(head)
    n_wrong = max(min(len(wrong), N_WRONG), n_rows - len(right))
    return [*head, *spread(right, n_rows - n_wrong), *spread(wrong, n_wrong)]


def shown(answer: Answered) -> list[str]:
    return [answer.source, *answer.references, *(hypothesis.text for hypothesis in answer.hypotheses)]


def spread(answers: Sequence[Answered], n: int) -> list[Answered]:
    return list(answers[:: max(1, len(answers) // max(1, n))][:n])


def table(answers: Sequence[Answered]) -> Table:
    """Return a table of sources, n-best answers with scores (mean log-probability of a token), and references."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("", "source", "answer", "score", "next best", "score", "reference"):
        rows.add_column(title, justify="right" if title == "score" else "left")
    for answer in answers:
        best, *others = answer.hypotheses
        rows.add_row(
            Text("✓", "green") if answer.right else Text("✗", "red"),
            Text(answer.source),
            Text(best.text),
            Text(f"{best.score:.2f}"),
            Text("\n".join(h.text for h in others), "dim"),
            Text("\n".join(f"{h.score:.2f}" for h in others), "dim"),
            Text("\n".join(answer.references), "green" if answer.right else "red"),
        )
    return rows


def translations(answers: Sequence[Answered]) -> Table:
    """Return a table of sentences and translations; below a wrong translation is a reference."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("", "source", "answer"):
        rows.add_column(title)
    for answer in answers:
        translation = Text(answer.hypotheses[0].text)
        if not answer.right:
            translation.append(f"\n{answer.references[0]}", "green")
        rows.add_row(Text("✓", "green") if answer.right else Text("✗", "red"), Text(answer.source), translation)
    return rows


def next_commands(try_source: str, output: str) -> list[str]:
    """Return three shell commands."""
    path, name = shlex.quote(output), program.name()
    return [
        f"echo {shlex.quote(try_source)} | {name} predict {path} --n-best 3 --scores",
        f"{name} evaluate {path} {shlex.quote(f'{output}/test.tsv')}",
        f"{name} train {shlex.quote(f'{output}/train.tsv')} --time-budget 10m -o {shlex.quote(f'{output}-longer')}",
    ]
