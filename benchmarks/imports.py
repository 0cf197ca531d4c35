"""How long `import seqwright` takes beside `import numpy`, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks import timing

__all__ = ["measure"]

PROGRAMS = {
    "python, nothing": "pass",
    "import numpy": "import numpy",
    "import seqwright": "import seqwright",
    "import seqwright; seqwright.Seq2seq": "import seqwright; seqwright.Seq2seq",
    "import seqwright; seqwright.load": "import seqwright; seqwright.load",
    "seqwright --help": "import sys; sys.argv = ['seqwright', '--help']; from seqwright.cli.main import main; main()",
    "import torch": "import torch",
}
GOALS = {"import seqwright": 1.5}


def measure(*, steps: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each program: its wall time, and the ratio to `import numpy` next to it."""
    turns = {name: _turn(program) for name, program in PROGRAMS.items() if _works(program)}
    seconds = timing.interleaved(turns, rounds=steps)
    for name, values in seconds.items():
        yield {
            "program": name,
            "ms": timing.spread(values, 1e3),
            "ratio_to_numpy": timing.ratio(values, seconds["import numpy"]),
            "goal_at_most": GOALS.get(name),
        }


def _command(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def _works(program: str) -> bool:
    """Return whether the program ends well; PyTorch may be absent, all else must be there."""
    done = subprocess.run(_command(program), capture_output=True, text=True, check=False)
    if done.returncode and program != PROGRAMS["import torch"]:
        raise SystemExit(f"{program!r} failed:\n{done.stderr}")
    return done.returncode == 0


def _turn(program: str) -> timing.Turn:
    return timing.Turn(lambda: subprocess.run(_command(program), stdout=subprocess.DEVNULL, check=True))
