"""The comparison of two models as text and as JSON."""

from collections.abc import Sequence

import msgspec

from seqwright.data_checks.code_points import visible
from seqwright.evaluation.comparison import Comparison, Disagreement
from seqwright.evaluation.significance import Difference

__all__ = ["as_json", "as_text"]

N_EXAMPLES = 5
SIGNIFICANT = 0.05


def as_json(result: Comparison) -> str:
    """Return the comparison as one JSON object on one line; rates and differences are in percent."""
    return msgspec.json.encode(result).decode()


def as_text(result: Comparison, name_a: str, name_b: str) -> str:
    """Return the comparison as text; the verdict is the last line."""
    a, b = result.a, result.b
    lines = [
        f"A is {name_a}",
        f"B is {name_b}",
        "",
        f"{a.n:,} sources       A          B      B - A    95 % interval",
        f"exact match  {a.exact:6.2f} %   {b.exact:6.2f} %   {interval(result.exact)}",
        f"TER          {a.ter:6.2f} %   {b.ter:6.2f} %   {interval(result.ter)}",
        "",
        f"both right   {result.both_right:8,}",
        f"only A right {len(result.only_a):8,}",
        f"only B right {len(result.only_b):8,}   McNemar's test: {p_value(result.mcnemar_p)}",
        f"both wrong   {result.both_wrong:8,}",
        *examples("only A is right, for example:", result.only_a),
        *examples("only B is right, for example:", result.only_b),
        "",
        f"Verdict: {verdict(result)}.",
    ]
    return "\n".join(lines)


def interval(difference: Difference) -> str:
    d = difference
    return f"{d.value:+6.2f}    {d.low:+6.2f} to {d.high:+6.2f}   {p_value(d.p):>11}"


def p_value(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def examples(title: str, found: Sequence[Disagreement]) -> list[str]:
    if not found:
        return []
    return ["", title, *map(example, found[:: -(-len(found) // N_EXAMPLES)])]


def example(found: Disagreement) -> str:
    source = f"{found.source} ({found.features})" if found.features else found.source
    return visible(f"  {source} → A: {found.a}   B: {found.b}   (right: {' | '.join(found.references)})")


def verdict(result: Comparison) -> str:
    """Return which model answers more sources correctly, if the difference is significant."""
    d = result.exact
    if d.p >= SIGNIFICANT:
        return f"no significant difference on {result.a.n:,} sources"
    better, other = ("B", "A") if d.value > 0 else ("A", "B")
    return f"{better} has a higher exact match than {other}, by {abs(d.value):.2f} points ({p_value(d.p)})"
