"""Running a demo: generate pairs, train on most of them, evaluate on the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from seqwright import config, evaluation, file_set, training
from seqwright.demo import dates, pronunciation, sentences
from seqwright.errors import OutputError, UsageError
from seqwright.training.events import Listener

__all__ = ["DEMOS", "Demo", "run"]

MARK = "demo.json"  # marks directories of demos, which may be overwritten
Pairs = Iterable[tuple[str, str]]
T = TypeVar("T")


class Demo(NamedTuple):
    """Description, data and settings of a demo."""

    about: str
    pairs: Callable[[np.random.Generator], tuple[Pairs, Pairs]]  # training pairs, test pairs
    settings: tuple[str, ...]
    time_budget_s: float
    try_source: str  # an example source for `seqwright predict`


def run(
    name: str, output: Path, *, time_budget_s: float | None = None, listen: Listener | None = None
) -> evaluation.Evaluation:
    """Train the model of a demo in the directory `output`, and return its 3-best answers to the test pairs.

    The pairs are written there as train.tsv and test.tsv. Only an empty directory or that of an earlier demo is used.
    UsageError: the directory contains something else.   DependencyError: the extra [demo] is not installed.
    """
    demo = DEMOS[name]
    claim(output)
    train, test = demo.pairs(np.random.default_rng(1))
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / MARK).write_bytes(msgspec.json.encode({"demo": name}) + b"\n")
        for file, pairs in (("train.tsv", train), ("test.tsv", test)):
            with (output / file).open("w", encoding="utf-8", newline="\n") as stream:
                stream.writelines(f"{source}\t{target}\n" for source, target in pairs)
    except OSError as error:
        raise OutputError(f"{output}: cannot write there: {error.strerror}; choose another --output") from None
    settings = [*demo.settings, f"training.time_budget_s={time_budget_s or demo.time_budget_s}"]
    model = training.train(
        output / "train.tsv", output=output, config=config.parse({}, settings), overwrite=True, listen=listen
    )
    return evaluation.evaluate_file(model, output / "test.tsv", n_best=3)


def claim(output: Path) -> None:
    """Raise UsageError unless the directory is empty or missing, or was written by a demo."""
    taken = output.is_dir() and not all(map(file_set.negligible, output.iterdir()))
    if taken and not (output / MARK).is_file():
        raise UsageError(f"{output} exists already and was not written by a demo; choose another --output")


def words(rng: np.random.Generator, *, n_test: int = 1000) -> tuple[Pairs, Pairs]:
    """Return the pronouncing dictionary with n_test words held out; pronunciations of a word are not split."""
    return split(pronunciation.pairs(), rng, n_test)


def days(rng: np.random.Generator, *, n_days: int = 12_000, n_test: int = 400) -> tuple[Pairs, Pairs]:
    """Return dates in locale formats and in ISO 8601; n_test days are held out in all formats."""
    written = {day.isoformat(): texts for day, texts in dates.texts(n_days, rng).items()}
    train, test = split(written, rng, n_test)
    return [(text, iso) for iso, text in train], [(text, iso) for iso, text in test]


def translations(rng: np.random.Generator, *, n: int = 20_000, n_test: int = 400) -> tuple[Pairs, Pairs]:
    """Return Korean sentences and their translations; n_test translations are held out with all their sources.

    The first test pair is the example sentence.
    """
    found = sentences.pairs(n, rng)
    example = found.pop(sentences.meaning(sentences.EXAMPLE[1]))
    train, test = split(found, rng, n_test)
    return [pair for _, pair in train], [sentences.EXAMPLE, *example[1:], *(pair for _, pair in test)]


def split(
    values: Mapping[str, list[T]], rng: np.random.Generator, n_test: int
) -> tuple[list[tuple[str, T]], list[tuple[str, T]]]:
    """Return training and test pairs (key, value); the test pairs are those of n_test random keys."""
    keys = sorted(values)
    order = [keys[i] for i in rng.permutation(len(keys))]
    test, train = order[:n_test], order[n_test:]
    return [(key, v) for key in train for v in values[key]], [(key, v) for key in test for v in values[key]]


DEMOS = {
    "pronunciation": Demo(
        "English words → phonemes, from the CMU Pronouncing Dictionary (stress marks left out)",
        words,
        # With the NumPy kernels, 128 units are more accurate after this time than 256, which train on fewer pairs.
        (
            "model.hidden_size=128",
            "model.dropout=0",
            "optim.learning_rate=4e-3",
            "training.batch_size=128",
            "training.dev_limit=500",
        ),
        110,
        "seqwright",
    ),
    "dates": Demo(
        f"Dates in the formats of {len(dates.LOCALES)} locales → ISO 8601, from babel",
        days,
        (
            "model.hidden_size=128",
            "model.dropout=0",
            "optim.learning_rate=4e-3",
            "training.batch_size=64",
            "training.dev_limit=500",
        ),
        60,
        "2026년 10월 9일 금요일",
    ),
    "sentences": Demo(
        "Korean sentences → English, generated by a small grammar with names of countries, languages and currencies "
        "from babel; much easier than natural text",
        translations,
        (
            "text.source_tokens=subwords:1500",
            "text.target_tokens=subwords:1500",
            "model.hidden_size=128",
            "model.dropout=0",
            "optim.learning_rate=4e-3",
            "training.batch_size=32",
            "training.epochs=6",
            "training.dev_limit=300",
        ),
        110,
        sentences.EXAMPLE[0],
    ),
}
