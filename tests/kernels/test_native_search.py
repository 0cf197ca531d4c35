"""What compiled searches find where something is special: equal totals, forbidden symbols, NaN, no way out."""

from typing import Any

import kernel_cases
import network_cases
import numpy as np
import pytest
from kernel_cases import INSTRUCTION_SETS
from network_cases import END, START, V, native, network

from seqwright.models import Seq2seq
from seqwright.search import Candidate, Rules, automaton, beam, compiled, ensemble, sample
from seqwright.search.sample import truncated_probs

pytestmark = pytest.mark.skipif(not INSTRUCTION_SETS, reason=kernel_cases.WHY_NOT)
every_isa = pytest.mark.parametrize("isa", INSTRUCTION_SETS)
B = 4
SOURCE, LENGTHS = network_cases.sources(B)
NET = {"bidirectional": True, "attention": "bilinear"}


def networks(n: int) -> list[Seq2seq]:
    return [network(NET, seed=seed, H=24 - seed) for seed in range(n)]


def bias(net: Seq2seq) -> np.ndarray:
    return net.params.named["decoder.affine.b"]


def run(kind: str, nets: list[Seq2seq], isa: str, rules: Rules, forbidden: tuple[int, ...] = (), **options: Any) -> Any:
    """Return what the search over steps finds, and what the compiled one does."""
    steps = ensemble([net.start(SOURCE, LENGTHS, forbidden=forbidden) for net in nets])
    given = compiled.Networks([native(net, isa) for net in nets], SOURCE, LENGTHS, forbidden)
    found = []
    for search, first in (({"beam": beam, "sample": sample}[kind], steps), (getattr(compiled, kind), (given,))):
        drawing = {"rngs": [np.random.default_rng(b) for b in range(B)]} if kind == "sample" else {}
        found.append(search(*first, rules, **drawing, **options))
    return found


