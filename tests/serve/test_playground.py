"""The playground in a real browser: every part of it, in light, dark and at phone width."""

import json
import subprocess
import sys

import pytest
from browsing import NAMES, Site


@pytest.fixture(scope="module")
def two(start, other):
    """Return a server of two models, of which one knows the dev set of the other."""
    return start(others=[other])


@pytest.fixture(params=NAMES)
def site(browser, two, request):
    page = browser.new_page(**NAMES[request.param])
    site = Site(page, two)
    yield site
    page.close()
    assert site.wrong == []


@pytest.fixture
def light(browser, two):
    page = browser.new_page(**NAMES["light"])
    site = Site(page, two)
    yield site
    page.close()
    assert site.wrong == []


UNSTEERED = "() => !document.querySelector('.kept-line')"
DROP = """() => {
    const dataTransfer = new DataTransfer(), lines = Array.from({ length: 20000 }, (_, i) => `abc${i}\\n`);
    dataTransfer.items.add(new File(lines, "many.txt"));
    for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


def record(server, source, **options):
    [found] = server.post({"sources": [source], "n_best": 4, **options}).json["answers"]
    return found


def texts(page):
    return page.locator(".answers .text").all_inner_texts()


def symbols(page, row="answer"):
    return page.get_by_label(f"Symbols of the {row}").locator("button")


def test_what_is_typed_is_answered_with_flags_and_attention_by_keyboard_alone(site):
    page = site.open()
    page.wait_for_function("() => document.activeElement?.id === 'source'")  # autofocus comes after the load
    page.keyboard.type("abzy")
    page.wait_for_function("() => document.querySelector('.flags li')?.textContent.startsWith('z, y:')")
    best = record(site.server, "abzy")
    assert texts(page) == [one["text"] or "empty answer" for one in best["n_best"]]
    assert page.locator(".flags li").first.inner_text() == "z, y: not in the training data of this model"
    assert page.locator(".flags li").count() == len(best["flags"]) - 1
    assert symbols(page, "source").all_inner_texts() == ["a", "b", "z", "y", "■"]
    page.locator(".answers button").nth(1).focus()
    page.keyboard.press("Enter")
    assert symbols(page).all_inner_texts() == [*best["n_best"][1]["tokens"], "■"]
    page.get_by_label("lines").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".weights thead th").all_inner_texts() == ["a", "b", "z", "y", "■"]
    assert page.locator(".weights tbody th").all_inner_texts() == [*best["n_best"][1]["tokens"], "■"]
    assert site.fits()
    assert site.violations() == []


def test_a_symbol_lights_up_what_it_belongs_to_in_both_directions(site):
    page = site.open()
    site.ask("abc")
    weights = record(site.server, "abc", attention=True)["attention"][0]
    strongest = max(range(3), key=lambda s: weights[0][s])
    symbols(page).nth(0).hover()
    share = symbols(page, "source").nth(strongest).evaluate("e => Number(e.style.getPropertyValue('--weight'))")
    assert share == pytest.approx(weights[0][strongest], abs=1e-4)
    lines = page.locator(".lines path.on")
    assert set(lines.evaluate_all("some => some.map((one) => one.dataset.t)")) == {"0"}
    symbols(page, "source").nth(1).hover()
    assert set(lines.evaluate_all("some => some.map((one) => one.dataset.s)")) == {"1"}
    symbols(page, "source").nth(1).click()  # stays lit for a finger, which cannot hover
    page.mouse.move(0, 0)
    assert symbols(page, "source").nth(1).get_attribute("aria-pressed") == "true"
    assert lines.count() > 0
    symbols(page).nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert symbols(page).nth(1).evaluate("e => e === document.activeElement")


def test_an_answer_is_steered_symbol_by_symbol_with_undo_by_keyboard_alone(site):
    page = site.open()
    site.ask("abc")
    before = texts(page)
    tokens = record(site.server, "abc")["tokens"]
    symbols(page).nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".alternatives button")
    asked = {"source": "abc", "tokens": tokens[:1], "n": 8}
    offered = site.server.post(asked, "/v1/continue").json["alternatives"]
    shown = page.locator(".alternatives .word").all_inner_texts()
    assert shown == ["■" if one["token"] is None else one["token"] for one in offered]
    assert site.violations() == []
    other = next(one["token"] for one in offered if one["token"] not in (None, tokens[1]))
    page.locator(".alternatives button").nth(shown.index(other)).press("Enter")
    page.wait_for_selector(".kept-line")
    prefix = [tokens[0], other]
    steered = record(site.server, "abc", prefix_tokens=prefix)
    assert steered["tokens"][:2] == prefix
    assert texts(page) == [one["text"] for one in steered["n_best"]]
    assert symbols(page).nth(1).evaluate("e => e === document.activeElement")
    assert page.locator(".symbol.kept").all_inner_texts() == prefix
    assert '"prefix_tokens"' in page.inner_text("#command")
    page.get_by_role("button", name="Undo").press("Enter")
    page.wait_for_function(UNSTEERED)
    assert texts(page) == before


def test_choosing_the_end_ends_the_answer_there_and_escape_closes_the_alternatives(light):
    page = light.open()
    light.ask("abc")
    tokens = record(light.server, "abc")["tokens"]
    symbols(page).nth(len(tokens)).click()
    page.wait_for_selector(".alternatives button")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert not page.locator(".alternatives").is_visible()
    symbols(page).nth(1).click()
    page.wait_for_selector(".alternatives button")
    page.locator(".alternatives").get_by_role("button", name="the end,").click()
    page.wait_for_selector(".kept-line")
    assert page.locator(".answers .text").first.inner_text() == tokens[0]
    page.fill("#source", "abcd")  # a new source begins anew
    page.wait_for_function(UNSTEERED)


def test_two_models_are_shown_side_by_side_with_the_differences_marked(site):
    page = site.open()
    page.get_by_label("Compare with").select_option("model")
    site.ask("abc")
    page.wait_for_selector("#difference:not([hidden])")
    one, other = (record(site.server, "abc", model=name)["text"] for name in ("words", "model"))
    assert one != other, "the test needs models that differ"
    panels = page.locator(".panel")
    assert [panels.nth(i).locator(".text").first.inner_text() for i in (0, 1)] == [one, other]
    marked = panels.locator("mark").all_inner_texts()
    assert marked, "nothing is marked"
    script = "e => Array.from(e.childNodes, (one) => (one.nodeType === 3 ? one.data : '')).join('')"
    unmarked = [panels.nth(i).locator(".text").first.evaluate(script) for i in (0, 1)]
    assert unmarked[0] == unmarked[1]
    assert page.locator("#cards h3").all_inner_texts() == ["words", "model"]
    left, right = (panels.nth(i).bounding_box() for i in (0, 1))
    assert (right["x"] > left["x"]) == (page.viewport_size["width"] > 800)
    assert site.fits()
    assert site.violations() == []


def test_the_card_and_examples_from_the_dev_set_are_shown_and_answered(site):
    page = site.open()
    page.wait_for_selector("#examples-list button")
    examples = site.server.send("GET", "/v1/models/words/examples").json["examples"]
    buttons = page.locator("#examples-list button")
    assert buttons.all_inner_texts() == [one["source"] for one in examples]
    buttons.nth(0).click()
    page.wait_for_selector(".reference:not([hidden])")
    assert page.input_value("#source") == examples[0]["source"]
    assert f"Dev set: {examples[0]['target']}," in page.inner_text(".reference")
    card = page.inner_text("#cards")
    assert "8 symbols (characters)" in card
    assert "pairs.tsv" in card
    assert site.violations() == []


def test_examples_of_a_model_that_was_cross_validated_are_called_training_data(light, other):
    page = light.open()
    page.select_option("#model", "model")
    page.wait_for_function("() => document.querySelector('#examples-title').textContent == 'From the training data:'")
    examples = light.server.send("GET", "/v1/models/model/examples").json["examples"]
    trained = (other.parent / "pairs.tsv").read_text("utf-8").splitlines()
    assert {f"{one['source']}\t{one['target']}" for one in examples} <= set(trained)
    buttons = page.locator("#examples-list button")
    assert buttons.all_inner_texts() == [one["source"] for one in examples]
    buttons.nth(0).click()
    page.wait_for_selector(".reference:not([hidden])")
    assert f"Training data: {examples[0]['target']}," in page.inner_text(".reference")


def test_a_file_is_answered_line_by_line_and_saved_as_predict_writes_it(site, tmp_path):
    words = [f"{'abcdefgh'[i % 8]}{'abcdefgh'[i // 8 % 8]}é{'ab' * (i % 4)}" for i in range(150)]
    (tmp_path / "words.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    page = site.open()
    page.wait_for_selector("#cards dl")
    page.set_input_files("#file", tmp_path / "words.txt")
    page.wait_for_selector("#save:not([hidden])")
    assert page.inner_text("#file-state") == "150 of 150 lines answered"
    assert page.locator("#file-rows tr").count() == 150
    command = [sys.executable, "-m", "seqwright", "predict", str(site.server.model), str(tmp_path / "words.txt")]
    for button, kind, option in (("#save-tsv", "tsv", "--tsv"), ("#save-json", "jsonl", "--json")):
        with page.expect_download() as saved:
            page.click(button)
        assert saved.value.suggested_filename == f"words-answers.{kind}"
        saved.value.save_as(tmp_path / kind)
        found = (tmp_path / kind).read_text(encoding="utf-8")
        wanted = subprocess.run(
            [*command, option, "--n-best", "4", "--quiet"], stdout=subprocess.PIPE, check=True
        ).stdout.decode()
        if kind == "tsv":
            assert found == wanted
        else:
            assert list(map(json.loads, found.splitlines())) == list(map(json.loads, wanted.splitlines()))
    assert site.fits()
    assert site.violations() == []


def test_a_file_is_answered_by_both_models_with_the_differences_marked_and_saved(site, tmp_path):
    words = ["abc", "hgf", "", "az", "cabab"] * 20
    (tmp_path / "words.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    page = site.open()
    page.get_by_label("Compare with").select_option("model")
    page.set_input_files("#file", tmp_path / "words.txt")
    page.wait_for_selector("#save:not([hidden])")
    answers = [
        site.server.post({"sources": words, "n_best": 4, "model": name}).json["answers"] for name in ("words", "model")
    ]
    both = list(zip(*answers, strict=True))
    differing = [one["text"] != other["text"] for one, other in both]
    assert any(differing), "the test needs models that differ"
    assert (
        page.inner_text("#file-state") == f"100 of 100 lines answered by words and model, {sum(differing)} differently"
    )
    heads = page.locator("#file-head th").all_inner_texts()
    assert heads == ["Source", "words", "Confidence", "model", "Confidence", "Notes"]
    cells = [row.split("\t") for row in page.locator("#file-rows tr").all_inner_texts()]
    assert [(row[1], row[3]) for row in cells] == [(one["text"], other["text"]) for one, other in both]
    rows = page.locator("#file-rows tr")
    for i, (one, other) in enumerate(both[:5]):
        assert (rows.nth(i).locator("mark").count() > 0) == (
            one["text"] != other["text"] and "" not in (one["text"], other["text"])
        )
    assert "z: not in the training data of this model" in cells[3][5]
    with page.expect_download() as saved:
        page.click("#save-json")
    saved.value.save_as(tmp_path / "json")
    found = list(map(json.loads, (tmp_path / "json").read_text(encoding="utf-8").splitlines()))
    assert found == [
        {"model": name} | record for pair in both for name, record in zip(("words", "model"), pair, strict=True)
    ]
    with page.expect_download() as saved:
        page.click("#save-tsv")
    saved.value.save_as(tmp_path / "tsv")
    head, *lines = (line.split("\t") for line in (tmp_path / "tsv").read_text(encoding="utf-8").splitlines())
    assert (head[0], head[2], head[5], head[-1]) == ("source", "words", "model", "same")
    assert [(row[0], row[2], row[5], row[-1]) for row in lines] == [
        (word, one["text"], other["text"], "no" if one["text"] != other["text"] else "yes")
        for word, (one, other) in zip(words, both, strict=True)
    ]
    assert site.fits()
    assert site.violations() == []


def test_a_dropped_file_is_answered_until_it_is_cancelled(light):
    page = light.open()
    page.wait_for_selector("#cards dl")
    page.evaluate(DROP)
    page.wait_for_selector("#file-rows tr")
    page.click("#cancel")
    page.wait_for_selector("#save:not([hidden])")
    assert page.inner_text("#file-state").endswith("of 20,000 lines answered, cancelled")
    assert not page.locator("#file-progress").is_visible()


def test_what_cannot_be_read_or_answered_is_said_in_words(light, tmp_path):
    page = light.open()
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    page.set_input_files("#file", tmp_path / "latin.txt")
    page.wait_for_selector("#file-problem:not([hidden])")
    assert page.inner_text("#file-problem") == "latin.txt is not a text file in UTF-8."
    (tmp_path / "long.txt").write_text("abc\n" + "a" * 20_000 + "\ncab\n", encoding="utf-8")
    page.set_input_files("#file", tmp_path / "long.txt")
    page.wait_for_selector("#save:not([hidden])")
    notes = page.locator("#file-rows tr td:last-child").all_inner_texts()
    assert [bool(note) for note in notes] == [False, True, False]
    light.wrong.clear()  # the browser logs a refused request
    page.fill("#source", "abc")
    page.fill("#prefix", "é")
    page.wait_for_selector(".panel .message:not([hidden])")
    assert "é" in page.inner_text(".panel .message")
    light.wrong.clear()


@pytest.mark.parametrize("kind", ["light", "phone"])
def test_right_to_left_text_hangul_and_combining_marks_are_read_in_their_order(start, browser, scripts, kind):
    page = browser.new_page(**NAMES[kind])
    site = Site(page, start(others=[scripts]))
    site.open()
    page.select_option("#model", "model")
    page.fill("#prefix", "ka\u0320")
    site.ask("אבג")
    assert page.locator("#source").evaluate("e => e.matches(':dir(rtl)')")
    assert symbols(page, "source").all_inner_texts() == ["א", "ב", "ג", "■"]
    assert places(symbols(page, "source")) == sorted(places(symbols(page, "source")), reverse=True)
    assert symbols(page).all_inner_texts()[:3] == ["k", "a", "\u25cc\u0320"]
    assert places(symbols(page)) == sorted(places(symbols(page)))
    assert texts(page)[0].startswith("ka\u0320")
    page.fill("#prefix", "سلاب"[2:])
    site.ask("\u1100\u1161\u1102\u1161")  # conjoining jamo: 가나
    assert symbols(page, "source").all_inner_texts() == [
        "ㄱ",
        "ㅏ",
        "ㄴ",
        "ㅏ",
        "■",
    ]  # letters, not halves of syllables
    assert symbols(page).all_inner_texts()[:2] == ["ا", "ب"]
    assert places(symbols(page)) == sorted(places(symbols(page)), reverse=True)
    assert page.locator(".answers .text").first.evaluate("e => e.matches(':dir(rtl)')")
    heights = page.locator(".symbol").evaluate_all("all => all.map((one) => one.scrollHeight <= one.clientHeight + 1)")
    assert all(heights), "a symbol is cut off"
    assert site.fits()
    assert site.violations() == []
    page.close()
    assert site.wrong == []


def places(chips):
    return chips.evaluate_all("all => all.map((one) => one.getBoundingClientRect().left)")


def test_the_page_of_the_interface_names_every_path_and_structure(site):
    page = site.open("/api")
    page.wait_for_selector("#schemas dl")
    document = site.server.send("GET", "/openapi.json").json
    heads = page.locator("#operations h2 code").all_inner_texts()
    assert heads == [f"{method.upper()} {path}" for path, some in document["paths"].items() for method in some]
    assert page.locator("#schemas h3").all_inner_texts() == list(document["components"]["schemas"])
    assert page.locator("a[href^='#']").evaluate_all("all => all.every((one) => document.querySelector(one.hash))")
    assert site.fits()
    assert site.violations() == []


def test_the_token_is_requested_where_the_server_has_one(start, browser):
    server = start(token="sesame")
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.fill("#token", "sesame")
    page.keyboard.press("Tab")
    page.wait_for_selector("#cards dl")
    page.fill("#source", "abc")
    page.wait_for_selector(".answers button")
    page.close()
