"""Models that were trained apart answer together as one that was trained at once does."""

import dataclasses

import msgspec
import numpy as np
import pytest

from seqwright import bundle, config, ensembling, provenance, training
from seqwright.data import readers
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ModelError, UsageError
from seqwright.inference import translator
from seqwright.models import Seq2seq

TINY = [
    "model.hidden_size=8", "model.embedding_size=4", "training.epochs=2", "training.report=false",
    "training.cross_validation=0",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, reversals):
    """Return a folder with pairs, the models of seeds 1, 2 and 3, and one of two members."""
    folder = tmp_path_factory.mktemp("joining")
    (folder / "pairs.tsv").write_text(reversals, encoding="utf-8")
    for name, settings in {
        "1": ["training.seed=1"], "2": ["training.seed=2"], "3": ["training.seed=3"],
        "both": ["training.members=2"],
        "wider": ["model.hidden_size=16", "model.encoder_layers=2"], "bilinear": ["model.attention=bilinear"],
        "blind": ["model.attention=none"], "says": ["model.copying=false"], "cut": ["text.source_form=NFD"],
        "1-2": ["training.members=2", "training.seed=2"],
    }.items():  # fmt: skip
        training.train(folder / "pairs.tsv", output=folder / name, config=config.parse({}, TINY + settings))
    return folder


def answers(path, sources):
    return translator.load(path).answer(sources)


def test_it_is_the_ensemble_that_one_training_makes(folder, tmp_path):
    done = ensembling.join([folder / "1", folder / "2"], output=tmp_path / "model")
    joined, trained = bundle.load(tmp_path / "model"), bundle.load(folder / "both")
    assert joined.weights.keys() == trained.weights.keys()
    assert all(np.array_equal(joined.weights[name], trained.weights[name]) for name in trained.weights)
    assert joined.config == trained.config
    sources = ["abc", "hgf", "dad"]
    one, other = (
        [(a.hypotheses[0].text, a.hypotheses[0].log_probs, a.confidence) for a in answers(path, sources)]
        for path in (tmp_path / "model", folder / "both")
    )
    assert one == other
    assert (done.n_networks, done.missing) == (2, "")
    assert done.together.n == done.alone[0].n == 6
    assert joined.manifest["scores"]["dev_accuracy"] == done.together.exact


@pytest.mark.parametrize("other", ["bilinear", "wider"])
def test_networks_that_differ_answer_by_the_mean_of_their_probabilities(folder, tmp_path, other):
    ensembling.join([folder / "1", folder / other], output=tmp_path / "model")
    together, *apart = (translator.load(path) for path in (tmp_path / "model", folder / "1", folder / other))
    assert together.bundle.config.networks == tuple(model.bundle.config.model for model in apart)
    sources = ["abc", "hgf", "dad"]
    for source, (answer, *_) in zip(sources, together.predict(sources), strict=True):
        each = [model.score([source], [answer.text])[0].hypotheses[0].log_probs for model in apart]
        np.testing.assert_allclose(answer.log_probs, np.log(np.exp(each).mean(axis=0)), rtol=1e-4)


def test_a_model_that_does_not_say_how_deep_its_encoder_is_is_joined(folder, tmp_path):
    one = bundle.load(folder / "2")
    model = msgspec.structs.replace(one.config.model, encoder_layers=None)
    older = msgspec.structs.replace(one, config=msgspec.structs.replace(one.config, model=model))
    bundle.save(tmp_path / "older", older)
    ensembling.join([folder / "1", tmp_path / "older"], output=tmp_path / "model")
    assert len(bundle.load(tmp_path / "model").networks) == 2


def test_ensembles_are_joined_network_by_network(folder, tmp_path):
    ensembling.join([folder / "1", folder / "1-2"], output=tmp_path / "model")
    members = [network.arrays for network in bundle.load(tmp_path / "model").networks]
    alone = [bundle.load(folder / name).weights for name in "123"]
    assert len(members) == 3
    for found, weights in zip(members, alone, strict=True):
        assert all(np.array_equal(found[name], weights[name]) for name in weights)


