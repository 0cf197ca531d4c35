"""What a client needs besides the graphs, as one JSON document: vocabularies, and how text becomes ids and ids text."""

from __future__ import annotations

from typing import Any

from seqwright.bundle import Bundle
from seqwright.data import text
from seqwright.data.subwords import Subwords
from seqwright.data.vocabulary import END, PAD, SPECIAL, START, UNKNOWN, Vocabulary
from seqwright.exporters.onnx.precision import Precision
from seqwright.inference.reading import Reader

__all__ = ["rules"]

VERSION = 1


def rules(bundle: Bundle, precision: Precision) -> dict[str, Any]:
    """Return the document; its keys are described in the README of an export."""
    form = bundle.source_format
    known = bundle.source_vocabulary
    return {
        "version": VERSION,
        "precision": precision.value,
        "special": {"pad": PAD, "unknown": UNKNOWN, "start": START, "end": END},
        "source": _side(form, bundle.config.text.source_tokens, known),
        "target": _side(bundle.target_format, bundle.config.text.target_tokens, bundle.target_vocabulary),
        "window": bundle.limits.window,
        "empty_answers_empty": bundle.limits.empty_answers_empty,
        "drop_unknown_features": Reader.of(bundle).drop_unknown_features,
        "lexicon": [[pair.source, pair.features, pair.target] for pair in bundle.lexicon],
    }


def _side(form: text.Splitter, tokens: str | None, vocabulary: Vocabulary) -> dict[str, Any]:
    side = {
        "tokens": "subwords" if isinstance(form, Subwords) else (tokens or text.Tokens.CHARACTERS),
        "unicode_form": form.unicode_form.value,
        "symbols": [*SPECIAL, *vocabulary.symbols],
    }
    return side | ({"pieces": form.scores()} if isinstance(form, Subwords) else {})
