"""The decoder: reads the target shifted by one symbol, and computes logits over the vocabulary at each step."""

from __future__ import annotations

from typing import NamedTuple, Self, Unpack

import numpy as np
import numpy.typing as npt

from seqwright import kernels
from seqwright.errors import ConfigError, UsageError
from seqwright.kernels.reference.quantized import QuantizedMatrix
from seqwright.models import initial
from seqwright.models.decoder_state import DecoderOutputs, DecoderState, Hidden
from seqwright.models.encoder import Encoded
from seqwright.models.spec import ModelSpec, Options, from_article
from seqwright.nn import affine, attention, dropout, embedded_lstm, embedding, lstm, tied_affine
from seqwright.nn.cache import Cache
from seqwright.nn.parameters import Declared, Parameters
from seqwright.types import Array, Ids

__all__ = ["Decoder", "DecoderOutputs", "DecoderState"]


class Decoder:
    """Embedding, LSTM layers that start from the encoder's state, attention if chosen, and an affine layer.

    The article's `forward`, `backward` and `generate` are batch-first; `decode` and `decode_backward` are time-major
    and take the cache to work in.

    Parameters
    ----------
    vocab_size, wordvec_size, hidden_size : int
        V, D, H: the article's arguments.
    memory_size : int, optional
        Width M of the encoder's memory: H, the default, or 2H for a bidirectional encoder.
    features_size : int, default 0
        Width F of the sum of a source's features: D, or 0 for none.
    copying : bool, default False
        Mix generating and copying (`nn.copying`); needs attention.
    rng : numpy.random.Generator, optional
        Draws the initial values.
    dtype : dtype, default float32
        float64 to check gradients.
    **options
        The options of `ModelSpec` that concern a decoder: `layers`, `attention`, `distance_bias`, `peeky`, `tied`,
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
        memory_size: int | None = None,
        features_size: int = 0,
        copying: bool = False,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
        **options: Unpack[Options],
    ) -> None:
        for name, size, known in (
            ("memory_size", memory_size, (None, hidden_size, 2 * hidden_size)),
            ("features_size", features_size, (0, wordvec_size)),
        ):
            if size not in known:
                raise ConfigError(f"{name} = {size}: expected one of {known}, the widths of encoder outputs")
        options = {**options, "bidirectional": memory_size == 2 * hidden_size}
        spec = from_article(
            vocab_size, wordvec_size, hidden_size, options, sum_features=features_size > 0, copying=copying
        )
        params = Parameters(self.declared(spec), dtype)
        initial.article_(params, rng or np.random.default_rng())
        self._assemble(spec, params, params.like(), "")

    @classmethod
    def of(cls, spec: ModelSpec, params: Parameters, grads: Parameters | None, prefix: str) -> Self:
        """Return a decoder over the views named `prefix`… in params, and for training in grads."""
        decoder = cls.__new__(cls)
        decoder._assemble(spec, params, grads, prefix)
        return decoder

    def _assemble(self, spec: ModelSpec, params: Parameters, grads: Parameters | None, prefix: str) -> None:
        self.spec, self.params, self.cache = spec, params, Cache(params.dtype)
        self.weights = _Weights.of(params.under(prefix), spec)
        if grads is not None:
            self.grads, self._g = grads, _Weights.of(grads.under(prefix), spec)

    @staticmethod
    def declared(spec: ModelSpec) -> dict[str, Declared]:
        """Return all parameters by name, in the order of the flat vector."""
        V, D, H = spec.target_vocab_size, spec.embedding_size, spec.hidden_size
        M, P = spec.memory_size, spec.conditioning_size
        found = {"embedding.W": embedding.declared(V, D)}
        for layer in range(spec.decoder_layers):
            named = lstm.declared(H if layer else D + P, H)
            found |= {f"lstm.{layer}.{name}": one for name, one in named.items()}
        if spec.attention != "none":
            named = attention.declared(H, M, spec.attention, distance=spec.distance_bias)
            found |= {f"attention.{name}": one for name, one in named.items()}
        output = affine.declared(H + P, V, vocabulary=True)
        found |= {f"affine.{name}": one for name, one in output.items() if not (spec.tied and name == "W")}
        gate = affine.declared(H + P, 1) if spec.copying else {}
        return found | {f"copying.{name}": one for name, one in gate.items()}

    def forward(self, xs: Ids, h: Array | Encoded) -> Array:
        """Compute the logits of the symbol that follows each input.

        Parameters
        ----------
        xs : array of int, shape (B, T)
            Target ids.
        h : ndarray, shape (B, H), or Encoded
            The encoder's hidden state, as in the article; attention needs an `Encoded`.

        Returns
        -------
        ndarray, shape (B, T, V)
            A view of `cache`, which the next call overwrites.

        Raises
        ------
        UsageError
            If the decoder has attention and h is a hidden state alone.
        """
        B, T = np.shape(xs)
        encoded = h if isinstance(h, Encoded) else self._from_hidden(h)
        ids = np.ascontiguousarray(np.transpose(xs), np.int32)
        return self.decode(ids, np.full(B, T, np.int32), encoded, self.cache).logits.transpose(1, 0, 2)

    def backward(self, dscore: Array) -> Array:
        """Compute the gradients, and write those of the parameters to `grads`.

        Parameters
        ----------
        dscore : ndarray, shape (B, T, V)
            The gradient of the logits.

        Returns
        -------
        ndarray, shape (B, H)
            The gradient of the hidden state, summed over the layers, which all start from it. After a forward pass
            with an `Encoded`, use `decode_backward`, which returns the gradient of each part.
        """
        self.grads.flat[:] = 0
        dlogits = np.ascontiguousarray(dscore.transpose(1, 0, 2))
        d = self.decode_backward(DecoderOutputs(dlogits, None, None), self.cache)
        dh: Array = d.h.sum(axis=0)
        return dh

    def generate(self, h: Array | Encoded, start_id: int, sample_size: int) -> list[int]:
        """Predict symbols for one source by greedy search without an end symbol.

        Parameters
        ----------
        h : ndarray, shape (1, H) or (H,), or Encoded
            The encoder's hidden state for one source.
        start_id : int
            The first input.
        sample_size : int
            Number of symbols to predict.

        Returns
        -------
        list of int
            The ids, without start_id.

        Raises
        ------
        UsageError
            If there are several sources, or the decoder has attention and h is a hidden state alone.
        """
        encoded = h if isinstance(h, Encoded) else self._from_hidden(np.atleast_2d(h))
        if encoded.h.shape[1] != 1:
            raise UsageError(f"generate takes one source, not {encoded.h.shape[1]}; use seqwright.search for batches")
        state, cache, ids = DecoderState.start(encoded), Cache(self.params.dtype), [start_id]
        for _ in range(sample_size):
            outputs, state = self.step(np.array([ids[-1:]], np.int32), state, cache)
            ids.append(int(outputs.logits.argmax()))
        return ids[1:]

    def decode(
        self, ids: Ids, lengths: Ids, encoded: Encoded, cache: Cache, rng: np.random.Generator | None = None
    ) -> DecoderOutputs:
        """Return the outputs for the symbol that follows each of ids (T, B), as views of `cache`.

        Row b has lengths[b] steps.   rng: draws the dropout masks; None drops nothing.
        """
        hidden = self.hidden(ids, lengths, encoded, cache, rng)
        return DecoderOutputs(self.logits(hidden.x, cache.of("affine")), *hidden[1:])

    def hidden(
        self, ids: Ids, lengths: Ids, encoded: Encoded, cache: Cache, rng: np.random.Generator | None = None
    ) -> Hidden:
        """Return what `decode` does before the output layer."""
        cache["memory"] = encoded.memory
        E, dropped = self.weights.embedding, rng is not None and self.spec.dropout > 0
        symbols_alone = embedded_lstm.pays(E, ids) and not dropped and self.spec.conditioning_size == 0
        cache["x"] = x = None if symbols_alone else self._inputs(ids, encoded, cache, rng)
        for layer, weights in enumerate(self.weights.lstm):
            start, part = lstm.State(encoded.h[layer], encoded.c[layer]), cache.of(f"lstm.{layer}")
            if x is None:
                x, _ = embedded_lstm.forward(E, weights, ids, lengths, start, part)
                continue
            if layer:
                x = dropout.forward(x, self.spec.dropout, rng, cache.of(f"dropout.{layer}"))
            x, _ = lstm.forward(weights, x, lengths, start, part)
        assert x is not None, "a decoder has a layer"
        return self._above(x, encoded, cache, rng)

    def step(self, ids: Ids, state: DecoderState, cache: Cache) -> tuple[DecoderOutputs, DecoderState]:
        """Return the outputs for the next symbol of K hypotheses for each of B sources, K in place of T, and the state.

        ids (K, B): the last symbol of each.   The outputs are views of `cache`; the state belongs to the caller.
        """
        _, K, B, H = state.h.shape
        x = self._inputs(ids, state.encoded, cache, None)
        one = np.ones(K * B, np.int32)
        h, c = np.empty_like(state.h), np.empty_like(state.c)
        x = x.reshape(1, K * B, -1)
        for layer, weights in enumerate(self.weights.lstm):
            start = lstm.State(state.h[layer].reshape(K * B, H), state.c[layer].reshape(K * B, H))
            x, end = lstm.forward(weights, x, one, start, cache.of(f"lstm.{layer}"))
            h[layer], c[layer] = end.h.reshape(K, B, H), end.c.reshape(K, B, H)
        steps = np.full(K, state.n_steps, np.int32)
        hidden = self._above(x.reshape(K, B, H), state.encoded, cache, None, steps)
        attention_weights = None if hidden.attention_weights is None else hidden.attention_weights.copy()
        outputs = DecoderOutputs(self.logits(hidden.x, cache.of("affine")), *hidden[1:])
        return outputs, state._replace(h=h, c=c, attention_weights=attention_weights, n_steps=state.n_steps + 1)

    def _inputs(self, ids: Ids, encoded: Encoded, cache: Cache, rng: np.random.Generator | None) -> Array:
        """Return the inputs of the first LSTM, (T, B, D [+ P]), for ids (T, B)."""
        x = embedding.forward(self.weights.embedding, ids, cache.of("embedding"))
        x = dropout.forward(x, self.spec.dropout, rng, cache.of("dropout"))
        return self._with_conditioning(x, cache.of("lstm input"), self._conditioning(encoded))

    def _above(
        self,
        x: Array,
        encoded: Encoded,
        cache: Cache,
        rng: np.random.Generator | None,
        steps: Ids | None = None,
    ) -> Hidden:
        """Return the inputs of the output layer for x (T, B, H), the outputs of the last LSTM.

        steps: as for `attention.forward`.
        """
        weights = gate = None
        if self.weights.attention is not None:
            x, weights = attention.forward(
                self.weights.attention, x, encoded.memory, encoded.lengths, cache.of("attention"), steps=steps
            )
        x = dropout.forward(x, self.spec.dropout, rng, cache.of("dropout.out"))
        x = self._with_conditioning(x, cache.of("affine input"), self._conditioning(encoded))
        if self.weights.copying is not None:
            gate = affine.forward(self.weights.copying, x, cache.of("copying"))[:, :, 0]
        return Hidden(x, weights, gate)

    def logits(self, x: Array, cache: Cache) -> Array:
        """Return the logits (T, B, V) for x (T, B, H [+ P]), the inputs of the output layer."""
        w = self.weights
        W: object = w.affine.W
        if not self.spec.tied or isinstance(W, QuantizedMatrix):
            return affine.forward(w.affine, x, cache)
        assert w.affine.b is not None, "the decoder's affine layer has a bias"
        return tied_affine.forward(w.embedding, w.affine.b, x, cache)

    def logits_backward(self, dlogits: Array, cache: Cache) -> Array:
        """Add to the gradients of the affine layer, return dL/dx."""
        g = self._g
        if not self.spec.tied:
            return affine.backward(self.weights.affine, dlogits, g.affine, cache)
        assert g.affine.b is not None, "gradients have the type of the parameters"
        return tied_affine.backward(self.weights.embedding, dlogits, g.embedding, g.affine.b, cache)

    def decode_backward(self, doutputs: DecoderOutputs, cache: Cache) -> Encoded:
        """Add the parameters' gradients to `grads`, return the gradient of the `Encoded` that `decode` took."""
        dx = self.logits_backward(doutputs.logits, cache.of("affine"))
        return self.hidden_backward(Hidden(dx, *doutputs[1:]), cache)

    def hidden_backward(self, dhidden: Hidden, cache: Cache) -> Encoded:
        """Do the same from the gradient of the inputs of the output layer, whose x is modified."""
        p, g = self.weights, self._g
        B, H = cache["memory"].shape[1], self.spec.hidden_size
        d = Encoded(
            cache.new("dh", (self.spec.decoder_layers, B, H)), cache.new("dc", (self.spec.decoder_layers, B, H)),
            cache.new("dmemory", cache["memory"].shape), np.empty(0, np.int32),
        )  # fmt: skip
        kernels.clear(d.memory)
        dconditioning = np.zeros((B, self.spec.conditioning_size), self.cache.dtype)
        dx = dhidden.x
        if dhidden.gate is not None:
            assert p.copying is not None and g.copying is not None, "a gate's gradient needs a copy mechanism"
            dx += affine.backward(p.copying, dhidden.gate[:, :, None], g.copying, cache.of("copying"))
        dx = self._with_conditioning_backward(dx, dconditioning)
        dx = dropout.backward(dx, cache.of("dropout.out"))
        if p.attention is not None:
            assert g.attention is not None, "gradients have the type of the parameters"
            dx = attention.backward(
                p.attention, dx, dhidden.attention_weights, d.memory, g.attention, cache.of("attention")
            )
        for layer in reversed(range(1, self.spec.decoder_layers)):
            dx, dstart = lstm.backward(p.lstm[layer], dx, None, g.lstm[layer], cache.of(f"lstm.{layer}"))
            d.h[layer], d.c[layer] = dstart
            dx = dropout.backward(dx, cache.of(f"dropout.{layer}"))
        first = cache.of("lstm.0")
        if cache.get("x") is None:
            dstart = embedded_lstm.backward(p.embedding, p.lstm[0], dx, None, g.embedding, g.lstm[0], first)
        else:
            dx, dstart = lstm.backward(p.lstm[0], dx, None, g.lstm[0], first)
            dx = self._with_conditioning_backward(dx, dconditioning)
            dx = dropout.backward(dx, cache.of("dropout"))
            embedding.backward(dx, g.embedding, cache.of("embedding"))
        d.h[0], d.c[0] = dstart
        if self.spec.peeky:
            d.h[-1] += dconditioning[:, :H]
        return d._replace(features=dconditioning[:, -self.spec.features_size :] if self.spec.features_size else None)

    def _conditioning(self, encoded: Encoded) -> Array | None:
        """Return the conditioning vector (B, P): last hidden state, sum of features, or both; None for neither."""
        parts = [encoded.h[-1]] if self.spec.peeky else []
        if self.spec.features_size:
            assert encoded.features is not None, "the encoder returned no sum of features"
            parts.append(encoded.features)
        return np.concatenate(parts, axis=1) if parts else None

    def _with_conditioning(self, x: Array, cache: Cache, conditioning: Array | None) -> Array:
        """Return [x, conditioning] (T, B, D + P), or x (T, B, D) without a conditioning vector."""
        if conditioning is None:
            return x
        T, B, D = x.shape
        both = cache.new("both", (T, B, D + conditioning.shape[1]))
        both[:, :, :D], both[:, :, D:] = x, conditioning
        return both

    def _with_conditioning_backward(self, dboth: Array, dconditioning: Array) -> Array:
        """Return the gradient of x (T, B, D), and add the conditioning vector's to dconditioning (B, P)."""
        if self.spec.conditioning_size == 0:
            return dboth
        D = dboth.shape[2] - dconditioning.shape[1]
        dconditioning += dboth[:, :, D:].sum(axis=0)
        return np.ascontiguousarray(dboth[:, :, :D])

    def _from_hidden(self, h: Array) -> Encoded:
        """Return an `Encoded` with the article's h (B, H) as the initial hidden state of every layer."""
        if self.spec.attention != "none":
            raise UsageError("attention needs the encoder's memory: pass the result of Encoder.encode")
        if np.ndim(h) != 2 or np.shape(h)[1] != self.spec.hidden_size:
            raise UsageError(f"h has shape {np.shape(h)}: expected (B, {self.spec.hidden_size})")
        states = np.repeat(np.asarray(h)[None], self.spec.decoder_layers, axis=0)
        return Encoded(
            states,
            np.zeros_like(states),
            np.zeros((0, len(h), self.spec.memory_size), states.dtype),
            np.zeros(len(h), np.int32),
        )


class _Weights(NamedTuple):
    """The decoder's parameters by layer; gradients have the same type. Tied weights are a view of the embedding."""

    embedding: Array
    lstm: list[lstm.Params]
    attention: attention.Params | None
    affine: affine.Params
    copying: affine.Params | None

    @classmethod
    def of(cls, named: dict[str, Array], spec: ModelSpec) -> _Weights:
        """Pick the views out of `named`."""
        score = {name.removeprefix("attention."): a for name, a in named.items() if name.startswith("attention.")}
        return cls(
            named["embedding.W"],
            [
                lstm.Params(*(named[f"lstm.{layer}.{name}"] for name in lstm.Params._fields))
                for layer in range(spec.decoder_layers)
            ],
            attention.Params.of(spec.attention, score) if score else None,
            affine.Params(named.get("affine.W", named["embedding.W"].T), named["affine.b"]),
            affine.Params(named["copying.W"], named["copying.b"]) if "copying.W" in named else None,
        )
