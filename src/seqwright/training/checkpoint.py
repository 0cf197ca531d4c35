"""All that a training needs to go on as if it had never stopped, in one file.

    checkpoints/last.safetensors    parameters, optimiser, best parameters; everything else as JSON in its metadata

The file is written beside its place, flushed and renamed, so a process killed at any moment leaves the last whole one.
The best model stands in the model directory itself.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import safetensors
import safetensors.numpy

from seqwright import file_set
from seqwright.errors import ModelError, OutputError, UsageError
from seqwright.types import Array

__all__ = ["Checkpoint", "File", "Position", "exists", "refuse"]


class Position(msgspec.Struct):
    """Where a training stands, and what it has seen."""

    epoch: int = 1  # the one at work
    batches: int = 0  # done in it
    pairs: int = 0  # done in all
    measured_pairs: int = 0  # done at the last measurement
    loss_sum: float = 0.0  # over the steps since the last measurement
    n_steps: int = 0
    top_exact: float = -1.0  # of the best measurement so far
    top_ter: float = 1e9
    top_epoch: float = 0.0
    best_exact: float = -1.0  # of the weights that are kept
    best_ter: float = 1e9
    best_epoch: float = 0.0
    top_measure: str = ""  # what top_value is of, for sentences: "loss" or "chrF" (`training.selection`)
    top_value: float = 0.0
    best_measure: str = ""
    best_loss: float | None = None  # dev scores of the weights that are kept, for sentences
    best_bleu: float | None = None
    best_chrf: float | None = None
    steps: int = 0  # updates of the weights in all
    rate_scale: float = 1.0  # halved by each return to an earlier state, and on each plateau
    halved_epoch: int = 0  # of the last plateau
    skipped: int = 0  # steps without a finite loss and gradient
    skipped_in_a_row: int = 0
    returns: int = 0
    elapsed_s: float = 0.0
    reason: str = ""  # why it ended, "" while it runs


class Checkpoint(msgspec.Struct, frozen=True):
    """A moment of a training.

    identity: configuration and data hashes; a training with another one cannot go on from here.
    arrays: flat vectors by name.   random: the state of each generator by name.   optimizer_step: updates done.
    done: members of the ensemble before this one, whose parameters are in arrays.   spent_s: on them.
    journal_bytes: length of metrics.jsonl, whose later lines belong to events that will happen again.
    journal: lines that wait until there is a model beside which they can be written.
    """

    identity: dict[str, Any]
    position: Position
    arrays: dict[str, Array]
    random: dict[str, Any]
    optimizer_step: int
    done: int = 0
    journal_bytes: int = 0
    journal: bytes = b""
    spent_s: float = 0.0


def exists(directory: Path) -> bool:
    """Return whether an interrupted training left a checkpoint in the model directory."""
    return _path(directory).is_file()


class File:
    """The checkpoint of a model directory, as one training keeps it."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, _path(directory)
        self._own_name = secrets.token_hex(8)
        self._last_writer = self._writer()  # that this training knows of

    def load(self) -> Checkpoint | None:
        """Return the last checkpoint, None where there is none.   ModelError: it is damaged."""
        if not self._path.is_file():
            return None
        try:
            with safetensors.safe_open(self._path, framework="numpy") as file:
                metadata = file.metadata() or {}
                return Checkpoint(
                    json.loads(metadata["identity"]),
                    msgspec.json.decode(metadata["position"], type=Position),
                    {name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118 - not a dict
                    json.loads(metadata["random"]),
                    int(metadata["optimizer_step"]),
                    int(metadata["done"]),
                    int(metadata["journal_bytes"]),
                    metadata.get("journal", "").encode(),
                    float(metadata.get("spent_s", 0)),
                )
        except (safetensors.SafetensorError, OSError, KeyError, ValueError, RecursionError) as error:
            raise ModelError(f"{self._path}: damaged ({error}); give --overwrite to train from the beginning") from None

    def check(self) -> None:
        """Return if the checkpoint is as this training found or left it, or gone.   OutputError: another one saved one.

        Of two trainings in one directory the one that began last goes on, and has all that the other had saved.
        """
        if self._writer() not in (None, self._last_writer):
            raise OutputError(
                f"{self._directory}: another training has begun to write there and goes on; "
                f"this one stops, so that they do not mix: choose another --output to have both"
            )

    def save(self, checkpoint: Checkpoint) -> None:
        """Write it.   OutputError: no space, no permission, another training."""
        self.check()
        metadata = {
            "identity": json.dumps(checkpoint.identity),
            "position": msgspec.json.encode(checkpoint.position).decode(),
            "random": json.dumps(checkpoint.random),  # its integers have 128 bits
            "optimizer_step": str(checkpoint.optimizer_step),
            "done": str(checkpoint.done),
            "journal_bytes": str(checkpoint.journal_bytes),
            "journal": checkpoint.journal.decode(),
            "spent_s": str(checkpoint.spent_s),
            "writer": self._own_name,
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file_set.write(self._path, safetensors.numpy.save(checkpoint.arrays, metadata))
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot save the checkpoint: {error.strerror}; the last one and the best model are "
                f"unchanged: free some space and run the same command again"
            ) from None
        self._last_writer = self._own_name

    def remove(self) -> None:
        """Remove the checkpoint of a training that is over."""
        try:
            file_set.remove(self._path)
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot remove it: {error.strerror}; the model is whole: remove it"
            ) from None
        with contextlib.suppress(OSError):  # files of others are in the folder: it stays
            self._path.parent.rmdir()

    def _writer(self) -> str | None:
        """Return who wrote the checkpoint, None where there is none that could be read."""
        try:
            with safetensors.safe_open(self._path, framework="numpy") as file:
                return str((file.metadata() or {}).get("writer"))
        except (OSError, safetensors.SafetensorError):
            return None


def refuse(directory: Path, then: dict[str, Any], now: dict[str, Any], *, finished: bool = False) -> NoReturn:
    """Raise UsageError that lists how the training of a checkpoint, or of a finished model, differs from this one."""
    before, after = _flat(then), _flat(now)
    different = [
        f"{name} was {before.get(name)}, is {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    if finished:
        raise UsageError(
            f"{directory} exists already and holds a model of another training ({'; '.join(different)}); "
            f"choose another --output, or give --overwrite to replace the model in it"
        )
    raise UsageError(
        f"{directory} holds an unfinished training of another kind ({'; '.join(different)}); "
        f"run its own command again to go on with it, give --overwrite to start anew, or choose another --output"
    )


def _path(directory: Path) -> Path:
    return directory / "checkpoints" / "last.safetensors"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat
