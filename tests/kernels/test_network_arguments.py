"""What a compiled network is made from and searched with; everything else is an error with a sentence in it."""

from collections.abc import Callable
from typing import Any

import kernel_cases
import network_cases
import numpy as np
import pytest
from network_cases import OPTIONS, START, V, native, network

from seqwright.search import automaton

pytestmark = pytest.mark.skipif(not kernel_cases.INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
made = kernel_cases._native.Network if kernel_cases._native else None
B, WIDTH, T = 5, 2, 4


@pytest.fixture(params=OPTIONS, ids=network_cases.name)
def described(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return network_cases.description(network(request.param))


def test_a_field_of_the_spec_that_is_missing_is_named(described: Any) -> None:
    spec, arrays = described
    unread = {"dropout", "feature_dropout", "label_smoothing", "initial_values"}
    for name in spec.keys() - unread:
        with pytest.raises(ValueError, match=f"spec: {name} is missing"):
            made(0, {key: value for key, value in spec.items() if key != name}, arrays)


def test_an_array_that_is_missing_or_wrong_is_named(described: Any) -> None:
    spec, arrays = described
    for name, array in arrays.items():
        with pytest.raises(ValueError, match=f"array {name} is missing"):
            made(0, spec, {key: value for key, value in arrays.items() if key != name})
        spread = np.zeros((*array.shape, 2), array.dtype)[..., 0]
        longer = np.zeros((array.shape[0] + 1, *array.shape[1:]), array.dtype)
        for wrong in (array.astype(np.float64), spread, longer, array[None], "text", None):
            if wrong is spread and spread.flags.c_contiguous:  # of one element
                continue
            with pytest.raises((TypeError, ValueError), match=name):
                made(0, spec, arrays | {name: wrong})


def test_an_array_too_many_is_an_error(described: Any) -> None:
    spec, arrays = described
    with pytest.raises(ValueError, match="arrays"):
        made(0, spec, arrays | {"decoder.lstm.9.b": np.zeros(4, np.float32)})


def test_arrays_may_be_read_only_and_lie_at_any_address(described: Any) -> None:
    spec, arrays = described
    for array in arrays.values():
        array.flags.writeable = False
    made(0, spec, arrays)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attention": "bilnear"}, "attention is 'bilnear', expected one of none, dot, bilinear, additive"),
        ({"decoder_layers": 2}, "decoder_layers is more than encoder_layers"),
        ({"hidden_size": 0}, "hidden_size is 0, expected a number from 1"),
        ({"hidden_size": "8"}, "hidden_size is '8'"),
        ({"copying": True}, "copying and distance_bias need attention"),
        ({"bidirectional": True, "reversed_source": True}, "no reversed_source"),
        ({"bidirectional": True, "attention": "dot"}, "a memory as wide as the decoder"),
        ({"tied": True}, "embedding_size = hidden_size"),
    ],
)
def test_a_spec_that_contradicts_itself_is_an_error(change: dict[str, Any], message: str) -> None:
    spec, arrays = network_cases.description(network({}))
    with pytest.raises(ValueError, match=message):
        made(0, spec | change, arrays)


@pytest.mark.parametrize("bad", [-2, V, 2**31 - 1])
def test_a_copy_map_that_leads_out_of_the_vocabulary_is_an_error(bad: int) -> None:
    spec, arrays = network_cases.description(network(OPTIONS[6]))
    arrays["copy_map"] = arrays["copy_map"].copy()
    arrays["copy_map"][3] = bad
    with pytest.raises(IndexError, match="copy_map holds"):
        made(0, spec, arrays)


