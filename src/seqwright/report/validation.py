"""The section of the report on a cross-validation: what was trained, on what, and the accuracy of each fold."""

from __future__ import annotations

from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.report import page
from seqwright.report.markup import element

__all__ = ["headline", "section"]


def headline(bundle: Bundle) -> list[page.Figure]:
    """Return the headline figures: of the answers to all folds."""
    scores = _scores(bundle)
    return [
        page.Figure(f"{scores['accuracy']:.1f}", "%", "exact match, cross-validated"),
        page.Figure(f"{scores['low']:.1f}–{scores['high']:.1f}", "%", "95 % interval of this model"),
        page.Figure(f"{scores['ter']:.2f}", "%", "token error rate (TER)"),
    ]


def section(bundle: Bundle, *, has_answers: bool) -> page.Section:
    """Return what the figures are.   has_answers: they are shown below."""
    scores = _scores(bundle)
    n = len(scores["folds"])
    folds = ", ".join(f"{accuracy:.1f}" for accuracy in scores["folds"])
    shown = " The sections below show these answers." if has_answers else ""
    text = (
        f"This model was trained on all pairs. The figures are those of {n} other models, each trained without one of "
        f"{n} parts of the sources, on the part that it had not seen: {scores['n']:,} answers in all. Trained on fewer "
        f"pairs, these models are worse than this one; the interval allows for it. Exact match on each part in %: "
        f"{folds}.{shown}"
    )
    return page.section("figures", "Cross-validation", element("p", text))


def _scores(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(bundle.manifest["cross_validation"])
    return found
