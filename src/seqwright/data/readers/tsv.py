"""Tab-separated files: `source<TAB>target[<TAB>features]`. There is no quoting: a `"` is a `"`.

Empty fields and lines are data: an empty line is the pair of an empty source and an empty target.
"""

from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Columns, Pair
from seqwright.data.readers.files import shorten

__all__ = ["pairs"]


def pairs(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Pair]:
    """Yield every line as a Pair, in order.

    With `columns.features` None the file must be of one mind: all lines have the features column or none has it (empty
    lines aside), because a stray tab would otherwise become a feature unseen. With a number, a line that ends before
    that column has no features. Columns beyond those named are ignored.
    DataError: a line with too few columns, or uneven ones.
    """
    source, target = columns.source - 1, columns.target - 1
    features = columns.features_if_found - 1
    n_needed = max(columns.source, columns.target)
    first: tuple[int, bool] | None = None  # the first line with anything in it, and whether it has features
    for number, line in enumerate(lines, start=1):
        if not line:
            yield Pair("", "", "", number)
            continue
        fields = line.split("\t")
        if len(fields) < n_needed:
            raise errors.DataError(too_few(name, number, line, len(fields), n_needed))
        has_features = 0 <= features < len(fields)
        if columns.features is None:
            if first is None:
                first = number, has_features
            elif first[1] != has_features:
                raise errors.DataError(uneven(name, number, line, has_features, first[0], features + 1))
        yield Pair(fields[source], fields[target], fields[features] if has_features else "", number)


def too_few(name: str, number: int, line: str, n_columns: int, n_needed: int) -> str:
    if n_columns == 1:
        return (
            f"{name}, line {number}: no tab in {shorten(line)}; expected source<TAB>target "
            f"(spaces do not separate columns, but in a file that text.reader calls a dictionary)"
        )
    return f"{name}, line {number}: {n_columns} columns in {shorten(line)}, needed {n_needed}; name the right columns"


def uneven(name: str, number: int, line: str, has_features: bool, first: int, column: int) -> str:
    differ = (
        f"this line has a column {column}, line {first} has not"
        if has_features
        else f"this line has no column {column}, line {first} has one"
    )
    return (
        f"{name}, line {number}: {differ}: {shorten(line)}; remove the stray tab, "
        f"end lines without features in a tab, or set the features column ({column}, or 0 for none)"
    )
