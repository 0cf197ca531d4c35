"""A model as one HTML file, in a real browser: opened from disk, it answers as `predict` does with the same weights."""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from seqwright import bundle, exporters, training
from seqwright.config import parse
from seqwright.data import subwords
from seqwright.data.text import UnicodeForm
from seqwright.errors import UsageError
from seqwright.exporters.html.export import rounded
from seqwright.inference import records
from seqwright.inference.options import Options
from seqwright.inference.translator import Translator
from seqwright.nn import attention

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

TOLERANCE = 1e-5  # of scores, log-probabilities and confidences, where both compute in more than 8 bits
LETTERS = "abcdefgh"
TOO_FAST = "Autofocus processing was blocked"  # what Chromium notes where a test has set the focus before the page
FORMS = {
    "bilinear": ["model.attention=bilinear", "model.bidirectional=true", "model.layers=2"],
    "additive": ["model.attention=additive", "model.distance_bias=true", "model.encoder_layers=2"],
    "copying": ["model.attention=bilinear", "model.copying=true", "model.sum_features=true", "model.peeky=true"],
    "ensemble": ["training.members=2", "model.attention=dot", "model.bidirectional=false", "model.tied=true",
                 "model.embedding_size=8"],
    "article": ["model.attention=none", "model.reversed_source=true", "model.bidirectional=false", "model.peeky=true"],
    "subwords": ["text.source_tokens=subwords:30", "text.target_tokens=subwords:30"],
    "jamo": ["text.source_form=NFD", "text.source_tokens=graphemes", "text.target_tokens=words"],
}  # fmt: skip
SIZES = ["model.hidden_size=8", "model.embedding_size=4", "training.epochs=2", "training.report=false"]


def pairs_of(form: str) -> list[tuple[str, ...]]:
    draw = random.Random(form).choices
    words = ["".join(draw(LETTERS, k=draw(range(1, 9))[0])) for _ in range(80)]
    if form == "subwords":
        return [(f"{a} {b}", f"{b[::-1]} {a}") for a, b in zip(words[::2], words[1::2], strict=True)]
    if form == "jamo":
        return [("한국어 é"[: 1 + len(word) % 6] + word, " ".join(word)) for word in words]
    if form == "copying":
        tags = ["V;PST", "V;PRS", "N"]
        return [(word, word + "xyz"[len(word) % 3], tags[len(word) % 3]) for word in words]
    return [(word, word[::-1]) for word in words]


