"""The page as a whole: sections, no loaded resources, missing and hostile data."""

import math
import re
import shutil

import msgspec
import pytest
from handmade import Page

from seqwright import bundle, errors, evaluation, provenance, report
from seqwright.data.readers import Pair
from seqwright.inference import translator
from seqwright.report import history, recovery

SECTIONS = ["learning", "strengths", "rewrites", "confusion", "worst", "uncertain", "attention", "oracle", "confidence",
            "data", "making"]  # fmt: skip

OF_SENTENCES = ["learning", "quality", "examples", "ngrams", "attention", "oracle", "data", "making"]


def ids(html: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', html)


@pytest.fixture
def model(trained, tmp_path):
    """Return a model directory that a test may change."""
    return shutil.copytree(trained, tmp_path / "model")


def test_every_section_is_there_and_in_the_contents(model):
    html = report.write(model).read_text("utf-8")
    assert ids(html) == SECTIONS
    assert re.findall(r'<a href="#(\w+)"', html) == SECTIONS


def test_sentences_have_sections_of_their_own(sentences, tmp_path):
    assert ids(report.write(sentences, output=tmp_path / "report.html").read_text("utf-8")) == OF_SENTENCES


def test_sentences_are_headed_by_bleu_chrf_length_ratio_and_perplexity(sentences, tmp_path):
    loaded = translator.load(sentences)
    pairs = [Pair(f"The doctor가 tea? {verb}", f"The doctor {verb} tea?") for verb in ("sees", "buys", "will not sell")]
    page = Page(report.write(sentences, model=loaded, dev=pairs, output=tmp_path / "report.html").read_text("utf-8"))
    result = evaluation.evaluate(loaded, pairs)
    log_probs = [p for pair in pairs for p in loaded.score([pair.source], [pair.target])[0].best.log_probs]
    loss = -sum(log_probs) / len(log_probs)
    assert f"BLEU{result.sentences.bleu:.1f}chrF{result.sentences.chrf:.1f}" in page.text
    assert f"length ratio of answers to references{result.sentences.length_ratio:.2f}" in page.text
    assert f"perplexity per token (loss {loss:.2f} nats){math.exp(loss):.3g}" in page.text


@pytest.mark.parametrize("which", ["trained", "hostile", "plain", "sentences"])
def test_the_page_is_whole_and_loads_nothing(request, which, tmp_path):
    page = Page(report.write(request.getfixturevalue(which), output=tmp_path / "report.html").read_text("utf-8"))
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "srcset", "action")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")


def test_the_style_loads_nothing(model):
    html = report.write(model).read_text("utf-8")
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src &#x27;none&#x27;" in html


def test_hostile_data_is_shown_as_it_is_written(hostile, tmp_path):
    page = Page(report.write(hostile, output=tmp_path / "report.html").read_text("utf-8"))
    assert "<script>alert(1)</script>" in page.text
    assert "⟨U+202E⟩abc" in page.text
    assert not {"\u202e", "\u200b", "\0"} & set(page.text)


def test_long_entries_of_the_manifest_are_counted_instead_of_shown(model):
    loaded = bundle.load(model)
    noted = loaded.manifest | {"short": "a" * 50, "long": "b" * 5000}
    bundle.save(model, msgspec.structs.replace(loaded, manifest=noted))
    html = report.write(model).read_text("utf-8")
    assert "a" * 50 in html
    assert "b" * 50 not in html
    assert "5,000 characters, in manifest.json" in html


def test_the_same_model_and_data_give_the_same_bytes(model, tmp_path):
    first = report.write(model).read_bytes()
    assert report.write(model, output=tmp_path / "again.html").read_bytes() == first


def test_scores_at_the_head_are_those_of_an_evaluation(model):
    loaded = translator.load(model)
    pairs = [Pair("abc", "cba"), Pair("bcd", loaded.predict(["bcd"])[0][0].text)]
    page = Page(report.write(model, model=loaded, dev=pairs).read_text("utf-8"))
    scores = evaluation.evaluate(loaded, pairs).scores
    assert scores.exact == 50
    assert "exact match50.0%" in page.text
    assert f"token error rate (TER){scores.ter:.2f}%" in page.text


def test_pairs_held_out_by_training_are_found_again(model):
    found = provenance.dev_pairs(bundle.load(model), model)
    scores = evaluation.evaluate(translator.load(model), found.pairs, beam=1).scores
    manifest = msgspec.json.decode((model / "manifest.json").read_bytes())
    assert scores.exact == pytest.approx(manifest["scores"]["dev_accuracy"])
    assert scores.ter == pytest.approx(manifest["scores"]["dev_ter"])


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_text("abc\tcba\n", encoding="utf-8"), "has changed since"),
    ],
)
def test_without_its_data_the_report_states_why_and_has_the_other_sections(model, tmp_path, harm, reason):
    path = tmp_path / "pairs.tsv"
    whole = bundle.load(model)
    [file] = whole.manifest["provenance"]["files"]
    shutil.copy(file["path"], path)
    file |= {"path": str(path), "from_model": ""}
    bundle.save(model, whole)
    assert ids(report.write(model).read_text("utf-8")) == SECTIONS
    harm(path)
    html = report.write(model).read_text("utf-8")
    assert ids(html) == ["learning", "figures", "data", "making"]
    assert reason in Page(html).text
    again = ids(report.write(model, dev=[Pair("abc", "cba")]).read_text("utf-8"))
    assert [id_ for id_ in again if id_ != "attention"] == [id_ for id_ in SECTIONS if id_ != "attention"]


def test_a_model_without_attention_has_no_map_of_it(plain, tmp_path):
    assert "attention" not in ids(report.write(plain, output=tmp_path / "report.html").read_text("utf-8"))


def test_without_a_record_of_the_training_there_are_no_curves(model):
    (model / "metrics.jsonl").unlink()
    assert "This directory has no training log" in Page(report.write(model).read_text("utf-8")).text


def test_large_files_are_not_inspected_but_measured_on(model, monkeypatch):
    monkeypatch.setattr(recovery, "MOST_BYTES", 10)
    html = report.write(model).read_text("utf-8")
    assert ids(html) == SECTIONS
    assert "seqwright check reads them" in Page(html).text


def test_correct_answers_have_no_errors_to_show(model):
    loaded = translator.load(model)
    pairs = [Pair(source, loaded.predict([source])[0][0].text) for source in ("abc", "bcd")]
    text = Page(report.write(model, dev=pairs).read_text("utf-8")).text
    assert "All answers are correct." in text
    assert "No symbols are confused." in text


def test_no_dev_pairs_are_refused_and_an_old_report_stays(model):
    before = report.write(model).read_bytes()
    with pytest.raises(errors.DataError, match="no pairs"):
        report.write(model, dev=[])
    assert (model / "report.html").read_bytes() == before


def test_a_place_that_cannot_be_written_is_an_output_error(model, tmp_path):
    with pytest.raises(errors.OutputError, match="gone"):
        report.write(model, output=tmp_path / "gone" / "report.html")


def test_a_journal_nested_too_deeply_has_no_measurements(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("[" * 100_000 + "\n" + '{"a":' * 100_000 + "\n", encoding="utf-8")
    assert history.measurements(path) == []
