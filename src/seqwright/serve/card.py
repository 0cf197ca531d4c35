"""The cards of models: what they are, what they were trained on, how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seqwright import provenance
from seqwright.data import text
from seqwright.data.limits import Limits as Lengths
from seqwright.errors import DataError
from seqwright.inference import translator

__all__ = ["Card", "ModelsResponse", "card"]

MOST_SYMBOLS = 200


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens and symbols of sources or targets, the most frequent symbols first."""

    tokens: str | None
    n_symbols: int
    symbols: list[str]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is; paths of the server's machine are left out.

    data, dev_data: names of the files of training and dev pairs; without any of the latter, they were held out.
    """

    name: str
    networks: int
    parameters: int
    weights: str
    hidden_size: int | None
    encoder_layers: int
    decoder_layers: int
    bidirectional: bool
    attention: str | None
    copying: bool | None
    source: Side
    target: Side
    features: list[str]
    lengths: Lengths
    lexicon: int
    calibrated: bool
    pairs: int | None
    data: list[str]
    dev_data: list[str]
    dev: dict[str, float]
    seqwright: str | None
    report: bool


class ModelsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The models, the default first."""

    models: list[Card]


def card(name: str, path: Path, model: translator.Translator) -> Card:
    """Return the card of a model."""
    bundle = model.bundle
    config, manifest = bundle.config, bundle.manifest
    scores = manifest.get("scores")
    pairs = manifest.get("n_pairs")
    return Card(
        name=name, networks=len(bundle.networks), parameters=sum(array.size for array in bundle.weights.values()),
        weights="int8" if bundle.int8 else "float32", hidden_size=config.model.hidden_size,
        encoder_layers=config.model.encoder_layers or config.model.layers, decoder_layers=config.model.layers,
        bidirectional=config.model.bidirectional, attention=config.model.attention, copying=config.model.copying,
        source=side(config.text.source_tokens, bundle.source.vocabulary.symbols),
        target=side(config.text.target_tokens, bundle.target.vocabulary.symbols),
        features=[symbol.split(" ", 1)[-1] for symbol in bundle.source.vocabulary.symbols if text.is_feature(symbol)],
        lengths=bundle.limits, lexicon=len(bundle.lexicon), calibrated="calibration" in manifest,
        pairs=pairs if isinstance(pairs, int) else None,
        data=files(manifest, "train"), dev_data=files(manifest, "dev"),
        dev={
            key: float(value)
            for key, value in (scores.items() if isinstance(scores, dict) else ())
            if isinstance(value, int | float)
        },
        seqwright=str(manifest["seqwright"]) if "seqwright" in manifest else None,
        report=(path / "report.html").is_file(),
    )  # fmt: skip


def side(tokens: str | None, symbols: Sequence[str]) -> Side:
    shown = [symbol for symbol in symbols if not text.is_feature(symbol)]
    return Side(tokens=tokens, n_symbols=len(shown), symbols=shown[:MOST_SYMBOLS])


def files(manifest: Mapping[str, Any], role: provenance.Role) -> list[str]:
    """Return the names of the files of a role, as far as the manifest knows them."""
    try:
        found = provenance.provenance(manifest).of(role)
    except DataError:
        return []
    return [Path(one.name).name for one in found]
