"""Tab-separated files: `source<TAB>target[<TAB>features]`. There is no quoting: a `"` is a `"`.

Empty fields and lines are data: an empty line is the pair of an empty source and an empty target.
"""

from collections.abc import Iterable, Iterator

from seqwright import errors
from seqwright.data.readers.columns import Pair
from seqwright.data.readers.files import shorten
from seqwright.data.readers.schema import Schema

__all__ = ["pairs", "too_few"]


def pairs(lines: Iterable[tuple[int, str]], name: str, schema: Schema) -> Iterator[Pair]:
    """Yield every line as a Pair, in order.   lines: with their numbers.

    With `schema.even` all lines have the features column or none has it (empty lines aside), because a stray tab would
    otherwise become an unseen feature. Otherwise a line that ends before that column has no features. Further columns
    are ignored.
    DataError: a line with too few columns.   AmbiguityError: uneven ones.
    """
    source, target, delimiter = schema.source - 1, schema.target - 1, schema.delimiter
    column = schema.features or (min({1, 2, 3} - {schema.source, schema.target}) if schema.even else 0)
    features = column - 1
    n_needed = max(schema.source, schema.target)
    first: tuple[int, bool] | None = None  # the first line that is not empty, and whether it has features
    for number, line in lines:
        if not line:
            yield Pair("", "", "", number)
            continue
        fields = line.split(delimiter)
        if len(fields) < n_needed:
            raise errors.DataError(too_few(name, number, line, len(fields), n_needed))
        has_features = 0 <= features < len(fields)
        if schema.even:
            if first is None:
                first = number, has_features
            elif first[1] != has_features:
                raise uneven(name, number, line, has_features, first[0], column)
        yield Pair(fields[source], fields[target], fields[features] if has_features else "", number)


def too_few(name: str, number: int, line: str, n_columns: int, n_needed: int) -> str:
    if n_columns == 1:
        return (
            f"{name}, line {number}: no tab in {shorten(line)}; expected source<TAB>target "
            f"(for other files: --format dictionary where spaces separate a word from its symbols, "
            f"--format csv, or --delimiter)"
        )
    return f"{name}, line {number}: {n_columns} columns in {shorten(line)}, needed {n_needed}; name the right columns"


def uneven(name: str, number: int, line: str, has_features: bool, first: int, column: int) -> errors.AmbiguityError:
    """Return the error of a column that only some lines have.   has_features: whether this line has it."""
    differ = (
        f"this line has a column {column}, line {first} has not"
        if has_features
        else f"this line has no column {column}, line {first} has one"
    )
    return errors.AmbiguityError(
        f"{name}, line {number}: {differ}: {shorten(line)}; remove a stray tab, or else column {column} is a remark, "
        f"which is not read, or features, which some lines lack",
        [["--features-column", "none"], ["--features-column", str(column)]],
    )
