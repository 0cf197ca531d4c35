"""The README's table says what the stored results say, and which command gives them."""

import pytest

from benchmarks import results
from benchmarks.tasks import LINES, TABLES

LANGUAGES = list(TABLES["g2p"])


def keep(folder, wer, *, members=1, seed=1, split="dev", task="turkish", **more):
    result = {"task": task, "split": split, "seed": seed, "wer": wer, **more}
    results.keep(results.label(task, members=members, seed=seed), result, folder)


def row(folder, title):
    [line] = [line for line in results.markdown(folder) if line.startswith(f"| {title} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_line_is_the_mean_over_its_tasks_and_shown_only_when_all_are_there(tmp_path):
    for number, language in enumerate(LANGUAGES[1:]):
        keep(tmp_path, number, task=language)
    assert len(results.markdown(tmp_path)) == 2  # the head alone
    keep(tmp_path, 28, task=LANGUAGES[0])
    _, split, ours, others, command = row(tmp_path, LINES[0].title)
    assert (split, ours) == ("dev", "WER 6.12")
    assert others == "LSTM 18.58, CLUZH single 16.33, IMS ensemble 13.92"
    assert command == "`python -m benchmarks.accuracy g2p`"


def test_seeds_are_shown_with_their_spread_and_test_goes_before_dev(tmp_path):
    title = "Dates → ISO 8601"
    keep(tmp_path, 9, task="dates")
    for seed, wer in {1: 1, 2: 2, 4: 3}.items():
        keep(tmp_path, wer, task="dates", seed=seed, split="test")
    assert row(tmp_path, title)[1:3] == ["test", "WER 2.00 ± 1.00"]
    assert row(tmp_path, title)[4] == "`python -m benchmarks.accuracy dates --split test --seeds 1,2,4`"


def test_an_ensemble_has_a_line_and_a_command_of_its_own(tmp_path):
    keep(tmp_path, 5, task="cmudict", members=3)
    keep(tmp_path, 20, task="cmudict")
    single, ensemble = row(tmp_path, "English words → phonemes (CMUdict)"), row(tmp_path, "the same, 3 networks")
    assert (single[2], ensemble[2]) == ("WER 20.00", "WER 5.00")
    assert single[4] == "`python -m benchmarks.accuracy cmudict`"
    assert ensemble[4] == "`python -m benchmarks.accuracy cmudict --members 3`"


def test_results_of_other_settings_are_not_shown(tmp_path):
    other = results.label("turkish", members=1, seed=1, extra=["model.layers=2"])
    results.keep(other, {"split": "dev", "seed": 1, "wer": 1}, tmp_path)
    assert results.find(other, "dev", tmp_path)["wer"] == 1
    assert len(results.markdown(tmp_path)) == 2


def test_the_table_takes_the_place_between_the_markers_and_leaves_the_rest():
    text = f"before\n{results.BEGIN}\nold\n{results.END}\nbehind\n"
    once = results.insert(text, ["new"])
    assert once == f"before\n{results.BEGIN}\nnew\n{results.END}\nbehind\n"
    assert results.insert(once, ["new"]) == once
    with pytest.raises(SystemExit, match="put these two lines there"):
        results.insert("no place", ["new"])


def test_no_two_tasks_share_a_name() -> None:
    names = [name for tasks in TABLES.values() for name in tasks]
    assert len(set(names)) == len(names), "results are found by the name of the task"
