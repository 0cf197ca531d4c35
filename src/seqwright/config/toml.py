"""Configurations from TOML and from `--set`, and as TOML."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from seqwright.checked import choices, cut, fitting, shown
from seqwright.config.earlier import canonical, modern
from seqwright.config.whole import Config
from seqwright.errors import ConfigError, suggestion

__all__ = ["load", "parse", "to_toml"]


def load(path: Path) -> dict[str, Any]:
    """Return the keys that a TOML file sets.   ConfigError: not readable, not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; give a TOML file such as --print-config writes") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def parse(keys: Mapping[str, Any], settings: Iterable[str] = (), *, origin: str = "--set") -> Config:
    """Return the configuration that `keys` (as `load` returns them) and "section.key=value" settings describe.

    A table of [[others]] inherits from [model] and the settings.
    A setting has precedence over a key; its value is written as in TOML, a plain word without quotes. The word none
    means no value, which TOML cannot express, unless none is one of the key's values.
    ConfigError: an unknown key, with the nearest known one, or a value out of its range.
    """
    merged = modern(copy.deepcopy(dict(keys)), origin=origin)
    others = merged.pop("others", [])
    if not isinstance(others, list | tuple):
        raise ConfigError(f"{origin}: others must be tables, [[others]] for each network after the first")
    for one, where in [(merged, origin), *(({"model": other}, f"{origin}: [[others]]") for other in others)]:
        _check_keys(one, where)
        for section, values in one.items():
            for key, value in values.items():
                values[key] = _checked(section, key, value, f"{where}: {section}.{key} = {shown(value)}")
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, dot, key = canonical(name.strip()).partition(".")
        if not equals or not dot:
            raise ConfigError(f"--set {setting}: expected section.key=value, such as model.hidden_size=256")
        _check_keys({section: {key: None}}, f"--set {setting}")
        merged.setdefault(section, {})[key] = _checked(section, key, _value(text.strip()), f"--set {cut(setting)}")
    merged["others"] = [{**merged.get("model", {}), **other} for other in others]
    try:
        return msgspec.convert(merged, Config)
    except ConfigError as error:  # each value is right by itself
        raise ConfigError(f"{origin}: {error}") from None


def to_toml(config: Config) -> str:
    """Return the configuration as TOML with every key; one that is found from the data is a comment.

    So is `text.schema`, which a training finds and no user writes.
    """
    lines = []
    sections = msgspec.to_builtins(config)
    others = [("[others]", "model", other) for other in sections.pop("others")]
    for name, section, values in [*((name, name, values) for name, values in sections.items()), *others]:
        lines.append(f"[{name}]")
        for key, value in values.items():
            if value is not None and not isinstance(value, dict):
                # JSON has no infinity; everything else is written alike in both.
                text = repr(value) if isinstance(value, float) else msgspec.json.encode(value).decode()
                lines.append(f"{key} = {text}")
            elif getattr(getattr(Config(), section), key) is None:
                lines.append(f"# {key} =    (found from the data, or no limit)")
            else:
                lines.append(f'{key} = "none"')
        lines.append("")
    return "\n".join(lines)


def _check_keys(keys: Mapping[str, Any], origin: str) -> None:
    sections = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name != "others"}
    for section, values in keys.items():
        if section not in sections:
            raise ConfigError(f"{origin}: unknown section [{section}]{suggestion(section, sections)}")
        known = [field.name for field in msgspec.structs.fields(sections[section])]
        if not isinstance(values, Mapping):
            raise ConfigError(f"{origin}: [{section}] must be a table of keys, such as {known[0]}")
        for key in values:
            if key not in known:
                raise ConfigError(f"{origin}: unknown key {key!r} in [{section}]{suggestion(key, known)}")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _checked(section: str, key: str, value: Any, origin: str) -> Any:
    """Return the value, or None for a "none" that the key does not know; raise ConfigError if it does not fit."""
    sections = {field.name: field.type for field in msgspec.structs.fields(Config)}
    kind = next(field.type for field in msgspec.structs.fields(sections[section]) if field.name == key)
    if value == "none" and "none" not in choices(kind):
        value = None
    fitting(key, value, kind, origin)
    return value