def limits(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def ids(found: list[list[Candidate]]) -> list[list[list[int]]]:
    return [[candidate.ids for candidate in some] for some in found]


@every_isa
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("width", [2, 4, 6, 16])
def test_of_equals_the_better_hypothesis_and_then_the_lower_id_goes_first(isa: str, width: int, groups: int) -> None:
    nets = networks(1)
    nets[0].params.named["decoder.affine.W"][:] = 0  # no symbol depends on what was read
    bias(nets[0])[:] = np.where(np.arange(V) == 3, -1, 0)
    expected, actual = run("beam", nets, isa, Rules(START, END, limits(5, 0, 1, 3)), width=width, groups=groups)
    assert ids(actual) == ids(expected)


@every_isa
@pytest.mark.parametrize("members", [1, 3])
def test_a_forbidden_symbol_is_in_no_target(isa: str, members: int) -> None:
    forbidden = tuple(range(3, 12))
    rules = Rules(START, END, limits(8, 8, 8, 8))
    expected, actual = run("beam", networks(members), isa, rules, forbidden, width=5)
    assert ids(actual) == ids(expected)
    assert not {symbol for some in ids(actual) for one in some for symbol in one} & set(forbidden)


@every_isa
@pytest.mark.parametrize("kind", ["beam", "sample"])
def test_where_nothing_but_the_end_is_allowed_and_it_may_not_come_there_is_no_target(isa: str, kind: str) -> None:
    rules = Rules(START, END, limits(8, 8, 8, 8), limits(0, 1, 0, 0))
    forbidden = tuple(symbol for symbol in range(V) if symbol != END)
    given = compiled.Networks([native(net, isa) for net in networks(1)], SOURCE, LENGTHS, forbidden)
    options: dict[str, Any] = {"width": 2} if kind == "beam" else {"n": 2, "rngs": [np.random.default_rng(0)] * B}
    found = ids(getattr(compiled, kind)(given, rules, **options))
    one = [[]] if kind == "beam" else [[], []]
    assert found == [one, [], one, one]


@every_isa
@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_network_of_nothing_but_nan_still_gives_a_target(isa: str, width: int, members: int) -> None:
    nets = networks(members)
    bias(nets[-1])[5] = np.nan
    given = compiled.Networks([native(net, isa) for net in nets], SOURCE, LENGTHS)
    assert all(compiled.beam(given, Rules(START, END, limits(6, 0, 3, 2)), width=width))


@every_isa
@pytest.mark.parametrize("options", [{}, {"top_k": 3}, {"top_p": 0.5}, {"temperature": 1e-30}], ids=str)
@pytest.mark.parametrize("members", [1, 2])
def test_a_sample_from_nan_is_no_crash(isa: str, members: int, options: dict[str, Any]) -> None:
    nets = networks(members)
    bias(nets[0])[5] = np.nan
    given = compiled.Networks([native(net, isa) for net in nets], SOURCE, LENGTHS)
    rules = Rules(START, END, limits(6, 6, 6, 6), constraint=automaton.listed([[3, 4], [5]]))
    compiled.sample(given, rules, n=2, rngs=[np.random.default_rng(b) for b in range(B)], **options)


@every_isa
@pytest.mark.parametrize("kind", ["beam", "sample"])
@pytest.mark.parametrize("members", [1, 3])
def test_a_list_is_kept_to_where_the_network_gives_it_no_probability(isa: str, members: int, kind: str) -> None:
    listed = [[7, 9, 3], [7, 9]]
    rules = Rules(START, END, limits(8, 8, 8, 8), constraint=automaton.listed(listed))
    options: dict[str, Any] = {"width": 2} if kind == "beam" else {"n": 2}
    expected, actual = run(kind, networks(members), isa, rules, (7, 9), **options)
    assert ids(actual) == ids(expected)
    for some in actual:
        assert some and all(one.ids in listed and one.log_probs[0] == -1e4 for one in some)


@every_isa
def test_what_no_member_can_hold_as_a_number_keeps_its_logarithm(isa: str) -> None:
    nets = networks(2)
    for net in nets:
        net.params.named["decoder.affine.W"][:] = 0
        bias(net)[:] = -np.inf
        bias(net)[[END, 3, 4]] = -200, -300, 0
    rules = Rules(START, END, limits(2, 2, 2, 2), constraint=automaton.listed([[3]]))
    for found in run("beam", nets, isa, rules, width=1):
        np.testing.assert_allclose(found[0][0].log_probs, [-300, -200], rtol=1e-6)


@every_isa
@pytest.mark.parametrize(
    "options", [{}, {"temperature": 0.6}, {"top_k": 3}, {"top_p": 0.7}, {"temperature": 2.0, "top_k": 4}], ids=str
)
def test_draws_come_as_often_as_their_chances(isa: str, options: dict[str, Any]) -> None:
    net, n = network(NET), 20_000
    source = np.ascontiguousarray(SOURCE[:, :1])
    step, state = net.start(source, LENGTHS[:1])
    log_probs, _ = step(np.array([[START]], np.int32), state)
    given = compiled.Networks([native(net, isa)], source, LENGTHS[:1])
    [found] = compiled.sample(given, Rules(START, END, limits(1)), n=n, rngs=[np.random.default_rng(0)], **options)
    often = np.bincount([[*candidate.ids, END][0] for candidate in found], minlength=V) / n
    np.testing.assert_allclose(often, truncated_probs(log_probs[0, 0], **options), atol=4 * np.sqrt(0.25 / n))


@every_isa
@pytest.mark.parametrize("options", [{"top_k": 3}, {"top_p": 0.14}], ids=str)
def test_of_equally_likely_symbols_the_lower_ids_are_drawn(isa: str, options: dict[str, Any]) -> None:
    nets = networks(1)
    nets[0].params.named["decoder.affine.W"][:] = 0
    bias(nets[0])[:] = 0
    expected, actual = run("sample", nets, isa, Rules(START, END, limits(1, 1, 1, 1)), n=300, **options)
    assert ids(actual) == ids(expected)
    assert {tuple(one) for some in ids(actual) for one in some} == {(), (0,), (2,)}
