"""What objects say of themselves, and models that are saved from Python."""

import re
from html.parser import HTMLParser

import pytest

import seqwright
from seqwright import Options, metrics
from seqwright.errors import UsageError
from seqwright.inference import Answer, Hypothesis
from seqwright.training import train
from seqwright.training.callbacks import Callback


@pytest.fixture(scope="module")
def model(trained):
    return seqwright.load(trained)


def test_a_model_says_what_it_is(model):
    said = repr(model)
    assert re.fullmatch(r"<Translator of 8 to 8 symbols, [\d,]+ parameters, attention additive, float32, .*>", said)
    assert "\n" not in said


def test_answers_are_short(model):
    [answer] = model.answer(["abж"], features=["V;PST"])
    assert re.fullmatch(r"<Answer 'abж' \(V;PST\): '.*', confidence 0\.\d{4}, unknown:.*>", repr(answer))
    assert re.fullmatch(r"<Hypothesis '.*', score -\d+\.\d{4}(, cut off)?>", repr(answer.best))
    assert (
        repr(model.answer(["ж"], options=Options(unknown="error"))[0]) == "<Answer 'ж': no answer, unknown:ж refused>"
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser calls it
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


HOSTILE = "<script>alert('&\"')</script>"


def test_notebooks_show_text_as_text(model):
    hypothesis = Hypothesis(HOSTILE, [HOSTILE], -1.0, [-1.0, 0.0], True, None)
    [aligned] = model.predict(["abc"])[0]
    shown = [
        hypothesis, hypothesis._replace(tokens=[HOSTILE, "b"], alignment=aligned.alignment[:3]),
        Answer(source=HOSTILE, hypotheses=[hypothesis], flags=(f"unknown:{HOSTILE}",), confidence=0.5),
        Answer(source=HOSTILE, hypotheses=[]), model.answer(["abc"])[0], aligned,
    ]  # fmt: skip
    for one in shown:
        parser = Tags()
        parser.feed(one._repr_html_())
        assert set(parser.tags) <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert HOSTILE in parser_text(shown[2])
    assert "0.5000" in parser_text(shown[2])
    assert aligned.text in parser_text(aligned)


def parser_text(one):
    parser = Tags()
    parser.feed(one._repr_html_())
    return parser.text


def test_a_saved_model_answers_alike_and_is_not_overwritten_by_chance(model, tmp_path):
    model.save(tmp_path / "copy")
    assert seqwright.load(tmp_path / "copy").predict(["abc"])[0][0].text == model.predict(["abc"])[0][0].text
    with pytest.raises(UsageError, match="overwrite=True"):
        model.save(tmp_path / "copy")
    model.save(str(tmp_path / "copy"), overwrite=True)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already"):
        model.save(tmp_path / "file")


class Misspelt(Callback):
    def on_epochs(self, measured):
        pass


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"config": {"epochs": 3}}, "config"), ({"config": "epochs=3"}, "config"), ({"output": 3}, "output"),
        ({"listen": 3}, "listen"), ({"callbacks": Callback()}, "list of Callback"), ({"callbacks": 3}, "callbacks"),
        ({"callbacks": [Callback]}, "callbacks holds"), ({"callbacks": [print]}, "callbacks holds"),
        ({"callbacks": [Misspelt()]}, "did you mean 'on_epoch'"),
    ],
)  # fmt: skip
def test_arguments_of_another_type_are_refused_before_anything_is_read(tmp_path, wrong, words):
    with pytest.raises(UsageError, match=words):
        train(tmp_path / "none.tsv", **{"output": tmp_path / "model"} | wrong)


def test_metrics_refuse_what_does_not_fit_together():
    for hypotheses, references in (([], []), ([["a"]], []), ([["a"]], [[]])):
        with pytest.raises(UsageError, match=r"give|needs"):
            metrics.evaluate(hypotheses, references)
