"""The README is short, and its Korean version has the same commands and figures."""

import re

import documents

ENGLISH, KOREAN = (
    (documents.ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md")
)  # fmt: skip


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def figures(text: str) -> list[list[str]]:
    """Return the cells of the table of accuracy that have no words of a language: scores, those of others, command."""
    table = [row for row in rows(text) if "benchmarks.accuracy" in row]
    return [re.findall(r"[A-Za-z]+ \d+\.\d\d(?: ± \d\.\d\d)?|`[^`]+`", row) for row in table]


def test_the_readme_fits_on_few_screens():
    assert len(ENGLISH.splitlines()) <= 150


def test_the_korean_readme_has_the_commands_of_the_english_one():
    commands = [
        [span.text for span in documents.spans(documents.ROOT / name)] for name in ("README.md", "README.ko.md")
    ]
    assert commands[0] == commands[1]


def test_the_korean_readme_has_the_figures_of_the_english_one():
    assert len(figures(ENGLISH)) >= 10
    assert figures(ENGLISH) == figures(KOREAN)


def test_the_korean_readme_links_the_pages_of_the_english_one():
    pages = [set(re.findall(r"\]\(([^)]+)\)", text)) for text in (ENGLISH, KOREAN)]
    assert pages[0] - pages[1] <= {"docs/network/index.md", "README.ko.md"}
