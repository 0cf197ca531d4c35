"""An answer on one line: as plain text, as a row of columns, or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seqwright.inference import Answer, Hypothesis, records
from seqwright.inference.answer import Flag, Link

__all__ = ["as_json", "as_plain", "as_row"]

ONE_LINE = str.maketrans("\t\n\r", "   ")  # an answer may contain them; a column may not
Form = Callable[[Answer], str]


def as_plain(answer: Answer, *, n_best: int, scores: bool, alignment: bool) -> str:
    """Return the texts of the hypotheses as columns, optionally with scores and the alignment of the best one."""
    shown = [] if Flag.UNSURE in answer.flags else answer.hypotheses
    found = [c for h in shown for c in ((h.text, f"{h.score:.4f}") if scores else (h.text,))]
    width = n_best * (2 if scores else 1)
    columns = found[:width] + [""] * (width - len(found))
    if alignment:
        columns.append(pharaoh(answer.best))
    return row(columns)


def as_row(answer: Answer, *, n_best: int) -> str:
    """Return source, features, text, score, confidence, flags and alignment, then text and score of the others."""
    best = answer.best
    columns = [
        answer.source,
        answer.features,
        answer.text,
        f"{best.score:.4f}" if best else "",
        "" if answer.confidence is None else f"{answer.confidence:.4f}",
        " ".join(flag.replace(" ", "+") for flag in answer.flags),
        pharaoh(best),
    ]
    further = [c for h in answer.hypotheses[1:n_best] for c in (h.text, f"{h.score:.4f}")]
    return row([*columns, *further, *[""] * (2 * (n_best - 1) - len(further))])


def as_json(answer: Answer) -> str:
    """Return the JSON object that `inference.records` defines."""
    return records.encoded(answer).decode()


def row(columns: Sequence[str]) -> str:
    return "\t".join(column.translate(ONE_LINE) for column in columns)


def pharaoh(best: Hypothesis | None) -> str:
    links: list[Link] = (best.links if best else None) or []
    return " ".join(f"{source}-{answer}" for source, answer in links)
