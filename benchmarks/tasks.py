"""Public data with what others report on them, and the lines of the README's table."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LINES", "TABLES", "Line", "Task"]


class Task(NamedTuple):
    """Files below the data directory, and the accuracy of other systems on the test set: WER in %, of sentences BLEU.

    settings: beyond the defaults.   sentences: measured in BLEU and chrF.
    """

    train: str
    dev: str | None  # None: held out of the training file, by source
    test: str | None
    others: dict[str, float]
    settings: tuple[str, ...] = ()
    sentences: bool = False


class Line(NamedTuple):
    """A line of the README's table: the mean over the tasks of a table, or over those that are named."""

    title: str
    table: str
    members: int = 1
    only: tuple[str, ...] = ()


def _g2p(language: str, lstm: float, cluzh: float, ims: float) -> Task:
    files = (f"g2p/{language}.{split}.tsv" for split in ("train", "dev", "test"))
    return Task(*files, {"LSTM": lstm, "CLUZH single": cluzh, "IMS ensemble": ims})


def _korean(*settings: str) -> Task:
    return Task("korean-english/train.tsv", "korean-english/dev.tsv", None, {}, settings, sentences=True)


def _french(*settings: str, others: dict[str, float] | None = None) -> Task:
    files = (f"french-english/{split}.tsv" for split in ("train", "dev", "test"))
    return Task(*files, others or {}, settings, sentences=True)


# SIGMORPHON 2020: Gorman et al. 2020, tables 2 and 3. CMUdict: the README of g2p-seq2seq; Toshniwal & Livescu 2016.
# Turkish: the regression values of Yoyodyne 0.5. JoeyNMT was measured beside ours: docs/log.md has its settings.
TABLES = {
    "g2p": {
        "ady": _g2p("ady", 28.00, 30.32, 25.33),
        "bul": _g2p("bul", 31.11, 30.81, 22.22),
        "fre": _g2p("fre", 6.22, 8.12, 6.89),
        "gre": _g2p("gre", 18.89, 19.60, 18.67),
        "hun": _g2p("hun", 5.33, 4.77, 5.11),
        "jpn": _g2p("jpn", 7.56, 7.19, 5.33),
        "kor": _g2p("kor", 46.89, 28.26, 26.22),
        "vie": _g2p("vie", 4.67, 1.60, 1.56),
    },
    "cmudict": {
        "cmudict": Task(
            "cmudict/train.tsv", None, "cmudict/test.tsv",
            {"LSTM 2×512": 23.3, "Toshniwal single": 21.69, "Transformer": 20.6, "Toshniwal, five": 20.24},
        )
    },
    "inflection": {
        "turkish": Task(
            "turkish-inflection/train-medium.tsv", "turkish-inflection/dev.tsv", None,
            {"soft attention": 15.9, "pointer-generator": 13.7, "transformer": 10.6},
        )
    },
    "dates": {"dates": Task("date/train.tsv", None, "date/test.tsv", {"dot attention": 0.0})},
    "addition": {"addition": Task("addition/train.tsv", None, "addition/test.tsv", {"reversed, peeky": 1.4})},
    "translation": {
        "fre-2m": _french("training.time_budget_s=120"),
        "fre-12m": _french("training.time_budget_s=720"),
        "fre-60m": _french("training.time_budget_s=3600", others={"JoeyNMT 2.3, BLEU": 48.57}),
        "fre-no-budget": _french(),
        "ko-found": _korean(),
        "ko-jamo-characters": _korean(
            "text.source_form=NFD", "text.source_tokens=characters", "text.target_tokens=characters"
        ),
        "ko-words": _korean("text.source_tokens=words", "text.target_tokens=words"),
        "ko-subwords": _korean("text.source_tokens=subwords:2000", "text.target_tokens=subwords:2000"),
        "ko-jamo-subwords": _korean(
            "text.source_form=NFD", "text.source_tokens=characters", "text.target_tokens=subwords:1000"
        ),
    },
}  # fmt: skip

LINES = [
    Line("Words → phonemes, mean of 8 languages", "g2p"),
    Line("the same, 5 networks", "g2p", members=5),
    Line("English words → phonemes (CMUdict)", "cmudict"),
    Line("the same, 3 networks", "cmudict", members=3),
    Line("Turkish inflection, 1,000 pairs", "inflection"),
    Line("Dates → ISO 8601", "dates"),
    Line("Additions", "addition"),
    Line("Korean → English sentences, 3,087 pairs", "translation", only=("ko-found",)),
    Line("French → English sentences, 136,935 pairs, 2 minutes", "translation", only=("fre-2m",)),
    Line("the same, 12 minutes", "translation", only=("fre-12m",)),
    Line("the same, 60 minutes", "translation", only=("fre-60m",)),
    Line("the same, no time budget", "translation", only=("fre-no-budget",)),
    Line("the same, no time budget, 3 networks", "translation", members=3, only=("fre-no-budget",)),
]
