"""What this program is called in a command that can be pasted into the shell it was started from."""

import shlex
import shutil
import sys
from pathlib import Path

__all__ = ["name"]


def name() -> str:
    """Return `seqwright`, or the path that started it where the shell would not find it by that name."""
    started = Path(sys.argv[0])
    if started.stem != "seqwright":
        return f"{shlex.quote(sys.executable)} -m seqwright"
    found = shutil.which("seqwright")
    return "seqwright" if found and Path(found).resolve() == started.resolve() else shlex.quote(sys.argv[0])
