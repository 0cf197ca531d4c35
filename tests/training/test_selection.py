"""Which weights of a training on sentences are kept."""

import itertools
import json
import math

import numpy as np
import pytest

from seqwright import config, metrics, training
from seqwright.training import recipe, selection
from seqwright.training.checkpoint import Position
from seqwright.training.events import Finished, Measured
from seqwright.training.loop import Loop
from seqwright.training.prepare import prepare
from seqwright.training.selection import Quality, selected
from seqwright.training.traits import Traits
from tests.data.test_sentences import translations

TINY = [
    "model.hidden_size=24", "model.embedding_size=16", "training.batch_size=16", "training.epochs=2",
    "text.source_tokens=words", "text.target_tokens=words", "training.report=false",
]  # fmt: skip


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in translations(600)), encoding="utf-8")
    return path


def quality(measure, *, loss=1.0, chrf=0.0, n=100):
    scores = metrics.Scores(n=n, errors=n, edits=n, tokens=n, exact=0.0, wer=100.0, ter=100.0)
    sentences = metrics.SentenceScores(bleu=1.0, chrf=chrf, length_ratio=1.0, bleu_signature="", chrf_signature="")
    return Quality(range(n), [["a"]] * n, scores, measure, loss, sentences)


def test_poor_answers_are_compared_by_loss_and_good_ones_by_chrf():
    position, poor, good = Position(), "loss", "chrF"
    measured = [
        (quality(poor, loss=5.0), True),
        (quality(poor, loss=4.0, chrf=3.0), True),
        (quality(poor, loss=4.5, chrf=14.0), False),
        (quality(good, loss=4.9, chrf=16.0), True),  # any good answers are better than any poor ones
        (quality(poor, loss=1.0, chrf=3.0), False),
        (quality(good, loss=9.0, chrf=30.0), True),
        (quality(good, loss=0.1, chrf=28.0), False),
        (quality(good, loss=0.1, chrf=29.9), True),  # within one standard error: the later
    ]
    for epoch, (found, best) in enumerate(measured):
        assert selected(found, position, epoch) is best
    assert (position.top_value, position.best_chrf, position.best_epoch) == (30.0, 29.9, 7)


@pytest.mark.parametrize("answer", [[], ["..."], ["The", "glano", "house", "sees", "card."]])
def test_an_empty_or_constant_answer_is_poor(pairs, answer):
    prepared = prepare(pairs, None, config.parse({}, TINY))
    network = Loop(prepared).network
    poor = selection.assess([network], prepared, answer=lambda _, part: [answer] * len(part.dev.sources))
    assert poor.measure == "loss"
    right = selection.assess([network], prepared, answer=lambda _, part: [group[0] for group in part.dev.references])
    assert (right.measure, right.scores.exact, round(right.sentences.bleu)) == ("chrF", 100, 100)


def test_poor_answers_are_few(pairs, monkeypatch):
    monkeypatch.setattr(selection, "PROBE", 10)
    prepared = prepare(pairs, None, config.parse({}, TINY))
    n_answered = []

    def answers(_, part):
        n_answered.append(len(part.dev.sources))
        return [["?"] for _ in part.dev.sources]

    found = selection.assess([Loop(prepared).network], prepared, answer=answers)
    assert n_answered == [len(found.measured)] == [10]


def test_the_dev_loss_is_the_mean_over_symbols_whatever_the_batches(pairs, monkeypatch):
    prepared = prepare(pairs, None, config.parse({}, TINY))
    network = Loop(prepared).network
    together = selection.dev_loss(network, prepared)
    monkeypatch.setattr(selection, "BATCH", 1)
    assert selection.dev_loss(network, prepared) == pytest.approx(together, rel=1e-5)
    V = len(prepared.target.vocabulary)
    network.params.flat[:] = 0
    assert selection.dev_loss(network, prepared) == pytest.approx(math.log(V))  # without label smoothing


