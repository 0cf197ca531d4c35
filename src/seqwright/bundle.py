"""The model directory: written so that a reader finds a whole model or none, read so that damage is named.

    config.json         format version, configuration, sizes and length limits
    source.vocab.json   target.vocab.json
    source.subwords.model   target.subwords.model    SentencePiece models, of a side that has subwords
    lexicon.json        pairs that are answered just so, of a model that was given some
    model.safetensors   float32 weights under the names of `Seq2seq.params`; those of an ensemble behind `members.0.` …
                        of format 2, int8 codes and their scales: see `models.int8`
    manifest.json       versions, seed, data hashes, command, scores
    metrics.jsonl       one line an event of the training (written by `training`)

No pickle, no symbolic link. The files of a model are replaced together (`file_set`); weights and configuration carry
the same stamp, so that a mixture of two models that were copied by hand is refused instead of answered from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import safetensors
import safetensors.numpy

from seqwright import file_set, models
from seqwright.config import Config, ModelConfig
from seqwright.data import subwords
from seqwright.data.limits import Limits
from seqwright.data.readers import Pair
from seqwright.data.subwords import Subwords
from seqwright.data.text import Splitter, TextFormat, Tokens, UnicodeForm
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ConfigError, ModelError, OutputError, UsageError
from seqwright.models import Seq2seq, int8
from seqwright.types import Array, Shape

__all__ = [
    "FORMAT_VERSION",
    "WEIGHTS",
    "Bundle",
    "exists",
    "load",
    "refuse_taken",
    "save",
    "stamp",
    "weights_file",
]

FORMAT_VERSION = 2  # of models in 8 bits; others are written as version 1, which older releases read
WEIGHTS = "model.safetensors"
LEXICON = "lexicon.json"
HINT = "restore the model from a copy or train it again"


class Bundle(msgspec.Struct, frozen=True):
    """Everything that a model directory holds but its metrics.

    lexicon: pairs whose sources are answered just so.
    int8: the file holds codes, and inference computes with them; `weights` are the floats that they stand for.
    """

    config: Config
    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    limits: Limits
    weights: dict[str, Array]
    manifest: dict[str, Any] = {}
    source_subwords: Subwords | None = None
    target_subwords: Subwords | None = None
    int8: bool = False
    lexicon: list[Pair] = []

    @property
    def members(self) -> list[dict[str, Array]]:
        """The weights of each network; one, unless the model is an ensemble."""
        members: dict[str, dict[str, Array]] = {}
        for name, array in self.weights.items():
            number, _, rest = name.removeprefix("members.").partition(".")
            key, name = (number, rest) if name.startswith("members.") else ("", name)
            members.setdefault(key, {})[name] = array
        return [members[key] for key in sorted(members, key=lambda key: (len(key), key))]

    @property
    def kinds(self) -> tuple[ModelConfig, ...]:
        """What each network is; fewer than the configuration has where a training ended early."""
        return self.config.networks[: len(self.members)]

    def networks(self) -> list[Seq2seq]:
        """Return the networks, around the weights of this bundle; they answer and cannot be trained."""
        source, target = self.source_vocabulary, self.target_vocabulary
        copy_map, feature_mask = source.copy_map(target), source.feature_mask()
        return [
            models.build(
                kind.spec(len(source), len(target)), copy_map=copy_map, feature_mask=feature_mask, arrays=weights
            )
            for kind, weights in zip(self.kinds, self.members, strict=True)
        ]

    @property
    def source_format(self) -> Splitter:
        """How sources are cut into tokens."""
        text = self.config.text
        return self.source_subwords or _text_format(text.source_tokens, text.source_form)

    @property
    def target_format(self) -> Splitter:
        """How targets are cut into tokens and joined again."""
        text = self.config.text
        return self.target_subwords or _text_format(text.target_tokens, text.target_form)


def _text_format(tokens: str | None, form: UnicodeForm | None) -> TextFormat:
    return TextFormat(Tokens(tokens or Tokens.CHARACTERS), form or UnicodeForm.NFC)


class _ConfigFile(msgspec.Struct, omit_defaults=True):
    format_version: int
    stamp: str
    limits: Limits
    config: Config
    weights: Literal["float32", "int8"] = "float32"


class _Lexicon(msgspec.Struct):
    stamp: str
    pairs: list[tuple[str, str, str]]  # source, target, features


class _Header(msgspec.Struct):
    format_version: int


def save(path: Path, bundle: Bundle) -> None:
    """Write the bundle to the directory `path`, which is made if need be.

    A model that is there survives a failure; a process that is killed leaves the old model or the new one.

    OutputError: no space, no permission.
    """
    source, target = bundle.source_vocabulary.to_json(), bundle.target_vocabulary.to_json()
    # A hash and not a random number, so that equal trainings write equal bytes.
    weights = int8.to_codes(bundle.weights) if bundle.int8 else bundle.weights
    stamp = hashlib.sha256(source + target + safetensors.numpy.save(weights)).hexdigest()[:16]
    config = _ConfigFile(1, stamp, bundle.limits, bundle.config)
    if bundle.int8:
        config = msgspec.structs.replace(config, format_version=FORMAT_VERSION, weights="int8")
    both = {"source": bundle.source_subwords, "target": bundle.target_subwords}
    pairs = [(pair.source, pair.target, pair.features) for pair in bundle.lexicon]
    files = {
        **({LEXICON: msgspec.json.encode(_Lexicon(stamp, pairs))} if bundle.config.training.lexicon else {}),
        **{f"{side}.subwords.model": cutter.model for side, cutter in both.items() if cutter is not None},
        "source.vocab.json": source,
        "target.vocab.json": target,
        "manifest.json": _json(bundle.manifest),
        "config.json": _json(config),
        WEIGHTS: safetensors.numpy.save(weights, {"stamp": stamp}),  # one key: their order is random
    }
    try:
        file_set.replace(path, files)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot save the model: {error.strerror}; what was there before is unchanged, "
            f"free some space or choose another --output"
        ) from None


def refuse_taken(path: Path) -> None:
    """Raise UsageError where something stands at the path of a directory that is to be written."""
    if path.exists() and not (path.is_dir() and all(map(file_set.negligible, path.iterdir()))):
        raise UsageError(f"{path} exists already; choose another --output")


def load(path: Path) -> Bundle:
    """Return the model of a directory.   ModelError: missing, damaged, newer, or not of one piece."""
    if not path.is_dir():
        what = "is a file, not a model directory" if path.exists() else "no such model directory"
        raise ModelError(f"{path}: {what}; give the directory that `seqwright train` wrote")
    config = _load_config(file_set.place(path, "config.json"))
    source = _load_vocabulary(file_set.place(path, "source.vocab.json"))
    target = _load_vocabulary(file_set.place(path, "target.vocab.json"))
    weights, stamp = _load_weights(weights_file(path), as_codes=config.weights == "int8")
    if stamp != config.stamp:
        raise ModelError(f"{path}: config.json and model.safetensors come from two different models; {HINT}")
    try:
        manifest = msgspec.json.decode(_read(file_set.place(path, "manifest.json")), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path / 'manifest.json'}: damaged ({error}); {HINT}") from None
    text = config.config.text
    bundle = Bundle(
        config.config, source, target, config.limits, weights, manifest,
        _load_subwords(file_set.place(path, "source.subwords.model"), text.source_tokens, text.source_form),
        _load_subwords(file_set.place(path, "target.subwords.model"), text.target_tokens, text.target_form),
        config.weights == "int8",
        _load_lexicon(file_set.place(path, LEXICON), stamp) if config.config.training.lexicon else [],
    )  # fmt: skip
    _check_weights(path, bundle)
    return bundle


def stamp(path: Path) -> str:
    """Return the name that the weights of a model directory have for being these.   ModelError: there is no model."""
    return _load_config(file_set.place(path, "config.json")).stamp


def exists(path: Path) -> bool:
    """Return whether a model was saved in the directory."""
    return file_set.place(path, "config.json").exists()


def weights_file(path: Path) -> Path:
    """Return the file that holds the weights of a model directory."""
    return file_set.place(path, WEIGHTS)


def _load_config(path: Path) -> _ConfigFile:
    data = _read(path)
    try:
        version = msgspec.json.decode(data, type=_Header).format_version
        if version > FORMAT_VERSION:
            raise ModelError(
                f"{path}: model format {version}, this seqwright reads up to {FORMAT_VERSION}; upgrade seqwright"
            )
        found = msgspec.json.decode(data, type=_ConfigFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: damaged ({error}); {HINT}") from None
    except ConfigError as error:
        raise ModelError(f"{path}: no model has such settings ({error}); undo the change, or {HINT}") from None
    model, *others = map(_as_it_was, (found.config.model, *found.config.others))
    said = msgspec.structs.replace(found.config, model=model, others=tuple(others))
    return msgspec.structs.replace(found, config=said)


def _as_it_was(model: ModelConfig) -> ModelConfig:
    """Return a stored configuration with the settings that its file is too old to name."""
    return msgspec.structs.replace(
        model,
        encoder_layers=model.encoder_layers or model.layers,
        distance_bias=bool(model.distance_bias),
        copying=bool(model.copying),
        sum_features=bool(model.sum_features),
    )


def _load_vocabulary(path: Path) -> Vocabulary:
    return Vocabulary.from_json(_read(path), path=path)


def _load_subwords(path: Path, tokens: str | None, form: UnicodeForm | None) -> Subwords | None:
    if subwords.size(tokens) is None:
        return None
    try:
        return Subwords(_read(path), form or UnicodeForm.NFC)
    except ModelError as error:
        raise ModelError(f"{path}: {error}" if str(path) not in str(error) else str(error)) from None


def _load_weights(path: Path, *, as_codes: bool) -> tuple[dict[str, Array], str]:
    if not path.is_file():
        raise ModelError(f"{path}: missing; {HINT}")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            stamp = (file.metadata() or {}).get("stamp", "")
        return (int8.from_codes(weights) if as_codes else weights), stamp
    except ModelError as error:
        raise ModelError(f"{path}: damaged ({error}); {HINT}") from None
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: damaged or cut short ({error}); {HINT}") from None


def _load_lexicon(path: Path, stamp: str) -> list[Pair]:
    try:
        found = msgspec.json.decode(_read(path), type=_Lexicon)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: damaged ({error}); {HINT}") from None
    if found.stamp != stamp:
        raise ModelError(f"{path}: it belongs to another model than config.json does; {HINT}")
    return [Pair(*pair) for pair in found.pairs]


def _check_weights(path: Path, bundle: Bundle) -> None:
    """Raise ModelError where the weights are not those of the configuration and the vocabularies."""
    networks, members = bundle.config.networks, bundle.members or [{}]
    if len(members) > len(networks):
        raise ModelError(f"{path}: weights of {len(members)} networks, its configuration has {len(networks)}; {HINT}")
    for m, weights in zip(networks, members, strict=False):
        for side, vocabulary in (("encoder", bundle.source_vocabulary), ("decoder", bundle.target_vocabulary)):
            rows = len(np.atleast_1d(weights.get(f"{side}.embedding.W", np.empty((0, 0)))))
            if rows != len(vocabulary):
                raise ModelError(
                    f"{path}: the {side} has weights for {rows} symbols, its vocabulary has {len(vocabulary)}; {HINT}"
                )
        found = {name: array.shape for name, array in weights.items()}
        if m.hidden_size is None or m.wordvec_size is None or m.attention is None:
            unset = next(name for name in ("hidden_size", "wordvec_size", "attention") if getattr(m, name) is None)
            raise ModelError(f"{path / 'config.json'}: damaged (model.{unset} has no value); {HINT}")
        # First what tells all sizes: a configuration never asks for more memory than its file of weights has.
        sizes: dict[str, Shape] = {
            "decoder.embedding.W": (len(bundle.target_vocabulary), m.wordvec_size),
            "decoder.lstm.0.Wh": (m.hidden_size, 4 * m.hidden_size),
        }
        _check_shapes(path, {name: found.get(name) for name in sizes}, sizes)
        for side, expected_layers in (("encoder", m.encoder_layers or m.layers), ("decoder", m.layers)):
            layers = len({name.split(".")[2] for name in found if name.startswith(f"{side}.lstm.")})
            if layers != expected_layers:
                raise ModelError(f"{path}: {side} weights of {layers} layers, expected {expected_layers}; {HINT}")
        expected = Seq2seq.shapes(m.spec(len(bundle.source_vocabulary), len(bundle.target_vocabulary)))
        _check_shapes(path, found, expected)


def _check_shapes(path: Path, found: Mapping[str, Shape | None], expected: Mapping[str, Shape]) -> None:
    if wrong := sorted(name for name in expected.keys() | found if expected.get(name) != found.get(name)):
        raise ModelError(
            f"{path}: weight {wrong[0]} has shape {found.get(wrong[0])}, expected {expected.get(wrong[0])}; {HINT}"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; {HINT}") from None
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
