"""Links between the documents lead to files and headings that exist."""

import html.parser
import os
import re
import urllib.parse
from pathlib import Path

import documents
import pytest

ROOT = documents.ROOT
LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+)$", re.M)
PAGES = [*documents.documents(), *(ROOT / name for name in ("ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md")),
         ROOT / "docs" / "log.md", ROOT / "benchmarks" / "README.md"]  # fmt: skip


def prose(path: Path) -> str:
    """Return the text of a document without code."""
    return re.sub(r"`[^`\n]*`", "`code`", documents.FENCE.sub("", path.read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """Return the names that GitHub and the site give to the headings of a document."""
    text = documents.FENCE.sub("", path.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


def broken(path: Path) -> list[str]:
    """Return the links of a document to places of this repository that do not exist."""
    found = []
    for link in LINK.findall(prose(path)):
        address = urllib.parse.urlsplit(link)
        if address.scheme:
            continue
        target = (path.parent / urllib.parse.unquote(address.path)).resolve() if address.path else path
        if not target.exists() or not target.is_relative_to(ROOT):
            found.append(f"{link}: no such file")
        elif address.fragment and urllib.parse.unquote(address.fragment) not in anchors(target):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_a_document_lead_somewhere(path):
    assert broken(path) == []


def test_a_broken_link_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# One two\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#one-two) [`b`](none.md) [c](other.md#two) `[d](none.md)`\n", encoding="utf-8")
    assert broken(page) == ["none.md: no such file", "other.md#two: no such heading"]


def test_the_documents_have_links():
    assert sum(len(LINK.findall(prose(path))) for path in PAGES) > 150


class Page(html.parser.HTMLParser):
    """The addresses and anchors of a page of the site."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []  # tag, address
        self.anchors: set[str | None] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.anchors.add(values.get("id"))
        self.links += [(tag, values[key]) for key in ("href", "src") if values.get(key)]


def test_the_built_site_has_no_broken_link_and_loads_nothing_from_elsewhere():
    """SEQWRIGHT_SITE: the folder into which `sphinx-build` wrote the site."""
    if not (site := os.environ.get("SEQWRIGHT_SITE")):
        pytest.skip("build the site with sphinx-build, and set SEQWRIGHT_SITE to its folder")
    pages = {path: Page(path) for path in Path(site).resolve().rglob("*.html")}
    wrong, n = [], 0
    for path, page in pages.items():
        for tag, link in page.links:
            address = urllib.parse.urlsplit(link)
            if address.scheme in ("data", "mailto"):
                continue
            if address.netloc:
                wrong += [] if tag == "a" else [f"{path.name}: {tag} loads {link}"]
                continue
            n += 1
            target = (path.parent / urllib.parse.unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            fragment = urllib.parse.unquote(address.fragment)
            if not target.exists() or (fragment and target in pages and fragment not in pages[target].anchors):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert wrong == []
    assert n > 5000
    print(f"{len(pages)} pages, {n} links")


def test_the_built_site_shows_no_formula_as_it_was_typed():
    if not (site := os.environ.get("SEQWRIGHT_SITE")):
        pytest.skip("build the site with sphinx-build, and set SEQWRIGHT_SITE to its folder")
    code = re.compile(r"<(pre|code|script|style|math)\b.*?</\1>", re.S)
    wrong = []
    for path in Path(site).rglob("*.html"):
        text = re.sub(r"<[^>]+>", "", code.sub("", path.read_text(encoding="utf-8")))
        wrong += [f"{path.relative_to(site)}: {typed}" for typed in re.findall(r".{0,20}\\[a-z]{3,}.{0,20}", text)]
    assert wrong == []
