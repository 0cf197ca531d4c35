"""Pages of a server in a real browser, as their users see them."""

import pytest

NAMES = {"light": {"viewport": {"width": 1200, "height": 900}}, "dark": {"color_scheme": "dark"},
         "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True}}  # fmt: skip
TOO_FAST = "Autofocus processing was blocked"  # what Chromium notes where a test has set the focus before the page


class Site:
    """A page of a server, which must contact no other host and write nothing to the console."""

    def __init__(self, page, server):
        self.page, self.server, self.wrong = page, server, []
        page.set_default_timeout(20_000)
        page.on("console", lambda one: None if one.text.startswith(TOO_FAST) else self.wrong.append(one.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda one: None if self.is_own(one.url) else self.wrong.append(one.url))

    def is_own(self, url):
        return url.startswith((f"http://127.0.0.1:{self.server.port}/", "data:", "blob:"))

    def open(self, path="/"):
        self.page.goto(f"http://127.0.0.1:{self.server.port}{path}")
        return self.page

    def ask(self, source):
        """Type a source and wait for its answers."""
        page = self.page
        with page.expect_response("**/v1/predict"):
            page.locator("#source").fill(source)
        page.wait_for_selector(".answers:not(.stale) button, .message:not([hidden])")

    def fits(self):
        """Return whether nothing is cut off at the side."""
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def violations(self):
        """Return what axe-core finds."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
