"""What a cache of data keeps: entries in use and used lately, and no others."""

import os
import time
from pathlib import Path

from seqwright.data import cache

DAY = 86400.0


def built(place: cache.Place, key: str, *, unused_days: float = 0) -> None:
    """Build an entry that was last used some days ago."""
    with place.build() as building:
        (building.path / "data").write_bytes(key.encode())
        entry = building.commit(key)
    used = time.time() - unused_days * DAY
    os.utime(entry / cache.CHECK, (used, used))


def entries(place: cache.Place) -> set[str]:
    return {path.name for path in place.directory.iterdir()}


def test_an_entry_that_was_not_used_for_a_month_goes_when_another_is_built(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    built(place, "old", unused_days=31)
    built(place, "recent", unused_days=29)
    built(place, "new")
    assert entries(place) == {"recent", "new"}


def test_only_few_entries_stay_that_were_not_used_for_a_week(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    for n in range(6):
        built(place, f"{n}", unused_days=20 - n)
    built(place, "new")
    assert entries(place) == {"3", "4", "5", "new"}


def test_entries_that_may_be_in_use_stay_however_many(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    for n in range(8):
        built(place, f"{n}", unused_days=6)
    assert len(entries(place)) == 8


def test_an_entry_that_is_found_counts_as_used(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    built(place, "old", unused_days=31)
    assert place.find("old")
    built(place, "new")
    assert entries(place) == {"old", "new"}


def test_files_of_others_stay(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    built(place, "old", unused_days=31)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "notes").mkdir()
    built(place, "new")
    assert entries(place) == {".DS_Store", "notes", "new"}


def test_a_check_nested_too_deeply_is_damage(tmp_path: Path) -> None:
    place = cache.Place(tmp_path)
    built(place, "one")
    (tmp_path / "one" / cache.CHECK).write_text("[" * 100_000, encoding="utf-8")
    assert place.find("one") is None
