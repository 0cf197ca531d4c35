"""What a call may look like, and that everything else is an error with a sentence in it, never a crash."""

from typing import Any

import kernel_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS, SIZES, arguments, arrays, cast, each, native

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)


def least(sizes: dict[str, Any]) -> int:
    return min(size for size in sizes.values() if type(size) is int)


LARGEST = {kernel: max(every, key=least) for kernel, every in SIZES.items()}
EACH = sorted(LARGEST.items())


def relocated(value: Any, offset: int) -> Any:
    """Copy the floating arrays to addresses that are a multiple of 4 and of nothing more."""
    if isinstance(value, np.ndarray):
        room = np.empty(value.nbytes + 128, np.uint8)
        start = (-room.ctypes.data) % 64 + 4 * offset
        moved = room[start : start + value.nbytes].view(value.dtype).reshape(value.shape)
        moved[...] = value
        return moved
    return each(value, lambda item: relocated(item, offset))


@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
@pytest.mark.parametrize(("kernel", "sizes"), EACH, ids=[k for k, _ in EACH])
def test_arrays_may_lie_at_any_address(isa: str, kernel: str, sizes: dict[str, Any]) -> None:
    aligned = cast(arguments(kernel, sizes), np.float32)
    moved = relocated(aligned, 1), relocated(aligned, 7)
    native(kernel, isa)(*aligned)
    for args in moved:
        native(kernel, isa)(*args)
        for a, e in zip(arrays(args), arrays(aligned), strict=True):
            assert a.tobytes() == e.tobytes()


INPUTS = {  # how many leading arrays are only read, beside those named
    "embedding_forward": [0, 1],
    "affine_forward": [0, 1, 2],
    "affine_backward": [0, 1, 2],
    "tied_affine_forward": [0, 1, 2],
    "tied_affine_backward": [0, 1, 2],
    "lstm_forward": [0, 1, 2, 3, 4],
    "lstm_backward": [0, 3, 4, 5, 6, 7, 8],
    "bilstm_forward": [0, 1],
    "bilstm_backward": [0, 1],
    "attention_forward": [0, 1, 2],
    "attention_backward": [0, 1, 2, 3, 4, 5],
    "additive_attention_forward": [0, 1, 2, 3, 4],
    "additive_attention_backward": [0, 1, 2, 3, 4, 5, 6, 7],
    "cross_entropy_forward": [0, 1, 2],
    "copy_cross_entropy_forward": [0, 1, 2, 3, 4, 5],
    "copy_cross_entropy_backward": [0, 1, 2, 3, 4, 5],
    "copy_log_probs": [0, 1, 2, 3],
    "tanh_forward": [0],
    "dropout": [0, 1],
    "adam_update": [1],
}


@pytest.mark.parametrize("kernel", sorted(INPUTS))
def test_inputs_may_be_read_only_and_outputs_may_not(kernel: str) -> None:
    args = cast(arguments(kernel, LARGEST[kernel]), np.float32)
    for position in INPUTS[kernel]:
        for array in arrays(args[position]):
            array.flags.writeable = False
    native(kernel)(*args)
    if kernel in ("adam_update", "affine_forward", "tanh_forward", "dropout", "attention_forward"):
        args[-1 if isinstance(args[-1], np.ndarray) else 0].flags.writeable = False
        with pytest.raises(TypeError):
            native(kernel)(*args)


@pytest.mark.parametrize(("kernel", "sizes"), EACH, ids=[k for k, _ in EACH])
def test_a_wrong_shape_type_or_layout_is_an_error(kernel: str, sizes: dict[str, Any]) -> None:
    args = cast(arguments(kernel, sizes), np.float32)
    for position, a in enumerate(args):
        if not isinstance(a, np.ndarray):
            continue
        wrong: list[Any] = [a.astype(np.float64), np.zeros((*a.shape, 2), a.dtype)[..., 0], "text"]
        if a.ndim and kernel != "clear":  # which takes any shape
            wrong += [np.zeros((a.shape[0] + 1, *a.shape[1:]), a.dtype), np.zeros(a.shape[1:], a.dtype)]
        if a.ndim > 1:
            wrong.append(np.zeros((*a.shape[:-1], a.shape[-1] + 1), a.dtype))
        for replacement in wrong:
            a_longer_table = (kernel, position) in [("embedding_forward", 0), ("embedding_backward", 2)]
            if (
                a_longer_table
                and isinstance(replacement, np.ndarray)
                and replacement.shape == (len(a) + 1, *a.shape[1:])
            ):
                continue
            with pytest.raises((TypeError, ValueError)):
                native(kernel)(*args[:position], replacement, *args[position + 1 :])


@pytest.mark.parametrize("bad", [-1, 11, 2**31 - 1, -(2**31)])
def test_an_id_outside_the_table_is_an_error_and_not_a_read(bad: int) -> None:
    args = cast(arguments("embedding_forward", {"T": 4, "B": 5, "D": 8, "V": 11}), np.float32)
    args[1][2, 3] = bad
    with pytest.raises(IndexError, match=str(bad)):
        native("embedding_forward")(*args)
    args = cast(arguments("cross_entropy_forward", {"T": 4, "B": 5, "V": 11}), np.float32)
    args[1][2, 3] = bad
    with pytest.raises(IndexError, match="targets"):
        native("cross_entropy_forward")(*args)
    if bad != -1:  # a source symbol that cannot be copied
        args = cast(arguments("copy_log_probs", {"T": 4, "B": 5, "V": 11, "S": 3}), np.float32)
        args[3][2, 3] = bad
        with pytest.raises(IndexError, match=str(bad)):
            native("copy_log_probs")(*args)


@pytest.mark.parametrize("length", [-5, 100])
def test_lengths_outside_the_steps_mean_none_and_all(length: int) -> None:
    for kernel, sizes, position in [
        ("lstm_forward", {"T": 4, "B": 6, "D": 5, "H": 9}, 1),
        ("attention_forward", {"T": 4, "B": 6, "S": 5, "E": 9}, 2),
        ("additive_attention_forward", {"T": 4, "B": 6, "S": 5, "A": 9, "M": 3}, 4),
        ("cross_entropy_forward", {"T": 4, "B": 6, "V": 9}, 2),
    ]:
        args = cast(arguments(kernel, sizes), np.float32)
        same = cast(args, np.float32)
        args[position][:] = length
        same[position][:] = max(0, min(length, sizes.get("S", sizes["T"])))
        native(kernel)(*args)
        native(kernel)(*same)
        for i, (a, e) in enumerate(zip(arrays(args), arrays(same), strict=True)):
            assert i == position or a.tobytes() == e.tobytes()
