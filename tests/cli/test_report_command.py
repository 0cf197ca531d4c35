"""Output of `seqwright report`."""

from command import TINY


def test_the_page_is_written_into_the_model_and_its_place_printed(seqwright, model):
    result = seqwright("report", model)
    assert (result.code, result.out) == (0, f"{model / 'report.html'}\n")
    assert (model / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>\n")


def test_a_file_is_answered_instead_of_the_dev_pairs(seqwright, model, tmp_path):
    (tmp_path / "test.tsv").write_text("abc\tcba\nbcd\tdcb\n", encoding="utf-8")
    page = tmp_path / "page.html"
    assert seqwright("report", model, tmp_path / "test.tsv", "-o", page).out == f"{page}\n"
    assert "of 2</span>" in page.read_text("utf-8")


def test_a_missing_model_or_file_is_a_failure_that_names_it(seqwright, model, tmp_path):
    assert "gone: no such model directory" in seqwright("report", tmp_path / "gone").refused(1)
    assert "gone.tsv: no such file" in seqwright("report", model, tmp_path / "gone.tsv").refused(1)


def test_the_report_of_a_cross_validation_is_not_replaced_by_one_without_its_answers(seqwright, pairs, tmp_path):
    model = tmp_path / "model"
    assert seqwright("train", pairs, "-o", model, "--epochs", 1, *TINY, "--cross-validate", 2).code == 0
    before = (model / "report.html").read_bytes()
    assert "--output" in seqwright("report", model).refused(2)
    assert (model / "report.html").read_bytes() == before
    assert seqwright("report", model, "-o", tmp_path / "other.html").code == 0
    assert seqwright("report", model, pairs).code == 0