# ------------------------------------------------------------------------------------------------------- searches
def arguments(kind: str, networks: list[Any]) -> dict[str, Any]:
    """Return the arguments of a search by name, in their order."""
    source, lengths = network_cases.sources(B)
    S = networks[0].memory_steps(source, lengths)
    begin: dict[str, Any] = {
        "networks": networks, "source": source, "source_lengths": lengths, "forbidden": np.array([2], np.int32),
        "start_id": START,
    }  # fmt: skip
    rules = {"end_id": 1, "max_lengths": np.full(B, T - 1, np.int32), "min_lengths": np.zeros(B, np.int32)}
    set_ = {"automaton": None}
    how: dict[str, dict[str, Any]] = {
        "beam": rules | set_ | {"groups": 1, "diversity": 0.0},
        "sample": rules | set_
        | {"uniforms": np.zeros((B, T, WIDTH), np.float32), "temperature": 1.0, "top_k": 0, "top_p": 1.0},
        "score": {"targets": np.zeros((B, T), np.int32), "target_lengths": np.full(B, T, np.int32)},
    }  # fmt: skip
    K = 1 if kind == "score" else WIDTH
    outputs = {
        "ids": np.zeros((B, K, T), np.int32), "log_probs": np.zeros((B, K, T), np.float32),
        "lengths": np.zeros((B, K), np.int32), "ended_by_model": np.zeros((B, K), np.int32),
        "attention_weights": np.zeros((B, K, T, S), np.float32) if networks[0].attends else None,
    }  # fmt: skip
    return begin | how[kind] | outputs


def call(kind: str, args: dict[str, Any]) -> None:
    getattr(kernel_cases._native, kind)(*args.values())


every_kind = pytest.mark.parametrize("kind", ["beam", "sample", "score"])
NET = {"bidirectional": True, "attention": "bilinear", "peeky": True}


@pytest.fixture
def nets() -> list[Any]:
    return [native(network(NET)), native(network(NET, seed=1, H=17))]


@every_kind
def test_a_wrong_shape_type_or_layout_is_an_error(kind: str, nets: list[Any]) -> None:
    args = arguments(kind, nets)
    call(kind, args)
    for name, a in args.items():
        if not isinstance(a, np.ndarray):
            continue
        for wrong in (
            a.astype(np.float64), np.zeros((*a.shape, 2), a.dtype)[..., 0], "text",
            np.zeros((a.shape[0] + 1, *a.shape[1:]), a.dtype), np.zeros((*a.shape, 1), a.dtype),
        ):  # fmt: skip
            longer = isinstance(wrong, np.ndarray) and wrong.dtype == a.dtype and wrong.shape[1:] == a.shape[1:]
            if longer and wrong.flags.c_contiguous and name in ("source", "forbidden"):
                continue  # more steps of a source, and more symbols that are forbidden
            with pytest.raises((TypeError, ValueError)):
                call(kind, args | {name: wrong})


@every_kind
@pytest.mark.parametrize("bad", [-1, V, 2**31 - 1, -(2**31)])
def test_an_id_outside_the_vocabulary_is_an_error_and_not_a_read(kind: str, bad: int, nets: list[Any]) -> None:
    args = arguments(kind, nets)
    for name in ("start_id", "end_id"):
        if name in args and not (name == "end_id" and bad == -1):
            with pytest.raises(IndexError, match=f"{name} is {bad}"):
                call(kind, args | {name: bad})
    for name in ("source", "targets", "forbidden"):
        if name in args:
            wrong = args[name].copy()
            wrong.flat[-1] = bad
            with pytest.raises(IndexError, match=f"{name} holds {bad}"):
                call(kind, args | {name: wrong})


@every_kind
@pytest.mark.parametrize("limit", [T, 2**31 - 1])
def test_a_limit_that_leaves_no_step_for_the_end_is_an_error(kind: str, limit: int, nets: list[Any]) -> None:
    args = arguments(kind, nets)
    name = "target_lengths" if kind == "score" else "max_lengths"
    limit = limit + (kind == "score" and limit == T)
    with pytest.raises(ValueError, match=f"a limit of {limit} symbols"):
        call(kind, args | {name: np.full(B, limit, np.int32)})


