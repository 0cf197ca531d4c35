"""The answers by which training measures are those that the model gives later."""

import random

import pytest

from seqwright import config, evaluation, training
from seqwright.data import readers
from seqwright.inference import Options
from seqwright.training.measure import dev_answers
from seqwright.training.prepare import prepare

SETTINGS = ["training.epochs=1", "training.batch_size=8", "model.hidden_size=16", "model.embedding_size=8",
            "training.report=false"]  # fmt: skip


def word(draw, n, letters="abcdef"):
    return "".join(draw.choice(letters) for _ in range(n))


@pytest.fixture(params=["characters", "with features", "with spaces"])
def files(request, tmp_path):
    """Return short training pairs, and dev pairs of several windows, with unknown symbols, or empty."""
    draw = random.Random(3)
    tag = (lambda: "\t" + draw.choice(["V;PST", "N", "N;PL"])) if request.param == "with features" else str
    space = " " if request.param == "with spaces" else ""
    short = dict.fromkeys(word(draw, draw.randint(1, 4)) + space + word(draw, draw.randint(1, 4)) for _ in range(60))
    long = [space.join(word(draw, n) for n in lengths) for lengths in ([45, 45, 45], [49, 2, 50], [130], [9] * 20)]
    odd = ["Z", "aZbZ", space.join(["abZ"] * 40)]
    pairs, dev = tmp_path / "pairs.tsv", tmp_path / "dev.tsv"
    pairs.write_text("".join(f"{one}\t{one[::-1]}{tag()}\n" for one in short), encoding="utf-8")
    dev_sources = [*long, *odd, "", "ab" + space + "fc"]
    dev.write_text("".join(f"{one}\t{one[::-1] or 'a'}{tag()}\n" for one in dev_sources), encoding="utf-8")
    return pairs, dev


@pytest.mark.parametrize("options", [[], ["model.copying=true"], ["training.members=2"]], ids=str)
def test_training_measures_the_answers_that_the_model_gives_with_a_beam_of_one(files, tmp_path, options):
    pairs, dev = files
    configuration = config.parse({}, [*SETTINGS, *options])
    events = []
    model = training.train(pairs, dev=dev, output=tmp_path / "model", config=configuration, listen=events.append)
    prepared = prepare(pairs, dev, configuration)
    sources, features = zip(*prepared.dev.texts, strict=True)
    assert max(len(one.windows) for one in prepared.dev.readings) > 2
    answers = dev_answers(model.bundle.build(), prepared)
    later = model.predict(sources, features=features, options=Options(beam=1, lexicon=False))
    assert [prepared.target.join(tokens) for tokens in answers] == [best.text for [best] in later]
    scores = evaluation.evaluate_file(model, dev, beam=1).scores
    assert (scores.n, scores.exact) == (len(sources), events[-1].dev_accuracy)
    read = readers.read_pairs(dev, columns=evaluation.columns(model))
    assert scores.n == len({(pair.source, pair.features) for pair in read})
