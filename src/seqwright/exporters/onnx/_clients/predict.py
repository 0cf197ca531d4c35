"""Answer with a model that `seqwright export --onnx` wrote; needs numpy and onnxruntime alone.

from predict import Model
Model("DIR").predict(["a source", "another"])

python predict.py DIR < sources.txt        one source a line; features after a tab
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from pathlib import Path

import numpy as np
import onnxruntime

PAD, UNKNOWN, END = 0, 1, 3
FEATURE = "feature "  # precedes a feature's name in the vocabulary


class Model:
    """A model in ONNX: text in, text out."""

    def __init__(self, directory: str | Path, *, threads: int = 1, batch: int = 64) -> None:
        path = Path(directory)
        self.rules = json.loads((path / "model.json").read_text(encoding="utf-8"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.search = onnxruntime.InferenceSession(path / "search.onnx", options, providers=["CPUExecutionProvider"])
        self.batch = batch
        symbols = self.rules["source"]["symbols"]
        self.ids = {symbol: i for i, symbol in enumerate(symbols) if i > END}  # special ids have no spelling
        self.has_space = " " in self.rules["target"]["symbols"][END + 1 :]
        form = self.rules["source"]["unicode_form"]
        self.lexicon = {}
        for source, features, target in self.rules["lexicon"]:
            self.lexicon.setdefault((normalized(source, form), *feature_symbols(features)), target)

    def predict(self, sources: list[str], features: list[str] | None = None, *, beam: int = 5) -> list[str]:
        """Return the best target of each source.   features: such as "V;PST" for each source."""
        readings = [self._read(*one) for one in zip(sources, features or [""] * len(sources), strict=True)]
        windows = [(r, w) for r, reading in enumerate(readings) if isinstance(reading, list) for w in reading]
        answers: list[list[str]] = [[] for _ in sources]
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][1].ids))  # little padding in each batch
        found: list[list[str]] = [[] for _ in windows]
        for first in range(0, len(order), self.batch):
            some = order[first : first + self.batch]
            for i, tokens in zip(some, self._search([windows[i][1] for i in some], beam), strict=True):
                found[i] = tokens
        for (r, window), tokens in zip(windows, found, strict=True):
            answers[r] += tokens
            if window.before_space and self.has_space and answers[r][-1:] != [" "]:
                answers[r].append(" ")
        return [
            reading if isinstance(reading, str) else join(tokens, self.rules["target"])
            for reading, tokens in zip(readings, answers, strict=True)
        ]

    def _read(self, source: str, features: str) -> str | list[Window]:
        """Return a known answer, or the windows of a source."""
        rules = self.rules
        names = feature_symbols(features)
        if (key := (normalized(source, rules["source"]["unicode_form"]), *names)) in self.lexicon:
            return self.lexicon[key]
        names = [known(name, self.ids) for name in names if name.removeprefix(FEATURE).strip() or name in self.ids]
        if rules["drop_unknown_features"]:
            names = [name for name in names if name in self.ids]
        unknown_feature = self.ids.get(FEATURE, UNKNOWN)
        before = [self.ids.get(name, unknown_feature) for name in names]
        tokens = split(source, rules["source"])
        is_empty = all(token.isspace() and token not in self.ids for token in tokens)
        if rules["empty_answers_empty"] and is_empty and len(tokens) <= rules["window"]:
            return ""
        windows, first = [], 0
        for end in ends(tokens, rules["window"]):
            some = tokens[first:end]
            ids = [*before, *(self.ids.get(token, UNKNOWN) for token in some), END]
            windows.append(Window(ids, len(before), some, end < len(tokens) and some[-1].isspace()))
            first = end
        return windows

    def _search(self, windows: list[Window], beam: int) -> list[list[str]]:
        """Return the tokens of the best target of each window."""
        source = np.full((len(windows), max(len(window.ids) for window in windows)), PAD, np.int64)
        for row, window in zip(source, windows, strict=True):
            row[: len(window.ids)] = window.ids
        names = [output.name for output in self.search.get_outputs()]
        outputs = self.search.run(None, {"source": source, "beam": np.array([beam], np.int64)})
        found = dict(zip(names, outputs, strict=True))
        symbols, answers = self.rules["target"]["symbols"], []
        for b, window in enumerate(windows):
            ids = found["ids"][b, 0, : max(0, found["lengths"][b, 0] - 1)]
            tokens = [symbols[i] for i in ids]
            if "attention" in found:  # an unknown symbol is copied from where the attention weight is greatest
                unknown = {i + window.n_features: t for i, t in enumerate(window.tokens) if t not in self.ids}
                columns = list(unknown)
                for t in np.flatnonzero(ids == UNKNOWN) if columns else ():
                    tokens[t] = unknown[columns[found["attention"][b, 0, t, columns].argmax()]]
            answers.append(tokens)
        return answers


class Window:
    """The part of a source that one search reads.   before_space: a space of the source ends it, and more follows."""

    def __init__(self, ids: list[int], n_features: int, tokens: list[str], before_space: bool) -> None:
        self.ids, self.n_features, self.tokens, self.before_space = ids, n_features, tokens, before_space


def ends(tokens: list[str], most: int) -> list[int]:
    """Return the end of each window of at most `most` tokens: after the last space of its second half, if any."""
    found, first = [], 0
    while len(tokens) - first > most:
        spaces = [i for i in range(first + most // 2, first + most) if tokens[i].isspace()]
        first = spaces[-1] + 1 if spaces else first + most
        found.append(first)
    return [*found, len(tokens)]


def normalized(text: str, form: str) -> str:
    return text if form == "none" else unicodedata.normalize(form, text)


def feature_symbols(features: str) -> list[str]:
    return [FEATURE + name for name in unicodedata.normalize("NFC", features).split(";") if name]


def known(symbol: str, ids: dict[str, int]) -> str:
    """Return a feature, without the spaces around its name if only that is known."""
    bare = FEATURE + symbol.removeprefix(FEATURE).strip()
    return bare if symbol not in ids and bare in ids else symbol


def split(text: str, side: dict) -> list[str]:
    """Return the tokens of a text."""
    text = normalized(text, side["unicode_form"])
    if side["tokens"] == "words":
        return [word for word in text.split(" ") if word]
    if side["tokens"] == "graphemes":
        import regex  # the only other library, for models of grapheme clusters

        return regex.findall(r"\X", text)
    return pieces(text, side) if side["tokens"] == "subwords" else list(text)


def join(tokens: list[str], side: dict) -> str:
    """Return the text of tokens."""
    text = (" " if side["tokens"] == "words" else "").join(tokens)
    if side["tokens"] == "subwords":
        text = text.replace("\u2581", " ").removeprefix(" ")
    return normalized(text, "none" if side["unicode_form"] == "none" else "NFC")


def pieces(text: str, side: dict) -> list[str]:
    """Return the most likely pieces of a text (Viterbi, Kudo 2018); neighbouring unknown characters are one piece."""
    if not text:
        return []
    if "scores" not in side:
        side["scores"] = dict(side["pieces"])
        side["longest"] = max(map(len, side["scores"]))
        side["unknown"] = min(side["scores"].values()) - 10
    text = "\u2581" + text.replace(" ", "\u2581")
    best = [(0.0, 0, True)] + [(-math.inf, 0, True)] * len(text)  # score, start of the last piece, whether it is known
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + side["longest"]) + 1):
            score, known = side["scores"].get(text[start:end]), True
            if score is None and end == start + 1:
                score, known = side["unknown"], False
            if score is not None and best[start][0] + score > best[end][0]:
                best[end] = best[start][0] + score, start, known
    found, end, last_known = [], len(text), True
    while end:
        _, start, known = best[end]
        if found and not known and not last_known:
            found[-1] = text[start:end] + found[-1]
        else:
            found.append(text[start:end])
        end, last_known = start, known
    return found[::-1]


if __name__ == "__main__":
    rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
    model = Model(sys.argv[1])
    for answer in model.predict([row[0] for row in rows], [";".join(row[1:2]) for row in rows]):
        print(answer)
