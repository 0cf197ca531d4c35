"""One list of pairs means the same in every shape: training gets the same data, or says which options give it."""

import itertools

import numpy as np
import pytest
import shapes

from seqwright import config, errors
from seqwright.cli import options
from seqwright.data import readers
from seqwright.training import prepare

KEYS = {
    "--source-column": "source_column", "--target-column": "target_column", "--features-column": "features_column",
    "--format": "reader", "--delimiter": "delimiter", "--comment": "comment",
}  # fmt: skip
TASKS = shapes.tasks()
REAL = {
    "g2p": "g2p/fre.train.tsv", "inflection": "turkish-inflection/train-medium.tsv", "dates": "date/train.tsv",
    "sentences": "french-english/train.tsv", "addition": "addition/train.tsv", "arpabet": "cmudict/train.tsv",
}  # fmt: skip
CELLS = [cell for cell in itertools.product(shapes.SHAPES, TASKS) if cell not in shapes.IMPOSSIBLE]

NEEDS_COMMAND = {
    *(("user names", task) for task in TASKS if task != "inflection"),
    *(("remarks on some lines", task) for task in TASKS if task != "inflection"),
    *(("dates of entry", task) for task in ("dates", "addition", "numbers")),
    ("dictionary of one space", "addition"),
}  # everything else is found from the data alone


def settings_of(choice: list[str]) -> list[str]:
    """Return what the options of a refusal set."""
    if choice in (["--header"], ["--no-header"]):
        return [f"text.header={'true' if choice == ['--header'] else 'false'}"]
    reading = {
        KEYS[name]: "" if value == "none" and name == "--comment" else options.place(None, None, value)
        for name, value in zip(choice[::2], choice[1::2], strict=True)
    }
    return list(options.as_settings(reading))


def data_of(path: str, settings: list[str]) -> tuple[object, ...]:
    """Return all that a training takes from its files."""
    found = prepare.prepare(path, None, config.parse({}, settings))
    examples = found.examples
    arrays = (examples.source, examples.source_starts, examples.target, examples.target_starts)
    symbols = found.source.vocabulary.symbols, found.target.vocabulary.symbols
    return symbols, found.dev.texts, found.dev.references, *(np.asarray(one).tolist() for one in arrays)


def outcomes(path: str) -> list[tuple[object, ...]]:
    """Return the data, or what each command of a refusal gives, which may refuse again."""
    return list(results(path, []))


def results(path: str, settings: list[str]):
    try:
        yield data_of(path, settings)
    except errors.AmbiguityError as error:
        assert len(settings) < 6, f"no end of questions: {settings}"
        for choice in error.choices:
            yield from results(path, settings + settings_of(choice))


@pytest.mark.parametrize(("shape", "task"), CELLS)
def test_a_shape_gives_the_same_data_or_names_the_options_that_do(tmp_path, shape, task):
    rows = TASKS[task]
    expected = data_of(shapes.clean(tmp_path / "clean.tsv", rows), [])
    name, write = shapes.SHAPES[shape]
    (tmp_path / "shape").mkdir()
    path = write(tmp_path / "shape" / name, rows)
    assert expected in outcomes(path)
    assert is_refused(path) == ((shape, task) in NEEDS_COMMAND)


def is_refused(path: str) -> bool:
    try:
        readers.read_pairs(path)
    except errors.AmbiguityError:
        return True
    return False


@pytest.mark.parametrize("task", REAL)
def test_real_data_means_the_same_in_every_shape(tmp_path, data_dir, task):
    with (data_dir / REAL[task]).open(encoding="utf-8") as file:
        rows = [tuple(line.rstrip("\n").split("\t")) for line in itertools.islice(file, 500, 750)]
    expected = data_of(shapes.clean(tmp_path / "clean.tsv", rows), [])
    kind = "g2p" if task == "arpabet" else task
    for shape, (name, write) in shapes.SHAPES.items():
        if (shape, kind) not in shapes.IMPOSSIBLE:
            (tmp_path / shape).mkdir()
            assert expected in outcomes(write(tmp_path / shape / name, rows)), shape


def test_the_clean_files_are_read_as_they_are(tmp_path):
    for task, rows in TASKS.items():
        pairs = readers.read_pairs(shapes.clean(tmp_path / f"{task}.tsv", rows))
        assert [tuple(filter(None, pair[:3])) for pair in pairs] == rows
