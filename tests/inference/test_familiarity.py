"""Confidence is lowered for sources unlike those of the training."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqwright
from seqwright import config
from seqwright.data.vocabulary import END, START
from seqwright.errors import ModelError
from seqwright.inference import Options, familiarity
from seqwright.inference.calibration import Calibration
from seqwright.inference.familiarity import PSEUDO_COUNT, Familiarity
from seqwright.inference.translator import Translator

N_IDS = 9
sequences = st.lists(
    st.lists(st.integers(4, N_IDS - 1), max_size=5).map(lambda ids: [*ids, END]), min_size=1, max_size=8
)


def surprise(source, training, order):
    """Return the mean -log p of a source, by the definition: Dirichlet-smoothed n-grams over padded sources."""
    padded = [[START] * (order - 1) + one for one in training]
    counts = {}
    for one in padded:
        for i in range(len(one)):
            for n in range(1, order + 1):
                gram = tuple(one[i - k] if i >= k else START for k in range(n - 1, -1, -1))
                counts[gram] = counts.get(gram, 0) + 1
    total = sum(count for gram, count in counts.items() if len(gram) == 1 and gram != (START,))
    ids = [START] * (order - 1) + source
    losses = []
    for i in range(order - 1, len(ids)):
        p = 1 / N_IDS
        for n in range(1, order + 1):
            gram = tuple(ids[i + 1 - n : i + 1])
            context = total if n == 1 else counts.get(gram[:-1], 0)
            p = (counts.get(gram, 0) + PSEUDO_COUNT * p) / (max(context, counts.get(gram, 0)) + PSEUDO_COUNT)
        losses.append(-math.log(p))
    return sum(losses) / len(losses)


@given(sequences, sequences, st.integers(1, 3))
@settings(max_examples=60)
def test_surprise_is_that_of_an_n_gram_model_and_of_each_source_alone(training, sources, n_portions):
    portions = [training[i::n_portions] for i in range(n_portions)]
    found = familiarity.fit(iter(filter(None, portions)), sources, n_ids=N_IDS, longest=5)
    table = found.table()
    expected = [surprise(source, training, found.order) for source in sources]
    np.testing.assert_allclose(table.surprises(sources), expected, rtol=1e-9)
    assert [table.surprises([source])[0] for source in sources] == table.surprises(sources).tolist()


@pytest.mark.parametrize("n_ids", [5, 30_000, 10**6, 1 << 31])
def test_numbers_of_n_grams_fit_whatever_the_vocabulary(n_ids):
    found = familiarity.fit(iter([[[n_ids - 1] * 4 + [END]]]), [[n_ids - 1, END]], n_ids=n_ids, longest=4)
    assert (n_ids + 1) ** found.order < 1 << 63
    assert (found.table().surprises([[n_ids - 1] * 4 + [END]]) < found.table().surprises([[4, 5, 6, 7, END]])).all()


def test_only_the_most_frequent_n_grams_are_kept(monkeypatch):
    monkeypatch.setattr(familiarity, "MOST", 10)
    rng = np.random.default_rng(0)
    sources = [[*rng.integers(4, 500, 6).tolist(), END] for _ in range(50)]
    assert len(familiarity.fit(iter([sources]), sources, n_ids=500, longest=6).table().keys) == 10


def test_it_is_stored_as_json_and_damage_is_named():
    found = familiarity.fit(iter([[[4, 5, END]]]), [[4, 5, END]], n_ids=N_IDS, longest=2)
    stored = msgspec.json.decode(msgspec.json.encode(found))
    assert msgspec.convert(stored, Familiarity) == found
    for wrong in (
        {"ngrams": found.ngrams[:-3]}, {"counts": b""}, {"ngrams": found.counts}, {"surprises": []},
        {"ngrams": familiarity.packed(np.zeros(10**7, np.int64))},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"n-grams|Error|incomplete"):
            msgspec.structs.replace(found, **wrong).table()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a model of words of syllables, which are always a consonant and a vowel, with their features."""
    folder = tmp_path_factory.mktemp("syllables")
    rng = np.random.default_rng(1)
    words = {"".join(rng.choice(list("bdgklm")) + rng.choice(list("aeiou")) for _ in range(n)) for n in [2, 3, 4] * 200}
    tags = ["V;PST", "N"]
    lines = [f"{word}\t{word.upper()}\t{tags[i % 2]}\n" for i, word in enumerate(sorted(words))]
    (folder / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    settings = ["model.hidden_size=32", "training.epochs=6", "training.report=false"]
    return seqwright.train(folder / "pairs.tsv", output=folder / "model", config=config.parse({}, settings))


def calibration_of(model):
    return msgspec.convert(model.bundle.manifest["calibration"], Calibration)


def lowered(model, sources, features="N"):
    """Return what part of its confidence without familiarity each answer keeps."""
    plain = msgspec.structs.replace(calibration_of(model), familiarity=None)
    before = Translator(msgspec.structs.replace(model.bundle, manifest={"calibration": msgspec.to_builtins(plain)}))
    tags = [features] * len(sources)
    pairs = zip(model.answer(sources, features=tags), before.answer(sources, features=tags), strict=True)
    return [a.confidence / b.confidence for a, b in pairs]


def test_foreign_sources_keep_little_of_their_confidence(model):
    usual = lowered(model, ["bada", "gikulo", "leme", "kamidu"])
    assert np.mean(usual) > 0.7
    random_letters = lowered(model, ["bddgka", "aeiobd", "kkkkkk", "uuba"])
    unknown_symbols = lowered(model, ["日本語", "xyzw", "ba!?da"])
    too_long = lowered(model, ["bada" * 12])
    assert max(random_letters) < 0.2
    assert max(unknown_symbols) < 0.1
    assert max(too_long) < 0.3
    assert lowered(model, ["bada"], "N;FUT") < [0.2]


def test_confidence_does_not_depend_on_the_other_sources(model):
    sources = ["bada", "日本語", "", "kkkk", "gikulo"]
    together = [answer.confidence for answer in model.answer(sources)]
    assert together == [model.answer([source])[0].confidence for source in sources]


def test_unsure_answers_are_left_out_by_the_lowered_confidence(model):
    [answer] = model.answer(["bddgka"], options=Options(min_confidence=0.5))
    assert "unsure" in answer.flags
    assert answer.text == ""


def test_a_model_without_familiarity_is_as_confident_as_before(model):
    plain = msgspec.structs.replace(calibration_of(model), familiarity=None)
    old = Translator(msgspec.structs.replace(model.bundle, manifest={"calibration": msgspec.to_builtins(plain)}))
    [answer] = old.answer(["bddgka"])
    assert answer.confidence == plain.confidence(answer.best.log_probs)


def test_a_damaged_familiarity_is_a_damaged_model(model):
    manifest = {"calibration": msgspec.to_builtins(calibration_of(model))}
    manifest["calibration"]["familiarity"]["ngrams"] = "AAAA"
    with pytest.raises(ModelError, match=r"manifest\.json"):
        Translator(msgspec.structs.replace(model.bundle, manifest=manifest))
