"""The playground in a real browser."""

import shutil

import pytest

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}], ids=["dark", "phone"])
def page(browser, request):
    """Return a page that must contact no host but the server, and write nothing to the console."""
    page, wrong = browser.new_page(**request.param), []
    page.set_default_timeout(15_000)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda one: wrong.append(one.url) if not one.url.startswith(("http://127.0.0.1:", "data:")) else 0
    )
    yield page
    page.close()
    assert wrong == []


def test_what_is_typed_is_answered_with_flags_and_attention_by_keyboard_alone(server, page):
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.keyboard.type("abz")
    page.wait_for_selector(".flags li")
    [best] = server.post({"sources": ["abz"], "n_best": 4}).json["answers"]
    shown = page.locator(".answers .text").all_inner_texts()
    assert shown == [one["text"] or "empty answer" for one in best["n_best"]]
    assert page.locator(".flags li").all_inner_texts() == ["z: not in the training data of this model"]
    page.get_by_label("heat map").check()
    assert page.locator(".weights thead th").all_inner_texts() == ["a", "b", "z", "■"]
    page.locator(".answers button").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator(".weights tbody th").all_inner_texts() == [*best["n_best"][1]["tokens"], "■"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_refused_option_is_shown_in_words(server, browser):
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.fill("#source", "abc")
    page.fill("#prefix", "é")
    page.wait_for_selector(".panel .message:not([hidden])")
    assert "é" in page.inner_text(".panel .message")
    page.close()


def test_the_token_is_requested_where_the_server_has_one(start, browser):
    server = start(token="sesame")
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.fill("#token", "sesame")
    page.keyboard.press("Tab")
    page.fill("#source", "abc")
    page.wait_for_selector(".answers button")
    page.close()