LARGE = ("bilinear", "additive", "copying", "ensemble")  # of which more sources are compared
MORE = ["".join(random.Random(n).choices(LETTERS + "q", k=1 + n % 14)) for n in range(420)]
SOURCES = ["", " ", "q", "qé", "a q b", "ab  cd", "hgfedcba", "aaaaaaaa" * 4, "abcd " * 30, "한국 é", "e\u0301", "a😀b"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that returns the directory of a small model of some form."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "lexicon.tsv").write_text("abc\tah\nabc\thab\n", encoding="utf-8")

    def model(form: str) -> Path:
        path = folder / form
        if not path.exists():
            lexicon = [f"training.lexicon={json.dumps(str(folder / 'lexicon.tsv'))}"]
            more = [*FORMS[form], *(lexicon if form == "bilinear" else [])]
            training.train(pairs_of(form), output=path, config=parse({}, [*SIZES, *more]))
        return path

    return model


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that exports a model and opens the page, which must load nothing and report no error."""
    wrong: list[str] = []
    pages = []

    def open_(model: Path, **options: Any) -> Any:
        path = exporters.export_html(model, output=tmp_path / "page.html").output
        page = browser.new_page(**options)
        pages.append(page)
        page.set_default_timeout(30_000)
        page.on("console", lambda message: None if message.text.startswith(TOO_FAST) else wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        own = (path.as_uri(), "data:", "blob:")
        page.on("request", lambda one: None if one.url.startswith(own) else wrong.append(one.url))
        page.goto(path.as_uri())
        return page

    yield open_
    for page in pages:
        page.close()
    assert wrong == []


def asked(page: Any, method: str, **request: Any) -> Any:
    return page.evaluate("([method, request]) => engine[method](request)", [method, request])


def agreed(expected: Any, found: Any, place: str = "") -> str:
    """Return where the found record is not the expected one, "" if nowhere. It may have further fields."""
    if isinstance(expected, dict):
        inner = [(value, found.get(key), f"{place}.{key}") for key, value in expected.items()]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        inner = [(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(expected, found, strict=True))]
    elif isinstance(expected, float) and isinstance(found, int | float):
        return "" if abs(expected - found) <= TOLERANCE * max(1, abs(expected)) else f"{place}: {expected}, got {found}"
    else:
        return "" if expected == found else f"{place}: {expected!r}, got {found!r}"
    return next(filter(None, (agreed(*one) for one in inner)), "")


@pytest.mark.parametrize("form", FORMS)
def test_the_page_answers_as_predict_does_with_the_same_weights(form, models, opened):
    model = models(form)
    same = Translator(rounded(bundle.load(model)))
    pairs = pairs_of(form)
    sources = [pair[0] for pair in pairs] + SOURCES + [pair[0][::-1] + "q" for pair in pairs[:10]]
    features = [(pair[2] if len(pair) > 2 else "") for pair in pairs] + ["V; PST;Q"] * (len(sources) - len(pairs))
    if form in LARGE:
        sources, features = sources + MORE, features + ["V;PST", "N", ""] * (len(MORE) // 3)
        assert len(sources) > 500
    expected = same.answer(sources, features=features, options=Options(beam=4, n_best=3))
    page = opened(model)
    found = asked(page, "predict", sources=sources, features=features, beam=4, n_best=3, attention=True)["answers"]
    for answer, record in zip(expected, found, strict=True):
        assert agreed(json.loads(msgspec.json.encode(records.record(answer))), record) == "", answer.source
        for hypothesis, weights in zip(answer.hypotheses, record["attention"], strict=True):
            if hypothesis.alignment is None:
                assert weights is None
            else:
                np.testing.assert_allclose(weights, hypothesis.alignment, atol=1e-4)
        assert record["source_tokens"] == same.source_tokens(answer.source, answer.features)


def test_a_prefix_is_kept_as_predict_keeps_it(models, opened):
    model = models("bilinear")
    same = Translator(rounded(bundle.load(model)))
    page = opened(model)
    for prefix in ("a", "hh", "abcdefgh" * 2):
        options = Options(n_best=4, constraint=same.constraint(prefix=prefix))
        [answer] = same.answer(["fed"], options=options)
        given = {"sources": ["fed"], "n_best": 4, "prefix": prefix[:1], "prefix_tokens": list(prefix)}
        [record] = asked(page, "predict", **given)["answers"]
        assert agreed(json.loads(msgspec.json.encode(records.record(answer))), record) == ""
    with pytest.raises(sync.Error, match="'é' is not in the vocabulary"):
        asked(page, "predict", sources=["fed"], prefix="é")
    with pytest.raises(sync.Error, match="no answer can meet the constraints"):
        asked(page, "predict", sources=["fed"], prefix="a", prefix_tokens=["b"])
    with pytest.raises(sync.Error, match="sampling: this page has no such option"):
        asked(page, "predict", sources=["fed"], sampling=True)


def test_given_targets_and_next_tokens_have_the_probabilities_of_the_model(models, opened):
    model = models("copying")
    same = Translator(rounded(bundle.load(model)))
    page = opened(model)
    request = {"sources": ["abé", "dé"], "targets": ["éba", "dx"], "features": ["N", "V;PST"]}
    expected = same.score(request["sources"], request["targets"], features=request["features"])
    found = asked(page, "score", **request)["answers"]
    assert agreed([json.loads(msgspec.json.encode(records.record(one))) for one in expected], found) == ""
    tokens = same.next_tokens("abc", ["a"], features="N", n=5)
    found = asked(page, "continue", source="abc", features="N", tokens=["a"], n=5)["alternatives"]
    assert agreed([{"token": token, "score": score} for token, score in tokens], found) == ""


def test_what_is_typed_does_not_wait_for_a_file_and_what_is_cancelled_ends(models, opened):
    page = opened(models("bilinear"))
    order = page.evaluate("""async () => {
      const order = [], stop = new AbortController(), many = Array(300).fill("fedcba");
      const all = [
        engine.predict({ sources: many }).then(() => order.push("file")),
        engine.predict({ sources: [...many, "a"] }, { signal: stop.signal }).catch((error) => order.push(error.name)),
      ];
      await new Promise((resolve) => setTimeout(resolve, 20));
      all.push(engine.predict({ sources: ["abc"] }).then(() => order.push("typed")));
      stop.abort();
      await Promise.all(all);
      return order;
    }""")
    assert order == ["AbortError", "typed", "file"]


def test_text_is_cut_into_the_pieces_that_sentencepiece_finds(browser):
    words = [pair[0] for pair in pairs_of("subwords")] * 4
    cutter = subwords.train(words, 60, UnicodeForm.NFKC)
    draw = random.Random(1).choices
    texts = ["", " ", "  a", "qq q", "\u2581", *("".join(draw(LETTERS + "  qé一ﬁ", k=n % 30)) for n in range(400))]
    source = (resources.files("seqwright.exporters.html") / "engine" / "tokenize.js").read_text("utf-8")
    pieces, scores = zip(*cutter.scores(), strict=True)
    page = browser.new_page()
    found = page.evaluate(
        "([source, side, texts]) => { const {Format} = new Function(source + '; return {Format}')();"
        " const format = new Format(side); return texts.map((text) => format.split(text)); }",
        [source, {"form": "NFKC", "subwords": {"pieces": pieces, "scores": scores}}, texts],
    )
    page.close()
    assert found == [cutter.split(text) for text in texts]


def test_what_is_typed_is_answered_and_steered_without_a_network(models, opened):
    page = opened(models("bilinear"), viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.context.set_offline(True)
    page.keyboard.type("fedq")
    page.wait_for_selector(".flags li")
    assert page.locator(".flags li").all_inner_texts() == ["q: not in the training data of this model"]
    page.locator("[aria-label='Symbols of the answer'] button").first.click()
    page.locator(".alternatives button").nth(1).click()
    page.get_by_text("Begins with").last.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_input_files("#file", {"name": "words.txt", "mimeType": "text/plain", "buffer": b"abc\nfed\n"})
    page.get_by_text("2 of 2 lines answered").wait_for()
    assert page.locator("#file-rows tr").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(scheme, models, opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    page = opened(models("copying"), color_scheme=scheme)
    page.fill("#source", "fed")
    page.wait_for_selector(".answers button")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], node["html"]) for one in found for node in one["nodes"]] == []


def test_the_engine_has_every_kind_of_attention():
    source = (resources.files("seqwright.exporters.html") / "engine" / "layers.js").read_text("utf-8")
    assert re.findall(r"^  (\w+): \{ //", source, re.MULTILINE) == list(attention.SCORES)


def test_the_page_is_written_beside_the_model_and_refuses_a_directory(trained, tmp_path):
    model = Path(shutil.copytree(trained, tmp_path / "words"))
    done = exporters.export_html(model)
    assert done.output == tmp_path / "words.html"
    assert done.n_bytes[1] == done.output.stat().st_size
    with pytest.raises(UsageError, match="is a directory"):
        exporters.export_html(model, output=tmp_path)
