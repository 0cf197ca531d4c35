"""Every exception that seqwright raises on purpose; anything else that escapes is a defect.

The message states what was expected, what was found and what to do, on one line, which the
command line prints as it is.
"""

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "AmbiguityError",
    "ConfigError",
    "ConstraintError",
    "DataError",
    "DependencyError",
    "ModelError",
    "OutputError",
    "SeqwrightError",
    "TrainingError",
    "UsageError",
    "suggestion",
]


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest known one, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"


class SeqwrightError(Exception):
    """Base of all of them; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(SeqwrightError):
    """The call itself is wrong: a combination of options, a path that must not exist yet."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration key or value that means nothing."""


class ConstraintError(UsageError):
    """A constraint on answers that none can meet, or that means nothing."""


class DataError(SeqwrightError):
    """A data file that cannot be read as pairs; the message names file and line."""


class AmbiguityError(UsageError, DataError):
    """Data with several meanings.

    Parameters
    ----------
    message : str
        What was found, and what decides.
    choices : sequence of sequence of str
        For each meaning, the options of the command line that select it.
    """

    def __init__(self, message: str, choices: Sequence[Sequence[str]]) -> None:
        super().__init__(message)
        self.choices: list[list[str]] = [list(choice) for choice in choices]


class ModelError(SeqwrightError):
    """A model directory that is missing, damaged, or from a newer version."""


class TrainingError(SeqwrightError):
    """A training that cannot go on: its loss is not finite, whatever is tried."""


class OutputError(SeqwrightError):
    """Something could not be written: no space, no permission."""


class DependencyError(SeqwrightError):
    """An optional dependency is not installed; the message names the extra that brings it."""
