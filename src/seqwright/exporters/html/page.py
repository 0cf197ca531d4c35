"""The page: the playground in one file, with the engine of `engine/` in place of the server's."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from seqwright.exporters.html import payload
from seqwright.inference.translator import Translator
from seqwright.serve import card, examples

__all__ = ["composed"]

# The worker's source, in the order of what they need.
WORKER = ("layers", "network", "search", "tokenize", "confidence", "read", "flags", "predict", "model", "worker")
NOTE = '<p class="soft">The model is in this file and answers in your browser; nothing is sent.</p>'
POLICY = (  # nothing is loaded from anywhere, and nothing is sent
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def composed(name: str, path: Path, model: Translator) -> bytes:
    """Return the page for a model.   name: what the page calls it.   path: its directory, for examples."""
    playground = resources.files("seqwright.serve") / "playground"
    engine = resources.files("seqwright.exporters.html") / "engine"
    html = (playground / "index.html").read_text("utf-8")
    scripts = re.findall(r'<script src="/assets/(\w+\.js)" defer></script>\n', html)
    html = re.sub(r"<script src=[^\n]*\n", "", html)
    style = (playground / "style.css").read_text("utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    html = html.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{policy}', 1)
    html = html.replace('<link rel="stylesheet" href="/assets/style.css">\n', f"<style>\n{style}</style>\n", 1)
    html = html.replace("<h1>seqwright</h1>\n", f"<h1>seqwright</h1>\n  {NOTE}\n", 1)
    worker = "".join((engine / f"{part}.js").read_text("utf-8") for part in WORKER)
    view = ((engine if script == "engine.js" else playground) / script for script in scripts)
    inside = [
        data("description", "application/json", escaped(description(name, path, model))),
        data("model-data", "text/plain", payload.packed(model.bundle)),
        data("engine-source", "text/plain", worker),
        *(f"<script>\n{script.read_text('utf-8')}</script>\n" for script in view),
    ]
    return html.replace("</body>", "".join(inside) + "</body>", 1).encode()


def description(name: str, path: Path, model: Translator) -> dict[str, Any]:
    """Return the card of the model and examples from its dev set."""
    shown = msgspec.structs.replace(card.card(name, path, model), weights="int8", report=False)
    return {"card": shown, "examples": examples.some(path, model.bundle).examples}


def data(name: str, kind: str, content: str) -> str:
    """Return an element that holds data for the scripts."""
    assert "</script" not in content, f"{name} would end its element"
    return f'<script type="{kind}" id="{name}">{content}</script>\n'


def escaped(document: dict[str, Any]) -> str:
    """Return JSON that no element ends in."""
    return msgspec.json.encode(document).decode().replace("<", "\\u003c")
