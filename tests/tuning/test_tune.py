"""A search for settings: what it tries, what it keeps, and what an interruption costs."""

import sys

import pytest

from seqwright import config, errors, metrics, training, tuning
from seqwright.models import Seq2seq
from seqwright.training import loop, selection, task
from seqwright.training.checkpoint import Position
from seqwright.training.events import Measured
from seqwright.tuning import run
from seqwright.tuning import study as studies
from seqwright.tuning.space import Range, applied, configured, space
from seqwright.tuning.study import DevScores, Study
from tests.data.test_sentences import translations

QUICK = config.parse(
    {},
    [
        "model.hidden_size=8",
        "model.embedding_size=4",
        "training.epochs=2",
        "optim.learning_rate=4e-3",
        "training.cross_validation=0",
    ],
)
SIZES = [
    "model.attention=bilinear",
    "model.hidden_size=200",
    "model.encoder_layers=1",
    "training.batch_size=32",
    "optim.learning_rate=4e-3",
]
COMPLETE = config.parse({}, [*SIZES, "model.dropout=0.3"])


@pytest.fixture
def pairs(tmp_path, reversals):
    path = tmp_path / "pairs.tsv"
    path.write_text(reversals, encoding="utf-8")
    return path


def tune(pairs, output, *, listen=None, **options):
    return tuning.tune(pairs, output=output, config=QUICK, listen=listen, **{"max_trials": 3, **options})


def test_sizes_are_searched_around_the_configured_ones_which_are_among_them():
    searched = space(COMPLETE)
    assert searched["model.hidden_size"] == Range(100, 400, step=50)
    assert searched["training.batch_size"] == (16, 32, 64, 128)
    assert configured(COMPLETE, searched).keys() == searched.keys()
    assert applied(COMPLETE, configured(COMPLETE, searched)) == COMPLETE


def test_what_is_configured_outside_of_the_search_is_left_to_it():
    far = config.parse({}, [*SIZES, "model.dropout=0.9"])
    assert "model.dropout" not in configured(far, space(far))


def test_dot_attention_makes_the_encoder_one_way():
    dot = applied(COMPLETE, {"model.attention": "dot", "model.encoder_layers": 2})
    assert (dot.model.attention, dot.model.bidirectional, dot.model.encoder_layers) == ("dot", False, 2)
    assert applied(COMPLETE, {"model.attention": "bilinear"}).model.bidirectional


def test_every_attention_that_is_tried_goes_with_the_rest_of_the_configuration():
    tried = space(COMPLETE)["model.attention"]
    assert set(tried) == {"additive", "bilinear", "dot"}
    both_ways = {name: applied(COMPLETE, {"model.attention": name}) for name in tried}
    assert both_ways["additive"].model.bidirectional


def test_tied_embeddings_are_as_wide_as_the_network_that_is_tried():
    tied = config.parse({}, ["model.tied=true", "model.embedding_size=64", "model.hidden_size=64"])
    assert applied(tied, {"model.hidden_size": 96}).model.embedding_size == 96


def exact(accuracy, ter=0.0):
    return DevScores(dev_accuracy=accuracy, dev_ter=ter)


def sentences(measure, *, loss, chrf, accuracy=0.0):
    return DevScores(measure=measure, dev_accuracy=accuracy, dev_ter=90.0, dev_loss=loss, dev_bleu=1.0, dev_chrf=chrf)


def test_more_accuracy_is_better_and_then_a_lower_error_rate():
    ascending = [exact(50.0, 2), exact(50.0, 1), exact(50.1, 90)]
    assert sorted(ascending, key=lambda scores: scores.objective) == ascending


def test_sentences_are_compared_by_chrf_and_poor_ones_by_the_loss():
    ascending = [
        sentences("loss", loss=6.0, chrf=14.9, accuracy=2.0),
        sentences("loss", loss=5.0, chrf=1.0),
        sentences("chrF", loss=7.0, chrf=15.0),
        sentences("chrF", loss=4.0, chrf=30.0, accuracy=1.0),
        sentences("chrF", loss=4.5, chrf=31.0),
    ]
    assert sorted(ascending, key=lambda scores: scores.objective) == ascending


