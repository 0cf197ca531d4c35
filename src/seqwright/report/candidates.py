"""The section of the report on candidates: what was tried before the training, and what was chosen."""

from __future__ import annotations

from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.report import page
from seqwright.report.markup import element

__all__ = ["section"]


def section(bundle: Bundle) -> page.Section:
    """Return the candidates with their losses."""
    found: dict[str, Any] = msgspec.to_builtins(bundle.manifest["candidates"])
    epochs = found["epochs"]
    rows = [
        [
            ", ".join(f"{name} {value}" for name, value in one["changes"].items()) or "recipe",
            *(f"{loss:.4f}" for loss in one["losses"]),
            *[""] * (len(epochs) - len(one["losses"])),
            "chosen" if i == found["chosen"] else "",
        ]
        for i, one in enumerate(found["tried"])
    ]
    loss = "loss on the first fold" if "cross_validation" in bundle.manifest else "dev loss"
    text = (
        "Settings of the network that were trained on fewer epochs first, the better half of them on twice as many. "
        f"Those of the recipe are kept unless another candidate has a lower {loss} by more than one standard error: "
        f"the last one differs by {found['difference']:+.3f} nats per source, "
        f"with a standard error of {found['error']:.3f}."
    )
    heads = ["settings", *(f"loss after {n} epochs" for n in epochs), ""]
    table = page.table(heads, rows, numbers=range(1, len(epochs) + 1), name="Candidates")
    return page.section("candidates", "Candidates", element("p", text), table)
