"""The sections on provenance: findings in the data, and the manifest and configuration to reproduce the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seqwright import config as configuration
from seqwright.bundle import Bundle
from seqwright.data_checks.findings import Case, FileSummary, Finding, Inspection
from seqwright.report.markup import Child, Markup, data, element, join
from seqwright.report.page import Section, section, table

__all__ = ["data_troubles", "making"]

N_CASES, N_PLACES = 5, 5
LONGEST = 2000  # characters of an entry; longer ones are binary


def data_troubles(found: Inspection) -> Section:
    """Return the findings of the data checks."""
    rows = [described(file) for file in found.files]
    return section(
        "data",
        "Data",
        element("p", f"{found.verdict[:1].upper()}{found.verdict[1:]}."),
        table(["file", "pairs", "sources", "targets"], rows, numbers=[1], name="Files", stacked=True),
        *map(trouble, found.findings),
    )


def described(file: FileSummary) -> list[Child]:
    sides = [
        f"{side.distinct:,} distinct, {side.symbols:,} symbols, maximum length {side.lengths.maximum:,}"
        for side in (file.source, file.target)
    ]
    return [data(file.name), f"{file.pairs:,}", *sides]


def trouble(finding: Finding) -> Markup:
    more = len(finding.cases) - N_CASES
    return element(
        "details",
        element("summary", element("span", finding.level, class_=f"level {finding.level}"), " ", finding.message),
        element("p", finding.advice, class_="soft"),
        element("ul", *(element("li", *case(one)) for one in finding.cases[:N_CASES])),
        element("p", f"and {more:,} more; seqwright check lists all", class_="soft") if more > 0 else None,
    )


def case(one: Case) -> list[Child]:
    by_file: dict[str, list[str]] = {}
    for place in one.places[:N_PLACES]:
        by_file.setdefault(place.file, []).append(f"{place.line}")
    more = len(one.places) - N_PLACES
    where = "; ".join(f"{file}:{', '.join(lines)}" for file, lines in by_file.items())
    return [data(one.what), " ", element("span", where, f" and {more:,} more" if more > 0 else None, class_="soft")]


def making(bundle: Bundle) -> Section:
    """Return the manifest and the configuration."""
    facts = [element("div", element("dt", key), element("dd", value)) for key, value in flat(bundle.manifest)]
    settings = element("pre", *lines(configuration.to_toml(bundle.config)))
    return section(
        "making",
        "Provenance",
        element("dl", *facts, class_="facts"),
        element("details", element("summary", "Configuration, as a TOML file for --config"), settings),
    )


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Child]]:
    found = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += flat(value, f"{name} › ")
        else:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            shown = element("code", text) if len(text) <= LONGEST else f"{len(text):,} characters, in manifest.json"
            found.append((name, shown))
    return found


def lines(text: str) -> list[Markup]:
    """Return lines of text; line feeds are kept."""
    return [join(line, Markup("\n")) for line in text.split("\n")]
