"""The types of numbers that several sections share."""

from typing import Annotated

import msgspec

__all__ = ["Positive", "Share"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
