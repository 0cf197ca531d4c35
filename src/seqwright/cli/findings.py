"""The findings of `seqwright check` as text and as JSON."""

import textwrap

import click
import msgspec

from seqwright.data_checks.findings import Case, FileSummary, Finding, Inspection, Level, SideSummary

__all__ = ["as_json", "as_text"]

N_CASES, N_PLACES = 4, 5
WIDTH = 100
COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def as_json(result: Inspection) -> str:
    """Return all findings with all cases and lines as one JSON object.

    `says`, and the levels `mend` and `look`, are kept for programs written for earlier releases; `severity` has the
    current levels.
    """
    found = msgspec.to_builtins(result)
    for finding in found["findings"]:
        finding["severity"] = finding["level"]
        finding["level"] = {"error": "mend", "warning": "look"}.get(finding["level"], finding["level"])
        finding["says"] = finding["message"]
    return msgspec.json.encode(found).decode()


def as_text(result: Inspection) -> str:
    """Return the findings as text with ANSI colours; the verdict is the last line."""
    lines = [line for file in result.files for line in summarized(file)]
    for finding in result.findings:
        lines += ["", *explained(finding)]
    level = result.findings[0].level if result.findings else Level.NOTE
    colour = "green" if level is Level.NOTE else COLOURS[level]
    return "\n".join([*lines, "", click.style(f"Verdict: {result.verdict}.", fg=colour, bold=True)])


def summarized(file: FileSummary) -> list[str]:
    blank = f", {file.lines - file.pairs:,} empty lines" if file.lines > file.pairs else ""
    features = ", with features" if file.has_features else ""
    return [
        f"{click.style(file.name, bold=True)}: {file.pairs:,} pair{'' if file.pairs == 1 else 's'}{features}{blank}",
        *(f"  {click.style(line, dim=True)}" for line in file.reading),
        f"  source   {described(file.source)}",
        f"  target   {described(file.target)}",
    ]


def described(side: SideSummary) -> str:
    lengths = side.lengths
    return (
        f"{side.distinct:,} distinct, {side.symbols:,} symbols ({side.tokens} in {side.unicode_form}), "
        f"lengths {lengths.minimum:,} to {lengths.maximum:,}, median {lengths.median:,}"
    )


def explained(finding: Finding) -> list[str]:
    mark = click.style(f"{finding.level:>7}", fg=COLOURS[finding.level], bold=True)
    lines = [f"{mark}  {click.style(finding.message, bold=True)}"]
    lines += [f"        {shown(case)}" for case in finding.cases[:N_CASES]]
    if (n_more := len(finding.cases) - N_CASES) > 0:
        lines.append(click.style(f"        and {n_more:,} more; --json lists all", dim=True))
    advice = textwrap.wrap(finding.advice, WIDTH - 6)
    return lines + [click.style(f"      {line}", dim=True) for line in advice]


def shown(case: Case) -> str:
    by_file: dict[str, list[int]] = {}
    for place in case.places[:N_PLACES]:
        by_file.setdefault(place.file, []).append(place.line)
    where = "; ".join(f"{file}:{','.join(map(str, lines))}" for file, lines in by_file.items())
    more = f" and {len(case.places) - N_PLACES:,} more lines" if len(case.places) > N_PLACES else ""
    return f"{case.what}  {click.style(where + more, dim=True)}"
