"""Short forms of findings for assertions."""

from seqwright.data_checks.findings import Finding

__all__ = ["cases", "lines"]


def cases(finding: Finding) -> dict[str, list[str]]:
    """Return the places of each case as file:line."""
    return {case.what: [f"{place.file}:{place.line}" for place in case.places] for case in finding.cases}


def lines(finding: Finding) -> list[str]:
    """Return all places as file:line, in the order of the cases."""
    return [place for where in cases(finding).values() for place in where]