def test_the_first_trial_is_the_configuration_itself_and_the_best_is_written_for_train(pairs, tmp_path):
    received = []
    found = tune(pairs, tmp_path / "tuned", listen=received.append)
    assert [trial.number for trial in found.trials] == [1, 2, 3]
    first = found.trials[0].settings
    assert (first["model.hidden_size"], first["model.encoder_layers"], first["optim.learning_rate"]) == (
        8,
        1,
        QUICK.optim.learning_rate,
    )
    assert len({str(trial.settings) for trial in found.trials}) == 3
    complete = [trial for trial in found.trials if trial.state == "complete"]
    assert found.best in complete
    assert found.best.dev_accuracy == max(trial.dev_accuracy for trial in complete)
    assert config.parse(config.load(found.path)) == found.config
    training.train(pairs, output=tmp_path / "model", config=found.config)
    assert sum(isinstance(event, tuning.Tried) for event in received) == 3


def test_the_best_configuration_trains_to_the_accuracy_of_its_trial(pairs, tmp_path):
    found = tune(pairs, tmp_path / "tuned", max_trials=1)
    model = training.train(pairs, output=tmp_path / "model", config=found.config)
    assert model.bundle.manifest["scores"]["dev_accuracy"] == found.best.dev_accuracy
    assert model.bundle.manifest["scores"]["dev_ter"] == found.best.dev_ter


def test_fixed_settings_are_not_searched(pairs, tmp_path):
    found = tune(pairs, tmp_path / "tuned", fixed=["model.hidden_size", "model.encoder_layers", "training.seed"])
    assert all({"model.hidden_size", "model.encoder_layers"}.isdisjoint(trial.settings) for trial in found.trials)
    assert found.config.model.hidden_size == 8
    with pytest.raises(errors.UsageError, match="fix fewer settings"):
        tune(pairs, tmp_path / "other", fixed=space(COMPLETE))


@pytest.mark.parametrize("cut", [0, 7])
def test_an_interrupted_search_goes_on_with_the_trial_it_was_at(pairs, tmp_path, cut):
    before, after = [], []

    def interrupting(event):
        before.append(event)
        if isinstance(event, Measured) and any(isinstance(earlier, tuning.Tried) for earlier in before):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(pairs, tmp_path / "tuned", listen=interrupting)
    record = tmp_path / "tuned" / studies.NAME
    record.write_bytes(record.read_bytes()[: record.stat().st_size - cut])  # a kill in the middle of a line
    found = tune(pairs, tmp_path / "tuned", listen=after.append)
    [done] = [event for event in before if isinstance(event, tuning.Tried)]
    assert found.trials[0] == done.trial
    interrupted = [event for event in before if isinstance(event, tuning.Trying)][-1]
    begun = [event for event in after if isinstance(event, tuning.Trying)]
    assert len(begun) == 2
    same = [name for name, value in interrupted.settings.items() if begun[0].settings[name] == value]
    assert len(same) >= len(interrupted.settings) - (cut > 0)  # the line that was cut held the last of the settings


def test_a_search_that_is_over_is_not_begun_again_but_goes_on_with_more_trials(pairs, tmp_path):
    first = tune(pairs, tmp_path / "tuned", max_trials=2)
    received = []
    assert tune(pairs, tmp_path / "tuned", max_trials=2, listen=received.append) == first
    assert received == []
    assert tune(pairs, tmp_path / "tuned", max_trials=4).trials[:2] == first.trials


def test_a_time_budget_ends_the_search(pairs, tmp_path):
    found = tune(pairs, tmp_path / "tuned", time_budget_s=1.0, max_trials=None)
    assert sum(trial.seconds for trial in found.trials) < 1.5
    assert tune(pairs, tmp_path / "tuned", time_budget_s=1.0, max_trials=None) == found


def test_a_trial_has_the_time_of_one_network_of_those_that_are_configured(pairs, tmp_path, monkeypatch):
    given_s = []

    def noted(prepared, **options):
        given_s.append(prepared.config.training.time_budget_s)
        return loop.Loop(prepared, **options)

    monkeypatch.setattr(task, "Loop", noted)
    three = config.parse(
        {}, ["model.hidden_size=8", "training.epochs=1", "training.members=3", "training.time_budget_s=6"]
    )
    tuning.tune(pairs, output=tmp_path / "tuned", config=three, max_trials=1)
    assert given_s == [2]


def test_trials_on_other_data_are_refused(pairs, tmp_path):
    tune(pairs, tmp_path / "tuned", max_trials=1)
    pairs.write_text(pairs.read_text() + "abc\tcba\n")
    with pytest.raises(errors.UsageError, match=r"different: data.*another --output"):
        tune(pairs, tmp_path / "tuned")


