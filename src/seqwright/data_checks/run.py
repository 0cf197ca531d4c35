"""Reading files as training does, and running all checks on them."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from seqwright.config import TextConfig
from seqwright.data import readers, subwords, text
from seqwright.data_checks import characters, layout, lengths, lookalikes, repeats, summary, unseen
from seqwright.data_checks.findings import Finding, Inspection, Level, verdict
from seqwright.data_checks.splits import Cut, Split
from seqwright.errors import UsageError

__all__ = ["check", "check_files"]


def check_files(paths: Sequence[Path | str], *, config: TextConfig = TextConfig()) -> Inspection:  # noqa: B008 - frozen
    """Check files of pairs, before a model is trained on them.

    Parameters
    ----------
    paths : sequence of path
        The first file is for training, the others are for evaluation.
    config : TextConfig, optional
        Columns and tokenization; what it leaves open is detected from the first file.

    Returns
    -------
    Inspection
        Statistics and findings.

    Raises
    ------
    DataError
        If a file cannot be read as pairs.
    UsageError
        If there is no path, or `paths` is a single str.
    """
    if isinstance(paths, str | Path) or not paths:
        raise UsageError(f"paths is {paths!r}: expected a list of files, such as ['pairs.tsv', 'test.tsv']")
    columns = config.columns()
    splits: list[Split] = []
    for path in paths:
        inputs = readers.inputs(path)
        pairs = [pair for one in inputs for pair in one.pairs(columns)]
        schema = inputs[0].schema
        splits.append(Split(readers.display_name(path), pairs, readers.describe(schema, inputs[0].count), schema))
        # As in training, the schema of the first file applies to later ones.
        if not columns.like:
            columns = dataclasses.replace(columns, source=None, target=None, features=None, like=inputs[0].schema)
    return check(splits, config=config)


def check(
    splits: Sequence[Split],
    *,
    config: TextConfig = TextConfig(),  # noqa: B008 - frozen
    n_training: int = 1,
) -> Inspection:
    """Check pairs in memory; see `check_files`.

    n_training: the first n_training splits are one training set.
    """
    assert splits, "there are no splits to check"
    first = splits[0].pairs
    formats = (
        text.detect(
            [pair.source for pair in first],
            tokens=subwords.plain(config.source_tokens),
            unicode_form=config.source_form,
        ),
        text.detect(
            [pair.target for pair in first],
            tokens=subwords.plain(config.target_tokens),
            unicode_form=config.target_form,
        ),
    )
    cuts = [Cut.of(split, formats) for split in splits]
    order = list(Level)
    findings = sorted(
        found(
            splits, cuts, [format_.tokens for format_ in formats], n_training, is_comment_open=config.comment is None
        ),
        key=lambda finding: order.index(finding.level),
    )
    return Inspection(
        verdict=verdict(findings),
        files=[summary.summarize(cut, formats) for cut in cuts],
        findings=findings,
    )


def found(
    splits: Sequence[Split], cuts: Sequence[Cut], units: Sequence[str], n_training: int, *, is_comment_open: bool
) -> Iterator[Finding]:
    """Yield the findings of all checks.   is_comment_open: no option sets the prefix of comments."""
    yield from repeats.leaks(splits, n_training=n_training)
    yield from unseen.unseen(cuts, n_training=n_training)
    yield from characters.damaged(splits)
    yield from lookalikes.foreign_letters(splits)
    yield from lookalikes.look_alike_symbols(splits)
    yield from characters.invisible(splits)
    yield from characters.mixed_forms(splits)
    yield from characters.stray_spaces(splits)
    yield from layout.quotation_marks(splits)
    yield from layout.removed_quotation_marks(splits)
    if is_comment_open:
        yield from layout.possible_comments(splits)
        yield from layout.possible_remarks(splits)
    yield from lengths.empty(splits)
    yield from lengths.long(cuts, units)
    yield from lengths.unlikely_ratios(cuts)
    yield from repeats.within_files(splits)
