"""The benchmark of `suggest`: sizes, where a curve reaches a goal, and which sources each step adds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from benchmarks import results, suggest


def test_the_last_step_may_be_shorter() -> None:
    assert suggest.sizes(200, 100, 450) == [200, 300, 400, 450]
    assert suggest.sizes(200, 100, 400) == [200, 300, 400]
    assert suggest.sizes(200, 100, 200) == [200]


def test_a_goal_is_reached_between_two_sizes() -> None:
    assert suggest.reached([200, 300, 400], [50.0, 40.0, 20.0], 25.0) == pytest.approx(375)
    assert suggest.reached([200, 300], [50.0, 40.0], 50.0) == 200
    assert suggest.reached([200, 300], [50.0, 40.0], 39.0) is None
    assert suggest.reached([200, 300, 400], [50.0, 60.0, 40.0], 45.0) == pytest.approx(375)


def test_each_step_has_the_sources_of_the_one_before_and_the_best_that_it_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[list[str]] = []

    def train(_name: str, by_source: Any, known: list[str], _draw: int, *, n: int, **_options: Any) -> dict[str, Any]:
        trained.append(list(known))
        others = sorted(set(by_source) - set(known))
        return {"split": "dev", "wer": 100.0 - len(known), "chosen": others[:n]}

    monkeypatch.setattr(suggest, "_trained", train)
    monkeypatch.setattr(suggest, "_by_source", lambda _task: {f"w{n:02}": [f"w{n:02}\tx"] for n in range(50)})
    for name in ("find", "keep"):
        there = getattr(results, name)
        monkeypatch.setattr(results, name, lambda *given, there=there: there(*given, folder=tmp_path))
    options = argparse.Namespace(begin=10, step=10, settings=[], label="")
    wers = suggest._suggested("hun", 1, [10, 20, 25], options)
    assert wers == [90.0, 80.0, 75.0]
    assert [len(one) for one in trained] == [10, 20, 25]
    assert trained[1][:10] == trained[0]
    assert trained[2][:20] == trained[1]
    assert suggest._suggested("hun", 1, [10, 20, 30], options) == [90.0, 80.0, 70.0]  # only the last one is trained
    assert len(trained) == 4
