"""Checkpoints: the whole state of a training in one file, from which it continues exactly.

    checkpoints/last.safetensors    parameters, optimiser, best parameters; the rest as JSON in its metadata

The file is written under another name, flushed and renamed, so a killed process leaves the previous or the new
checkpoint. The best model is not in it, but in the model directory.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import Any, Literal, NoReturn

import msgspec
import safetensors

from seqwright import file_set, tensors
from seqwright.errors import ModelError, OutputError, UsageError
from seqwright.types import Array

__all__ = ["Checkpoint", "File", "Position", "exists", "refuse"]


class Position(msgspec.Struct):
    """The progress of a training, and its best scores."""

    epoch: int = 1  # the current one
    batches: int = 0  # of the current epoch
    pairs: int = 0  # of all epochs
    measured_pairs: int = 0  # value of `pairs` at the last measurement
    loss_sum: float = 0.0  # over the steps since the last measurement
    n_steps: int = 0
    top_exact: float = -1.0  # of the best measurement so far
    top_ter: float = 1e9
    top_epoch: float = 0.0
    best_exact: float = -1.0  # of the kept parameters
    best_ter: float = 1e9
    best_epoch: float = 0.0
    top_measure: str = ""  # the criterion of top_value, for sentences: "loss" or "chrF" (`training.selection`)
    top_value: float = 0.0
    best_measure: Literal["", "exact", "loss", "chrF"] = ""
    best_loss: float | None = None  # dev scores of the kept parameters, for sentences
    best_bleu: float | None = None
    best_chrf: float | None = None
    steps: int = 0  # updates of the parameters
    rate_scale: float = 1.0  # of the learning rate: halved by each return to the last measurement, and on each plateau
    halved_epoch: int = 0  # epoch of the last plateau
    skipped: int = 0  # steps without a finite loss and gradient
    skipped_in_a_row: int = 0
    returns: int = 0
    elapsed_s: float = 0.0
    reason: str = ""  # why the training ended, "" before


class Checkpoint(msgspec.Struct, frozen=True):
    """The state of a training between two events.

    identity: configuration and data hashes; only a training with the same identity can continue from it.
    arrays: flat vectors by name.   random: the state of each generator by name.   optimizer_step: updates done.
    done: earlier members of the ensemble, whose parameters are in arrays.   spent_s: seconds spent on them.
    journal_bytes: length of metrics.jsonl, whose later lines belong to events that will happen again.
    journal: its pending lines, see `training.journal`.
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
    """Return whether the model directory has the checkpoint of an interrupted training."""
    return _path(directory).is_file()


class File:
    """The checkpoint file of a model directory, owned by the training that wrote it last."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, _path(directory)
        self._own_name = secrets.token_hex(8)
        self._last_writer = self._writer()  # known to this training

    def load(self) -> Checkpoint | None:
        """Return the checkpoint, None if there is none.   ModelError: it is damaged."""
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
        """Check that no other training has saved a checkpoint since this one last did.   OutputError: one has.

        Of two trainings in one directory, the later one continues, from the last checkpoint of the earlier one.
        """
        if self._writer() not in (None, self._last_writer):
            raise OutputError(
                f"{self._directory}: another training has begun to write to this directory and continues; "
                f"this one stops; choose another --output to run both"
            )

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint.   OutputError: no space, no permission, another training."""
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
            file_set.write(self._path, tensors.parts(checkpoint.arrays, metadata))
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot save the checkpoint: {error.strerror}; the last one and the best model are "
                f"unchanged: free some space and run the same command again"
            ) from None
        self._last_writer = self._own_name

    def remove(self) -> None:
        """Remove the checkpoint of a finished training."""
        try:
            file_set.remove(self._path)
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot remove it: {error.strerror}; the model is complete: remove the file by hand"
            ) from None
        with contextlib.suppress(OSError):  # the folder is kept if it has other files
            self._path.parent.rmdir()

    def _writer(self) -> str | None:
        """Return the name of the training that wrote the checkpoint, None if there is no readable one."""
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
            f"{directory} exists already and has a model of another training ({'; '.join(different)}); "
            f"choose another --output, or give --overwrite to replace the model in it"
        )
    raise UsageError(
        f"{directory} has an unfinished training of other data or settings ({'; '.join(different)}); "
        f"run the same command again to continue it, give --overwrite to start from the beginning, or choose another "
        f"--output"
    )


def _path(directory: Path) -> Path:
    return directory / "checkpoints" / "last.safetensors"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat
