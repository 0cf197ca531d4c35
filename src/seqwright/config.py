"""Everything that can be set, as frozen structures with their defaults; file, flags and tests build the same.

A value that is None is found from the data when training begins (`training.recipe`); what was found is what the model
directory stores, so a stored configuration has no None left but those that mean "no limit".

Every structure checks its values and their combination when it is made: in Python, from TOML, from the file of a model,
or as a changed copy (`msgspec.structs.replace`, `copy.replace`). One that exists is valid, and is not checked again.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from seqwright.checked import Checked, choices, cut, fitting, renamed, shown
from seqwright.data import readers, subwords
from seqwright.data.text import UnicodeForm
from seqwright.errors import ConfigError, suggestion
from seqwright.models.spec import Bridge, InitialValues, ModelSpec
from seqwright.nn import attention

__all__ = [
    "Config",
    "ModelConfig",
    "OptimConfig",
    "TextConfig",
    "TrainingConfig",
    "apart",
    "canonical",
    "load",
    "modern",
    "parse",
    "to_toml",
    "upgraded",
]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Place = Annotated[int, msgspec.Meta(ge=0)] | str
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
ATTENTION = ("none", *attention.SCORES)
AttentionChoice = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(ATTENTION)})$", examples=list(ATTENTION))]
TokenChoice = Annotated[str, msgspec.Meta(pattern=subwords.PATTERN, examples=subwords.CHOICES)]


class TextConfig(Checked, frozen=True, kw_only=True):
    """How the two sides are read and cut into tokens."""

    section: ClassVar[str] = "text"

    reader: Literal["auto"] | readers.Reader = "auto"  # by a file's name or content
    source_column: Place | None = None  # counted from 1, or a name; found from the data, as the two below
    target_column: Place | None = None
    features_column: Place | None = None  # 0: none
    header: bool | None = None  # whether the first line of a tsv or csv file holds names
    delimiter: str | None = None  # tab, comma, semicolon, pipe, space, or the character itself
    comment: str | None = None  # what comment lines start with, "" none
    schema: readers.Schema | None = None  # what was found, by which later files of the same shape are read
    source_key: str = "source"  # what the columns are called in JSON lines, Parquet and Arrow
    target_key: str = "target"
    features_key: str = "features"
    source_tokens: TokenChoice | None = None
    target_tokens: TokenChoice | None = None
    source_form: UnicodeForm | None = None
    target_form: UnicodeForm | None = None

    def columns(self) -> readers.Columns:
        """Return how a reader is to read training files."""
        return readers.Columns(
            source=self.source_column,
            target=self.target_column,
            # With a schema, the number is what was found, which only means something for a file of the same shape.
            features=None if self.schema is not None and self.features_column else self.features_column,
            names=self._names,
            format=None if self.reader == "auto" else self.reader,
            delimiter=None if self.delimiter is None else readers.DELIMITERS.get(self.delimiter, self.delimiter),
            header=self.header,
            comment=self.comment,
            like=self.schema,
        )

    def later_columns(self) -> readers.Columns:
        """Return how a reader is to read files for a trained model: like those of its training."""
        legacy = readers.Schema(
            source=self.source_column if isinstance(self.source_column, int) else 1,
            target=self.target_column if isinstance(self.target_column, int) else 2,
            features=self.features_column if isinstance(self.features_column, int) else 0,
        )
        like = self.schema or legacy
        return readers.Columns(
            features=None if like.features else 0,
            names=self._names,
            header=None if self.header else self.header,
            comment=self.comment,
            like=like,
        )

    @property
    def _names(self) -> readers.Names:
        return readers.Names(self.source_key, self.target_key, self.features_key)


class ModelConfig(Checked, frozen=True, kw_only=True):
    """The network; see `models.Seq2seq`."""

    section: ClassVar[str] = "model"
    aliases: ClassVar[dict[str, str]] = {"wordvec_size": "embedding_size"}

    embedding_size: Positive | None = None
    hidden_size: Positive | None = None
    layers: Positive = 1
    encoder_layers: Positive | None = None  # where the encoder has more; the decoder starts from the top ones
    bidirectional: bool = True
    attention: AttentionChoice | None = None  # found by `training.recipe`
    distance_bias: bool | None = None  # learned: scores gain by how far a symbol is from the step; the same
    peeky: bool = False
    sum_features: bool | None = None  # read at every step of the decoder, beside the features as symbols
    copying: bool | None = None  # symbols of the source into the target (See et al. 2017); see `training.recipe`
    tied: bool | None = None  # target embeddings are the output layer's weights, too (Press & Wolf 2017)
    reversed_source: bool = False
    bridge: Bridge = "hc"
    dropout: Share | None = None
    label_smoothing: Share = 0.1  # Szegedy et al. 2016
    initial_values: InitialValues = "uniform"

    def spec(self, source_vocab_size: int = 1, target_vocab_size: int = 1) -> ModelSpec:
        """Return the network; a value that is still open is one that the recipe may choose.

        ConfigError: options that contradict each other.
        """
        size = self.hidden_size or self.embedding_size or 1
        return ModelSpec(
            source_vocab_size=source_vocab_size,
            target_vocab_size=target_vocab_size,
            embedding_size=self.embedding_size or size,
            hidden_size=size,
            encoder_layers=self.encoder_layers or self.layers,
            decoder_layers=self.layers,
            bidirectional=self.bidirectional,
            reversed_source=self.reversed_source,
            bridge=self.bridge,
            attention=self.attention or "bilinear",
            distance_bias=bool(self.distance_bias),
            peeky=self.peeky,
            sum_features=bool(self.sum_features),
            copying=bool(self.copying),
            tied=bool(self.tied),
            dropout=self.dropout or 0.0,
            label_smoothing=self.label_smoothing,
            initial_values=self.initial_values,
        )

    @property
    def wordvec_size(self) -> int | None:
        """The earlier name of `embedding_size`."""
        return self.embedding_size

    def _conflict(self) -> str:
        try:
            self.spec()
        except ConfigError as error:
            return f"[model]: {error}"
        return ""


class OptimConfig(Checked, frozen=True, kw_only=True):
    """The optimiser and its learning rate over time; see `training.schedule`."""

    section: ClassVar[str] = "optim"
    aliases: ClassVar[dict[str, str]] = {"rate": "learning_rate"}

    method: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, msgspec.Meta(gt=0)] | None = None
    schedule: Literal["constant", "cosine", "inverse_sqrt", "plateau"] = "cosine"
    plateau: Positive = 3  # epochs without a better dev score before the schedule of this name halves the learning rate
    warmup: Share = 0.05  # of the whole run, while the learning rate rises from 0; warmup_steps takes its place
    warmup_steps: Positive | None = None  # updates; `training.recipe` chooses them for sentences
    betas: tuple[Share, Share] = (0.9, 0.999)  # Kingma & Ba 2015, algorithm 1
    eps: Annotated[float, msgspec.Meta(gt=0)] = 1e-8
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    clip_norm: Annotated[float, msgspec.Meta(gt=0)] | None = 5.0  # of the whole flat gradient

    @property
    def rate(self) -> float | None:
        """The earlier name of `learning_rate`."""
        return self.learning_rate

    def _conflict(self) -> str:
        if self.schedule == "inverse_sqrt" and not (self.warmup or self.warmup_steps):
            return "optim.schedule=inverse_sqrt falls from the end of the warm-up; set optim.warmup"
        return ""


class TrainingConfig(Checked, frozen=True, kw_only=True):
    """How long, in what portions, and what counts as better."""

    section: ClassVar[str] = "training"

    epochs: Positive | None = None
    batch_size: Positive | None = None
    members: Annotated[int, msgspec.Meta(ge=1, le=1000)] = (
        1  # networks trained one after the other and answering together
    )
    word_dropout: Share | None = None  # of the symbols of both sides, that the network reads as the unknown one
    pool: Positive = 64  # batches sorted together by length; 1: as chance has it
    time_budget_s: Annotated[float, msgspec.Meta(gt=0)] | None = None  # of all members together
    patience: Positive | Literal["auto"] | None = "auto"  # epochs without a better dev score before it ends
    dev_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1  # of the sources, where no dev file is given
    dev_seed: Annotated[int, msgspec.Meta(ge=0)] = 1  # selects them; separate from seed, so that seeds can be compared
    dev_limit: Positive = 2000  # dev sources answered after each epoch
    max_batch_tokens: Positive = 65_536  # of a batch with its padding; a longer pair is left out
    cache: str = ""  # directory for data that is too large for memory; "" is beside the data
    lexicon: str = ""  # file of pairs that the model keeps: it answers their sources with just these targets
    report: bool = True  # write report.html at the end
    log: Literal["none", "tensorboard"] = "none"  # curves for TensorBoard, in tensorboard/ of the model directory
    checkpoint_every_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0  # and after each epoch
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1


class Config(Checked, frozen=True, kw_only=True):
    """The four concerns; and the networks of an ensemble after its first one, where they differ from `model`."""

    text: TextConfig = TextConfig()
    model: ModelConfig = ModelConfig()
    optim: OptimConfig = OptimConfig()
    training: TrainingConfig = TrainingConfig()
    others: tuple[ModelConfig, ...] = ()  # in TOML, [[others]] lists where each differs

    @property
    def networks(self) -> tuple[ModelConfig, ...]:
        """Each network of the ensemble, or the one."""
        return (self.model, *self.others) if self.others else (self.model,) * self.training.members

    def of(self, networks: Sequence[ModelConfig]) -> Config:
        """Return the configuration of an ensemble of these networks."""
        first, *others = networks
        unlike = tuple(others) if any(other != first for other in others) else ()
        training = msgspec.structs.replace(self.training, members=len(networks))
        return msgspec.structs.replace(self, model=first, others=unlike, training=training)

    def _conflict(self) -> str:
        networks, n = self.networks, self.training.members
        if self.others and n != len(networks):
            return (
                f"training.members = {n}, but with [[others]] there are {len(networks)}; set training.members to that"
            )
        return next(filter(None, (apart(self.model, other) for other in self.others)), "")


def load(path: Path) -> dict[str, Any]:
    """Return the keys that a TOML file sets.   ConfigError: not readable, not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; give a TOML file such as --print-config writes") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


