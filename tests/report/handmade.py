"""Items with answers written by hand, and a parser of pages."""

import math
from html.parser import HTMLParser

from seqwright import evaluation
from seqwright.bundle import Bundle
from seqwright.config import Config, TextConfig
from seqwright.data.limits import Limits
from seqwright.data.text import TextFormat, Tokens
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import Vocabulary
from seqwright.inference.translator import Hypothesis
from seqwright.report.items import Item, items

__all__ = ["Page", "hypothesis", "made"]

VOID = {"meta", "link", "br"}


def hypothesis(text: str, probability: float = 0.5) -> Hypothesis:
    """Return an answer of words; all of its tokens are equally probable."""
    tokens = text.split()
    log_prob = math.log(probability) / (len(tokens) + 1)
    return Hypothesis(text, tokens, log_prob, [log_prob] * (len(tokens) + 1), True, None)


def made(*rows: tuple[str, str, str], counts: dict[str, int] | None = None) -> list[Item]:
    """Return items of rows (source, references separated by "|", answers separated by "|"), targets in words."""
    counts = counts or {}
    bundle = Bundle(
        Config(text=TextConfig(source_tokens=Tokens.CHARACTERS, target_tokens=Tokens.WORDS)),
        Tokenizer(TextFormat(), Vocabulary(counts, counts.values())),
        Tokenizer(TextFormat(Tokens.WORDS), Vocabulary([])), Limits(1, 1.0), {},
    )  # fmt: skip
    answered = []
    for source, references, answers in rows:
        hypotheses = [hypothesis(text, 0.5 / 2**i) for i, text in enumerate(answers.split("|"))]
        answered.append(
            evaluation.Answered(source, "", references.split("|"), hypotheses, hypotheses[0].text in references)
        )
    return items(answered, bundle)


class Page(HTMLParser):
    """A page, checked for balance while it is parsed.

    tags: every element's name.   attributes: every (element, name, value).   text: what a reader reads.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data
