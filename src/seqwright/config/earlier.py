"""Configurations of earlier versions, with the current names of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seqwright.checked import renamed
from seqwright.config.whole import Config

__all__ = ["canonical", "modern", "upgraded"]


def canonical(setting: str) -> str:
    """Return "section.key" with the key's name of today."""
    section, _, key = setting.partition(".")
    return f"{section}.{_aliases(section)[key]}" if key in _aliases(section) else setting


def modern(keys: Mapping[str, Any], *, origin: str) -> dict[str, Any]:
    """Return the sections of a configuration, of any version, with the keys' names of today.

    ConfigError: a key is there under both its names.
    """
    found: dict[str, Any] = {}
    for section, values in keys.items():
        if section == "others" and isinstance(values, list | tuple):
            found[section] = [modern({"model": other}, origin=f"{origin}: [[others]]")["model"] for other in values]
        elif isinstance(values, Mapping):
            found[section] = renamed(values, _aliases(section), origin=f"{origin}: [{section}]")
        else:
            found[section] = values
    return found


def upgraded(document: Mapping[str, Any], *, origin: str) -> dict[str, Any]:
    """Return a document of JSON with its configurations, under "config" at any depth, as `modern` returns them."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found[key] = modern(value, origin=origin) if key == "config" else upgraded(value, origin=origin)
        else:
            found[key] = value
    return found


def _aliases(section: str) -> dict[str, str]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name != "others"}
    return kinds[section].aliases if section in kinds else {}
