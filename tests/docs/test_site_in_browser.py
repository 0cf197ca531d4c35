"""The built site, opened as files and without a network, in a browser at desktop and phone width, light and dark."""

import os
from pathlib import Path

import pytest

SITE = os.environ.get("SEQWRIGHT_SITE")
pytestmark = pytest.mark.skipif(
    SITE is None, reason="build the site with sphinx-build, and set SEQWRIGHT_SITE to its folder"
)


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desktop", "phone"])
def page(browser, request):
    """Return an empty page; anything that the browser reports, and any request but for files, fails the test."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(("file:", "data:")) else complaints.append(sent.url))
    yield page
    page.close()
    assert complaints == []


def address(name):
    return (Path(SITE).resolve() / name).as_uri()


@pytest.mark.parametrize(
    "name",
    ["index.html", "tutorials/pronunciation.html", "network/backward.html", "derivations/lstm.html", "ko/index.html",
     "reference/commands.html", "reference/functions.html"],
)  # fmt: skip
def test_a_page_fits_the_window(page, name):
    page.goto(address(name))
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]


def test_formulas_are_laid_out(page):
    page.goto(address("derivations/lstm.html"))
    lowered = page.evaluate(
        """[...document.querySelectorAll("msub")].map(sub => {
            const [base, index] = [...sub.children].map(part => part.getBoundingClientRect());
            return index.top + index.bottom > base.top + base.bottom && index.height > 0;
        })"""
    )
    assert len(lowered) > 20
    assert all(lowered)


def test_search_finds_a_word_and_a_command(page):
    for words, found in (("calibration", "Confidence"), ("distill", "distill")):
        page.goto(f"{address('search.html')}?q={words}")
        results = page.locator("#search-results li")
        results.first.wait_for()
        page.get_by_text("Search finished").wait_for()
        assert any(found in text for text in results.all_inner_texts())


def test_the_table_of_commands_keeps_its_columns(page):
    page.goto(address("reference/commands.html"))
    table = page.locator("pre", has_text="train a small model").first.inner_text().splitlines()
    assert len({len(line) - len(line.split("  ")[-1].lstrip()) for line in table}) == 1
