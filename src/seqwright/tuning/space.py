"""The search space of `tune`: settings, their ranges, and the configuration of a choice.

Settings of the text, regularisers other than dropout, and the length of a training are not searched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from seqwright.config import Config, canonical
from seqwright.nn import attention

__all__ = ["Range", "Searched", "applied", "configured", "space"]


class Range(NamedTuple):
    """Numbers from low to high.   step: integers with this step.   log: uniform in the logarithm."""

    low: float
    high: float
    step: int | None = None
    log: bool = False


Searched = dict[str, Range | tuple[Any, ...]]  # values of each setting


def space(around: Config, fixed: Collection[str] = ()) -> Searched:
    """Return the settings to search, except the fixed ones, with ranges around a configuration without None."""
    hidden, rate, batch = around.model.hidden_size, around.optim.learning_rate, around.training.batch_size
    layers, encoder_layers = around.model.layers, around.model.encoder_layers
    assert hidden is not None and encoder_layers is not None, "set by the recipe"
    assert rate is not None and batch is not None, "set by the recipe"
    quarter = max(1, hidden // 4)
    settings: Searched = {
        "model.hidden_size": Range(hidden - 2 * quarter, hidden + 4 * quarter, step=quarter),
        "model.encoder_layers": Range(layers, max(2, encoder_layers), step=1),
        "model.attention": tuple(sorted(attention.SCORES)),
        "model.dropout": Range(0.0, 0.6),
        "optim.learning_rate": Range(rate / 5, rate * 3, log=True),
        "training.batch_size": tuple(sorted({max(1, batch // 2), batch, 2 * batch, 4 * batch})),
    }
    return {name: values for name, values in settings.items() if name not in set(map(canonical, fixed))}


def configured(config: Config, searched: Searched) -> dict[str, Any]:
    """Return the searched settings of a configuration (without None) whose values are within their ranges."""
    found = {}
    for name, values in searched.items():
        section, _, key = name.partition(".")
        value = getattr(getattr(config, section), key)
        if values.low <= value <= values.high if isinstance(values, Range) else value in values:
            found[name] = value
    return found


def applied(config: Config, chosen: Mapping[str, Any]) -> Config:
    """Return the configuration with the chosen settings."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value in chosen.items():
        section, _, key = name.partition(".")
        sections.setdefault(section, {})[key] = value
    if "attention" in sections.get("model", {}):
        score = attention.SCORES[sections["model"]["attention"]]
        sections["model"]["bidirectional"] = config.model.bidirectional and not score.same_width  # one direction
    if config.model.tied and "hidden_size" in sections.get("model", {}):
        sections["model"]["embedding_size"] = sections["model"]["hidden_size"]
    changed = {name: msgspec.structs.replace(getattr(config, name), **keys) for name, keys in sections.items()}
    return msgspec.structs.replace(config, **changed)
