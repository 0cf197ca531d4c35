"""Draw docs/demo.svg: the output of `seqwright demo` in a terminal.

python docs/draw_demo.py
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 114
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas"


def main() -> None:
    """Run the demo in a temporary folder, and write the image beside this file."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the suggested commands use the short name
    terminal = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(WIDTH), "PATH": path}
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            ["seqwright", "demo"],
            cwd=folder,
            env=os.environ | terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        ).stdout
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(f"$ seqwright demo\n{output}"))
    picture = console.export_svg(title="seqwright demo")
    # GitHub blocks fonts that an image in a README loads; the reader's fonts are used instead.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("font-family: Fira Code", f"font-family: {FONT}")
    Path(__file__).with_name("demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
