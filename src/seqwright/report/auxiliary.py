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
    text = (
        f"Besides the training pairs, a model learned from {found['n_related']:,} related pairs and from the answers "
        f"of a first ensemble to {found['n_answered']:,} sources without targets, none of which is a dev source. Exact "
        f"match on the dev set was {found['accuracy']:.1f} %, and {found['without']:.1f} % without: the auxiliary data "
        f"{choice}."
    )
    return page.section("auxiliary", "Auxiliary data", element("p", text))
