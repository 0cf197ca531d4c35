"""Sizes at the limits: arrays that an int cannot index are refused before anything is touched, empty ones are computed.

Also what happens where the system refuses a thread.
"""

import os
import subprocess
import sys
from typing import Any

import kernel_cases
import network_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS, native

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)

MANY = 2**30  # four times as many overflow an int; beside a dimension of 0 they take no memory


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def ids(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.int32)


def lstm_of(T: int, B: int, D: int, H: int, gates: int) -> tuple[list[Any], list[Any]]:
    """Return the arguments of `lstm_forward` and `lstm_backward`; gates: columns, in the place of 4 H."""
    x, lengths, Wx, Wh, b = zeros(T, B, D), ids(B), zeros(D, gates), zeros(H, gates), zeros(gates)
    h, c, a, end = zeros(T + 1, B, H), zeros(T + 1, B, H), zeros(T, B, gates), zeros(B, H)
    forward = [x, lengths, Wx, Wh, b, h, c, a, False]
    return forward, [zeros(T, B, H), end, end, x, lengths, Wx, Wh, h, c, a, x, Wx, Wh, b, False]


WIDE, LONG = lstm_of(1, 0, 3, MANY, 0), lstm_of(2**28, 16, 0, 0, 0)
TOO_LARGE = [
    ("lstm_forward", WIDE[0]),
    ("lstm_backward", WIDE[1]),
    ("lstm_forward", LONG[0]),
    ("lstm_backward", LONG[1]),
    ("affine_forward", [zeros(2**31, 0), zeros(0, 0), None, zeros(2**31, 0)]),
    ("affine_forward", [zeros(0, 0), zeros(0, 2**31), None, zeros(0, 2**31)]),
    ("embedding_forward", [zeros(2**31, 0), ids(1), zeros(1, 0)]),
    ("attention_forward", [zeros(2**28, 16, 0), zeros(0, 16, 0), ids(16), zeros(2**28, 16, 0), zeros(2**28, 16, 0)]),
    ("cross_entropy_backward", [zeros(0, 1, MANY), ids(0, 1), ids(1), 0.0, 1.0, zeros(0, 1, MANY)]),
]


@pytest.mark.parametrize(("kernel", "args"), TOO_LARGE, ids=[f"{i}-{k}" for i, (k, _) in enumerate(TOO_LARGE)])
def test_sizes_beyond_an_int_are_refused(kernel: str, args: list[Any]) -> None:
    with pytest.raises(ValueError, match="more than the kernels can index"):
        native(kernel)(*args)


@pytest.mark.parametrize("name", ["hidden_size", "embedding_size", "target_vocab_size"])
def test_a_network_of_sizes_beyond_an_int_is_refused(name: str) -> None:
    spec, arrays = network_cases.description(network_cases.network({}))
    for size in (MANY, 2**40, -1):
        with pytest.raises(ValueError, match=f"spec: {name} is {size}, expected a number from"):
            kernel_cases._native.Network(0, spec | {name: size}, arrays)


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize("int8", [False, True])
def test_a_network_of_no_symbols_can_be_packed(isa: str, int8: bool) -> None:
    spec, arrays = network_cases.description(network_cases.network({}))
    arrays |= {"encoder.embedding.W": zeros(0, 8), "decoder.embedding.W": zeros(0, 8), "decoder.affine.W": zeros(24, 0)}
    arrays |= {"decoder.affine.b": zeros(0)}
    spec |= {"source_vocab_size": 0, "target_vocab_size": 0}
    kernel_cases._native.Network(INSTRUCTION_SETS.index(isa), spec, arrays, int8)


LIMITED = """
import resource
import numpy as np
from seqwright import kernels
x, W, y, alone = (np.ones((500, 500), np.float32) for _ in range(4))
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 29), -1))
kernels.affine_forward(x, W, None, y)
kernels.set_threads(1)
kernels.affine_forward(x, W, None, alone)
print("same" if y.tobytes() == alone.tobytes() else "different")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sets limits of memory as Linux has them")
def test_where_no_thread_can_be_started_the_calling_one_does_the_work() -> None:
    import resource

    def stacks_of_a_gigabyte() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 30, most))

    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=False,
        preexec_fn=stacks_of_a_gigabyte,
        env=os.environ | {"SEQWRIGHT_THREADS": "4", "SEQWRIGHT_KERNELS": "native", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("same\n", 0), done.stderr