def parse(keys: Mapping[str, Any], settings: Iterable[str] = (), *, origin: str = "--set") -> Config:
    """Return the configuration that `keys` (as `load` returns them) and "section.key=value" settings describe.

    A table of [[others]] inherits from [model] and the settings.
    A setting has precedence over a key; its value is written as in TOML, a plain word without quotes. The word none
    means no value, which TOML cannot express, unless none is one of the key's values.
    ConfigError: an unknown key, with the nearest known one, or a value out of its range.
    """
    merged = modern(copy.deepcopy(dict(keys)), origin=origin)
    others = merged.pop("others", [])
    if not isinstance(others, list | tuple):
        raise ConfigError(f"{origin}: others must be tables, [[others]] for each network after the first")
    for one, where in [(merged, origin), *(({"model": other}, f"{origin}: [[others]]") for other in others)]:
        _check_keys(one, where)
        for section, values in one.items():
            for key, value in values.items():
                values[key] = _checked(section, key, value, f"{where}: {section}.{key} = {shown(value)}")
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, dot, key = canonical(name.strip()).partition(".")
        if not equals or not dot:
            raise ConfigError(f"--set {setting}: expected section.key=value, such as model.hidden_size=256")
        _check_keys({section: {key: None}}, f"--set {setting}")
        merged.setdefault(section, {})[key] = _checked(section, key, _value(text.strip()), f"--set {cut(setting)}")
    merged["others"] = [{**merged.get("model", {}), **other} for other in others]
    try:
        return msgspec.convert(merged, Config)
    except ConfigError as error:  # each value is right by itself
        raise ConfigError(f"{origin}: {error}") from None


def canonical(setting: str) -> str:
    """Return "section.key" with the key's name of today."""
    section, _, key = setting.partition(".")
    return f"{section}.{_aliases(section)[key]}" if key in _aliases(section) else setting


def modern(keys: Mapping[str, Any], *, origin: str) -> dict[str, Any]:
    """Return the sections of a configuration, of any version, with the keys' names of today.

    ConfigError: a key is there under both its names.
    """
    found: dict[str, Any] = {}
    for section, values in keys.items():
        if section == "others" and isinstance(values, list | tuple):
            found[section] = [modern({"model": other}, origin=f"{origin}: [[others]]")["model"] for other in values]
        elif isinstance(values, Mapping):
            found[section] = renamed(values, _aliases(section), origin=f"{origin}: [{section}]")
        else:
            found[section] = values
    return found


def upgraded(document: Mapping[str, Any], *, origin: str) -> dict[str, Any]:
    """Return a document of JSON with its configurations, under "config" at any depth, as `modern` returns them."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            found[key] = modern(value, origin=origin) if key == "config" else upgraded(value, origin=origin)
        else:
            found[key] = value
    return found


def _aliases(section: str) -> dict[str, str]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name != "others"}
    return kinds[section].aliases if section in kinds else {}


def apart(one: ModelConfig, other: ModelConfig) -> str:
    """Return what keeps two networks over the same symbols from answering together, "" if nothing does."""
    if (one.attention == "none") != (other.attention == "none"):
        return "one network has attention, another has none"
    for name in ("copying", "sum_features", "reversed_source"):  # they say what a source is, or what an answer means
        if (first := getattr(one, name)) != (second := getattr(other, name)):
            return f"model.{name} is {first} in one network and {second} in another"
    return ""


def to_toml(config: Config) -> str:
    """Return the configuration as TOML with every key; one that is found from the data is a comment."""
    lines = []
    sections = msgspec.to_builtins(config)
    others = [("[others]", "model", other) for other in sections.pop("others")]
    for name, section, values in [*((name, name, values) for name, values in sections.items()), *others]:
        lines.append(f"[{name}]")
        for key, value in values.items():
            if value is not None:
                # JSON has no infinity; everything else is written alike in both.
                text = repr(value) if isinstance(value, float) else msgspec.json.encode(value).decode()
                lines.append(f"{key} = {text}")
            elif getattr(getattr(Config(), section), key) is None:
                lines.append(f"# {key} =    (found from the data, or no limit)")
            else:
                lines.append(f'{key} = "none"')
        lines.append("")
    return "\n".join(lines)


def _check_keys(keys: Mapping[str, Any], origin: str) -> None:
    sections = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name != "others"}
    for section, values in keys.items():
        if section not in sections:
            raise ConfigError(f"{origin}: unknown section [{section}]{suggestion(section, sections)}")
        known = [field.name for field in msgspec.structs.fields(sections[section])]
        if not isinstance(values, Mapping):
            raise ConfigError(f"{origin}: [{section}] must be a table of keys, such as {known[0]}")
        for key in values:
            if key not in known:
                raise ConfigError(f"{origin}: unknown key {key!r} in [{section}]{suggestion(key, known)}")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _checked(section: str, key: str, value: Any, origin: str) -> Any:
    """Return the value, or None for a "none" that the key does not know; raise ConfigError if it does not fit."""
    sections = {field.name: field.type for field in msgspec.structs.fields(Config)}
    kind = next(field.type for field in msgspec.structs.fields(sections[section]) if field.name == key)
    if value == "none" and "none" not in choices(kind):
        value = None
    fitting(key, value, kind, origin)
    return value
