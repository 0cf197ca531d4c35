"""The models agree with loops over single numbers, written independently of them."""

import math

import model_checks as models
import numpy as np
import oracle
import pytest
import variants


@variants.each(variants.EVERY + variants.COPYING + variants.SUMMING + variants.TIED + variants.BIASED + variants.DEEPER)
def test_loss_and_every_gradient_agree_with_the_oracle(options):
    models.check_oracle(options, variants.batch())


@variants.each([{**options, "label_smoothing": 0.1, "dropout": 0.3} for options in variants.EVERY[::5]])
def test_loss_and_every_gradient_agree_with_the_oracle_under_dropout_and_label_smoothing(options):
    models.check_oracle(options, variants.batch())


@pytest.mark.parametrize("lengths", [((1,), (1,)), ((0, 2), (1, 2)), ((2, 3), (0, 2))], ids=str)
@variants.each([variants.PLAIN, variants.FULL, variants.DEEPER[-1], variants.COPYING[-1], variants.SUMMING[-1]])
def test_the_oracle_agrees_on_sequences_of_any_length(options, lengths):
    models.check_oracle(options, variants.batch(*lengths))


@variants.each([*variants.EVERY, variants.TIED[0], variants.BIASED[0]])
def test_generated_ids_equal_those_of_the_oracle(options):
    net = variants.network(options)
    net.params.flat *= 2  # ids that depend on the source
    slow = oracle.Oracle(net.params.named, **options)
    for source in variants.batch((4, 1), (1, 1), seed=2).sources:
        assert net.generate([source], variants.START, 6) == slow.generate(source, variants.START, 6)


def test_the_generated_ids_compared_are_not_all_the_same():
    answers = set()
    for options in variants.FEW:
        net = variants.network(options)
        net.params.flat *= 2
        answers |= {tuple(net.generate([source], 0, 6)) for source in variants.batch((4, 1), (1, 1), seed=2).sources}
    assert len(answers) > len(variants.FEW)


def test_the_oracle_differentiates_its_numbers():
    x, y = oracle.Number(0.3), oracle.Number(-1.2)
    z = oracle.tanh(x * y) + oracle.log(oracle.sigmoid(y)) + oracle.exp(x) * oracle.inverse(y) + x.times(3)
    oracle.differentiate(z)
    d = 1 - math.tanh(-0.36) ** 2
    np.testing.assert_allclose(x.grad, -1.2 * d + math.exp(0.3) / -1.2 + 3)
    np.testing.assert_allclose(y.grad, 0.3 * d + (1 - 1 / (1 + math.exp(1.2))) - math.exp(0.3) / 1.44)
