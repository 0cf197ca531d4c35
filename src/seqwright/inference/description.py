"""A model in one line, for `repr`."""

from __future__ import annotations

from seqwright.bundle import Bundle

__all__ = ["described"]


def described(bundle: Bundle, *, n_networks: int) -> str:
    """Return the sizes of a model, its kind of attention and number type, and its dev accuracy if that is known."""
    n_source, n_target = len(bundle.source.vocabulary.symbols), len(bundle.target.vocabulary.symbols)
    parts = [
        f"{n_source:,} to {n_target:,} symbols",
        f"{sum(array.size for array in bundle.weights.values()):,} parameters",
        *([f"{n_networks} networks"] if n_networks > 1 else []),
        f"attention {bundle.config.model.attention}",
        "8 bits" if bundle.int8 else "float32",
        f"windows of {bundle.limits.window} tokens",
    ]
    scores = bundle.manifest.get("scores")
    accuracy = scores.get("dev_accuracy") if isinstance(scores, dict) else None
    if accuracy is not None:
        parts.append(f"dev accuracy {accuracy:.1f} %")
    return ", ".join(parts)
