"""The configuration that data leads to: given back, it leads to itself."""

from __future__ import annotations

import random
import tomllib

import pytest

from seqwright import config, training


def words(n: int) -> list[tuple[str, str]]:
    rng, found = random.Random(n), set[str]()
    while len(found) < n:
        found.add("".join(rng.choices("abcdefgh", k=rng.randint(3, 9))))
    return [(word, word.upper()) for word in sorted(found)]


def inflected(n: int) -> list[tuple[str, str, str]]:
    return [(word, f"{word}s", "N;PL") if i % 2 else (word, word, "N;SG") for i, (word, _) in enumerate(words(n))]


def sentences(n: int) -> list[tuple[str, str]]:
    rng = random.Random(1)
    sides = [[source for source, _ in words(size)] for size in (400, 500)]
    found = [[" ".join(rng.choices(side, k=rng.randint(4, 9))).capitalize() + "." for side in sides] for _ in range(n)]
    return [(source, target) for source, target in found]


@pytest.mark.parametrize("settings", [[], ["training.time_budget_s=120"], ["training.candidates=2"]])
@pytest.mark.parametrize("pairs", [words(60), words(1500), inflected(80), sentences(300)], ids=lambda one: one[0][0])
def test_it_leads_to_itself(pairs: list[tuple[str, ...]], settings: list[str]) -> None:
    given = config.parse({}, settings)
    one = training.completed(pairs, config=given)
    assert one != given
    assert one.text.features_column is None, "how the pairs are read is found again"
    back = config.parse(tomllib.loads(config.to_toml(one)))
    assert back == one
    assert training.completed(pairs, config=back) == one


def test_a_model_to_fine_tune_gives_its_network(tmp_path: object) -> None:
    few = config.parse({}, ["model.hidden_size=8", "training.epochs=1", "training.cross_validation=0"])
    training.train(words(60), output=f"{tmp_path}/model", config=few)
    found = training.completed(words(80), base=f"{tmp_path}/model")
    assert (found.model.hidden_size, found.training.cross_validation) == (8, 0)
