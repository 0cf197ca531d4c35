"""Which column is the source, the target, the features, and what the others are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from seqwright import errors
from seqwright.data.readers import kinds, names
from seqwright.data.readers.columns import Columns, Names
from seqwright.data.readers.schema import Column, Format, Schema

__all__ = ["check_parallel", "resolve"]

CUSTOMARY = ("text", "tags", "labels", "constant", "dates")
WITH_KEYS: tuple[Format, ...] = ("jsonl", "json", "parquet", "arrow")  # every row has the same columns
Rows = Sequence[Sequence[str]]


def resolve(rows: Rows, header: tuple[str, ...], width: int, name: str, columns: Columns, start: Schema) -> Schema:
    """Return `start` with the roles of its columns.

    rows: of `width` cells each.   header: the columns' names, () where they have none.
    AmbiguityError: the data allows several meanings.   DataError: no column of a given name.
    """
    title = Titles(header, width, name)
    source, target = title.number(columns.source, "source"), title.number(columns.target, "target")
    features = title.number(columns.features, "features")
    if start.format in WITH_KEYS and (columns.source, columns.target) == (1, 2):
        # The numbers that models of earlier versions have, for which keys went by their names.
        source, target = title.standard(columns)
        if columns.features and columns.names.features in header:
            features = header.index(columns.names.features) + 1
    if start.format in WITH_KEYS:
        title.check((source, target, features))
    prior = alike(columns.like, start, header, width)
    if prior is not None and source in (None, prior[0]) and target in (None, prior[1]):
        source, target = prior[:2]
        if features is None:
            features = prior[2]
    found = [kinds.kind_of([row[i] for row in rows if i < len(row)]) for i in range(width)]
    if source is None and target is None and not prior:
        source, target = title.standard(columns)
    if start.format == "dictionary":
        source, target = source or (1 if target != 1 else width), target or (width if source != width else 1)
    if (source is None or target is None) and width >= 2:
        like = columns.like
        usual = (like.source, like.target) if like is not None and not header else None
        if features and not usual:
            usual = (1, 2)  # the customary ones, where it is known which column is not among them
        source, target = sides(rows, header, found, (source, target), usual, name)
    source, target = source or (1 if target != 1 else 2), target or (2 if source != 2 else 1)
    asked = features
    if features is None:
        if columns.like is not None and not columns.like.features:
            features = 0
        else:
            features = features_of(rows, header, found, (source, target), columns, name)
    if len({source, target, features}) < 3:
        raise errors.ConfigError(f"{name}: source, target and features must be different columns")
    even = asked is None and start.format == "tsv" and not header and (width == 2 or features == width)
    return msgspec.structs.replace(
        start,
        columns=described(header, width, found, (source, target, features)),
        source=source,
        target=target,
        features=features,
        header=bool(header) and start.format in ("tsv", "csv"),
        even=even,
    )


def check_parallel(header: tuple[str, ...], name: str, columns: Columns) -> None:
    """Raise DataError where options name other columns of two parallel files than source and target, in this order."""
    title = Titles(header, 2, name)
    if title.number(columns.source, "source") not in (None, 1) or title.number(columns.target, "target") not in (
        None,
        2,
    ):
        raise errors.DataError(
            f"{name}: of two parallel files the first has the sources, column 1, and the second the targets, column 2; "
            f"give them as SOURCE,TARGET without --source-column and --target-column"
        )


class Titles:
    """Names and numbers of the columns, for options and messages."""

    def __init__(self, header: tuple[str, ...], width: int, name: str) -> None:
        self._header, self._width, self._name = header, width, name

    def number(self, place: int | str | None, what: str) -> int | None:
        """Return the number of a column that is given by number or name."""
        if isinstance(place, str):
            if place in self._header:
                return self._header.index(place) + 1
            matches = [i for i, title in enumerate(self._header, 1) if title.casefold() == place.casefold()]
            if len(matches) == 1:
                return matches[0]
            there = ", ".join(self._header) or "none have names"
            raise errors.DataError(
                f'{self._name}: no column "{place}"; its columns: {there}; '
                f"name the right one, as with --{what}-column NAME or --set text.{what}_key=…"
            )
        return place

    def check(self, numbers: tuple[int | None, ...]) -> None:
        """Raise DataError for a number that no column has."""
        for number in numbers:
            if number and number > self._width:
                there = ", ".join(f"{i} {title}" for i, title in enumerate(self._header, 1))
                raise errors.DataError(f"{self._name}: no column {number}; its columns: {there}")

    def standard(self, columns: Columns) -> tuple[int | None, int | None]:
        """Return the columns that have the preferred names, or None for each where one is missing.

        DataError: given names that are missing.
        """
        if self._header and columns.names[:2] != Names()[:2]:
            return self.number(columns.names.source, "source"), self.number(columns.names.target, "target")
        try:
            return self._header.index(columns.names.source) + 1, self._header.index(columns.names.target) + 1
        except ValueError:
            return None, None


def alike(
    like: Schema | None, start: Schema, header: tuple[str, ...], width: int
) -> tuple[int, int, int | None] | None:
    """Return source, target and features as in another file of the same shape, None where the shape differs."""
    if like is None:
        return None
    if header and any(like.names):
        wanted = [like.names[number - 1] if number else "" for number in (like.source, like.target, like.features)]
        if wanted[0] in header and wanted[1] in header:
            features = header.index(wanted[2]) + 1 if wanted[2] in header else (0 if not like.features else None)
            return header.index(wanted[0]) + 1, header.index(wanted[1]) + 1, features
        return None
    if not like.columns:  # a model of an earlier version, which knows the numbers alone
        fits = start.format == "tsv" and width >= max(like.source, like.target)
        return (like.source, like.target, like.features) if fits else None
    same = (start.format, width) == (like.format, len(like.columns)) or (
        {start.format, like.format} == {"tsv", "csv"} and width == len(like.columns)
    )
    return (like.source, like.target, like.features) if same and not header else None


def sides(
    rows: Rows,
    header: tuple[str, ...],
    found: Sequence[str],
    asked: tuple[int | None, int | None],
    usual: tuple[int, int] | None,
    name: str,
) -> tuple[int, int]:
    """Return the columns of source and target.   usual: those of other files, which decide between equals."""
    titles = [names.role_of(title) for title in header] or [""] * len(found)
    source, target = asked
    if asked == (None, None) and not header and found[2:] == ["tags"] and found[1] in CUSTOMARY:
        return 1, 2  # source, target, features
    if source is None:
        source = titled("source", titles, found, {target})
    if target is None:
        target = titled("target", titles, found, {source})
    if source and target:
        return source, target
    if len(found) == 2 and asked == (None, None) and (source == 2 or target == 1):
        refuse_sides([(1, 2), (2, 1)], rows, name)  # one name against the customary order
    taken = {source, target}
    possible = [
        i
        for i, (kind, title) in enumerate(zip(found, titles, strict=True), 1)
        if i not in taken and kind not in kinds.IGNORED and title not in ("ignored", "features")
    ]
    if len(possible) + (source is not None) + (target is not None) < 2 or len(found) == 2:
        possible = [i for i in range(1, len(found) + 1) if i not in taken]
    ranks = {i: kinds.rank_of(found[i - 1], [row[i - 1] for row in rows]) for i in possible}
    if source or target:
        best = best_of(ranks, 1)
        choices = [(source or one, target or one) for one in best]
    else:
        best = best_of(ranks, 2)
        choices = [(a, b) for i, a in enumerate(best) for b in best[i + 1 :]]
        a, b = choices[0]
        if len(choices) == 1 and not header and b > a + 1 and is_single_tag(rows, found, a + 1):
            choices.append((a, a + 1))
    if usual in choices:
        return usual
    if (1, 2) in choices and not any(ranks.values()):
        return 1, 2  # they cannot be distinguished
    if len(choices) > 1:
        refuse_sides(choices, rows, name)
    return choices[0]


def is_single_tag(rows: Rows, found: Sequence[str], number: int) -> bool:
    """Return whether a column holds one tag a row, which may be the target as well as features."""
    return found[number - 1] == "tags" and not kinds.looks_composite([row[number - 1] for row in rows])


def titled(role: str, titles: Sequence[str], found: Sequence[str], taken: set[int | None]) -> int | None:
    """Return the column whose name indicates a role; text before other kinds."""
    named = [i for i, title in enumerate(titles, 1) if title == role and i not in taken]
    text = [i for i in named if found[i - 1] == "text"]
    return next(iter(text or named), None)


def best_of(ranks: Mapping[int, int], n: int) -> list[int]:
    """Return the n columns of the highest ranks, and more where they are as likely as the last of those."""
    ordered = sorted(ranks.values(), reverse=True)
    if not ordered:
        return []
    least = ordered[min(n, len(ordered)) - 1]
    return [i for i, rank in ranks.items() if rank >= least]


def refuse_sides(choices: Sequence[tuple[int, int]], rows: Rows, name: str) -> None:
    example = " | ".join(rows[0])[:80] if rows else ""
    raise errors.AmbiguityError(
        f"{name}: source and target may be in several columns: {example!r}",
        [["--source-column", f"{a}", "--target-column", f"{b}"] for a, b in choices[:6]],
    )


def features_of(
    rows: Rows,
    header: tuple[str, ...],
    found: Sequence[str],
    sides: tuple[int, int],
    columns: Columns,
    name: str,
) -> int:
    """Return the column of the features, 0 where none has their properties.   AmbiguityError: one may be."""
    others = [i for i in range(1, len(found) + 1) if i not in sides]
    titles = [names.role_of(title) for title in header] or [""] * len(found)
    if header and columns.names.features in header:
        named = header.index(columns.names.features) + 1
        if named in others:
            return named
    tags = [i for i in others if found[i - 1] in ("tags", "labels") and titles[i - 1] == "features"]
    tags = tags or [i for i in others if found[i - 1] == "tags" and titles[i - 1] != "ignored"]
    tags = tags or [i for i in others if found[i - 1] in ("labels", "language codes") and decides(rows, sides, i)]
    if len(tags) > 1:
        options = [["--features-column", str(i)] for i in [*tags, "none"]]
        raise errors.AmbiguityError(f"{name}: several columns look like features", options)
    if tags:
        return tags[0]
    labels = [i for i in others if found[i - 1] == "labels" and titles[i - 1] not in ("ignored", "language")]
    if labels:
        values = sorted({rows[n][labels[0] - 1] for n in range(len(rows))})[:4]
        raise errors.AmbiguityError(
            f"{name}: column {labels[0]} may be features or not: {', '.join(values)}",
            [["--features-column", str(labels[0])], ["--features-column", "none"]],
        )
    return 0


def decides(rows: Rows, sides: tuple[int, int], features: int) -> bool:
    """Return whether sources with several targets have one target for each value of a column."""
    targets: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        targets[row[sides[0] - 1]][row[features - 1]].add(row[sides[1] - 1])
    several = [by_value for by_value in targets.values() if len(set().union(*by_value.values())) > 1]
    if len(several) < 5 or 10 * len(several) < len(targets):
        return False
    return sum(all(len(found) == 1 for found in by_value.values()) for by_value in several) >= 0.95 * len(several)


def described(
    header: tuple[str, ...], width: int, found: Sequence[str], places: tuple[int, int, int]
) -> tuple[Column, ...]:
    found = [*found, *["empty"] * (max(places) - width)]
    by_number = dict(zip(places, ("source", "target", "features"), strict=True))
    return tuple(
        Column(
            role=by_number.get(i, "ignored"),  # type: ignore[arg-type]  # the three words are roles
            name=header[i - 1] if i <= len(header) else "",
            kind="" if i in by_number else {"text": "free text", "tags": "tags"}.get(found[i - 1], found[i - 1]),
        )
        for i in range(1, max(width, *places) + 1)
    )