def reordered(tokenizer, order):
    """Return a tokenizer whose symbols are in another order."""
    symbols, counts = tokenizer.vocabulary.symbols, tokenizer.vocabulary.counts
    vocabulary = Vocabulary([symbols[n] for n in order], [counts[n] for n in order])
    return dataclasses.replace(tokenizer, vocabulary=vocabulary)


def test_the_order_of_the_symbols_does_not_matter(folder):
    one, two = bundle.load(folder / "1"), bundle.load(folder / "2")
    n = len(two.source.vocabulary.symbols)
    backwards, ids = range(n)[::-1], [*range(4), *range(4, 4 + n)[::-1]]
    declared = Seq2seq.declared(two.networks[0].spec)
    moved = {
        name: array if declared[name].vocabulary is None else np.take(array, ids, declared[name].vocabulary)
        for name, array in two.weights.items()
    }
    assert n == len(two.target.vocabulary.symbols)
    other = msgspec.structs.replace(
        two, source=reordered(two.source, backwards), target=reordered(two.target, backwards), weights=moved
    )
    expected, found = (ensembling.together([one, second], names="12") for second in (two, other))
    assert all(np.array_equal(found.weights[name], expected.weights[name]) for name in expected.weights)


def test_a_symbol_is_unknown_to_the_models_that_were_trained_without_it(folder, tmp_path):
    (tmp_path / "pairs.tsv").write_text("".join(f"{word}\t{word[::-1]}\n" for word in ("abxy", "xyab", "yaxb") * 5))
    training.train(tmp_path / "pairs.tsv", output=tmp_path / "xy", config=config.parse({}, TINY))
    ensembling.join([folder / "1", tmp_path / "xy"], output=tmp_path / "model")
    joined, parts = bundle.load(tmp_path / "model"), [bundle.load(folder / "1"), bundle.load(tmp_path / "xy")]
    assert set(joined.source.vocabulary.symbols) == set("abcdefghxy")
    for network, part in zip(joined.networks, parts, strict=True):
        own, more = part.target.vocabulary, joined.target.vocabulary
        output, embedding = network.arrays["decoder.affine.W"], network.arrays["decoder.embedding.W"]
        for symbol in more.symbols:
            (new,), (old,) = more.encode([symbol]), own.encode([symbol])
            np.testing.assert_array_equal(output[:, new], part.networks[0].arrays["decoder.affine.W"][:, old])
            np.testing.assert_array_equal(embedding[new], part.networks[0].arrays["decoder.embedding.W"][old])
    answer = translator.load(tmp_path / "model").answer(["axc"])[0]
    assert answer.flags == ()
    assert "unknown" in str(translator.load(folder / "1").answer(["axc"])[0].flags)


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["1"], "one model"),
        (["1", "blind"], r"1 and .*blind cannot answer together: one network has attention, another has none"),
        (["1", "says"], r"model.copying is True in one network and False in another"),
        (["1", "cut"], "text settings"),
        (["1", "int8"], "8-bit weights"),
        (["1", "features"], "one has features"),
        (["1", "lexicon"], "lexicon"),
    ],
)
def test_what_cannot_answer_together_is_refused(folder, tmp_path, names, what):
    found = bundle.load(folder / "2")
    bundle.save(tmp_path / "int8", msgspec.structs.replace(found, int8=True))
    other = dataclasses.replace(found.source, splitter=lambda text: text.split())
    with pytest.raises(UsageError, match="subwords were learned from different texts"):
        ensembling.together([bundle.load(folder / "1"), msgspec.structs.replace(found, source=other)], names="12")
    text = msgspec.structs.replace(found.config.text, features_column=3)
    with_features = msgspec.structs.replace(found.config, text=text)
    bundle.save(tmp_path / "features", msgspec.structs.replace(found, config=with_features))
    with_lexicon = msgspec.structs.replace(found.config.training, lexicon="pairs.tsv")
    pairs = [readers.Pair("abc", "cba")]
    bundle.save(
        tmp_path / "lexicon",
        msgspec.structs.replace(
            found, config=msgspec.structs.replace(found.config, training=with_lexicon), lexicon=pairs
        ),
    )
    paths = [folder / name if (folder / name).exists() else tmp_path / name for name in names]
    with pytest.raises(UsageError, match=what):
        ensembling.join(paths, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_more_weights_than_the_configuration_has_networks_are_refused(folder, tmp_path):
    both = bundle.load(folder / "both")
    one = both.config.of(both.config.networks[:1])
    bundle.save(tmp_path / "model", msgspec.structs.replace(both, config=one))
    with pytest.raises(ModelError, match="weights of 2 networks, its configuration has 1"):
        bundle.load(tmp_path / "model")


def test_it_writes_over_nothing(folder, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(UsageError, match="exists already"):
        ensembling.join([folder / "1", folder / "2"], output=tmp_path / "taken")


def test_pairs_that_one_has_learned_from_measure_nothing(folder, tmp_path):
    (tmp_path / "dev.tsv").write_text("abc\tcba\nhgh\thgh\n", encoding="utf-8")
    one_training = config.parse({}, [*TINY, "training.seed=2"])
    training.train(folder / "pairs.tsv", dev=tmp_path / "dev.tsv", output=tmp_path / "2", config=one_training)
    found = bundle.load(tmp_path / "2")
    same_symbols = msgspec.structs.replace(bundle.load(folder / "2"), manifest=found.manifest)
    bundle.save(tmp_path / "2", same_symbols)
    done = ensembling.join([folder / "1", tmp_path / "2"], output=tmp_path / "model")
    assert done.together is None
    assert "same pairs" in done.missing
    joined = bundle.load(tmp_path / "model")
    assert "calibration" not in joined.manifest
    assert "trained on all pairs together" in provenance.dev_pairs(joined, tmp_path / "model").missing
    sources = [(line.split("\t")[0], "") for line in (folder / "pairs.tsv").read_text().splitlines()]
    counted = provenance.count_seen(joined, tmp_path / "model", [*sources, ("hahaha", "")])
    assert counted == (len(sources), ""), "those that one of them has held out, too"
    given = ensembling.join([folder / "1", tmp_path / "2"], output=tmp_path / "other", data=folder / "pairs.tsv")
    assert given.together.n == 60
    assert given.seen == (60, "")
    assert "calibration" not in bundle.load(tmp_path / "other").manifest
    (tmp_path / "unseen.tsv").write_text("hahaha\tahahah\n", encoding="utf-8")
    unseen = ensembling.join([folder / "1", tmp_path / "2"], output=tmp_path / "third", data=tmp_path / "unseen.tsv")
    assert unseen.seen == (0, "")
    assert bundle.load(tmp_path / "third").manifest["calibration"]["n"] == 1


def test_models_of_files_in_different_formats_are_joined_without_a_record_of_them(folder, tmp_path):
    lines = (folder / "pairs.tsv").read_text().splitlines()
    (tmp_path / "pairs.csv").write_text("".join(f"{target},{source}\n" for source, target in map(str.split, lines)))
    columns = ["text.source_column=2", "text.target_column=1", "training.seed=2"]
    training.train(tmp_path / "pairs.csv", output=tmp_path / "2", config=config.parse({}, [*TINY, *columns]))
    done = ensembling.join([folder / "1", tmp_path / "2"], output=tmp_path / "model")
    assert done.n_networks == 2
    missing = provenance.count_seen(bundle.load(tmp_path / "model"), tmp_path / "model", [("abc", "")])
    assert missing == (None, "the models that were joined have no common record of their training files")


def test_a_joined_model_is_as_unsure_of_foreign_sources(folder, tmp_path):
    ensembling.join([folder / "1", folder / "2"], output=tmp_path / "model")
    for path in (folder / "1", tmp_path / "model"):
        assert bundle.load(path).manifest["calibration"]["familiarity"]["n"] > 0
    [foreign] = answers(tmp_path / "model", ["日本語日本語"])
    assert foreign.confidence < 0.5
