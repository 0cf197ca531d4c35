"""What a reader is told of two models."""

from answering import Answering

from seqwright import evaluation
from seqwright.cli import compared
from seqwright.data.readers import Pair

SOURCES = [f"{i}" for i in range(40)]
PAIRS = [Pair(source, "xy", "V" if source == "0" else "") for source in SOURCES]
RIGHT = Answering(dict.fromkeys(SOURCES, "xy"))
WRONG = Answering(dict.fromkeys(SOURCES, "xz"))
HALF = Answering({source: "xy" if int(source) % 2 else "xz" for source in SOURCES})


def written(a, b) -> list[str]:
    return compared.as_text(evaluation.compare(a, b, PAIRS), "old", "new").splitlines()


def test_the_better_model_is_named_with_its_lead():
    assert written(HALF, RIGHT)[-1] == "Verdict: B has a higher exact match than A, by 50.00 points (p < 0.001)."
    assert written(RIGHT, WRONG)[-1] == "Verdict: A has a higher exact match than B, by 100.00 points (p < 0.001)."
    assert written(HALF, HALF)[-1] == "Verdict: no significant difference on 40 sources."


def test_what_one_alone_gets_right_is_shown_by_examples_spread_over_the_test():
    lines = written(HALF, RIGHT)
    assert "only B right       20   McNemar's test: p < 0.001" in lines
    first = lines.index("only B is right, for example:")
    assert lines[first + 1] == "  0 (V) → A: xz   B: xy   (right: xy)"
    assert [line.split()[0] for line in lines[first + 2 : first + 6]] == ["8", "16", "24", "32"]
    assert "only A is right, for example:" not in lines


def test_names_and_scores_stand_above():
    lines = written(HALF, RIGHT)
    assert lines[:2] == ["A is old", "B is new"]
    assert lines[4].startswith("exact match   50.00 %   100.00 %   +50.00    +3")
    assert lines[5].startswith("TER           25.00 %     0.00 %   -25.00")


def test_data_cannot_drive_the_terminal():
    hostile = [Pair("\x1b[31m\r", "x\u202ey")]
    a, b = (Answering({"\x1b[31m\r": text}) for text in ("x\u202ey", "z"))
    text = compared.as_text(evaluation.compare(a, b, hostile), "old", "new")
    assert "  ⟨U+001B⟩[31m⟨U+000D⟩ → A: x⟨U+202E⟩y   B: z   (right: x⟨U+202E⟩y)" in text.splitlines()
