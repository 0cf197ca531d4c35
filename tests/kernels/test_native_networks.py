"""Compiled networks on every instruction set: against the layers and the searches over steps, and byte for byte."""

import pickle
import threading
from typing import Any

import kernel_cases
import network_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS
from network_cases import OPTIONS, SEARCHES, native, network, searched

from seqwright import search
from seqwright.models import Seq2seq
from seqwright.nn.cache import Cache

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
every_isa = pytest.mark.parametrize("isa", INSTRUCTION_SETS)
every_kind = pytest.mark.parametrize(("kind", "options"), SEARCHES, ids=lambda value: str(value))
both = pytest.mark.parametrize("int8", [False, True], ids=["float32", "int8"])
EVERY = list(range(40))
# Codes are rounded: where two computations differ in the last bit of what is rounded, a code differs by 1 of 127.
CLOSE = 0.02


@pytest.fixture(params=OPTIONS, ids=network_cases.name)
def net(request: pytest.FixtureRequest) -> Seq2seq:
    return network(request.param)


def ensembles() -> list[list[Seq2seq]]:
    return [[network(options)] for options in OPTIONS] + [
        [network(OPTIONS[i], seed=i, H=H) for i, H in ((6, 24), (7, 17), (3, 8))]
    ]


ENSEMBLES = ensembles()
each_ensemble = pytest.mark.parametrize("nets", ENSEMBLES, ids=range(len(ENSEMBLES)))


def encoded(made: Any, net: Seq2seq, source: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    state = net.spec.decoder_layers, len(lengths), net.spec.hidden_size
    memory = *source.shape, net.spec.memory_size
    out = [np.full(shape, np.nan, np.float32) for shape in (state, state, memory)]
    made.encode(source, lengths, *out)
    return out


@every_isa
@pytest.mark.parametrize("B", [0, 1, 3, 30])
def test_the_encoder_is_that_of_the_layers(isa: str, net: Seq2seq, B: int) -> None:
    source, lengths = network_cases.sources(B)
    expected = net.encoder.encode(source, lengths, Cache(np.float32))
    for one, other in zip(encoded(native(net, isa), net, source, lengths), expected[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@every_isa
@each_ensemble
def test_a_search_finds_what_the_search_over_steps_finds(isa: str, nets: list[Seq2seq]) -> None:
    source, lengths = network_cases.sources(30)
    rules = search.Rules(0, 1, np.full(30, 9, np.int32))
    given = search.compiled.Networks([native(net, isa) for net in nets], source, lengths, (2,))
    step, state = search.ensemble([net.start(source, lengths, forbidden=(2,)) for net in nets])
    for some, others in zip(
        search.compiled.beam(given, rules, width=4), search.beam(step, state, rules, width=4), strict=True
    ):
        for one, other in zip(some, others, strict=True):
            assert (one.ids, one.finished) == (other.ids, other.finished)
            np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=1e-4, atol=1e-5)


@both
@every_kind
@each_ensemble
def test_neither_instruction_set_nor_threads_nor_a_second_run_show(
    nets: list[Seq2seq], kind: str, options: dict[str, Any], int8: bool
) -> None:
    before = kernel_cases._native.threads()
    outcomes = []
    try:
        for isa in INSTRUCTION_SETS:
            for threads in (1, 2, 5, 5):
                kernel_cases._native.set_threads(threads)
                outcomes.append(searched(kind, [native(net, isa, int8=int8) for net in nets], EVERY, **options))
    finally:
        kernel_cases._native.set_threads(before)
    assert all(outcome == outcomes[0] for outcome in outcomes)


@both
@every_kind
@each_ensemble
def test_a_source_has_the_same_targets_in_any_batch_at_any_place_with_any_padding(
    nets: list[Seq2seq], kind: str, options: dict[str, Any], int8: bool
) -> None:
    made = [native(net, int8=int8) for net in nets]
    whole = searched(kind, made, EVERY, **options)
    for rows, padding in (([4], 0), ([0, 3], 13), ([7, 1, 2], 1), (list(range(10, 35)), 0)):
        assert searched(kind, made, rows, padding, **options) == [whole[row] for row in rows]


def test_many_python_threads_at_once_get_what_one_gets() -> None:
    made = [native(net) for net in ENSEMBLES[-1]]
    expected = [searched(kind, made, EVERY, **options) for kind, options in SEARCHES]
    wrong: list[int] = []

    def work(offset: int) -> None:
        for round_ in range(len(SEARCHES)):
            i = (round_ + offset) % len(SEARCHES)
            if searched(SEARCHES[i][0], made, EVERY, **SEARCHES[i][1]) != expected[i]:
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
        assert not worker.is_alive(), "a search did not return"
    assert not wrong


@pytest.mark.parametrize("V", [19, 70_000], ids=["in a table", "too many for a table"])
def test_a_network_keeps_none_of_the_arrays_it_was_made_from(V: int) -> None:
    net = network({"bidirectional": True, "attention": "additive", "distance_bias": True}, H=40, V=V)
    made = native(net)
    rows = [0, 7, 11]
    before = searched("beam", [made], rows, width=3)
    net.params.flat[:] = np.nan
    assert searched("beam", [made], rows, width=3) == before


def test_a_network_does_not_travel() -> None:
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(native(network({})))


@every_isa
def test_int8_is_near_float32_and_not_equal_to_it(isa: str, net: Seq2seq) -> None:
    source, lengths = network_cases.sources(30)
    exact, rounded = (encoded(native(net, isa, int8=int8), net, source, lengths) for int8 in (False, True))
    error = np.abs(exact[2] - rounded[2])
    assert 1e-6 < error.max() < 0.3 and error.mean() < CLOSE


def test_in_8_bits_the_targets_are_nearly_as_likely(net: Seq2seq) -> None:
    source, lengths = network_cases.sources(30)
    rules = search.Rules(0, 1, np.full(30, 9, np.int32))
    networks = search.compiled.Networks([native(net)], source, lengths, (2,))
    rounded = networks._replace(members=[native(net, int8=True)])
    best = [[some[0] for some in search.compiled.beam(given, rules, width=4)] for given in (networks, rounded)]
    drift = [abs(one.score - other.score) for one, other in zip(*best, strict=True)]
    assert 0 < np.mean(drift) < 0.05


def test_more_inputs_than_a_whole_sum_holds_are_refused() -> None:
    net = Seq2seq(2, 65_001, 1, target_vocab_size=2)
    native(net)
    with pytest.raises(ValueError, match="at most 65000 inputs"):
        native(net, int8=True)
