"""The next tokens after a prefix, held to forced decoding of every token."""

import math

import numpy as np
import pytest

from seqwright.errors import ConstraintError, UsageError
from seqwright.inference import Options, translator


@pytest.fixture(scope="module")
def model(trained):
    return translator.load(trained)


@pytest.mark.parametrize("prefix", ["", "c", "cb", "hhhh"])
def test_next_tokens_have_the_probabilities_that_scoring_finds(model, prefix):
    found = model.next_tokens("abc", list(prefix), n=100)
    letters = model.bundle.target.vocabulary.symbols
    assert sorted(token for token, _ in found if token is not None) == sorted(letters)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert math.fsum(math.exp(score) for _, score in found) == pytest.approx(
        1, abs=0.02
    )  # the unknown symbol has the rest
    for token, score in found:
        [scored] = model.score(["abc"], [prefix + (token or "")])
        assert scored.best.log_probs[len(prefix)] == pytest.approx(score, abs=1e-5)


def test_the_most_probable_are_returned(model):
    assert model.next_tokens("abc", ["c"], n=3) == model.next_tokens("abc", ["c"], n=100)[:3]


def test_prefix_tokens_constrain_as_their_text_does(model):
    def answers(**given):
        return model.predict(["abc", "hgf"], options=Options(constraint=model.constraint(**given)))

    for by_tokens, by_text in zip(answers(prefix_tokens=["h", "a"]), answers(prefix="ha"), strict=True):
        assert by_tokens[0].tokens[:2] == ["h", "a"]
        assert (by_tokens[0].tokens, by_tokens[0].log_probs) == (by_text[0].tokens, by_text[0].log_probs)
        assert np.array_equal(by_tokens[0].alignment, by_text[0].alignment)


def test_an_unknown_token_is_named(model):
    with pytest.raises(UsageError, match="'é' is not in the vocabulary"):
        model.next_tokens("abc", ["é"])
    with pytest.raises(ConstraintError, match="'é' is not in the vocabulary"):
        model.constraint(prefix_tokens=["a", "é"])
    with pytest.raises(UsageError, match="n = 0"):
        model.next_tokens("abc", n=0)
