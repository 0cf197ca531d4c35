"""The whole model again, in loops over single numbers: what `seqwright.models` has to agree with.

Nothing here comes from the package. The forward pass is written from the equations; gradients come from a small
reverse-mode differentiation of single numbers, so that no derivative is written by hand twice. There are no batches
and no padding: every sequence is a list of its own ids.

LSTM: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.   Attention: Luong et al. 2015, equations
5, 7, 8, and Bahdanau et al. 2015, appendix A.1.2.   Copying: See et al. 2017, equations 8 and 9.   Peeky: Cho et al.
2014.   Tied: Press & Wolf 2017.   Label smoothing: Szegedy et al. 2016.   Dropout: Srivastava et al. 2014.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

# ------------------------------------------------------------------------------------------------------------ numbers


class Number:
    """A float that remembers which numbers it was made of, and its derivative by each of them."""

    __slots__ = ("age", "grad", "made_of", "value")
    ages = itertools.count()

    def __init__(self, value: float, made_of: tuple[tuple[Number, float], ...] = ()) -> None:
        self.value, self.made_of, self.grad, self.age = value, made_of, 0.0, next(Number.ages)

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Number) -> Number:
        return Number(self.value * other.value, ((self, other.value), (other, self.value)))

    def times(self, factor: float) -> Number:
        return Number(self.value * factor, ((self, factor),))


def exp(a: Number) -> Number:
    y = math.exp(a.value)
    return Number(y, ((a, y),))


def log(a: Number) -> Number:
    return Number(math.log(a.value), ((a, 1 / a.value),))


def inverse(a: Number) -> Number:
    return Number(1 / a.value, ((a, -1 / a.value**2),))


def tanh(a: Number) -> Number:
    return Number(math.tanh(a.value), ((a, 1 / math.cosh(a.value) ** 2),))


def sigmoid(a: Number) -> Number:
    return inverse(Number(1.0) + exp(a.times(-1)))


def total(numbers: Iterable[Number]) -> Number:
    result = Number(0.0)
    for number in numbers:
        result = result + number
    return result


def differentiate(y: Number) -> None:
    """Put dy/dx into the grad of every x that y was made of: the youngest first, so that each is complete in time."""
    found, ahead = {id(y): y}, [y]
    while ahead:
        for x, _ in ahead.pop().made_of:
            if id(x) not in found:
                found[id(x)] = x
                ahead.append(x)
    y.grad = 1.0
    for number in sorted(found.values(), key=lambda number: -number.age):
        for x, derivative in number.made_of:
            x.grad += number.grad * derivative


# ------------------------------------------------------------------------------------------------------------- layers

Vector = list[Number]
Parameters = Mapping[str, Any]  # name -> Vector or list of rows


def zeros(n: int) -> Vector:
    return [Number(0.0) for _ in range(n)]


def affine(x: Vector, W: list[Vector], b: Vector | None) -> Vector:
    """y_j = Σ_k x_k W_kj + b_j"""
    y = []
    for j in range(len(W[0])):
        y_j = total(x[k] * W[k][j] for k in range(len(W)))
        y.append(y_j if b is None else y_j + b[j])
    assert len(x) == len(W)
    return y


def lstm_step(p: Parameters, name: str, x: Vector, h: Vector, c: Vector) -> tuple[Vector, Vector]:
    H = len(h)
    from_x, from_h = affine(x, p[f"{name}.Wx"], p[f"{name}.b"]), affine(h, p[f"{name}.Wh"], None)
    new_h, new_c = [], []
    for j in range(H):
        i = sigmoid(from_x[j] + from_h[j])
        f = sigmoid(from_x[H + j] + from_h[H + j])
        g = tanh(from_x[2 * H + j] + from_h[2 * H + j])
        o = sigmoid(from_x[3 * H + j] + from_h[3 * H + j])
        new_c.append(f * c[j] + i * g)
        new_h.append(o * tanh(new_c[j]))
    return new_h, new_c


def softmax(scores: Vector) -> Vector:
    powers = [exp(score) for score in scores]
    norm = inverse(total(powers))
    return [power * norm for power in powers]


def look(p: Parameters, kind: str, h: Vector, m: Vector) -> Number:
    """Return how well h goes with m: h·m, (h Wa)·m, or Σ_j v_j tanh((h Wq)_j + (m Wk)_j)."""
    if kind == "additive":
        Wq, Wk, v = (p[f"decoder.attention.{name}"] for name in ("Wq", "Wk", "v"))
        sums = [a + b for a, b in zip(affine(h, Wq, None), affine(m, Wk, None), strict=True)]
        return total(v_j * tanh(a) for [v_j], a in zip(v, sums, strict=True))
    q = affine(h, p["decoder.attention.Wa"], None) if kind == "bilinear" else h
    return total(q[e] * m[e] for e in range(len(m)))


def attend(p: Parameters, kind: str, step: int, h: Vector, memory: list[Vector], M: int) -> tuple[Vector, Vector]:
    scores = [look(p, kind, h, m) for m in memory]
    if "decoder.attention.distance" in p:
        gains = p["decoder.attention.distance"]  # of 16 before to 16 behind, and all beyond
        scores = [score + gains[min(max(s - step, -16), 16) + 16] for s, score in enumerate(scores)]
    weights = softmax(scores) if memory else []
    context = [total(w * m[e] for w, m in zip(weights, memory, strict=True)) for e in range(M)]
    combined = affine(context + h, p["decoder.attention.Wc"], p["decoder.attention.bc"])
    return [tanh(a) for a in combined], weights


def masked(x: Vector, mask: Sequence[float] | None) -> Vector:
    return x if mask is None else [x[j].times(float(mask[j])) for j in range(len(x))]


# -------------------------------------------------------------------------------------------------------------- model


class Oracle:
    """A model with the options of `Seq2seq`, from named arrays; one call, one fresh set of numbers."""

    def __init__(self, named: Mapping[str, np.ndarray], **options: Any) -> None:
        self.named = named
        self.layers = options.get("layers", 1)
        self.encoder_layers = options.get("encoder_layers", self.layers)
        self.bidirectional = options.get("bidirectional", False)
        self.reversed_source = options.get("reversed_source", False)
        self.bridge = options.get("bridge", "h")
        self.attention = options.get("attention", "none")
        self.peeky = options.get("peeky", False)
        self.twins = options.get("twins")
        self.features = options.get("features")
        self.tied = options.get("tied", False)
        self.smoothing = options.get("label_smoothing", 0.0)
        self.rate = options.get("dropout", 0.0)
        self.features_rate = options.get("feature_dropout", 0.0)
        self.H = len(named["decoder.lstm.0.Wh"])
        self.D = named["decoder.embedding.W"].shape[1]
        self.M = 2 * self.H if self.bidirectional else self.H

    def numbers(self) -> dict[str, Any]:
        return {
            name: [Number(float(x)) for x in a] if a.ndim == 1 else [[Number(float(x)) for x in row] for row in a]
            for name, a in self.named.items()
        }

    def masks(self, B: int, seed: int | None) -> dict[str, np.ndarray]:
        """One mask for each place and sequence, the same at every step, drawn from the source to the scores."""
        if seed is None:
            return {}
        places = {"encoder": self.D} | {f"encoder.{layer}": self.M for layer in range(self.encoder_layers)}
        places |= {"features": self.D} if self.features is not None else {}
        places |= {"decoder": self.D} | {f"decoder.{layer}": self.H for layer in range(1, self.layers)}
        places |= {"scores": self.H}
        rng = np.random.default_rng(seed)
        rates = dict.fromkeys(places, self.rate) | {"features": self.features_rate}
        return {
            place: (rng.random((1, B, width), np.float32)[0] >= rates[place]) / (1 - rates[place])
            for place, width in places.items()
            if rates[place]
        }

    def encode(
        self, p: Parameters, source: Sequence[int], masks: Mapping[str, Any]
    ) -> tuple[list[Vector], list[Vector], list[Vector]]:
        """Return the initial h and c of each decoder layer, from the top ones of the encoder, and the memory."""
        H = self.H
        hs, cs = [], []
        xs = [masked(p["encoder.embedding.W"][symbol], masks.get("encoder")) for symbol in source]
        directions = ["backward"] if self.reversed_source else ["forward"]
        if self.bidirectional:
            directions = ["forward", "backward"]
        for layer in range(self.encoder_layers):
            outputs: list[Vector] = [[] for _ in source]
            last_h: Vector = []
            last_c: Vector = []
            for direction in directions:
                h, c = zeros(H), zeros(H)
                order = range(len(source)) if direction == "forward" else range(len(source) - 1, -1, -1)
                for s in order:
                    h, c = lstm_step(p, f"encoder.lstm.{layer}.{direction}", xs[s], h, c)
                    outputs[s] = outputs[s] + h
                last_h, last_c = last_h + h, last_c + c
            xs = [masked(x, masks.get(f"encoder.{layer}")) for x in outputs]
            if self.bidirectional:
                last_h = affine(last_h, p["encoder.bridge.h.W"], p["encoder.bridge.h.b"])
                if self.bridge == "hc":
                    last_c = affine(last_c, p["encoder.bridge.c.W"], p["encoder.bridge.c.b"])
            hs.append(last_h)
            cs.append(last_c if self.bridge == "hc" else zeros(H))
        return hs[-self.layers :], cs[-self.layers :], xs

    def read(
        self, p: Parameters, step: int, symbol: int, hs: list[Vector], cs: list[Vector], peek: Vector,
        memory: list[Vector], source: Sequence[int], masks: Mapping[str, Any],
    ) -> tuple[Vector, list[Vector], list[Vector]]:  # fmt: skip
        """Return the probabilities of the symbol behind `symbol`, the step-th, and the state of each layer there."""
        x = masked(p["decoder.embedding.W"][symbol], masks.get("decoder"))
        x = x + peek
        new_hs, new_cs = [], []
        for layer in range(self.layers):
            if layer:
                x = masked(x, masks.get(f"decoder.{layer}"))
            x, c = lstm_step(p, f"decoder.lstm.{layer}", x, hs[layer], cs[layer])
            new_hs.append(x)
            new_cs.append(c)
        if self.attention != "none":
            x, weights = attend(p, self.attention, step, x, memory, self.M)
        x = masked(x, masks.get("scores"))
        x = x + peek
        embedding = p["decoder.embedding.W"]
        W = [list(column) for column in zip(*embedding, strict=True)] if self.tied else p["decoder.affine.W"]
        probabilities = softmax(affine(x, W, p["decoder.affine.b"]))
        if self.twins is not None:
            [copies] = map(sigmoid, affine(x, p["decoder.copying.W"], p["decoder.copying.b"]))
            probabilities = self.mixed(probabilities, weights, copies, source)
        return probabilities, new_hs, new_cs

    def mixed(self, generated: Vector, weights: Vector, copies: Number, source: Sequence[int]) -> Vector:
        """p_v = (1 - γ Σ_copyable α_s) P_v + γ Σ_{twin of s is v} α_s"""
        twins = [self.twins[symbol] for symbol in source]
        able = total(weight for weight, twin in zip(weights, twins, strict=True) if twin >= 0)
        rest = Number(1.0) + (copies * able).times(-1)
        return [
            rest * P + copies * total(weight for weight, twin in zip(weights, twins, strict=True) if twin == v)
            for v, P in enumerate(generated)
        ]

    def peek(self, p: Parameters, source: Sequence[int], hs: list[Vector], masks: Mapping[str, Any]) -> Vector:
        """Return what is read beside every symbol: the last hidden state, and the sum of the features' embeddings."""
        peek = hs[-1] if self.peeky else []
        if self.features is None:
            return peek
        rows = [p["encoder.embedding.W"][symbol] for symbol in source[: self.n_features(source)]]
        return peek + masked([total(row[j] for row in rows) for j in range(self.D)], masks.get("features"))

    def n_features(self, source: Sequence[int]) -> int:
        """Return where the source's own symbols begin: behind its last feature."""
        if self.features is None:
            return 0
        return max((n for n, symbol in enumerate(source, start=1) if self.features[symbol]), default=0)

    def nll(self, p: Parameters, source: Sequence[int], target: Sequence[int], masks: Mapping[str, Any]) -> Number:
        """Return the cross-entropy of target[1:], read one step behind, summed over its symbols."""
        own = source[self.n_features(source) :]
        hs, cs, memory = self.encode(p, own, masks)
        peek = self.peek(p, source, hs, masks)
        parts = []
        for step, (before, y) in enumerate(itertools.pairwise(target)):
            probabilities, hs, cs = self.read(p, step, before, hs, cs, peek, memory, own, masks)
            V = len(probabilities)
            for v, probability in enumerate(probabilities):
                wanted = (1 - self.smoothing) * (v == y) + self.smoothing / V
                parts.append(log(probability).times(-wanted))
        return total(parts)

    def loss_and_gradients(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], seed: int | None = None
    ) -> tuple[float, list[float], dict[str, np.ndarray]]:
        """Return the mean over all predicted symbols, the sum of each sequence, and the gradient of the mean."""
        p = self.numbers()
        masks = self.masks(len(sources), seed)
        nlls = [
            self.nll(p, source, target, {place: mask[b] for place, mask in masks.items()})
            for b, (source, target) in enumerate(zip(sources, targets, strict=True))
        ]
        loss = total(nlls).times(1 / sum(len(target) - 1 for target in targets))
        differentiate(loss)
        gradients = {
            name: np.array([x.grad for x in np.array(a, dtype=object).ravel()]).reshape(np.shape(self.named[name]))
            for name, a in p.items()
        }
        return loss.value, [nll.value for nll in nlls], gradients

    def generate(self, source: Sequence[int], start_id: int, sample_size: int) -> list[int]:
        """Return the ids of the highest probabilities, each read back in, with the state kept from step to step."""
        p = self.numbers()
        own = source[self.n_features(source) :]
        hs, cs, memory = self.encode(p, own, {})
        peek, symbol, ids = self.peek(p, source, hs, {}), start_id, []
        for step in range(sample_size):
            probabilities, hs, cs = self.read(p, step, symbol, hs, cs, peek, memory, own, {})
            values = [probability.value for probability in probabilities]
            symbol = values.index(max(values))
            ids.append(symbol)
        return ids
