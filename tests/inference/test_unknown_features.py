"""Features that a model was not trained on: flagged, read as unknown, and never part of an answer."""

import dataclasses

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright import config
from seqwright.data import text, vocabulary
from seqwright.data.batches import Batch
from seqwright.inference import Options
from seqwright.inference.translator import Translator
from seqwright.training import unknown_dropout

ENDINGS = {"V;PST": "ta", "V;PRS;3": "si", "N;PL": "lam"}
KINDS = {"summed": "true", "in the source": "false"}


@pytest.fixture(scope="module", params=KINDS, ids=KINDS)
def model(request, tmp_path_factory):
    """Return an inflection model that copies, with its features summed or as symbols of the source."""
    folder = tmp_path_factory.mktemp("inflection")
    rng = np.random.default_rng(0)
    stems = sorted({"".join(rng.choice(list("kolamubesip"), rng.integers(3, 6))) for _ in range(120)})
    lines = [f"{stem}\t{stem}{ending}\t{tags}\n" for stem in stems for tags, ending in ENDINGS.items()]
    (folder / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    settings = [
        "model.hidden_size=32", "training.epochs=10", "training.report=false", "model.copying=true",
        f"model.sum_features={KINDS[request.param]}",
    ]  # fmt: skip
    return seqwright.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, settings))


@pytest.fixture
def old(model):
    """Return the model as it was trained before unknown features had an id."""
    symbols = model.bundle.source.vocabulary.symbols
    assert symbols[-1] == text.UNKNOWN_FEATURE, "the id is the last one, so that it can be taken off"
    weights = {
        name: array[:-1] if name.endswith("encoder.embedding.W") else array
        for name, array in model.bundle.weights.items()
    }
    source = dataclasses.replace(model.bundle.source, vocabulary=vocabulary.Vocabulary(symbols[:-1]))
    return Translator(msgspec.structs.replace(model.bundle, source=source, weights=weights))


@pytest.mark.parametrize("tags", ["V;FUT", "FUT;V", "FUT", "FUT;NEG", "V;PST;FUT"])
@pytest.mark.parametrize("unknown", ["keep", "copy", "drop"])
@pytest.mark.parametrize("age", ["new", "old"])
def test_the_name_of_an_unknown_feature_is_never_part_of_an_answer(model, old, tags, unknown, age):
    options = Options(unknown=unknown, n_best=3)
    [answer] = {"new": model, "old": old}[age].answer(["kolab"], features=[tags], options=options)
    spelled = [symbol for hypothesis in answer.hypotheses for symbol in hypothesis.tokens]
    assert set("".join(spelled)) <= set("kolamubesiptlr"), "only letters of the targets"
    assert "unknown:feature:FUT" in answer.flags


def test_known_features_count_beside_an_unknown_one_wherever_that_is(model):
    for tags in ("FUT;N;PL", "N;FUT;PL", "N;PL;FUT"):
        [answer] = model.answer(["kolab"], features=[tags])
        assert answer.text.endswith("lam")


def test_spaces_around_a_feature_do_not_make_it_unknown(model):
    spaced, plain = model.answer(["kolab"] * 2, features=["V; PST ;", "V;PST"])
    assert (spaced.flags, spaced.text, spaced.best.score) == (plain.flags, plain.text, plain.best.score)
    assert not plain.flags


def test_training_replaces_features_by_the_unknown_one_and_symbols_by_unknown():
    v = vocabulary.Vocabulary.build([["feature V", "feature PST", *"abc"]]).with_unknown_feature()
    [unknown_feature] = v.encode(["feature FUT"])
    source = np.tile(np.array(v.encode(["feature V", "feature PST", *"abc"]), np.int32)[:, None], (1, 300))
    batch = Batch(source, np.full(300, 5), source, np.full(300, 4), np.arange(300))
    rates = np.full(len(v), 0.3)
    for copy_map in (None, np.arange(len(v), dtype=np.int32)):
        read = unknown_dropout.drop(
            batch, source_rates=rates, target_rate=0, copy_map=copy_map, rng=np.random.default_rng(1),
            unknown_ids=unknown_dropout.replacements(v),
        )  # fmt: skip
        changed = read.source != source
        assert set(read.source[:2][changed[:2]]) == {unknown_feature}
        assert set(read.source[2:][changed[2:]]) == {vocabulary.UNKNOWN}


def test_a_model_without_features_has_no_id_for_unknown_ones(trained):
    model = seqwright.load(trained)
    assert text.UNKNOWN_FEATURE not in model.bundle.source.vocabulary
    assert unknown_dropout.replacements(model.bundle.source.vocabulary) is None