def test_a_training_on_sentences_says_what_it_selects_by(pairs, tmp_path):
    received = []
    training.train(pairs, output=tmp_path / "model", config=config.parse({}, TINY), listen=received.append)
    measured = [event for event in received if isinstance(event, Measured)]
    assert {event.measure for event in measured} <= {"loss", "chrF"}
    assert all(event.dev_perplexity == pytest.approx(math.exp(event.dev_loss)) for event in measured)
    assert all(0 <= event.dev_bleu <= 100 and 0 <= event.dev_chrf <= 100 for event in measured)
    kept = [event for event in measured if event.best][-1]
    [finished] = [event for event in received if isinstance(event, Finished)]
    assert (finished.dev_loss, finished.dev_chrf) == (kept.dev_loss, kept.dev_chrf)
    scores = json.loads((tmp_path / "model" / "manifest.json").read_text())["scores"]
    assert (scores["selected_by"], scores["dev_loss"]) == (kept.measure, kept.dev_loss)


def sentences(n_pairs, *settings):
    return recipe.complete(config.parse({}, settings), Traits(n_pairs, 0.1, 8.0, sentences=True))


def test_sentences_warm_up_by_steps():
    assert sentences(3000).optim.warmup_steps
    assert recipe.complete(config.parse({}), Traits(3000, 0.1, 8.0)).optim.warmup_steps is None


def test_settings_for_sentences_that_are_given_stay():
    given = "model.hidden_size=7", "model.attention=none", "optim.rate=0.5", "optim.warmup_steps=3"
    found = sentences(100_000, *given, "training.epochs=2")
    assert (found.model.hidden_size, found.model.attention, found.model.distance_bias) == (7, "none", False)
    assert (found.optim.learning_rate, found.optim.warmup_steps, found.training.epochs) == (0.5, 3, 2)
    assert sentences(100_000, "model.tied=true", "model.hidden_size=64").model.embedding_size == 64


def test_embeddings_of_sentences_are_tied_where_the_network_allows_it():
    found = sentences(100_000).model
    assert found.tied
    assert found.embedding_size == found.hidden_size
    assert not sentences(100_000, "model.tied=false").model.tied
    assert not sentences(100_000, "model.embedding_size=32", "model.hidden_size=64").model.tied
    assert not sentences(100_000, "model.peeky=true").model.tied
    assert not sentences(100_000, "text.features_column=3").model.tied
    assert not recipe.complete(config.parse({}), Traits(100_000, 0.1, 8.0)).model.tied


def test_sentences_in_characters_attend_as_other_long_targets_do():
    def attention(tokens):
        given = config.parse({}, [f"text.target_tokens={tokens}"])
        found = recipe.complete(given, Traits(800, 0.1, 30.0, sentences=True)).model
        return found.attention, found.distance_bias

    assert attention("characters") == ("additive", True)
    assert attention("subwords:1000") == ("bilinear", False)


def test_few_sentences_are_read_with_gaps():
    assert sentences(3000).training.word_dropout > sentences(100_000).training.word_dropout == 0
    assert sentences(3000, "training.word_dropout=0").training.word_dropout == 0
    assert recipe.complete(config.parse({}), Traits(3000, 0.1, 8.0)).training.word_dropout == 0


def test_the_largest_network_reads_about_16_million_symbols_and_the_least_time_gets_the_smallest():
    found = sentences(136_935)
    assert found.model.hidden_size == 512
    assert 9 * 136_935 * found.training.epochs <= 16.5e6
    assert sentences(136_935, "training.time_budget_s=120").model.hidden_size == 256
    assert sentences(3000, "training.time_budget_s=36000").model.hidden_size == 256


def test_more_time_brings_networks_and_dev_sets_that_are_no_smaller():
    budgets = [sentences(136_935, f"training.time_budget_s={s}") for s in (120, 720, 3600)] + [sentences(136_935)]
    for less, more in itertools.pairwise(budgets):
        assert more.model.hidden_size >= less.model.hidden_size
        limits = [recipe.dev_limit(one.training, sentences=True) for one in (less, more)]
        assert limits == sorted(limits)
    assert recipe.dev_limit(budgets[0].training, sentences=False) == config.TrainingConfig().dev_limit


def test_a_training_on_sentences_goes_on_with_the_bytes_of_one_that_was_not_interrupted(pairs):
    conf = config.parse({}, TINY)
    prepared = prepare(pairs, None, conf)
    whole = Loop(prepared)
    list(whole.events())
    first, second = Loop(prepared), Loop(prepared)
    for event in first.events():
        if isinstance(event, Measured):
            break
    second.restore(first.checkpoint({}))
    list(second.events())
    np.testing.assert_array_equal(second.network.params.flat, whole.network.params.flat)
    assert second.position.best_chrf == whole.position.best_chrf
    assert isinstance(second.position, Position)
