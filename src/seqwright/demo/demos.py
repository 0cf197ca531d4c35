"""From nothing to answers: make pairs, train on most of them, answer the rest."""

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

MARK = "demo.json"  # tells an earlier demo's directory from anybody's own
Pairs = Iterable[tuple[str, str]]
T = TypeVar("T")


class Demo(NamedTuple):
    """What a demo is about, the pairs it makes and the settings that suit its time."""

    about: str
    pairs: Callable[[np.random.Generator], tuple[Pairs, Pairs]]  # for training, held out
    settings: tuple[str, ...]
    time_budget_s: float
    try_source: str  # something to ask the model that is in no dictionary


def run(
    name: str, output: Path, *, time_budget_s: float | None = None, listen: Listener | None = None
) -> evaluation.Evaluation:
    """Train the model of a demo in the directory `output`, and return its three best answers to what was held out.

    The pairs are left there as train.tsv and test.tsv. An earlier demo's directory is used again, any other is not.
    UsageError: the directory holds something else.   DependencyError: the extra [demo] is not installed.
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
    """Raise UsageError unless the directory is free, or an earlier demo's own."""
    taken = output.is_dir() and not all(map(file_set.negligible, output.iterdir()))
    if taken and not (output / MARK).is_file():
        raise UsageError(f"{output} exists already and is no demo's; choose another --output")


def words(rng: np.random.Generator, *, n_test: int = 1000) -> tuple[Pairs, Pairs]:
    """Return the pronouncing dictionary with n_test words held out, all pronunciations of a word on one side."""
    return split(pronunciation.pairs(), rng, n_test)


def days(rng: np.random.Generator, *, n_days: int = 12_000, n_test: int = 400) -> tuple[Pairs, Pairs]:
    """Return days as they are written and in ISO form, with n_test days held out in all their ways."""
    written = {day.isoformat(): texts for day, texts in dates.texts(n_days, rng).items()}
    train, test = split(written, rng, n_test)
    return [(text, iso) for iso, text in train], [(text, iso) for iso, text in test]


def translations(rng: np.random.Generator, *, n: int = 20_000, n_test: int = 400) -> tuple[Pairs, Pairs]:
    """Return Korean sentences and their translations, with n_test meanings held out however they are said.

    The article's sentence is the first of them.
    """
    found = sentences.pairs(n, rng)
    example = found.pop(sentences.meaning(sentences.EXAMPLE[1]))
    train, test = split(found, rng, n_test)
    return [pair for _, pair in train], [sentences.EXAMPLE, *example[1:], *(pair for _, pair in test)]


def split(
    values: Mapping[str, list[T]], rng: np.random.Generator, n_test: int
) -> tuple[list[tuple[str, T]], list[tuple[str, T]]]:
    """Return each key with each of its values, those of n_test keys apart from the others."""
    keys = sorted(values)
    order = [keys[i] for i in rng.permutation(len(keys))]
    test, train = order[:n_test], order[n_test:]
    return [(key, v) for key in train for v in values[key]], [(key, v) for key in test for v in values[key]]


DEMOS = {
    "pronunciation": Demo(
        "English words → phonemes, from the CMU Pronouncing Dictionary (stress marks left out)",
        words,
        # Measured with the NumPy kernels: 128 units learn more in this time than 256, which see fewer pairs.
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
        f"dates as {len(dates.LOCALES)} locales write them → ISO 8601, from babel",
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
        "Korean sentences → English, made by a small grammar around names of countries, languages and currencies "
        "from babel; much easier than what people write",
        translations,
        (
            "text.source_tokens=subwords:1500",
            "text.target_tokens=subwords:1500",
            "model.hidden_size=128",
            "model.dropout=0",
            "optim.rate=4e-3",
            "training.batch_size=32",
            "training.epochs=6",
            "training.dev_limit=300",
        ),
        110,
        sentences.EXAMPLE[0],
    ),
}
