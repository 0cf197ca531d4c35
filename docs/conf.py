"""Configuration of the documentation: `sphinx-build -W docs build/site`."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # cells run `!seqwright …`
os.environ.setdefault("SEQWRIGHT_DATA", str(Path(__file__).resolve().parents[2] / "shared" / "data"))

project = "seqwright"
version = release = installed_version("seqwright")

extensions = [
    "mathml",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_click",
]
exclude_patterns = ["_build", "draw_demo.py"]

smartquotes_action = "qe"  # quotes and ellipses; dashes begin options

html_theme = "furo"
html_title = "seqwright"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["custom.css"]
html_js_files = ["search.js"]
html_math_renderer = "mathml"
html_show_copyright = False

myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline"]
myst_fence_as_directive = ["math"]  # as GitHub renders it
myst_heading_anchors = 3

nb_execution_mode = "cache"  # a page runs again when one of its cells changes
nb_execution_in_temp = True
nb_execution_timeout = 300  # seconds for a cell
nb_execution_raise_on_error = True
nb_merge_streams = True

autosummary_generate = True
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # numpydoc's sections have the types
numpydoc_show_class_members = False

nitpicky = False


def _github_math(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Read inline formulas as GitHub writes them where they contain brackets: $`…`$."""
    source[0] = source[0].replace("$`", "$").replace("`$", "$")


def _help_text(_app: Sphinx, _context: object, lines: list[str]) -> None:
    """Show the lines of a help text that are not wrapped (`|`) as code, and asterisks of file patterns as they are."""
    shown: list[str] = []
    for line in lines:
        code = line.removeprefix("| ")
        if code == line or code.endswith(":"):  # `Examples:` is the heading of such lines
            shown += [code.replace("*", r"\*")]
            continue
        if not (shown and shown[-1].startswith("   ")):
            shown += ["", ".. code-block:: text", ""]
        shown += ["   " + code]
    lines[:] = shown


def setup(app: Sphinx) -> None:
    """Connect to the reading of pages and of help texts."""
    app.connect("source-read", _github_math)
    for part in ("description", "options", "arguments"):
        app.connect(f"sphinx-click-process-{part}", _help_text)
