"""How an answer is written on one line: as plain text, as a row of columns, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from seqwright.inference import Answer, Hypothesis
from seqwright.inference.answer import Flag, Link

__all__ = ["as_json", "as_plain", "as_row"]

ONE_LINE = str.maketrans("\t\n\r", "   ")  # an answer may hold them; a column may not
Form = Callable[[Answer], str]


def as_plain(answer: Answer, *, n_best: int, scores: bool, alignment: bool) -> str:
    """Return the texts side by side, each with its score if wanted, then the links of the best if wanted."""
    shown = [] if Flag.UNSURE in answer.flags else answer.hypotheses
    found = [c for h in shown for c in ((h.text, f"{h.score:.4f}") if scores else (h.text,))]
    width = n_best * (2 if scores else 1)
    columns = found[:width] + [""] * (width - len(found))
    if alignment:
        columns.append(pharaoh(answer.best))
    return row(columns)


def as_row(answer: Answer, *, n_best: int) -> str:
    """Return source, features, text, score, confidence, flags, links, then text and score of further hypotheses."""
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
    """Return a JSON object; its n_best holds every hypothesis, the first of which is told at the top, too."""
    record: dict[str, Any] = {"source": answer.source}
    if answer.features:
        record["features"] = answer.features
    best = answer.best
    told = (
        hypothesis(best) if best else {"text": "", "tokens": [], "score": None, "token_scores": [], "alignment": None}
    )
    record |= told | {
        "text": answer.text,
        "confidence": answer.confidence,
        "flags": answer.flags,
        "n_best": [hypothesis(h) for h in answer.hypotheses],
    }
    return msgspec.json.encode(record).decode()


def hypothesis(h: Hypothesis) -> dict[str, Any]:
    return {"text": h.text, "tokens": h.tokens, "score": h.score, "token_scores": h.log_probs, "alignment": h.links}


def row(columns: Sequence[str]) -> str:
    return "\t".join(column.translate(ONE_LINE) for column in columns)


def pharaoh(best: Hypothesis | None) -> str:
    links: list[Link] = (best.links if best else None) or []
    return " ".join(f"{source}-{answer}" for source, answer in links)
