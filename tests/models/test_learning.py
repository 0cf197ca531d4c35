"""A network learns: what no shape and no gradient says."""

import numpy as np
import pytest

from seqwright.models import Seq2seq
from seqwright.optim import Adam
from seqwright.search import Rules, beam
from seqwright.testing import tasks


def accuracy(net: Seq2seq, task: tasks.Task) -> float:
    step, state = net.start(np.ascontiguousarray(task.xs.T), task.source_lengths)
    found = beam(step, state, Rules(tasks.START, tasks.END, task.source_lengths + 2), width=1)
    return float(np.mean([answer.ids == target for [answer], target in zip(found, task.targets(), strict=True)]))


def train(net: Seq2seq, task: tasks.Task, steps: int, rng: np.random.Generator) -> None:
    adam = Adam(1e-2)
    for _ in range(steps):
        rows = rng.choice(len(task.xs), size=32)
        net.forward(
            task.xs[rows], task.ts[rows], source_lengths=task.source_lengths[rows],
            target_lengths=task.target_lengths[rows],
        )  # fmt: skip
        net.backward()
        adam.update(net.params, net.grads)


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (tasks.copying, {"attention": "dot"}),
        (tasks.reversing, {"attention": "bilinear", "bidirectional": True}),
        (tasks.reversing, {"attention": "additive", "bidirectional": True}),
    ],
)
def test_a_network_with_attention_answers_every_string_that_it_has_not_seen(make, options):
    rng = np.random.default_rng(0)
    seen, unseen = make(rng, 400, symbols=5, longest=4).split(340)
    net = Seq2seq(seen.vocab_size, 12, 32, **options, rng=rng)
    for _ in range(8):
        train(net, seen, 50, rng)
        if accuracy(net, unseen) == 1:
            break
    assert accuracy(net, unseen) == 1


def test_the_articles_network_learns_every_pair_of_a_small_set():
    rng = np.random.default_rng(0)
    task = tasks.reversing(rng, 60, symbols=4, longest=3)
    net = Seq2seq(task.vocab_size, 12, 32, rng=rng)
    for _ in range(8):
        train(net, task, 50, rng)
        if accuracy(net, task) == 1:
            break
    assert accuracy(net, task) == 1


@pytest.mark.parametrize(("make", "order"), [(tasks.copying, 1), (tasks.reversing, -1)])
def test_a_toy_task_is_made_of_distinct_strings_and_their_answers(make, order):
    task = make(np.random.default_rng(0), 50, symbols=3, longest=4)
    sources = [tuple(xs[:n].tolist()) for xs, n in zip(task.xs, task.source_lengths, strict=True)]
    assert len(set(sources)) == 50
    assert [tuple(target) for target in task.targets()] == [source[::order] for source in sources]
    assert {symbol for source in sources for symbol in source} == {2, 3, 4}
    assert task.vocab_size == 5


def test_a_toy_task_cannot_have_more_strings_than_there_are():
    with pytest.raises(AssertionError, match="there are 6 strings"):
        tasks.copying(np.random.default_rng(0), 7, symbols=2, longest=2)


def test_the_decoder_may_read_other_symbols_than_those_that_it_is_to_say():
    net = Seq2seq(9, 5, 7, attention="dot", rng=np.random.default_rng(1), dtype=np.float64)
    rng = np.random.default_rng(2)
    source, target, read = (rng.integers(0, 9, shape).astype(np.int32) for shape in [(4, 3), (6, 3), (5, 3)])
    lengths = np.array([4, 2, 3], np.int32), np.array([5, 1, 4], np.int32)
    loss = net.loss(source, lengths[0], target, lengths[1], read=read)
    encoded = net.encoder.encode(source, lengths[0], net.encoder.cache)
    scores = net.decoder.decode(read, lengths[1], encoded, net.decoder.cache).logits
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    said = [log_probs[t, b, target[t + 1, b]] for b in range(3) for t in range(lengths[1][b])]
    assert loss == pytest.approx(-np.mean(said))
    assert loss != net.loss(source, lengths[0], target, lengths[1])
