"""What a demo shows at its end: scores, a table of answers, and what to try next."""

import shlex
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqwright.cli import program
from seqwright.evaluation import Answered, Evaluation

__all__ = ["show"]

N_ROWS, N_WRONG = 12, 5  # wrong answers teach more than their share
WIDEST = 20  # characters of an answer: three stand side by side on a terminal of 80


def show(result: Evaluation, try_source: str, output: str) -> None:
    """Print the evaluation of a demo's model in the directory `output`; try_source is something new to ask it."""
    console = Console(highlight=False)
    s = result.scores
    console.print(f"\nThe model never saw these {s.n:,}. It answered {s.n - s.errors:,} of them right:", markup=False)
    console.print(f"WER {s.wer:.1f} %, {s.ter:.1f} % of the symbols wrong.\n", markup=False)
    console.print(table(chosen(result)))
    console.print("\nTry next:", markup=False)
    for command in next_commands(try_source, output):
        console.print(f"  {command}", markup=False, soft_wrap=True)


def chosen(result: Evaluation) -> list[Answered]:
    short = [answer for answer in result.answered if max(map(len, shown(answer))) <= WIDEST]
    right, wrong = [a for a in short if a.right], [a for a in short if not a.right]
    n_wrong = max(min(len(wrong), N_WRONG), N_ROWS - len(right))
    return [*spread(right, N_ROWS - n_wrong), *spread(wrong, n_wrong)]


def shown(answer: Answered) -> list[str]:
    return [answer.source, *answer.references, *(hypothesis.text for hypothesis in answer.hypotheses)]


def spread(answers: Sequence[Answered], n: int) -> list[Answered]:
    return list(answers[:: max(1, len(answers) // max(1, n))][:n])


def table(answers: Sequence[Answered]) -> Table:
    """Return the answers with what else was considered, and the scores: mean log-probability of a symbol."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("", "asked", "answered", "score", "next best", "score", "right"):
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


def next_commands(try_source: str, output: str) -> list[str]:
    """Return three commands that work when they are pasted into a shell."""
    path, name = shlex.quote(output), program.name()
    return [
        f"echo {shlex.quote(try_source)} | {name} predict {path} --n-best 3 --scores",
        f"{name} evaluate {path} {shlex.quote(f'{output}/test.tsv')}",
        f"{name} train {shlex.quote(f'{output}/train.tsv')} --time-budget 10m -o {shlex.quote(f'{output}-longer')}",
    ]
