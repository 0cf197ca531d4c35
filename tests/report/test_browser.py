"""The page in a browser, at desktop and phone width, light and dark."""

import pytest

from seqwright import report


@pytest.fixture
def shown(browser, tmp_path):
    """Return a function that opens a model's report; anything that the browser complains of or asks for fails."""
    complaints, pages = [], []

    def show(model, *, width=1280, scheme="light"):
        path = report.write(model, output=tmp_path / "report.html")
        page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        pages.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: complaints.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield show
    for page in pages:
        page.close()
    assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 820, 1600])
@pytest.mark.parametrize("which", ["trained", "hostile", "sentences"])
def test_nothing_is_wider_than_the_screen(request, shown, which, width):
    page = shown(request.getfixturevalue(which), width=width)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = """() => [...document.querySelectorAll('main *')].filter(
        e => !e.closest('.scroll') && !e.closest('svg') && !e.closest('pre')
             && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""
    assert page.evaluate(outside) == []


@pytest.mark.parametrize("which", ["trained", "sentences"])
def test_every_section_is_reached_from_the_contents(request, shown, which):
    page = shown(request.getfixturevalue(which))
    for link in page.query_selector_all("nav a"):
        target = page.query_selector(link.get_attribute("href"))
        assert target.query_selector("h2").inner_text() == link.inner_text()
        assert target.bounding_box()["height"] > 40


@pytest.mark.parametrize("which", ["trained", "sentences"])
def test_every_chart_has_a_size_and_letters_that_can_be_read_on_a_phone(request, shown, which):
    page = shown(request.getfixturevalue(which), width=390)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('svg text')].map(
            t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"""
    )
    assert sizes
    assert min(sizes) > 9
    boxes = [svg.bounding_box() for svg in page.query_selector_all("svg")]
    assert all(box["width"] > 300 and box["height"] > 150 for box in boxes)


def luminance(colour: str) -> float:
    """Return the relative luminance of rgb(…) (WCAG 2.2)."""
    values = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].replace(",", " ").split()[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_in_light_and_dark(shown, trained, scheme):
    page = shown(trained, scheme=scheme)
    paper = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (paper < 0.1) == (scheme == "dark")
    for selector in ("h1", "main p", ".soft", ".kicker", "nav a"):
        ink = luminance(page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color"))
        contrast = (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05)
        assert contrast >= 4.5, f"{selector} has a contrast of {contrast:.1f}"


def test_hostile_data_runs_nothing_and_is_shown(shown, hostile):
    page = shown(hostile)
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("document.querySelectorAll('main img').length") == 0
    assert "<script>alert(1)</script>" in page.inner_text("main")


def test_tables_become_blocks_on_a_phone_with_every_cell_named(shown, trained):
    page = shown(trained, width=390)
    heads = page.evaluate(
        """() => [...document.querySelectorAll('#worst tr:first-child td')].map(
            td => getComputedStyle(td, '::before').content)"""
    )
    assert heads[:3] == ['"source"', '"reference"', '"answers"']
