"""The encoder: embedding and LSTM layers over the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self, Unpack

import numpy as np
import numpy.typing as npt

from seqwright.models import initial
from seqwright.models.spec import ModelSpec, Options, from_article
from seqwright.nn import affine, bag, dropout, embedded_lstm, embedding, lstm
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Parameters
from seqwright.types import Array, Ids

__all__ = ["Encoded", "Encoder"]


class Encoded(NamedTuple):
    """Encoder outputs that the decoder reads; gradients have the same type.

    h, c (L, B, H): initial states of the decoder's L layers, from the encoder's top L.   memory (S, B, M): the
    encoder's output at each source symbol, of which row b has lengths[b].
    features (B, D): the sum of the embeddings of the source's features, or None.
    """

    h: Array
    c: Array
    memory: Array
    lengths: Ids
    features: Array | None = None


class Encoder:
    """Embedding and LSTM layers over the source.

    The article's `forward` and `backward` take and return batch-first arrays; `encode` and `encode_backward`, which
    they call, are time-major and take the cache to work in, so that threads can share one encoder.

    Parameters
    ----------
    vocab_size, wordvec_size, hidden_size : int
        V, D, H: the article's arguments.
    crossing : int, optional
        Number of top layers whose final states are initial states of the decoder; all by default.
    rng : numpy.random.Generator, optional
        Draws the initial values.
    dtype : dtype, default float32
        float64 to check gradients.
    **options
        The options of `ModelSpec` that concern an encoder: `layers`, `bidirectional`, `reversed_source`, `bridge`,
        `dropout`.
    """

    spec: ModelSpec
    params: Parameters
    cache: Cache
    weights: _Weights
    grads: Parameters

    def __init__(
        self,
        vocab_size: int,
        wordvec_size: int,
        hidden_size: int,
        *,
        crossing: int | None = None,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        layers = options.get("layers", 1)
        more: Options = {"encoder_layers": layers, "layers": crossing or layers}
        spec = from_article(vocab_size, wordvec_size, hidden_size, {**options, **more})
        params = Parameters(self.declared(spec), dtype)
        initial.article_(params, rng or np.random.default_rng())
        self._assemble(spec, params, params.like(), "")

    @classmethod
    def of(cls, spec: ModelSpec, params: Parameters, grads: Parameters | None, prefix: str) -> Self:
        """Return an encoder over given parameters.

        Parameters
        ----------
        spec : ModelSpec
            Sizes and options.
        params : Parameters
            Parameters, of which those named `prefix`… are used in place.
        grads : Parameters or None
            Their gradients, to which `encode_backward` adds; None for inference alone.
        prefix : str
            Start of the names of the encoder's parameters, such as "encoder.".

        Returns
        -------
        Encoder
            The encoder.
        """
        encoder = cls.__new__(cls)
        encoder._assemble(spec, params, grads, prefix)
        return encoder

    def _assemble(self, spec: ModelSpec, params: Parameters, grads: Parameters | None, prefix: str) -> None:
        self.spec, self.params, self.cache = spec, params, Cache(params.dtype)
        self.weights = _Weights.of(params.under(prefix), spec)
        if grads is not None:
            self.grads, self._g = grads, _Weights.of(grads.under(prefix), spec)

    @staticmethod
    def declared(spec: ModelSpec) -> dict[str, Declared]:
        """Return the shape and role of each parameter.

        Parameters
        ----------
        spec : ModelSpec
            Sizes and options.

        Returns
        -------
        dict of str to Declared
            All parameters by name, in the order of the flat vector.
        """
        H = spec.hidden_size
        found = {"embedding.W": embedding.declared(spec.source_vocab_size, spec.embedding_size)}
        for layer in range(spec.encoder_layers):
            D = spec.memory_size if layer else spec.embedding_size
            for direction in _directions(spec):
                found |= {f"lstm.{layer}.{direction}.{name}": one for name, one in lstm.declared(D, H).items()}
        if spec.bidirectional:
            for state in spec.bridge:
                found |= {f"bridge.{state}.{name}": one for name, one in affine.declared(2 * H, H).items()}
        return found

    def forward(self, xs: Ids) -> Array:
        """Encode sources without padding.

        Parameters
        ----------
        xs : array of int, shape (B, S)
            Source ids.

        Returns
        -------
        ndarray, shape (B, H)
            The last hidden state of the top layer, a view of `cache`, which the next call overwrites.
        """
        B, S = np.shape(xs)
        ids = np.ascontiguousarray(np.transpose(xs), np.int32)
        h: Array = self.encode(ids, np.full(B, S, np.int32), self.cache).h[-1]
        return h

    def backward(self, dh: Array) -> None:
        """Compute the gradients of the parameters, and write them to `grads`.

        Parameters
        ----------
        dh : ndarray, shape (B, H)
            The gradient of the hidden state that `forward` returned.
        """
        self.grads.flat[:] = 0
        memory = self.cache["memory"]
        zeros = np.zeros((self.spec.decoder_layers, *dh.shape), dh.dtype)
        d = Encoded(zeros, zeros.copy(), np.zeros_like(memory), np.empty(0, np.int32))
        d.h[-1] = dh
        self.encode_backward(d, self.cache)

    def encode(self, ids: Ids, lengths: Ids, cache: Cache, rng: np.random.Generator | None = None) -> Encoded:
        """Encode padded sources.

        Parameters
        ----------
        ids : ndarray of int32, shape (S, B)
            Source ids, of which column b has lengths[b] symbols.
        lengths : ndarray of int32, shape (B,)
            Symbols of each source.
        cache : Cache
            Receives what `encode_backward` needs, and the results.
        rng : Generator, optional
            Draws the dropout masks; None drops nothing.

        Returns
        -------
        Encoded
            States and memory for the decoder, as views of `cache` that the next call overwrites.
        """
        L, (S, B), H, E = self.spec.decoder_layers, ids.shape, self.spec.hidden_size, self.weights.embedding
        h, c = cache.new("h", (L, B, H)), cache.new("c", (L, B, H))
        c[:] = 0
        dropped = rng is not None and self.spec.dropout > 0
        cache["x"] = x = None if embedded_lstm.pays(E, ids) and not dropped else self._inputs(ids, cache, rng)
        for layer, weights in enumerate(self.weights.lstm):
            # The outputs are [1:-1] in both directions: the initial state is the first or the last row.
            states = cache.new(f"states.{layer}", (S + 2, B, self.spec.memory_size))
            parts = [cache.of(f"lstm.{layer}.{direction}") for direction in _directions(self.spec)]
            if self.spec.bidirectional:
                hs = states[:-1, :, :H], states[1:, :, H:]
                if x is None:
                    ends = embedded_lstm.forward_both(E, weights, ids, lengths, parts, hs=hs)
                else:
                    ends = lstm.forward_both(weights, x, lengths, parts, hs=hs)
            else:
                [p], [part], reverse = weights, parts, self.spec.reversed_source
                own = states[1:] if reverse else states[:-1]
                if x is None:
                    _, end = embedded_lstm.forward(E, p, ids, lengths, None, part, reverse=reverse, h=own)
                else:
                    _, end = lstm.forward(p, x, lengths, None, part, reverse=reverse, h=own)
                ends = [end]
            x = dropout.forward(states[1:-1], self.spec.dropout, rng, cache.of(f"dropout.{layer}"))
            above = layer - self._below
            if above >= 0:
                self._cross(ends, h[above], c[above], cache.of(f"bridge.{layer}"))
        assert x is not None, "an encoder has a layer"
        cache["memory"] = x
        return Encoded(h, c, x, lengths)

    def summed(self, ids: Ids, lengths: Ids, cache: Cache, rng: np.random.Generator | None = None) -> Array:
        """Return the sum of the embeddings of each source's features.

        Parameters
        ----------
        ids : ndarray of int32, shape (F, B)
            Feature ids, of which column b has lengths[b].
        lengths : ndarray of int32, shape (B,)
            Features of each source.
        cache : Cache
            Receives what `summed_backward` needs.
        rng : Generator, optional
            Draws the dropout mask; None drops nothing.

        Returns
        -------
        ndarray, shape (B, D)
            The sums.
        """
        total = bag.forward(self.weights.embedding, ids, np.arange(len(ids))[:, None] < lengths, cache.of("features"))
        out: Array = dropout.forward(total[None], self.spec.feature_dropout, rng, cache.of("dropout.features"))[0]
        return out

    def summed_backward(self, dsum: Array, cache: Cache) -> None:
        """Add the gradients of the embeddings to `grads`.

        Parameters
        ----------
        dsum : ndarray, shape (B, D)
            Gradient of the result of the last `summed` with this cache.
        cache : Cache
            The cache of that call.
        """
        dtotal = dropout.backward(np.ascontiguousarray(dsum)[None], cache.of("dropout.features"))[0]
        bag.backward(dtotal, self._g.embedding, cache.of("features"))

    def encode_backward(self, d: Encoded, cache: Cache) -> None:
        """Add the gradients of the parameters to `grads`.

        Parameters
        ----------
        d : Encoded
            Gradient of the result of the last `encode` with this cache.
        cache : Cache
            The cache of that call.
        """
        dx = d.memory
        H = self.spec.hidden_size
        for layer in reversed(range(self.spec.encoder_layers)):
            dx = dropout.backward(dx, cache.of(f"dropout.{layer}"))
            dends: Sequence[lstm.State | None] = [None] * len(_directions(self.spec))
            above = layer - self._below
            if above >= 0:
                dends = self._cross_backward(d.h[above], d.c[above], cache.of(f"bridge.{layer}"))
            weights, grads = self.weights.lstm[layer], self._g.lstm[layer]
            parts = [cache.of(f"lstm.{layer}.{direction}") for direction in _directions(self.spec)]
            E, dE = self.weights.embedding, self._g.embedding
            embedded = layer == 0 and cache.get("x") is None
            if self.spec.bidirectional:
                dhs = dx[:, :, :H], dx[:, :, H:]
                if embedded:
                    embedded_lstm.backward_both(E, weights, dhs, dends, dE, grads, parts)
                else:
                    dx, other = lstm.backward_both(weights, dhs, dends, grads, parts)
                    dx += other
            else:
                [p], [g], [part], [dend], reverse = weights, grads, parts, dends, self.spec.reversed_source
                if embedded:
                    embedded_lstm.backward(E, p, dx, dend, dE, g, part, reverse=reverse)
                else:
                    dx, _ = lstm.backward(p, dx, dend, g, part, reverse=reverse)
        if cache.get("x") is not None:
            dx = dropout.backward(dx, cache.of("dropout"))
            embedding.backward(dx, self._g.embedding, cache.of("embedding"))

    def _inputs(self, ids: Ids, cache: Cache, rng: np.random.Generator | None) -> Array:
        """Return the inputs of the first LSTMs, (S, B, D)."""
        x = embedding.forward(self.weights.embedding, ids, cache.of("embedding"))
        return dropout.forward(x, self.spec.dropout, rng, cache.of("dropout"))

    @property
    def _below(self) -> int:
        """Number of layers below those whose final states the decoder starts from."""
        return self.spec.encoder_layers - self.spec.decoder_layers

    def _cross(self, ends: list[lstm.State], h: Array, c: Array, cache: Cache) -> None:
        """Write the decoder's initial h, and c with bridge "hc", (B, H), from the final states of the directions."""
        for state, out in zip(self.spec.bridge, (h, c), strict=False):
            finals = [getattr(end, state) for end in ends]
            if not self.spec.bidirectional:
                out[:] = finals[0]
                continue
            part = cache.of(state)
            both = np.concatenate(finals, axis=1, out=part.new("both", (len(h), 2 * self.spec.hidden_size)))
            out[:] = affine.forward(self.weights.bridge[state], both, part)

    def _cross_backward(self, dh: Array, dc: Array, cache: Cache) -> list[lstm.State]:
        """Return the gradient of each direction's final state, and add to the gradient of the bridge."""
        if not self.spec.bidirectional:
            return [lstm.State(dh, dc if "c" in self.spec.bridge else np.zeros_like(dc))]
        H = self.spec.hidden_size
        dfinal = {}
        for state, d in zip("hc", (dh, dc), strict=True):
            if state in self.spec.bridge:
                dfinal[state] = affine.backward(self.weights.bridge[state], d, self._g.bridge[state], cache.of(state))
            else:
                dfinal[state] = np.zeros((len(dh), 2 * H), dh.dtype)
        return [lstm.State(dfinal["h"][:, part], dfinal["c"][:, part]) for part in (slice(H), slice(H, 2 * H))]


class _Weights(NamedTuple):
    """The encoder's parameters by layer; gradients have the same type."""

    embedding: Array
    lstm: list[list[lstm.Params]]
    bridge: dict[str, affine.Params]

    @classmethod
    def of(cls, named: dict[str, Array], spec: ModelSpec) -> _Weights:
        layers = [
            [lstm.Params(*(named[f"lstm.{layer}.{direction}.{name}"] for name in lstm.Params._fields))
             for direction in _directions(spec)]
            for layer in range(spec.encoder_layers)
        ]  # fmt: skip
        states = spec.bridge if spec.bidirectional else ""
        bridge = {state: affine.Params(named[f"bridge.{state}.W"], named[f"bridge.{state}.b"]) for state in states}
        return cls(named["embedding.W"], layers, bridge)


def _directions(spec: ModelSpec) -> tuple[str, ...]:
    if spec.bidirectional:
        return ("forward", "backward")
    return ("backward",) if spec.reversed_source else ("forward",)
