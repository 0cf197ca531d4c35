"""What a client needs besides the graphs, as one JSON document: vocabularies, and how text becomes ids and ids text."""

from __future__ import annotations

from typing import Any

from seqwright.bundle import Bundle
from seqwright.data import text
from seqwright.data.subwords import Subwords
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import END, PAD, SPECIAL, START, UNKNOWN
from seqwright.exporters.onnx.precision import Precision
from seqwright.inference.reading import Reader

__all__ = ["rules"]

VERSION = 1


def rules(bundle: Bundle, precision: Precision) -> dict[str, Any]:
    """Return the document; its keys are described in the README of an export."""
    return {
        "version": VERSION,
        "precision": precision.value,
        "special": {"pad": PAD, "unknown": UNKNOWN, "start": START, "end": END},
        "source": _side(bundle.source, bundle.config.text.source_tokens),
        "target": _side(bundle.target, bundle.config.text.target_tokens),
        "window": bundle.limits.window,
        "empty_answers_empty": bundle.limits.empty_answers_empty,
        "drop_unknown_features": Reader.of(bundle).drop_unknown_features,
        "lexicon": [[pair.source, pair.features, pair.target] for pair in bundle.lexicon],
    }


def _side(tokenizer: Tokenizer, tokens: str | None) -> dict[str, Any]:
    splitter = tokenizer.splitter
    side = {
        "tokens": "subwords" if isinstance(splitter, Subwords) else (tokens or text.Tokens.CHARACTERS),
        "unicode_form": splitter.unicode_form.value,
        "symbols": [*SPECIAL, *tokenizer.vocabulary.symbols],
    }
    return side | ({"pieces": splitter.scores()} if isinstance(splitter, Subwords) else {})
