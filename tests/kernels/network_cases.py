"""Networks for the tests of compiled inference, and what their searches find as something that compares exactly."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import kernel_cases
import numpy as np
from kernel_cases import INSTRUCTION_SETS

from seqwright.models import Seq2seq
from seqwright.search import Candidate, compiled

V_SOURCE, V, START, END = 9, 19, 0, 1
COPY_MAP = (-1, 5, 2, 3, -1, 5, END, 18, START)
FEATURES = (False, True, False, False, True, False, False, False, False)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"layers": 2, "attention": "dot", "peeky": True, "bridge": "hc"},
    {"reversed_source": True},
    {"layers": 3, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"layers": 2, "encoder_layers": 3, "bidirectional": True, "attention": "bilinear", "bridge": "hc"},
    {"encoder_layers": 2, "reversed_source": True},
    {"bidirectional": True, "attention": "bilinear", "peeky": True, "copy_map": COPY_MAP},
    {"bidirectional": True, "attention": "additive", "distance_bias": True, "bridge": "hc"},
    {"bidirectional": True, "attention": "additive", "peeky": True, "feature_mask": FEATURES, "copy_map": COPY_MAP},
    {"bidirectional": True, "attention": "bilinear", "tied": True},
]
SEARCHES: list[tuple[str, dict[str, Any]]] = [
    ("beam", {"width": 1}),
    ("beam", {"width": 5}),
    ("beam", {"width": 6, "groups": 3, "diversity": 0.7}),
    ("sample", {"n": 3, "top_p": 0.9}),
    ("forced", {}),
]


def name(options: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" if isinstance(value, str) else key for key, value in options.items()) or "plain"


def network(options: dict[str, Any], *, seed: int = 0, H: int = 24, V: int = V) -> Seq2seq:
    """Return a network whose parameters are far enough from zero for every term to count."""
    rng = np.random.default_rng(seed)
    net = Seq2seq(V_SOURCE, H if "tied" in options else 8, H, target_vocab_size=V, rng=rng, **options)
    net.params.flat[:] = 0.4 * rng.standard_normal(len(net.params.flat))
    return net


def description(net: Seq2seq) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the arguments of a compiled network: the fields of its spec, and its arrays."""
    arrays = dict(net.params.named)
    if net.copy_map is not None:
        arrays["copy_map"] = net.copy_map
    if net.feature_mask is not None:
        arrays["feature_mask"] = net.feature_mask
    return dataclasses.asdict(net.spec), arrays


def native(net: Seq2seq, isa: str | None = None, *, int8: bool = False) -> Any:
    """Return the compiled network, by default for the best instruction set of this processor."""
    return kernel_cases._native.Network(INSTRUCTION_SETS.index(isa or INSTRUCTION_SETS[0]), *description(net), int8)


def sources(B: int, S: int = 6, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(V_SOURCE, size=(S, B)).astype(np.int32), rng.integers(0, S + 1, B).astype(np.int32)


def exactly(found: Sequence[Sequence[Candidate]]) -> list[Any]:
    """Return candidates as values of which two are equal only if every bit is; without attention to padding."""
    return [
        [
            (
                c.ids,
                np.array(c.log_probs).tobytes(),
                c.finished,
                None if c.attention_weights is None else seen(c.attention_weights),
            )
            for c in candidates
        ]
        for candidates in found
    ]


def seen(attended: np.ndarray) -> tuple[int, bytes]:
    """Return attention weights up to the last source symbol that any step attends to."""
    n = int(np.flatnonzero(attended.any(axis=0)).max(initial=-1)) + 1
    return n, np.ascontiguousarray(attended[:, :n]).tobytes()


def searched(kind: str, networks: Sequence[Any], rows: Sequence[int], padding: int = 0, **options: Any) -> list[Any]:
    """Return what a search finds for some of 40 sources, padded by some more symbols."""
    from seqwright.search import Rules

    source, lengths = sources(40)
    most = np.random.default_rng(1).integers(0, 9, 40).astype(np.int32)
    source = np.concatenate([source, np.full((padding, 40), 3, np.int32)])
    given = compiled.Networks(networks, np.ascontiguousarray(source[:, rows]), lengths[rows], (2,))
    if kind == "forced":
        targets = [np.random.default_rng(row).integers(3, 8, most[row]).tolist() for row in rows]
        return exactly([[one] for one in compiled.forced(given, targets, start_id=START, end_id=END)])
    if kind == "sample":
        options |= {"rngs": [np.random.default_rng(row) for row in rows]}
    return exactly(getattr(compiled, kind)(given, Rules(START, END, most[rows]), **options))
