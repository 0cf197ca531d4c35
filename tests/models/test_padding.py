"""What a sequence gives depends on nothing but the sequence: not on padding, nor on its neighbours in the batch."""

import numpy as np
import pytest
import variants

from seqwright.search import Rules, beam

EQUAL = {"rtol": 0, "atol": 1e-12}
UNDROPPED = [{**variants.FULL, "dropout": 0.0}, *variants.EVERY[::4]]
BATCH = variants.batch((5, 1, 3, 0, 5), (2, 4, 1, 3, 4))


def results(net, batch, **padding):
    """Return the loss, the nll of each sequence and the gradient for a padded batch."""
    loss = net.forward(**batch.arguments(**padding))
    nlls = net.cache["nll"].sum(axis=0)
    net.backward()
    return loss, nlls, net.grads.flat.copy()


@variants.each(UNDROPPED)
def test_more_padding_with_other_ids_changes_neither_loss_nor_gradient(options):
    net = variants.network(options)
    for one, two in zip(results(net, BATCH), results(net, BATCH, padding=4, seed=9), strict=True):
        np.testing.assert_allclose(two, one, **EQUAL)


@variants.each(UNDROPPED)
def test_a_batch_gives_what_its_sequences_give_one_by_one(options):
    net = variants.network(options)
    loss, nlls, gradient = results(net, BATCH)
    counts = np.array([len(target) - 1 for target in BATCH.targets])
    alone = [results(net, BATCH.row(b)) for b in range(len(counts))]
    np.testing.assert_allclose(nlls, [row[1][0] for row in alone], **EQUAL)
    np.testing.assert_allclose(loss, np.dot(counts, [row[0] for row in alone]) / counts.sum(), **EQUAL)
    np.testing.assert_allclose(gradient, np.dot(counts, [row[2] for row in alone]) / counts.sum(), **EQUAL)


@variants.each(UNDROPPED)
def test_the_order_of_a_batch_does_not_matter(options):
    net = variants.network(options)
    loss, nlls, gradient = results(net, BATCH)
    turned = results(net, variants.Batch(BATCH.sources[::-1], BATCH.targets[::-1]))
    np.testing.assert_allclose(turned[0], loss, **EQUAL)
    np.testing.assert_allclose(turned[1], nlls[::-1], **EQUAL)
    np.testing.assert_allclose(turned[2], gradient, **EQUAL)


def searched(net, batch, search, max_lengths):
    arguments = batch.arguments(padding=2)
    step, state = net.start(np.ascontiguousarray(arguments["xs"].T), arguments["source_lengths"])
    limits = np.array(max_lengths, np.int32)
    return search(step, state, Rules(variants.START, variants.END, limits))


@pytest.mark.parametrize("width", [1, 2, 5])
@variants.each(variants.FEW)
def test_a_sources_beam_does_not_depend_on_its_neighbours(options, width):
    net = variants.network(options)
    limits = [6, 2, 0, 4, 5]

    def search(*args, **kwargs):
        return beam(*args, **kwargs, width=width)

    together = searched(net, BATCH, search, limits)
    for b, limit in enumerate(limits):
        [alone] = searched(net, BATCH.row(b), search, [limit])
        assert [c.ids for c in together[b]] == [c.ids for c in alone]
        assert [c.finished for c in together[b]] == [c.finished for c in alone]
        for one, two in zip(together[b], alone, strict=True):
            np.testing.assert_allclose(one.log_probs, two.log_probs, **EQUAL)


def greedy(*args, **kwargs):
    return [best for [best] in beam(*args, **kwargs, width=1)]


@variants.each(variants.FEW)
def test_a_sources_greedy_target_does_not_depend_on_its_neighbours(options):
    net = variants.network(options)
    limits = [6, 2, 0, 4, 5]
    together = searched(net, BATCH, greedy, limits)
    for b, limit in enumerate(limits):
        [alone] = searched(net, BATCH.row(b), greedy, [limit])
        assert together[b].ids == alone.ids
        assert together[b].finished == alone.finished
        np.testing.assert_allclose(together[b].log_probs, alone.log_probs, **EQUAL)
        if alone.attention_weights is not None:
            live = len(BATCH.sources[b])
            np.testing.assert_allclose(
                together[b].attention_weights[:, :live], alone.attention_weights[:, :live], **EQUAL
            )
            assert not together[b].attention_weights[:, live:].any()


@pytest.mark.parametrize("sources", [0, 1])
def test_an_empty_batch_and_an_empty_source_are_answered(sources):
    net = variants.network(variants.FULL)
    answers = searched(net, variants.Batch([[]], [[0]]), greedy, [3])
    assert len(answers) == 1
    step, state = net.start(np.zeros((0, sources), np.int32), np.zeros(sources, np.int32))
    limits = np.full(sources, 3, np.int32)
    assert len(beam(step, state, Rules(0, 1, limits), width=3)) == sources
