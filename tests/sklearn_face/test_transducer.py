"""The transducer answers as a model trained on a file does, and says what to do about what it cannot read."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import seqwright
from seqwright import config, errors, evaluation, training
from seqwright.data import readers
from seqwright.sklearn import InputError, SequenceTransducer


def n_best(model, sources):
    """Return everything that can be compared of the answers."""
    return [[h._replace(alignment=h.alignment.tobytes()) for h in some] for some in model.predict_n_best(sources)]


def refusal(call, *arguments):
    """Return what an InputError says."""
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


def test_fitting_gives_the_model_that_training_on_a_file_gives(tmp_path, tiny, words, reversals):
    (tmp_path / "pairs.tsv").write_text(reversals, encoding="utf-8")
    settings = ["training.epochs=3", "model.hidden_size=8", "model.embedding_size=4", "training.seed=7",
                "training.cross_validation=0"]  # fmt: skip
    trained = training.train(tmp_path / "pairs.tsv", output=tmp_path / "model", config=config.parse({}, settings))
    sources, targets = words
    fitted = tiny.set_params(random_state=7).fit(sources, targets)
    weights, expected = fitted.translator_.bundle.weights, trained.bundle.weights
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[name], expected[name]) for name in expected)
    assert fitted.predict(sources).tolist() == [some[0].text for some in trained.predict(sources, beam=2)]


def test_features_are_those_of_a_features_column(tmp_path, tiny):
    rows = [(f"{a}{b}", f, f"{a}{b}{f[-1]}") for a in "abcd" for b in "efgh" for f in ("V;PST", "V;PRS")]
    (tmp_path / "rows.tsv").write_text("".join(f"{s}\t{t}\t{f}\n" for s, f, t in rows), encoding="utf-8")
    settings = ["training.epochs=3", "model.hidden_size=8", "model.embedding_size=4"]
    trained = training.train(tmp_path / "rows.tsv", output=tmp_path / "model", config=config.parse({}, settings))
    fitted = tiny.fit([row[:2] for row in rows], [row[2] for row in rows])
    expected = trained.predict(["ae", "ae"], features=["V;PST", ""], beam=2)
    assert fitted.predict([("ae", "V;PST"), "ae"]).tolist() == [some[0].text for some in expected]
    assert fitted.translator_.bundle.source.vocabulary == trained.bundle.source.vocabulary


def test_the_score_is_the_accuracy_of_an_evaluation(fitted, words):
    sources, targets = words
    targets = ["zz", *targets[1:]]  # wrong, however much the network has learned
    score = fitted.score(sources, targets)
    pairs = [readers.Pair(*pair) for pair in zip(sources, targets, strict=True)]
    assert 0 < score < 1
    assert 100 * score == pytest.approx(evaluation.evaluate(fitted.translator_, pairs).scores.exact)


def test_the_unicode_form_does_not_decide_about_the_score(tiny):
    texts = [f"{a}é{b}" for a in "abcd" for b in "abcd"]
    fitted = tiny.fit(texts, texts)
    fitted.predict = lambda X: ["a\u00e9"] * len(X)
    assert fitted.score(["x", "x"], ["ae\u0301", "ae"]) == 0.5


def test_equal_fits_pickle_to_equal_bytes_and_another_seed_to_others(tiny, words):
    first, again, other = (pickle.dumps(clone(tiny).set_params(random_state=n).fit(*words)) for n in (3, 3, 4))
    assert first == again != other


def test_a_random_state_is_drawn_from_at_each_fit(tiny, words):
    tiny.set_params(random_state=np.random.RandomState(5))
    first, second = (tiny.fit(*words).translator_.bundle.config.training.seed for _ in range(2))
    assert first != second
    again = tiny.set_params(random_state=np.random.RandomState(5)).fit(*words)
    assert again.translator_.bundle.config.training.seed == first


@pytest.mark.parametrize("way", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy])
def test_a_copy_answers_byte_for_byte_alike(fitted, words, way):
    again = way(fitted)
    assert again.get_params() == fitted.get_params()
    assert n_best(again, words[0]) == n_best(fitted, words[0])


def test_a_pickle_holds_the_files_of_a_model_directory(tmp_path, fitted):
    for name, data in fitted.__getstate__()["model_files"].items():
        (tmp_path / name).write_bytes(data)
    model = seqwright.load(tmp_path)
    assert model.predict(["abc"])[0][0].text == fitted.predict(["abc"])[0]


def test_a_damaged_pickle_is_refused(fitted):
    state = fitted.__getstate__()
    state["model_files"]["model.safetensors"] = state["model_files"]["model.safetensors"][:-1]
    with pytest.raises(errors.ModelError, match="damaged"):
        SequenceTransducer().__setstate__(state)


def test_an_unfitted_transducer_is_pickled_and_cloned_with_its_parameters(tiny):
    assert pickle.loads(pickle.dumps(tiny)).get_params() == clone(tiny).get_params() == tiny.get_params()


def test_a_clone_of_a_fitted_transducer_is_not_fitted(fitted):
    assert clone(fitted).get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "translator_")


@pytest.mark.parametrize("method", ["predict", "predict_n_best", "score"])
def test_without_a_fit_there_is_no_answer(tiny, method):
    with pytest.raises(NotFittedError):
        getattr(tiny, method)(["abc"], *([["cba"]] if method == "score" else []))


def test_answers_come_as_an_array_of_texts_one_for_each_source(fitted):
    answers = fitted.predict(np.array(["abc", "", "zzz"]))
    assert answers.shape == (3,)
    assert all(type(answer) is str for answer in answers)
    assert fitted.predict([]).shape == (0,)


def test_an_answer_keeps_a_nul_at_its_end(fitted, words):
    learner = clone(fitted).set_params(epochs=5)
    assert set(learner.fit(words[0], ["a\0"] * 60).predict(words[0])) == {"a\0"}


def test_a_column_is_read_as_the_texts_in_it(fitted):
    texts = ["abc", "hgf"]
    expected = fitted.predict(texts).tolist()
    for column in (np.array(texts, object), np.array(texts)[:, None], [[text] for text in texts], tuple(texts)):
        assert fitted.predict(column).tolist() == expected
    assert fitted.predict(np.array([[text, ""] for text in texts])).tolist() == expected


def test_a_frame_is_read_by_rows_and_not_by_the_names_of_its_columns(fitted):
    class Frame:
        def __iter__(self):
            return iter(["word"])

        def to_numpy(self):
            return np.array([["abc"], ["hgf"]], object)

    assert fitted.predict(Frame()).tolist() == fitted.predict(["abc", "hgf"]).tolist()


def test_texts_may_hold_what_would_end_a_field_or_a_line(tiny):
    texts = [f"{a}\t{b}\n\0\u2028{c}\r" for a in 'ab"' for b in "abc" for c in "abc"]
    assert {"\t", "\n", "\0", "\u2028", "\r", '"'} <= set(
        tiny.fit(texts, texts).translator_.bundle.source.vocabulary.symbols
    )


def test_each_answer_of_the_best_has_its_score(fitted):
    [answers] = fitted.predict_n_best(["abc"], n_best=3)
    assert len(answers) == 3
    assert [h.score for h in answers] == sorted((h.score for h in answers), reverse=True)


def test_the_beam_is_that_of_the_parameter(fitted, words):
    greedy = copy.deepcopy(fitted).set_params(beam=1)
    expected = fitted.translator_.predict(words[0], beam=1)
    assert greedy.predict(words[0]).tolist() == [some[0].text for some in expected]


def test_a_parameter_wins_over_a_setting(tiny, words):
    tiny.set_params(epochs=1, settings=("training.epochs=2", "model.embedding_size=6"))
    trained = tiny.fit(*words).translator_.bundle.config
    assert (trained.training.epochs, trained.model.embedding_size) == (1, 6)


def test_settings_of_how_a_file_is_read_do_no_harm(tiny, words):
    expected = tiny.fit(*words).predict(words[0]).tolist()
    reading = ("text.reader=tsv", "text.source_key=word", "text.features_key=tags")
    tiny.set_params(settings=(*tiny.settings, *reading))
    assert tiny.fit(*words).predict(words[0]).tolist() == expected


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"epochs": 0}, "training.epochs = 0: Expected `int` >= 1"),
        ({"random_state": "one"}, "training.seed = 'one': Expected `int`"),
        ({"settings": "model.layers=2"}, "settings is one text: give a sequence of them, ['model.layers=2']"),
        ({"settings": ["model.hiden_size=2"]}, "did you mean 'hidden_size'?"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(tiny, words, parameters, says):
    with pytest.raises(errors.ConfigError) as caught:
        tiny.set_params(**parameters).fit(*words)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("X", "y", "says"),
    [
        ("abc", ["cba"], "X is 'abc': expected a sequence of texts"),
        (3, ["cba"], "X is 3: expected a sequence of texts"),
        (["ab", 3], ["ba", "x"], "X[1] is 3: expected a text, or a pair of source and features"),
        ([("ab", None)], ["ba"], "X[0] is ('ab', None): expected a text, or a pair"),
        ([("a", "b", "c")], ["ba"], "X[0] is ('a', 'b', 'c'): expected a text, or a pair"),
        ([b"ab"], ["ba"], "X[0] is b'ab': expected a text"),
        (["ab", "cd"], [1, 2], "y[0] is 1: expected a text; turn it into one with str()"),
        (["ab", "cd"], ["ba"], "X has 2 sources and y 1 texts: give one for each"),
        (["ab", "cd"], None, "requires y to be passed, but the target y is None; give the text of each source"),
        (["ab", "cd"], ["", ""], "all targets in y are empty"),
        ([], [], "all targets in y are empty"),
        (["ab"], ["ba"], "X, y: one pair only; a model needs at least two"),
        (["ab", "c\ud800"], ["ba", "dc"], "X, y: row 1, ('c\\ud800', 'dc', ''), holds half a character"),
    ],
)
def test_what_cannot_be_learned_from_is_named_with_what_to_do(tiny, X, y, says):
    assert says in refusal(tiny.fit, X, y)


def test_what_cannot_be_answered_or_scored_is_named(fitted):
    assert "X[0] is None: expected a text" in refusal(fitted.predict, [None])
    assert "X and y are empty; a score needs at least one pair" in refusal(fitted.score, [], [])
    assert "X has 1 sources and y 2 texts" in refusal(fitted.score, ["ab"], ["ba", "b"])


def test_bad_input_is_caught_as_an_error_of_the_package_and_as_a_value_error():
    assert issubclass(InputError, errors.SeqwrightError)
    assert issubclass(InputError, ValueError)


def test_a_pair_too_long_for_a_batch_is_left_out_with_a_warning(tiny, words):
    sources, targets = words
    tiny.set_params(settings=("model.embedding_size=4", "training.max_batch_tokens=200"))
    with pytest.warns(UserWarning, match=r"^X\[60\] is left out with its 30[0-9] tokens \(at most 200\); cut"):
        tiny.fit([*sources, "a" * 300], [*targets, "a"])
    with pytest.warns(UserWarning, match=r"^X\[0\] is left out .*, as are 1 others; cut"):
        tiny.fit(["a" * 300, *sources, "a" * 300], ["a", *targets, "a"])


def test_it_tells_of_its_training_only_when_asked(tiny, words, capsys):
    tiny.fit(*words)
    assert capsys.readouterr() == ("", "")
    tiny.set_params(verbose=True).fit(*words)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(":")[0] for line in err.splitlines()] == ["epoch 1", "epoch 2", "epoch 3"]


def test_without_scikit_learn_the_extra_is_named():
    code = "import sys; sys.modules['sklearn'] = None; import seqwright.sklearn"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "DependencyError" in result.stderr
    assert "pip install 'seqwright[sklearn]'" in result.stderr
