"""Synthetic pairs: right by the rule of the task, in the share that is asked, and nowhere taken for data."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from seqwright import config, training
from seqwright.data import vocabulary
from seqwright.training import augmentation
from seqwright.training.events import Started
from seqwright.training.loop import Loop
from seqwright.training.prepare import Prepared, prepare

SOUNDS = {"a": "A", "b": "BB", "c": "", "d": "D", "x": "K S"}
SMALL = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=3", "training.cross_validation=0"]


def transcribed(n: int, path: Path) -> Path:
    rng = random.Random(4)
    words = {"".join(rng.choices("abcdx", k=rng.randint(3, 8))) + "a" for _ in range(n)}
    path.write_text("".join(f"{word}\t{' '.join(filter(None, map(SOUNDS.get, word)))}\n" for word in sorted(words)))
    return path


def inflected(stem: str, number: str) -> str:
    """Return the form: its ending has the last vowel of the stem, before a consonant."""
    return stem + (f"l{stem[-2]}r" if number == "PL" else "")


def nouns(n: int, path: Path) -> Path:
    rng = random.Random(5)
    stems = {"".join(rng.choice("bdgkmn") + rng.choice("aeiou") for _ in range(3)) + rng.choice("bd") for _ in range(n)}
    rows = [(stem, number) for stem in sorted(stems) for number in ("PL", "SG")]
    path.write_text("".join(f"{stem}\t{inflected(stem, number)}\t{number}\n" for stem, number in rows))
    return path


def synthetic(prepared: Prepared, share: float) -> list[tuple[list[str], list[str]]]:
    found = augmentation.of(prepared)
    assert found is not None
    extended, real = found.extended(share, np.random.default_rng(1)), prepared.examples
    assert len(extended) == len(real) + round(share * len(real))
    np.testing.assert_array_equal(extended.source[: len(real.source)], real.source)
    known = {real.pair(n) for n in range(len(real))}
    pairs = [extended.pair(n) for n in range(len(real), len(extended))]
    assert not known & set(pairs)
    decode = prepared.source.vocabulary.decode, prepared.target.vocabulary.decode
    return [(decode[0](source), decode[1](target)) for source, target in pairs]


def test_recombined_words_are_spoken_as_their_letters_are(tmp_path: Path) -> None:
    prepared = prepare(transcribed(100, tmp_path / "pairs.tsv"), None, config.parse({}, SMALL))
    assert prepared.config.training.augmentation
    for source, target in synthetic(prepared, 4.0):
        assert " ".join(target) == " ".join(filter(None, map(SOUNDS.get, source)))


def test_hallucinated_stems_are_inflected_by_their_features_and_last_vowel(tmp_path: Path) -> None:
    prepared = prepare(nouns(60, tmp_path / "pairs.tsv"), None, config.parse({}, SMALL))
    pairs = synthetic(prepared, 2.0)
    for source, target in pairs:
        assert "".join(target) == inflected("".join(source[1:]), source[0].split()[-1])
    assert len({tuple(source[1:]) for source, _ in pairs}) > 100, "stems are new ones"


def test_vowels_with_the_same_endings_exchange_stems_and_others_do_not(tmp_path: Path) -> None:
    rng = random.Random(6)
    endings = {"a": "lar", "o": "lar", "u": "lar", "e": "ler", "i": "ler"}

    def plural(stem: str) -> str:
        return stem + endings[stem[-2]]

    stems = {
        "".join(rng.choice("bdgkmn") + rng.choice("aeiou") for _ in range(3)) + rng.choice("bd") for _ in range(90)
    }
    (tmp_path / "pairs.tsv").write_text("".join(f"{stem}\t{plural(stem)}\tN;PL\n" for stem in sorted(stems)))
    prepared = prepare(tmp_path / "pairs.tsv", None, config.parse({}, ["text.features_column=3", *SMALL]))
    examples = prepared.examples
    stems = {"".join(prepared.source.vocabulary.decode(examples.pair(n)[0])[2:]) for n in range(len(examples))}
    found = augmentation.of(prepared)
    assert found is not None
    assert isinstance(found._one, augmentation._Hallucination)
    donors = found._one._donors.values()
    decode = prepared.source.vocabulary.decode
    assert {frozenset(decode([stem[-2]])[0] for stem in kind) for kind in donors} == {frozenset("aou"), frozenset("ei")}
    made = [found._one(np.random.default_rng(seed)) for seed in range(200)]
    for _, source, target in filter(None, made):
        assert "".join(prepared.target.vocabulary.decode(target)) == plural("".join(decode(source)))


def test_stems_are_not_joined_to_endings_that_do_not_follow_their_last_symbol(tmp_path: Path) -> None:
    def locative(stem: str) -> str:
        return stem + ("ta" if stem[-1] in "ptk" else "da")

    rng = random.Random(7)
    stems = {
        "".join(rng.choice("bdgkmn") + rng.choice("ao") for _ in range(3)) + rng.choice("bgmptk") for _ in range(90)
    }
    (tmp_path / "pairs.tsv").write_text("".join(f"{stem}\t{locative(stem)}\tN;LOC\n" for stem in sorted(stems)))
    prepared = prepare(tmp_path / "pairs.tsv", None, config.parse({}, ["text.features_column=3", *SMALL]))
    pairs = synthetic(prepared, 2.0)
    for source, target in pairs:
        assert "".join(target) == locative("".join(source[2:]))
    assert len({tuple(source) for source, _ in pairs}) > 60, "stems are new ones"


def test_sums_are_not_augmented(tmp_path: Path) -> None:
    rng = random.Random(6)
    rows = [(a, b) for a, b in ((rng.randrange(100), rng.randrange(100)) for _ in range(300))]
    (tmp_path / "sums.tsv").write_text("".join(f"{a}+{b}\t{a + b}\n" for a, b in rows))
    prepared = prepare(tmp_path / "sums.tsv", None, config.parse({}, []))
    assert prepared.config.training.augmentation == 0
    assert augmentation.of(prepared) is None


def test_a_given_share_stays_and_none_turns_augmentation_off(tmp_path: Path) -> None:
    pairs = transcribed(50, tmp_path / "pairs.tsv")
    assert prepare(pairs, None, config.parse({}, ["training.augmentation=0"])).config.training.augmentation == 0
    assert prepare(pairs, None, config.parse({}, ["training.augmentation=1.5"])).pairs_per_epoch == pytest.approx(
        2.5 * len(prepare(pairs, None, config.parse({}, [])).examples), abs=1
    )


def test_reported_pairs_and_the_dev_set_are_the_data_alone(tmp_path: Path) -> None:
    pairs, started = transcribed(60, tmp_path / "pairs.tsv"), []
    model = training.train(
        pairs, output=tmp_path / "model", config=config.parse({}, SMALL),
        listen=lambda event: started.append(event) if isinstance(event, Started) else None,
    )  # fmt: skip
    n_lines = len(pairs.read_text().splitlines())
    assert started[0].n_pairs + started[0].n_dev == n_lines
    assert model.bundle.manifest["n_pairs"] == started[0].n_pairs


def test_a_training_continued_within_an_epoch_ends_with_the_same_weights(tmp_path: Path) -> None:
    two = config.parse({}, [*SMALL, "training.members=2"])
    prepared = prepare(transcribed(60, tmp_path / "pairs.tsv"), None, two)
    whole = Loop(prepared, member=1)
    steps: list[np.ndarray] = []
    checkpoints = []
    step = whole._step

    def spied(batch: object) -> float:
        loss = step(batch)  # type: ignore[arg-type]
        steps.append(whole.network.params.flat.copy())
        if whole.position.epoch == 2 and whole.position.batches == 3:
            checkpoints.append(whole.checkpoint({}))
        return loss

    whole._step = spied  # type: ignore[method-assign,assignment]
    list(whole.events())
    again = Loop(prepared, member=1)
    again.restore(checkpoints[0])
    list(again.events())
    np.testing.assert_array_equal(again.network.params.flat, whole.network.params.flat)
    other = Loop(prepared, member=0)
    list(other.events())
    assert not np.array_equal(other.network.params.flat, whole.network.params.flat)


def test_the_unknown_symbol_is_never_made(tmp_path: Path) -> None:
    prepared = prepare(nouns(60, tmp_path / "pairs.tsv"), None, config.parse({}, SMALL))
    found = augmentation.of(prepared)
    assert found is not None
    extended = found.extended(5.0, np.random.default_rng(2))
    assert not np.isin(extended.source, [vocabulary.PAD, vocabulary.UNKNOWN, vocabulary.START]).any()
    assert (extended.target >= vocabulary.START).all()
