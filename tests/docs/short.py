"""`seqwright` as the documents' commands call it, but short: one epoch of a tiny network, and a server that ends.

Everything else about a command is as a reader would run it.
"""

import subprocess
import sys

from seqwright.cli.main import main

SIZES = ["--set", "model.hidden_size=8", "--set", "model.embedding_size=4"]
HOLDS_SIZES = ("--fine-tune", "--from-manifest", "--config")  # these arguments determine the sizes


def shortened(arguments: list[str]) -> list[str]:
    """Return the arguments with the options that make the command short."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command == "train" and "--from-manifest" not in arguments:
        sizes = [] if any(option in arguments for option in HOLDS_SIZES) else SIZES
        named = {"-o", "--output", "--print-config"} & {*arguments}
        return [*arguments, "--epochs", "1", *sizes, *([] if named else ["--overwrite"])]
    if command == "distill":
        return [*arguments, "--epochs", "1", "--hidden-size", "8"]
    if command in ("tune", "demo"):
        return [*arguments, "--time-budget", "2s"]
    return arguments


def served(arguments: list[str]) -> int:
    """Start a server on a free port, end it as a service manager does once it listens, and return its exit code."""
    command = [sys.executable, "-m", "seqwright", *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        for line in server.stdout:
            print(line, end="")
            if "http://" in line:
                server.terminate()
        return server.wait()


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(served(given) if given[:1] == ["serve"] else main(shortened(given)))
