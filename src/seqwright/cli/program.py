"""The name of this program in commands that a user can paste into the shell."""

import shlex
import shutil
import sys
from pathlib import Path

__all__ = ["name"]


def name() -> str:
    """Return `seqwright`, or the path of the running program if the shell does not find it by that name."""
    started = Path(sys.argv[0])
    if started.stem != "seqwright":
        return f"{shlex.quote(sys.executable)} -m seqwright"
    found = shutil.which("seqwright")
    return "seqwright" if found and Path(found).resolve() == started.resolve() else shlex.quote(sys.argv[0])
