"""The section of the report on auxiliary data: how much there was, and whether it was kept."""

from __future__ import annotations

from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.report import page
from seqwright.report.markup import element

__all__ = ["section"]


def section(bundle: Bundle) -> page.Section:
    """Return what was learned besides the training pairs, and its effect on the dev set."""
    found: dict[str, Any] = msgspec.to_builtins(bundle.manifest["auxiliary"])
    choice = "was kept" if found["kept"] else "was not kept, and this is the model without it"
    if found["kept"] and found["accuracy"] < found["without"]:
        choice += ", as the difference is within one standard error"
    if "cross_validation" in bundle.manifest:
        teachers, which, measured = "the models of the folds", "", "in the cross-validation"
    else:
        teachers, which, measured = "a first ensemble", ", none of which is a dev source", "on the dev set"
    text = (
        f"Besides the training pairs, a model learned from {found['n_related']:,} related pairs and from the answers "
        f"of {teachers} to {found['n_answered']:,} sources without targets{which}. Exact match {measured} "
        f"was {found['accuracy']:.1f} %, and {found['without']:.1f} % without: the auxiliary data {choice}."
    )
    return page.section("auxiliary", "Auxiliary data", element("p", text))
