"""Training on a GPU: the PyTorch engine beside a bare loop over the same network, and beside our kernels.

    python -m benchmarks.gpu [--device cuda] [--json FILE]

It takes at most ten minutes on a recent GPU. For each size and precision it prints target words a second of

  engine   `engines.pytorch`, from ids in NumPy: dropout masks, transfers, clipping, a loss for each step
  packed   the bare loop, with batches and masks on the device and no loss read: forward, backward, clipping, fused Adam
  padded   the same, the encoder over padded batches

and engine / the faster bare loop, of which 0.9 is to be reached. Then our kernels run one training on the processor and
the engine the same one, and the seconds are printed after which each first had the final dev score of our kernels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks.recipes import DATA
from seqwright import config, optim, training
from seqwright.engines.pytorch import devices, ranks
from seqwright.engines.pytorch.network import Network
from seqwright.engines.pytorch.replica import Optimizer
from seqwright.engines.pytorch.tensors import Tensors, masks
from seqwright.models import Inputs, ModelSpec, Seq2seq, build
from seqwright.training.events import Measured

__all__ = ["Size", "main", "speeds"]

RATE = 1e-3


class Size(NamedTuple):
    """A network of H units and a vocabulary of V, and batches of B sentences of about S symbols."""

    H: int
    V: int = 8000
    B: int = 256
    S: int = 30

    def network(self) -> Seq2seq:
        """Return the network that the recipe chooses for sentences, with initial values from a fixed seed."""
        spec = ModelSpec(
            source_vocab_size=self.V, target_vocab_size=self.V, embedding_size=self.H, hidden_size=self.H,
            bidirectional=True, bridge="hc", attention="bilinear", dropout=0.3, label_smoothing=0.1,
            initial_values="uniform",
        )  # fmt: skip
        return build(spec, np.random.default_rng(1))

    def batches(self, net: Seq2seq, n: int) -> list[Inputs]:
        """Return n batches of similar lengths, as training sorts them."""
        rng, found = np.random.default_rng(2), []
        for _ in range(n):
            lengths = rng.integers(max(1, self.S - self.S // 10), self.S + 1, (2, self.B)).astype(np.int32)
            source = rng.integers(self.V, size=(self.S, self.B), dtype=np.int32)
            target = rng.integers(self.V, size=(self.S + 1, self.B), dtype=np.int32)
            found.append(net.inputs(source, lengths[0], target, lengths[1]))
        return found


def speeds(sizes: Sequence[Size], *, device: str, steps: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each size and precision: the parties take turns of `steps` steps."""
    place = devices.chosen(device, "float32")
    for size in sizes:
        net = size.network()
        batches = size.batches(net, steps)
        words = sum(int(batch.target_lengths.sum()) for batch in batches)
        for precision in "float32", "bfloat16":
            turns = {
                "engine": _engine(net, batches, device, precision),
                "packed": _bare(net, batches, place, precision, packed=True),
                "padded": _bare(net, batches, place, precision, packed=False),
            }
            found: dict[str, list[float]] = {name: [] for name in turns}
            for _ in range(rounds + 1):  # the first one warms up
                for name, turn in turns.items():
                    found[name].append(_seconds(turn, place))
            medians = {name: statistics.median(seconds[1:]) for name, seconds in found.items()}
            fastest = min(medians["packed"], medians["padded"])
            yield {
                "hidden_size": size.H, "precision": precision, "device": devices.described(place, precision),
                **{f"{name}_words/s": words / seconds for name, seconds in medians.items()},
                "engine/bare": fastest / medians["engine"],
            }  # fmt: skip


def _engine(net: Seq2seq, batches: list[Inputs], device: str, precision: str) -> Callable[[], None]:
    engine, rng = ranks.start(net, optim.Adam(), device=device, precision=precision), np.random.default_rng(3)

    def turn() -> None:
        for batch in batches:
            engine.step(batch, rng, learning_rate=RATE)

    return turn


def _bare(
    net: Seq2seq, batches: list[Inputs], place: torch.device, precision: str, *, packed: bool
) -> Callable[[], None]:
    network, rng = Network.of(net, packed=packed).to(place), np.random.default_rng(3)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = Optimizer.of(optim.Adam()).build(parameters)
    ready = [
        (Tensors.of(batch, masks(net.spec, batch.source.shape[1], rng), net.spec, place, torch.float32),
         int(batch.target_lengths.sum()))
        for batch in batches
    ]  # fmt: skip
    mixed = precision == "bfloat16"

    def turn() -> None:
        for tensors, n in ready:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(place.type, torch.bfloat16, enabled=mixed):
                loss = network(tensors) / n
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()

    return turn


def _seconds(turn: Callable[[], None], place: torch.device) -> float:
    wait = torch.cuda.synchronize if place.type == "cuda" else lambda: None
    wait()
    began = time.perf_counter()
    turn()
    wait()
    return time.perf_counter() - began


def to_the_same_score(device: str, *settings: str) -> dict[str, Any]:
    """Return the dev score with which our kernels end, and after how many seconds each engine first had it."""
    found: dict[str, list[Measured]] = {}
    for name, more in ("kernels", ()), (device, (f"training.device={device}",)):
        events: list[Measured] = []
        with tempfile.TemporaryDirectory() as folder:
            training.train(
                DATA / "g2p/hun.train.tsv", dev=DATA / "g2p/hun.dev.tsv", output=folder,
                config=config.parse({}, ["training.report=false", *settings, *more]),
                listen=lambda event, events=events: events.append(event) if isinstance(event, Measured) else None,
            )  # fmt: skip
        found[name] = events
    score = max(event.dev_accuracy for event in found["kernels"])
    times = {name: [e.elapsed_s for e in events if e.dev_accuracy >= score] for name, events in found.items()}
    return {
        "dev_exact_match": score, "best": {name: max(e.dev_accuracy for e in events) for name, events in found.items()},
        "seconds": {name: seconds[0] if seconds else None for name, seconds in times.items()},
    }  # fmt: skip


def main() -> None:
    """Measure and print, a JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    arguments = parser.parse_args()
    sizes = [Size(256), Size(512), Size(1024)]
    rows = []
    for row in speeds(sizes, device=arguments.device, steps=20, rounds=5):
        rows.append(row)
        print(json.dumps(row), flush=True)
    rows.append(to_the_same_score(arguments.device, "training.epochs=6"))
    print(json.dumps(rows[-1]), flush=True)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