def test_trials_of_another_choice_of_settings_are_refused(pairs, tmp_path, monkeypatch):
    with monkeypatch.context() as before:
        narrower = space(COMPLETE) | {"model.attention": ("bilinear", "dot")}
        before.setattr(run, "space", lambda *_: narrower)
        tune(pairs, tmp_path / "tuned", max_trials=1)
    with pytest.raises(errors.UsageError, match=r"different: searched settings.*another --output"):
        tune(pairs, tmp_path / "tuned")


def test_a_record_that_does_not_say_what_was_searched_is_refused(pairs, tmp_path, monkeypatch):
    identity = run._identity
    with monkeypatch.context() as before:
        before.setattr(run, "_identity", lambda *of: {k: v for k, v in identity(*of).items() if "searched" not in k})
        tune(pairs, tmp_path / "tuned", max_trials=1)
    with pytest.raises(errors.UsageError, match=r"different: searched settings.*another --output"):
        tune(pairs, tmp_path / "tuned")


def test_a_trial_that_is_worse_than_the_others_at_the_same_moment_is_pruned(tmp_path):
    study = Study(tmp_path, {}, seed=1)
    searched = {"model.dropout": Range(0, 1)}
    for _ in range(studies.FIRST_PRUNED):
        trial = study.ask(searched)
        pruned = [trial.report(share, exact(100 * share), epochs=1, seconds=1) for share in (0.3, 0.6, 1)]
        assert pruned == [False] * 3
        trial.end(exact(100))
    as_good, worse = study.ask(searched), study.ask(searched)
    assert not as_good.report(0.5, exact(60), epochs=1, seconds=1)
    assert worse.report(0.5, exact(20), epochs=1, seconds=1)
    worse.end(None)
    assert study.trials[-1].state == "pruned"
    assert study.best.dev_accuracy == 100


class Scripted:
    """A training with the given measurements: dev losses and chrF, which is compared from 15."""

    def __init__(self, measurements):
        self.position, self._measurements = Position(), measurements

    def elapsed_s(self):
        return 1.0

    def events(self):
        for epoch, (loss, chrf) in enumerate(self._measurements, 1):
            scores = metrics.SentenceScores(
                bleu=chrf / 2, chrf=chrf, length_ratio=1.0, bleu_signature="", chrf_signature=""
            )
            measure = "chrF" if chrf >= 15 else "loss"
            exact = metrics.evaluate([["a"]], [[["a" if loss < 0.5 else "b"]]])
            quality = selection.Quality([0], [["a"]], exact, measure, loss, scores)
            best = selection.selected(quality, self.position, epoch)
            yield Measured(epoch, loss, exact.exact, exact.ter, best, 1.0, [], measure, loss)


def test_trials_of_sentences_go_by_chrf_and_not_by_exact_matches(tmp_path, monkeypatch):
    pairs = tmp_path / "sentences.tsv"
    pairs.write_text("".join(f"{s}\t{t}\n" for s, t in translations(200)), encoding="utf-8")
    trials = iter([[(3.0, 2.0), (2.0, 40.0)], [(3.0, 1.0), (0.1, 14.0)], [(4.0, 5.0), (3.0, 41.0)]])
    monkeypatch.setattr(task, "Loop", lambda *_, **__: Scripted(next(trials)))
    found = tuning.tune(pairs, output=tmp_path / "tuned", config=QUICK, max_trials=3)
    assert [trial.measure for trial in found.trials] == ["chrF", "loss", "chrF"]
    assert [trial.dev_accuracy for trial in found.trials] == [0, 100, 0]
    assert (found.best.number, found.best.dev_chrf, found.best.dev_bleu, found.best.dev_loss) == (3, 41.0, 20.5, 3.0)
    assert tuning.tune(pairs, output=tmp_path / "tuned", config=QUICK, max_trials=3) == found  # from the journal


def test_a_training_whose_loss_is_not_finite_is_a_bad_trial_and_no_failure(pairs, tmp_path, monkeypatch):
    sound, tried = Seq2seq.loss_of, []

    def nan_after_the_first_trial(*args, **options):
        return float("nan") if tried else sound(*args, **options)

    def listen(event):
        tried.extend([event] if isinstance(event, tuning.Tried) else [])

    monkeypatch.setattr(Seq2seq, "loss_of", nan_after_the_first_trial)
    monkeypatch.setattr(loop, "MAX_RETURNS", 0)
    found = tune(pairs, tmp_path / "tuned", listen=listen)
    assert [trial.state for trial in found.trials] == ["complete", "pruned", "pruned"]


def test_without_optuna_it_says_what_to_install(pairs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(errors.DependencyError, match=r"pip install 'seqwright\[tune\]'"):
        tune(pairs, tmp_path / "tuned")
    assert not (tmp_path / "tuned").exists()
