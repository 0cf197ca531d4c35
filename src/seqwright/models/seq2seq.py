"""Encoder and decoder with softmax cross-entropy over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, Unpack

import numpy as np
import numpy.typing as npt

from seqwright import kernels
from seqwright.errors import UsageError
from seqwright.models import compiled, initial, output_loss
from seqwright.models.decoder import Decoder, DecoderState
from seqwright.models.encoder import Encoded, Encoder
from seqwright.models.inputs import Inputs, Split, checked, split
from seqwright.models.spec import ModelSpec, Options, from_article
from seqwright.models.step import Step
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Parameters
from seqwright.types import Ids

__all__ = ["Seq2seq"]


class Seq2seq:
    """A sequence-to-sequence network; with its three positional arguments alone, the plain model of the article.

    `params` and `grads` are sequences of arrays, encoder first; each is a view into one vector, `params.flat`.

    Parameters
    ----------
    vocab_size, wordvec_size, hidden_size : int
        V, D, H: the article's arguments.
    copy_map, twins : sequence of int, shape (V,), optional
        Target id of each source symbol, -1 for a symbol that is not in the target vocabulary; adds a copy mechanism
        (`nn.copying`). None: the decoder only generates. `twins` is the earlier name.
    feature_mask, features : sequence of bool, shape (V,), optional
        Which source symbols are features. The sum of the embeddings of all symbols up to a source's last feature
        conditions every decoder step, and the encoder reads the symbols after them. None: features are read like other
        symbols. `features` is the earlier name.
    rng : numpy.random.Generator, optional
        Draws the initial values.
    dtype : dtype, default float32
        float64 to check gradients.
    **options
        The other options of `ModelSpec`; `target_vocab_size`, by default `vocab_size`; and `layers`, the number of
        decoder layers and the default of `encoder_layers`.

    Raises
    ------
    ConfigError
        An unknown option, a value out of its range, or options that contradict each other.
    """

    spec: ModelSpec
    params: Parameters
    encoder: Encoder
    decoder: Decoder
    copy_map: Ids | None
    feature_mask: npt.NDArray[np.bool_] | None
    cache: Cache

    def __init__(
        self,
        vocab_size: int,
        wordvec_size: int,
        hidden_size: int,
        *,
        copy_map: Sequence[int] | Ids | None = None,
        twins: Sequence[int] | Ids | None = None,
        feature_mask: Sequence[bool] | None = None,
        features: Sequence[bool] | None = None,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        copy_map = twins if copy_map is None else copy_map
        feature_mask = features if feature_mask is None else feature_mask
        more = {"copying": copy_map is not None, "sum_features": feature_mask is not None}
        spec = from_article(vocab_size, wordvec_size, hidden_size, options, **more)
        params = initial.drawn(self.declared(spec), spec.initial_values, rng, dtype)
        self._assemble(spec, params, params.like(), copy_map, feature_mask)

    @classmethod
    def of(
        cls,
        spec: ModelSpec,
        params: Parameters,
        grads: Parameters | None,
        copy_map: Sequence[int] | Ids | None = None,
        feature_mask: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    ) -> Self:
        """Assemble a network over given parameters; see `models.build`.

        Parameters
        ----------
        spec : ModelSpec
            Its options.
        params, grads : Parameters
            Values and gradients of all that `declared` names; gradients may be None where nothing is trained.
        copy_map, feature_mask
            As for the constructor.

        Returns
        -------
        Seq2seq
            The network, which shares the arrays.
        """
        network = cls.__new__(cls)
        network._assemble(spec, params, grads, copy_map, feature_mask)
        return network

    def _assemble(
        self,
        spec: ModelSpec,
        params: Parameters,
        grads: Parameters | None,
        copy_map: Sequence[int] | Ids | None,
        feature_mask: Sequence[bool] | npt.NDArray[np.bool_] | None,
    ) -> None:
        self.spec, self.params = spec, params
        if grads is not None:
            self.grads = grads
        self.encoder = Encoder.of(spec, params, grads, "encoder.")
        self.decoder = Decoder.of(spec, params, grads, "decoder.")
        self.copy_map = checked("copy_map", copy_map, np.int32, spec) if spec.copying else None
        self.feature_mask = checked("feature_mask", feature_mask, np.bool_, spec) if spec.sum_features else None
        self.cache = Cache(params.dtype)
        self._network = compiled.CurrentNetwork()
        self._predicted: output_loss.Predicted | None = None

    @staticmethod
    def declared(spec: ModelSpec) -> dict[str, Declared]:
        """Declare the parameters.

        Parameters
        ----------
        spec : ModelSpec
            Options of the network.

        Returns
        -------
        dict of str to Declared
            All parameters by name, in the order of the flat vector.
        """
        sides = {"encoder": Encoder.declared(spec), "decoder": Decoder.declared(spec)}
        return {f"{side}.{name}": one for side, named in sides.items() for name, one in named.items()}

    def forward(
        self,
        xs: Ids,
        ts: Ids,
        *,
        source_lengths: Ids | None = None,
        target_lengths: Ids | None = None,
        rng: np.random.Generator | None = None,
    ) -> float:
        """Compute the loss: the mean cross-entropy of the targets given their sources.

        Parameters
        ----------
        xs : array of int, shape (B, S)
            Source ids.
        ts : array of int, shape (B, T + 1)
            Target ids; the decoder reads ts[:, :-1] and predicts ts[:, 1:] (teacher forcing).
        source_lengths, target_lengths : array of int, shape (B,), optional
            Number of real symbols among the S source symbols and the T predicted ones; all by default.
        rng : numpy.random.Generator, optional
            Draws the dropout masks; None, for evaluation, disables dropout.

        Returns
        -------
        float
            In nats per symbol.
        """
        xs, ts = np.asarray(xs), np.asarray(ts)
        B, S = xs.shape
        T = ts.shape[1] - 1
        source_lengths = np.full(B, S) if source_lengths is None else source_lengths
        target_lengths = np.full(B, T) if target_lengths is None else target_lengths
        return self.loss(
            np.ascontiguousarray(xs.T, np.int32), np.asarray(source_lengths, np.int32),
            np.ascontiguousarray(ts.T, np.int32), np.asarray(target_lengths, np.int32), rng,
        )  # fmt: skip

    def loss(
        self,
        source: Ids,
        source_lengths: Ids,
        target: Ids,
        target_lengths: Ids,
        rng: np.random.Generator | None = None,
        *,
        read: Ids | None = None,
        copied: Ids | None = None,
        smoothing: float | None = None,
    ) -> float:
        """Compute the loss of `forward` for time-major ids.

        Parameters
        ----------
        source : array of int32, shape (S, B)
            Source ids, padded at the end.
        source_lengths, target_lengths : array of int32, shape (B,)
            Number of real symbols among the S source symbols and the T predicted ones.
        target : array of int32, shape (T + 1, B)
            Target ids, padded at the end.
        rng : numpy.random.Generator, optional
            Draws the dropout masks; None disables dropout.
        read : array of int32, shape (T, B), optional
            The inputs of the decoder, by default target[:-1].
        copied : array of int32, shape (S, B), optional
            The source to copy from, where it differs from `source` by unknown-symbol dropout.
        smoothing : float, optional
            Replaces `label_smoothing`, such as 0 for evaluation.

        Returns
        -------
        float
            In nats per symbol.
        """
        inputs = self.inputs(source, source_lengths, target, target_lengths, read=read, copied=copied)
        return self.loss_of(inputs, rng, smoothing=smoothing)

    def inputs(
        self,
        source: Ids,
        source_lengths: Ids,
        target: Ids,
        target_lengths: Ids,
        *,
        read: Ids | None = None,
        copied: Ids | None = None,
    ) -> Inputs:
        """Apply features and copy map to a batch.

        Parameters
        ----------
        source, source_lengths, target, target_lengths, read, copied
            As for `loss`.

        Returns
        -------
        Inputs
            What `loss_of` reads.
        """
        original = source if copied is None else copied
        parts = self._split(original, source_lengths)
        return Inputs(
            parts.rest(source), parts.lengths, parts.features(source), parts.n_features,
            target[:-1] if read is None else read, target[1:], target_lengths,
            None if self.copy_map is None else self.copy_map[parts.rest(original)],
        )  # fmt: skip

    def loss_of(
        self, inputs: Inputs, rng: np.random.Generator | None = None, *, smoothing: float | None = None
    ) -> float:
        """Compute the loss of prepared inputs.

        Parameters
        ----------
        inputs : Inputs
            From the method `inputs`.
        rng, smoothing
            As for `loss`.

        Returns
        -------
        float
            As `loss`.
        """
        cache = self.encoder.cache
        encoded = self.encoder.encode(inputs.source, inputs.source_lengths, cache, rng)
        if inputs.features is not None and inputs.n_features is not None:
            encoded = encoded._replace(features=self.encoder.summed(inputs.features, inputs.n_features, cache, rng))
        hidden = self.decoder.hidden(inputs.read, inputs.target_lengths, encoded, self.decoder.cache, rng)
        smoothing = self.spec.label_smoothing if smoothing is None else smoothing
        self._predicted = output_loss.Predicted(
            hidden, inputs.wanted, inputs.target_lengths, inputs.copyable, smoothing
        )
        return output_loss.forward(self.decoder, self._predicted, self.cache)

    def backward(self, dout: float = 1.0) -> None:
        """Compute the gradients of the last loss, and write them to `grads`.

        Parameters
        ----------
        dout : float, default 1
            Factor of the loss.

        Raises
        ------
        UsageError
            If `forward` was not called since the last `backward`.
        """
        if self._predicted is None:
            raise UsageError("call forward before each backward, which consumes its cache")
        predicted, self._predicted = self._predicted, None
        kernels.clear(self.grads.flat)
        dhidden = output_loss.backward(self.decoder, predicted, dout, self.cache)
        d = self.decoder.hidden_backward(dhidden, self.decoder.cache)
        self.encoder.encode_backward(d, self.encoder.cache)
        if d.features is not None:
            self.encoder.summed_backward(d.features, self.encoder.cache)

    def generate(
        self, xs: Ids, start_id: int, sample_size: int, *, network: kernels.Network | None = None
    ) -> list[int]:
        """Predict symbols for one source by greedy search without an end symbol.

        Parameters
        ----------
        xs : array of int, shape (1, S)
            Source ids.
        start_id : int
            The first input of the decoder.
        sample_size : int
            Number of symbols to predict.
        network : kernels.Network, optional
            The compiled network of these weights, as `models.inference.compiled` returns it. Without it, one is made
            where kernels are compiled, and kept until the weights change.

        Returns
        -------
        list of int
            The ids, without start_id.
        """
        source = np.ascontiguousarray(np.transpose(xs), np.int32)
        lengths = np.array([len(source)], np.int32)
        if network is None and kernels.compiled(self.params[0]):
            network = self._network.of(self)
        if network is not None:
            return compiled.generate(network, source, lengths, start_id, sample_size)
        if self.copy_map is None:
            encoded = self._encode(source, lengths, self.encoder.cache)
            return self.decoder.generate(encoded, start_id, sample_size)
        step, state = self.start(source, lengths)
        ids = [start_id]
        for _ in range(sample_size):  # the copy mechanism changes the order of the logits
            log_probs, state = step(np.array([ids[-1:]], np.int32), state)
            ids.append(int(log_probs.argmax()))
        return ids[1:]

    def memory_lengths(self, source: Ids, lengths: Ids) -> Ids:
        """Count the symbols that the decoder attends to: those after the features.

        Parameters
        ----------
        source, lengths
            Source ids (S, B) and the number of real symbols of each (B,).

        Returns
        -------
        array of int32, shape (B,)
            The number for each source.
        """
        return self._split(source, lengths).lengths

    def _split(self, source: Ids, lengths: Ids) -> Split:
        return split(source, lengths, self.feature_mask)

    def _encode(self, source: Ids, lengths: Ids, cache: Cache) -> Encoded:
        parts = self._split(source, lengths)
        encoded, features = self.encoder.encode(parts.rest(source), parts.lengths, cache), parts.features(source)
        if features is None or parts.n_features is None:
            return encoded
        return encoded._replace(features=self.encoder.summed(features, parts.n_features, cache))

    def start(self, source: Ids, source_lengths: Ids, *, forbidden: Sequence[int] = ()) -> tuple[Step, DecoderState]:
        """Encode sources for `seqwright.search`.

        Each call has a cache of its own, so any number of threads may search at once.

        Parameters
        ----------
        source : array of int32, shape (S, B)
            Source ids.
        source_lengths : array of int32, shape (B,)
            Number of real symbols of each source.
        forbidden : sequence of int, optional
            Ids that are never generated, such as padding; the copy mechanism can still copy them.

        Returns
        -------
        step : Step
            Returns the log-probabilities of the next symbols.
        state : DecoderState
            The state before the first step.
        """
        cache = Cache(self.params.dtype)
        encoded = self._encode(source, source_lengths, cache.of("encoder"))
        step = Step(self.decoder, cache.of("decoder"), list(forbidden))
        return step, DecoderState.start(encoded, self._copyable(source, source_lengths))

    def _copyable(self, source: Ids, lengths: Ids) -> Ids | None:
        """Return the target id of each source symbol (S, B), -1 for none; None without a copy mechanism."""
        if self.copy_map is None:
            return None
        return np.asarray(self.copy_map[self._split(source, lengths).rest(source)])
