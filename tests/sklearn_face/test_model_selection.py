"""The transducer where scikit-learn's users put an estimator: in a search, a cross-validation, a pipeline."""

import msgspec
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from seqwright import config as configuration
from seqwright.sklearn import SequenceTransducer


def lowercase(texts):
    return [text.lower() for text in texts]


def test_a_grid_search_chooses_what_fitting_and_scoring_by_hand_chooses(tiny, words):
    sources, targets = (np.array(side) for side in words)
    tiny.set_params(
        settings=("model.embedding_size=16", "model.dropout=0", "optim.learning_rate=2e-2", "training.batch_size=8")
    )
    search = GridSearchCV(tiny, {"epochs": [1, 15], "hidden_size": [24]}, cv=KFold(2)).fit(sources, targets)
    by_hand = [
        np.mean([
            clone(tiny).set_params(**params).fit(sources[seen], targets[seen]).score(sources[held], targets[held])
            for seen, held in KFold(2).split(sources)
        ])
        for params in search.cv_results_["params"]
    ]  # fmt: skip
    assert search.cv_results_["mean_test_score"] == pytest.approx(by_hand)
    assert by_hand[0] < by_hand[1]
    assert search.best_params_ == {"epochs": 15, "hidden_size": 24}
    assert search.predict(sources[:5]).tolist() == search.best_estimator_.predict(sources[:5]).tolist()


def test_a_search_may_draw_its_candidates_from_an_array_of_numpy(tiny, words):
    search = RandomizedSearchCV(tiny, {"epochs": np.arange(1, 3), "dev_share": np.array([0.2])}, n_iter=2, cv=2)
    search.fit(*words)
    assert search.best_estimator_.translator_.bundle.config.training.epochs == search.best_params_["epochs"]


def test_a_search_over_settings_compares_them(tiny, words):
    grid = {"settings": [("model.embedding_size=4",), ("model.embedding_size=6",)]}
    search = GridSearchCV(tiny, grid, cv=2, error_score="raise").fit(*words)
    [chosen] = search.best_params_["settings"]
    assert f"model.embedding_size={search.best_estimator_.translator_.bundle.config.model.embedding_size}" == chosen


def test_cross_validation_takes_pairs_of_source_and_features(tiny, words):
    sources, targets = words
    inflected = [(source, "V;PST") for source in sources]
    assert cross_val_score(tiny, inflected, targets, cv=2, error_score="raise").shape == (2,)


def test_cross_validation_in_processes_gives_the_same_scores(tiny, words):
    """Worth its seconds: the one place where a transducer is sent to another process."""
    alone = cross_val_score(tiny.set_params(epochs=1), *words, cv=2, scoring="accuracy")
    assert cross_val_score(tiny, *words, cv=2, scoring="accuracy", n_jobs=2).tolist() == alone.tolist()


def test_the_last_step_of_a_pipeline_sees_what_the_steps_before_make(tiny, words):
    sources, targets = words
    pipeline = make_pipeline(FunctionTransformer(lowercase), clone(tiny))
    pipeline.fit([source.upper() for source in sources], targets)
    assert pipeline.predict(["ABC"]).tolist() == tiny.fit(sources, targets).predict(["abc"]).tolist()
    assert pipeline.set_params(sequencetransducer__beam=1)[-1].beam == 1


def test_a_grid_search_varies_any_setting_of_the_configuration_by_name(tiny, words):
    tiny.set_params(model__embedding_size=8, optim__betas=(0.8, np.float64(0.9)))
    grid = {
        "model__hidden_size": [6],
        "optim__learning_rate": np.array([1e-3]),
        "model__attention": ["bilinear", "none"],
    }
    search = GridSearchCV(tiny, grid, cv=2, error_score="raise").fit(*words)
    config = search.best_estimator_.translator_.bundle.config
    assert (config.model.hidden_size, config.model.embedding_size, config.optim.betas) == (6, 8, (0.8, 0.9))
    assert config.model.attention == search.best_params_["model__attention"]


def test_every_setting_of_the_configuration_is_a_parameter():
    config = configuration.Config()
    estimator = SequenceTransducer(epochs=3)
    names = {f"{s}__{key}" for s, keys in msgspec.to_builtins(config).items() if s != "others" for key in keys}
    assert names < set(estimator.get_params())
    assert estimator.get_params()["training__epochs"] == 3
    assert estimator.get_params(deep=False).keys().isdisjoint(names)
    for name in sorted(names - {"training__epochs", "training__seed"}):
        value = estimator.get_params()[name]
        changed = clone(estimator.set_params(**{name: value}))
        assert changed.get_params()[name] == value
    assert clone(estimator.set_params(training__epochs=7)).epochs == 7


def test_a_misspelt_setting_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="model__hidden_size"):
        SequenceTransducer().set_params(model__hiden_size=3)
