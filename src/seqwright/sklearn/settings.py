"""Settings of the configuration as parameters of an estimator, such as `model__hidden_size`."""

from __future__ import annotations

import difflib
import enum
import json
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from seqwright import errors
from seqwright.config import Config

__all__ = ["FLAT", "SECTIONS", "ParameterError", "as_toml", "check", "names"]

SECTIONS = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name != "others"}
FLAT = {
    "training__epochs": "epochs",
    "model__hidden_size": "hidden_size",
    "training__dev_share": "dev_share",
    "training__time_budget_s": "time_budget_s",
    "training__seed": "random_state",
}


class ParameterError(errors.ConfigError, ValueError):
    """A parameter does not exist; also a ValueError, which callers of scikit-learn expect."""


def names() -> list[str]:
    return [f"{section}__{field.name}" for section, cls in SECTIONS.items() for field in msgspec.structs.fields(cls)]


def as_toml(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    value = value.tolist() if isinstance(value, np.ndarray) else value
    return json.dumps(str(value) if isinstance(value, enum.Enum) else value, ensure_ascii=False)


def check(given: Iterable[str]) -> None:
    """Raise ParameterError for a name that is no setting's."""
    known = names()
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ParameterError(f"Invalid parameter {name!r} for estimator SequenceTransducer{hint}")
