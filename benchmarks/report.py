"""Rows of figures as a table in the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["show", "write"]


def show(title: str, rows: Sequence[dict[str, Any]], *, caption: str = "") -> None:
    """Print a column for each key; of nested figures those with a median, as `median (least–greatest)`."""
    columns = [
        key for key in dict.fromkeys(key for row in rows for key in row)
        if any(not isinstance(row.get(key), dict) or "median" in row[key] for row in rows)
    ]  # fmt: skip
    table = Table(title=title, caption=caption, caption_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON, with a line end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"{_text(value['median'])} ({_text(value['min'])}–{_text(value['max'])})"
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
    return str(value)
