"""Prediction on a Ray cluster: of files, part by part, and of a Ray dataset.

Each actor of the pool holds one model. A part of a file is answered into a file of its own; a run that is started again
answers the parts that have none. Ray restarts actors and repeats the parts that were lost with a node.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from seqwright import bundle as bundles
from seqwright.errors import UsageError
from seqwright.inference import Options
from seqwright.inference.modes import AnyOptions, as_options
from seqwright.inference.translator import Translator
from seqwright.ray.connecting import connect, import_ray

if TYPE_CHECKING:
    import ray.data

__all__ = ["Predicted", "predict", "predict_files"]

RUN = "_seqwright.json"  # in the output: what its answers are answers of


class Predicted(NamedTuple):
    """The result of a run over files.

    Attributes
    ----------
    n_records : int
        Records that this run answered.
    n_parts : int
        Parts that this run answered.
    n_present : int
        Parts that an earlier run had answered.
    failed : dict of str to str
        The reason for each input file that could not be read.
    """

    n_records: int
    n_parts: int
    n_present: int
    failed: dict[str, str]


def predict(
    dataset: ray.data.Dataset,
    model: str | Path | Translator,
    *,
    source: str = "source",
    features: str | None = None,
    options: AnyOptions | None = None,
    workers: int | None = None,
    threads: int = 1,
    batch_size: int = 4096,
) -> ray.data.Dataset:
    """Add answers to the records of a Ray dataset.

    Parameters
    ----------
    dataset : ray.data.Dataset
        Records with a column of sources.
    model : path or Translator
        The model, which is sent to each actor.
    source : str, default "source"
        The column of the sources.
    features : str, optional
        The column of the features, as strings such as "V;PST" or as lists.
    options : Options, BeamSearch or Sampling, optional
        Settings of the search.
    workers : int, optional
        Actors; by default one for each ``threads`` processors of the cluster.
    threads : int, default 1
        Threads, and processors, of each actor.
    batch_size : int, default 4096
        Records answered at a time.

    Returns
    -------
    ray.data.Dataset
        The same records with the columns ``answer`` and ``score``, computed when it is read.

    Raises
    ------
    DependencyError
        If Ray is not installed.
    UsageError
        If an option has no meaning for this model.
    ModelError
        If the model cannot be loaded.
    """
    from seqwright.ray.answering import Batches

    loaded = model if isinstance(model, Translator) else Translator(bundles.load(Path(model)))
    chosen = as_options(options)
    loaded.check(chosen)
    arguments = (_shared(loaded), chosen, threads, source, features)
    pool = _pool(workers, threads)
    return dataset.map_batches(
        _constructed(Batches), fn_constructor_args=arguments, batch_format="pyarrow", batch_size=batch_size, **pool
    )


def predict_files(
    model: str | Path,
    files: str | Sequence[str],
    output: str,
    *,
    source_column: str | int | None = None,
    features_column: str | int | None = None,
    options: AnyOptions | None = None,
    workers: int | None = None,
    threads: int = 1,
    part_bytes: int = 1 << 20,
    address: str | None = None,
    listen: Callable[[int, int], None] | None = None,
) -> Predicted:
    """Answer the records of files into files of the same names.

    Parquet, JSON lines, CSV and lines of text, also compressed, keep their columns and get the columns ``answer`` and
    ``score``; a line gets its answer after a tab. A long file is answered in parts, `words-00000-of-00012.jsonl`.

    Parameters
    ----------
    model : path
        The model directory.
    files : str or sequence of str
        Paths, folders, patterns or URIs on any file system that pyarrow reads.
    output : str
        A folder, on any of them. Parts that are answered there already are not answered again.
    source_column, features_column : str or int, optional
        Columns by name, or by number from 1; by default `source` and `features`, or the only column, and the first and
        second of lines.
    options : Options, BeamSearch or Sampling, optional
        Settings of the search.
    workers : int, optional
        Actors; by default one for each ``threads`` processors of the cluster.
    threads : int, default 1
        Threads, and processors, of each actor.
    part_bytes : int, default 1 MiB
        Size of a part.
    address : str, optional
        As in `connect`. There is no connection before the files are found, and none if all parts are answered.
    listen : callable, optional
        Called with the numbers of parts answered and of all parts.

    Returns
    -------
    Predicted
        Numbers of records and parts, and the files that could not be read.

    Raises
    ------
    DependencyError
        If Ray or pyarrow is not installed.
    UsageError
        If the output holds answers of another model or other options, an option has no meaning for this model, or there
        is no cluster at the address.
    DataError
        If no file has a given name.
    ModelError
        If the model cannot be loaded.
    """
    ray = import_ray()
    from seqwright.ray.answering import Parts, remove_unfinished
    from seqwright.ray.formats import Columns
    from seqwright.ray.parts import expanded, located, plan

    loaded, chosen = Translator(bundles.load(Path(model))), as_options(options)
    loaded.check(chosen)
    given = [files] if isinstance(files, str) else list(files)
    found = [expanded(one) for one in given]
    inputs = found[0][0]
    if any(other != inputs for other, _ in found):
        raise UsageError("the files are on different file systems; answer them in one run each")
    outputs, folder = located(output)
    columns = Columns(source_column, features_column)
    paths = sorted({path for _, some in found for path in some})
    _claim(outputs, folder, [bundles.stamp(Path(model)), _digest(chosen, columns, part_bytes)])
    planned = plan(inputs, paths, folder, part_bytes=part_bytes)
    present = [info.is_file for info in outputs.get_file_info([part.output for part in planned.parts])]
    todo = [part for part, is_there in zip(planned.parts, present, strict=True) if not is_there]
    failed, n_records, n_done = dict(planned.unreadable), 0, 0
    if todo:
        connect(address)
        rows = ray.data.from_items([part._asdict() for part in todo], override_num_blocks=len(todo))
        arguments = (_shared(loaded), chosen, threads, columns, inputs, outputs)
        pool = _pool(None if workers is None else min(workers, len(todo)), threads, most=len(todo))
        results = rows.map_batches(_constructed(Parts), fn_constructor_args=arguments, batch_size=1, **pool)
        for n, row in enumerate(results.iter_rows(), start=1):
            n_records += row["n_records"]
            n_done += not row["fault"]
            if row["fault"]:
                failed.setdefault(row["path"], row["fault"])
            if listen is not None:
                listen(n, len(todo))
        remove_unfinished(outputs, [part.output for part in planned.parts if part.path not in failed])
    return Predicted(n_records, n_done, sum(present), failed)


def _claim(outputs: Any, folder: str, run: list[str]) -> None:
    """Write what a run answers to its output, or compare it with what is there."""
    path = f"{folder}/{RUN}"
    if outputs.get_file_info(path).is_file:
        with outputs.open_input_stream(path) as stream:
            before = msgspec.json.decode(stream.read(), type=list[str])
        if before != run:
            what = "of another model" if before[0] != run[0] else "with other options"
            raise UsageError(f"{folder} holds answers {what}; choose another --output")
        return
    outputs.create_dir(folder)
    with outputs.open_output_stream(path) as stream:
        stream.write(msgspec.json.encode(run))


def _digest(options: Options, *others: object) -> str:
    """Return a hash of all that the answers depend on besides the model."""
    plain = dataclasses.replace(options, constraint=None, dictionary=None)
    contents = [repr((plain, *others)).encode(), pickle.dumps(options.constraint), pickle.dumps(options.dictionary)]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]


def _shared(model: Translator) -> Any:
    return import_ray().put(model)


def _constructed(kind: Any) -> Any:
    """Return an actor class that receives the model by reference, so that it is sent to a node once."""
    ray = import_ray()

    class Actor:
        def __init__(self, model: Any, *arguments: Any) -> None:
            self._actor = kind(ray.get(model) if isinstance(model, ray.ObjectRef) else model, *arguments)

        def __call__(self, batch: Any) -> Any:
            return self._actor(batch)

    Actor.__name__ = kind.__name__
    return Actor


def _pool(workers: int | None, threads: int, *, most: int | None = None) -> dict[str, Any]:
    """Return the arguments of `map_batches` for a pool of actors."""
    ray = import_ray()
    n = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
    n = n if most is None else min(n, most)
    return {"compute": ray.data.ActorPoolStrategy(min_size=1, max_size=n), "num_cpus": threads}
