"""The summary of a model as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seqwright.bundle import Bundle
from seqwright.cli import attention
from seqwright.data.limits import Limits

__all__ = ["as_json", "as_text", "of"]

N_SYMBOLS = 40  # the most frequent ones are shown


class Side(msgspec.Struct, frozen=True):
    """Tokenisation of the sources or the targets, and their symbols, most frequent first."""

    tokens: str | None
    unicode_form: str
    n_symbols: int
    symbols: tuple[str, ...]


class Summary(msgspec.Struct, frozen=True):
    """Summary of a model directory.   parameters: number of weights.   weights: their dtype."""

    members: int
    parameters: int
    weights: str
    model: dict[str, Any]  # configuration of the first network
    others: list[dict[str, Any]]  # configurations of the others in an ensemble of different networks
    source: Side
    target: Side
    limits: Limits
    lexicon: int  # number of pairs
    manifest: dict[str, Any]


def of(bundle: Bundle) -> Summary:
    """Return the summary of a model."""
    text = bundle.config.text
    source, target = bundle.source.vocabulary.symbols, bundle.target.vocabulary.symbols
    return Summary(
        len(bundle.networks),
        sum(array.size for array in bundle.weights.values()),
        "int8" if bundle.int8 else "float32",
        msgspec.to_builtins(bundle.config.model),
        msgspec.to_builtins(list(bundle.config.others)),
        Side(text.source_tokens, bundle.source.unicode_form.value, len(source), source),
        Side(text.target_tokens, bundle.target.unicode_form.value, len(target), target),
        bundle.limits,
        len(bundle.lexicon),
        bundle.manifest,
    )


def as_json(summary: Summary) -> str:
    """Return the summary as one JSON object."""
    return msgspec.json.encode(summary).decode()


def as_text(summary: Summary) -> str:
    """Return the summary as text, one line for each property."""
    manifest, limits = summary.manifest, summary.limits
    first, *unlike = dict.fromkeys(map(_kind, [summary.model, *summary.others]))
    lines = [
        f"network     {first}",
        *(f"            {kind}" for kind in unlike),
        f"parameters  {summary.parameters:,}"
        + (f" in {summary.members} networks" if summary.members > 1 else "")
        + (" of 8 bits" if summary.weights == "int8" else ""),
        f"source      {side(summary.source)}",
        f"target      {side(summary.target)}",
        f"            {limits.shortest_target:,} to {limits.longest_target:,} tokens in training",
    ]
    if summary.lexicon:
        lines.append(f"lexicon     {summary.lexicon:,} pairs")
    if isinstance(n_pairs := manifest.get("n_pairs"), int):
        lines.append(f"pairs       {n_pairs:,}")
    lines += [f"data        {name}" for name in manifest.get("data") or {}]
    scores = manifest.get("scores")
    if isinstance(scores, dict):
        lines.append(f"dev         {_dev(scores)}")
    if isinstance(folds := manifest.get("cross_validation"), dict):
        lines.append(
            f"accuracy    exact match {folds['accuracy']:.1f} % in cross-validation with {len(folds['folds'])} folds, "
            f"{folds['low']:.1f} to {folds['high']:.1f} % expected of this model (95 % interval)"
        )
    if isinstance(tried := manifest.get("candidates"), dict):
        changes = tried["tried"][tried["chosen"]]["changes"]
        lines.append(
            f"candidates  {len(tried['tried'])} tried: "
            f"{', '.join(f'{name} {value}' for name, value in changes.items()) or 'the settings of the recipe kept'}"
        )
    if isinstance(more := manifest.get("auxiliary"), dict):
        lines.append(
            f"auxiliary   {more['n_related']:,} related pairs, {more['n_answered']:,} answers to unlabelled sources: "
            f"{'' if 'cross_validation' in manifest else 'dev '}exact match {more['accuracy']:.1f} % with, "
            f"{more['without']:.1f} % without"
            f"{'' if more['kept'] else ', not kept'}"
        )
    lines += [f"joined      {one['model']}, seed {one['seed']}" for one in manifest.get("joined") or []]
    if "seqwright" in manifest:
        lines.append(f"made by     seqwright {manifest['seqwright']}")
    return "\n".join(lines)


def _kind(model: Mapping[str, Any]) -> str:
    return ", ".join(
        [
            f"LSTM, {_layers(model)} of {model['hidden_size']} units",
            "bidirectional encoder" if model["bidirectional"] else "unidirectional encoder",
            "no attention" if model["attention"] == "none" else f"{model['attention']} attention",
        ]
    )


def _layers(model: Mapping[str, Any]) -> str:
    n, above = model["encoder_layers"] or model["layers"], model["layers"]
    layers = f"{n} layer{'' if n == 1 else 's'}"
    return layers if n == above else f"{layers} (decoder: {above})"


def _dev(scores: Mapping[str, object]) -> str:
    """Return the scores of a manifest; manifests of earlier releases lack some."""
    parts = {
        "dev_accuracy": "exact match {:.1f} %",
        "dev_ter": "TER {:.1f} %",
        "dev_loss": "loss {:.3f}",
        "dev_bleu": "BLEU {:.1f}",
        "dev_chrf": "chrF {:.1f}",
        "epoch": "epoch {:.2f}",
    }
    return ", ".join(
        text.format(scores[name]) for name, text in parts.items() if isinstance(scores.get(name), int | float)
    )


def side(one: Side) -> str:
    shown = " ".join(attention.shown(symbol) for symbol in one.symbols[:N_SYMBOLS])
    more = " …" if len(one.symbols) > N_SYMBOLS else ""
    return f"{one.n_symbols:,} symbols ({one.tokens} in {one.unicode_form}): {shown}{more}"
