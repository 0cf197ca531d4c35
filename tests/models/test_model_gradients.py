"""The gradient of the whole loss with respect to every parameter, for every combination of options."""

import model_checks as models
import pytest
import variants

from seqwright.testing import gradients


@variants.each(variants.EVERY + variants.COPYING + variants.SUMMING + variants.TIED + variants.BIASED + variants.DEEPER)
def test_the_loss_has_the_gradient_that_backward_returns(options):
    models.check_gradients(options, variants.batch())


@variants.each(variants.EVERY[::3])
def test_the_loss_has_the_gradient_that_backward_returns_with_dropout_and_label_smoothing(options):
    models.check_gradients(options | {"dropout": 0.3, "label_smoothing": 0.1}, variants.batch())


@pytest.mark.parametrize("lengths", [((1,), (1,)), ((0, 2), (1, 2)), ((3, 3), (3, 3)), ((2, 3), (0, 2))], ids=str)
@variants.each([variants.PLAIN, variants.FULL, variants.DEEPER[-1], variants.COPYING[-1], variants.SUMMING[-1]])
def test_the_gradient_is_right_for_sequences_of_any_length(options, lengths):
    models.check_gradients(options, variants.batch(*lengths))


@variants.each([{"attention": "dot", "peeky": True, "bridge": "hc"}, variants.TIED[0]])
def test_every_single_parameter_has_the_right_gradient(options):
    models.check_gradients(options, variants.batch((3, 1), (2, 1)), check=gradients.check_elementwise)
