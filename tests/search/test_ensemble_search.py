"""Several models searched as one."""

import numpy as np
import pytest

from seqwright import search
from seqwright.models import Seq2seq
from seqwright.search.ensemble import ensemble

START, END = 2, 3
RULES = search.Rules(START, END, np.array([5, 4, 6], np.int32))


@pytest.fixture
def networks():
    def network(seed):
        rng = np.random.default_rng(seed)
        net = Seq2seq(7, 3, 5, target_vocab_size=6, attention="dot", rng=rng, dtype=np.float64)
        net.params.flat[:] = rng.standard_normal(net.params.flat.size)
        return net

    return [network(seed) for seed in range(3)]


@pytest.fixture
def sources():
    ids = np.random.default_rng(9).integers(0, 7, (4, 3)).astype(np.int32)
    return ids, np.array([4, 2, 3], np.int32)


def beams(members, width=4):
    return search.beam(*ensemble(members), RULES, width=width)


def test_an_ensemble_of_one_answers_as_its_member(networks, sources):
    alone = search.beam(*networks[0].start(*sources), RULES, width=4)
    together = beams([networks[0].start(*sources)])
    assert [[c.ids for c in row] for row in together] == [[c.ids for c in row] for row in alone]
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose([c.score for c in a], [c.score for c in b], rtol=1e-12)


def test_a_symbol_has_the_mean_of_the_probabilities_that_the_members_give_it(networks, sources):
    step, state = ensemble([net.start(*sources, forbidden=[0]) for net in networks])
    first = np.full((1, 3), START, np.int32)
    log_probs, state = step(first, state)
    each = [np.exp(step(first, state)[0]) for step, state in (n.start(*sources, forbidden=[0]) for n in networks)]
    np.testing.assert_allclose(np.exp(log_probs), sum(each) / 3, rtol=1e-12)
    assert np.isneginf(log_probs[:, :, 0]).all()


def test_the_log_probabilities_of_an_answer_are_those_of_the_mean_at_each_prefix(networks, sources):
    for source, row in enumerate(beams([net.start(*sources) for net in networks])):
        one = sources[0][:, [source]], sources[1][[source]]
        for candidate in row:
            step, state = ensemble([net.start(*one) for net in networks])
            last = START
            for symbol, log_prob in zip([*candidate.ids, END], candidate.log_probs, strict=True):
                log_probs, state = step(np.array([[last]], np.int32), state)
                assert log_prob == pytest.approx(log_probs[0, 0, symbol], rel=1e-9)
                last = symbol


def test_where_an_ensemble_looks_is_the_mean_of_where_its_members_look(networks, sources):
    _, state = ensemble([net.start(*sources) for net in networks])
    assert state.attention_weights is None
    step, state = ensemble([net.start(*sources) for net in networks])
    _, state = step(np.full((1, 3), START, np.int32), state)
    np.testing.assert_allclose(
        state.attention_weights, np.mean([part.attention_weights for part in state.members], axis=0)
    )