def test_without_an_end_a_target_has_a_symbol_and_no_automaton(nets: list[Any]) -> None:
    args = arguments("beam", nets) | {"end_id": -1}
    call("beam", args)
    with pytest.raises(ValueError, match="one symbol at least"):
        call("beam", args | {"max_lengths": np.zeros(B, np.int32)})
    with pytest.raises(ValueError, match="an automaton needs an end symbol"):
        call("beam", args | {"automaton": automaton.listed([[3]]).arrays})


@every_kind
def test_networks_that_do_not_fit_together_are_an_error(kind: str, nets: list[Any]) -> None:
    args = arguments(kind, nets)
    with pytest.raises(ValueError, match="needs a network"):
        call(kind, args | {"networks": []})
    with pytest.raises(ValueError, match="target vocabularies of different sizes"):
        call(kind, args | {"networks": [nets[0], native(network(NET, V=V - 1))]})
    with pytest.raises(ValueError, match="attention_weights are for networks with attention"):
        call(kind, args | {"networks": [nets[0], native(network({}))]})
    features = native(network(NET | {"feature_mask": network_cases.FEATURES}))
    with pytest.raises(ValueError, match="different symbols for features"):
        call(kind, args | {"networks": [nets[0], features]})
    others = kernel_cases.INSTRUCTION_SETS[1:]
    for isa in others:
        with pytest.raises(ValueError, match="different instruction sets"):
            call(kind, args | {"networks": [nets[0], native(network(NET), isa)]})
    with pytest.raises((TypeError, RuntimeError)):
        call(kind, args | {"networks": [nets[0], None]})


class Lazy:
    """A sequence that makes each network when it is asked for it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> Any:
        if i >= 2:
            raise IndexError(i)
        return self.make()


def test_networks_are_held_as_long_as_a_search_takes() -> None:
    expected = arguments("beam", [native(network(NET)), native(network(NET))])
    call("beam", expected)
    for _ in range(20):
        found = arguments("beam", expected["networks"]) | {"networks": Lazy(lambda: native(network(NET)))}
        call("beam", found)
        for name in ("ids", "log_probs", "lengths", "attention_weights"):
            assert found[name].tobytes() == expected[name].tobytes()


@pytest.mark.parametrize("kind", ["beam", "sample"])
def test_an_automaton_of_wrong_shapes_is_an_error_and_edges_that_lead_nowhere_are_none(
    kind: str, nets: list[Any]
) -> None:
    args = arguments(kind, nets)
    arrays = automaton.listed([[3, 4], [5], [5, 6, 7]]).arrays
    for name, a in arrays._asdict().items():
        with pytest.raises((TypeError, ValueError)):
            call(kind, args | {"automaton": arrays._replace(**{name: a[:-1]})})
    rng = np.random.default_rng(0)
    for name in ("first", "symbols", "targets", "distances"):
        a = getattr(arrays, name)
        broken = arrays._replace(**{name: rng.integers(-(2**31), 2**31, a.shape).astype(a.dtype)})
        call(kind, args | {"automaton": broken})


def test_groups_that_do_not_share_the_width_evenly_are_an_error(nets: list[Any]) -> None:
    for groups in (0, -1, 3):
        with pytest.raises(ValueError, match=f"a beam of 2 cannot be shared by {groups} groups"):
            call("beam", arguments("beam", nets) | {"groups": groups})


@pytest.mark.parametrize("length", [-5, 100])
def test_source_lengths_outside_the_steps_mean_none_and_all(length: int) -> None:
    for options in OPTIONS:
        args = arguments("beam", [native(network(options))])
        lengths = np.full(B, min(max(length, 0), len(args["source"])), np.int32)
        outcomes = []
        for given in (np.full(B, length, np.int32), lengths):
            some = arguments("beam", args["networks"]) | {"source_lengths": given, "attention_weights": None}
            call("beam", some)
            outcomes.append([some[name].tobytes() for name in ("ids", "log_probs", "lengths")])
        assert outcomes[0] == outcomes[1]
