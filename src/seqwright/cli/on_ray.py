"""Commands on a Ray cluster: progress, and the summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from seqwright import kernels
from seqwright.cli import progress
from seqwright.data import readers
from seqwright.errors import DataError, UsageError
from seqwright.inference import Options
from seqwright.training.execution import Executor

__all__ = ["cluster", "predict"]


def predict(
    model: str, files: Sequence[str], output: str, *, address: str, options: Options, reading: Mapping[str, Any],
    quiet: bool,
) -> None:  # fmt: skip
    """Answer files on a cluster.   address: "" for that of this machine.   DataError: some could not be read."""
    from seqwright import ray

    with progress.counted("parts") as show:
        done = ray.predict_files(
            model, files, output, options=options, threads=_threads(), source_column=reading.get("source_column"),
            features_column=reading.get("features_column"), listen=show, address=address or None,
        )  # fmt: skip
    if not quiet:
        present = f"; {done.n_present:,} parts were answered before" if done.n_present else ""
        print(f"seqwright: {done.n_records:,} records in {done.n_parts:,} parts{present}", file=sys.stderr)
    if done.failed:
        files_were = "file was" if len(done.failed) == 1 else "files were"
        reasons = [why if path in why else f"{path}: {why}" for path, why in done.failed.items()]
        raise DataError(f"{len(done.failed):,} {files_were} not answered: {'; '.join(reasons)}")


def cluster(address: str, *pairs: readers.Paths | None, device: str | None = None) -> Executor:
    """Return what trains on a cluster.   address: "" for that of this machine.   DataError: a file is not there."""
    from seqwright import ray

    for given in pairs:
        for one in readers.inputs(given) if given else ():
            one.check()
    if device not in (None, "cpu", "cuda"):
        raise UsageError(f"--ray needs --device cpu or cuda, not {device}: what a worker has is not known here")
    return ray.Cluster(address or None, threads=_threads(), gpus=1 if device == "cuda" else 0)


def _threads() -> int:
    """Return the threads of each actor: --threads, or 1."""
    given = click.get_current_context().get_parameter_source("threads")
    return kernels.threads() if given is ParameterSource.COMMANDLINE else 1
