"""Each kernel alone: compiled, in NumPy, and the PyTorch operation that does the same, where there is one.

What PyTorch is given is what a training step would call: forward with the graph recorded, backward through autograd.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks import machine, timing
from benchmarks.timing import Turn
from seqwright import kernels

__all__ = ["measure"]

LSTM_SIZES = ((12, 128, 32, 128), (12, 64, 128, 256), (10, 128, 128, 256), (12, 64, 256, 512), (10, 1, 128, 256))
SHORT_S = 1e-3  # shorter work is repeated until a turn takes about as long


class Case(NamedTuple):
    """One kernel at one size.

    call: runs the kernel of that name, the compiled one or the reference, on arrays of its own.   torch: its peer.
    prepare: restores what a run consumes; not timed.   gflop, gbyte: the work of a run, one of them 0; bytes are those
    that must be read and written once.
    """

    kernel: str
    size: str
    call: Callable[[Callable[..., Any]], object]
    torch: Callable[[], object] | None = None
    prepare: Callable[[], object] | None = None
    gflop: float = 0.0
    gbyte: float = 0.0


def measure(*, steps: int, only: list[str], threads: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each case whose kernel is in `only`; for all, if it is empty."""
    compiled = kernels.description().startswith("native")
    rng = np.random.default_rng(4)
    for make in (_lstm, _affine, _attention, _cross_entropy, _embedding, _tanh, _adam):
        for case in make(rng):
            if only and case.kernel not in only:
                continue
            parties = {"numpy": _turn(_bound(case, getattr(kernels.reference, case.kernel)), case.prepare)}
            if compiled:
                parties = {"native": _turn(_bound(case, getattr(kernels, case.kernel)), case.prepare), **parties}
            if case.torch is not None:
                parties["torch"] = _turn(case.torch)
            neighbours = machine.Neighbours()
            seconds = timing.interleaved(parties, rounds=steps)
            ours = "native" if compiled else "numpy"
            best_s = timing.spread(seconds[ours])["median"]
            yield {
                "kernel": case.kernel,
                "size": case.size,
                "threads": threads,
                **{f"{name}_ms": timing.spread(values, 1e3) for name, values in seconds.items()},
                "gflop/s": case.gflop / best_s if case.gflop else None,
                "gb/s": case.gbyte / best_s if case.gbyte else None,
                "numpy_ratio": timing.ratio(seconds["numpy"], seconds["native"]) if compiled else None,
                "torch_ratio": timing.ratio(seconds["torch"], seconds[ours]) if "torch" in seconds else None,
                "neighbours_share": neighbours.share(),
            }


def _turn(run: Callable[[], object], prepare: Callable[[], object] | None = None) -> Turn:
    if prepare is not None:
        return Turn(run, prepare)
    run()
    began = time.perf_counter()
    run()
    return Turn(run, repeat=max(1, min(100, int(SHORT_S / (time.perf_counter() - began)))))


def _bound(case: Case, kernel: Callable[..., Any]) -> Callable[[], object]:
    return lambda: case.call(kernel)


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return rng.standard_normal(shape, np.float32) * np.float32(scale)


def _leaf(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.copy()).requires_grad_()


def _vjp(output: torch.Tensor, inputs: list[torch.Tensor]) -> Callable[[], object]:
    """Return a call of the backward pass from `output`, of which it keeps the graph."""
    seed = torch.randn_like(output)
    return lambda: torch.autograd.grad(output, inputs, seed, retain_graph=True)


def _lstm(rng: np.random.Generator) -> Iterator[Case]:
    for T, B, D, H in (
        (12, 128, 32, 128),
        (12, 64, 128, 256),
        (10, 128, 128, 256),
        (12, 64, 256, 512),
        (10, 1, 128, 256),
    ):
        size = f"{T=} {B=} {D=} {H=}"
        x, lengths = _normal(rng, T, B, D), np.full(B, T, np.int32)
        Wx, Wh, b = _normal(rng, D, 4 * H, scale=D**-0.5), _normal(rng, H, 4 * H, scale=H**-0.5), _normal(rng, 4 * H)
        h, c, gates = (
            np.zeros((T + 1, B, H), np.float32),
            np.zeros((T + 1, B, H), np.float32),
            _normal(rng, T, B, 4 * H),
        )
        dh, dend, cend = _normal(rng, T, B, H, scale=0.1), np.zeros((B, H), np.float32), np.zeros((B, H), np.float32)
        dx, grads = np.empty_like(x), [np.zeros_like(a) for a in (Wx, Wh, b)]
        kernels.lstm_forward(x, lengths, Wx, Wh, b, h, c, gates, False)
        made = gates.copy()

        theirs = nn.LSTM(D, H)
        with torch.no_grad():
            theirs.weight_ih_l0.copy_(torch.from_numpy(Wx.T))
            theirs.weight_hh_l0.copy_(torch.from_numpy(Wh.T))
            theirs.bias_ih_l0.copy_(torch.from_numpy(b))
            nn.init.zeros_(theirs.bias_hh_l0)
        x_ = _leaf(x)
        output = theirs(x_)[0]
        assert np.allclose(output.detach().numpy(), h[1:], atol=1e-4), "PyTorch's LSTM gives other outputs"
        gflop = 2e-9 * T * B * (D + H) * 4 * H

        def forward(kernel, x=x, lengths=lengths, Wx=Wx, Wh=Wh, b=b, h=h, c=c, gates=gates):
            kernel(x, lengths, Wx, Wh, b, h, c, gates, False)

        def backward(kernel, arrays=(dh, dend, cend, x, lengths, Wx, Wh, h, c, gates, dx, *grads)):
            kernel(*arrays, False)

        def restore(gates=gates, made=made, dend=dend, cend=cend):
            gates[:] = made
            dend[:] = cend[:] = 0

        yield Case("lstm_forward", size, forward, lambda theirs=theirs, x_=x_: theirs(x_), gflop=gflop)
        weights = [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0]
        yield Case("lstm_backward", size, backward, _vjp(output, [x_, *weights]), restore, gflop=2 * gflop)


def _affine(rng: np.random.Generator) -> Iterator[Case]:
    for N, D, M in ((1280, 256, 64), (1280, 768, 256), (1280, 512, 8000), (5, 512, 2048)):
        size = f"{N=} {D=} {M=}"
        x, W, b = _normal(rng, N, D), _normal(rng, D, M, scale=D**-0.5), _normal(rng, M)
        out, dout, dx, dW, db = np.empty((N, M), np.float32), _normal(rng, N, M), np.empty_like(x), 0 * W, 0 * b
        linear, x_ = nn.Linear(D, M), _leaf(x)
        gflop = 2e-9 * N * D * M
        yield Case(
            "affine_forward", size, lambda kernel, x=x, W=W, b=b, out=out: kernel(x, W, b, out),
            lambda linear=linear, x_=x_: linear(x_), gflop=gflop,
        )  # fmt: skip
        yield Case(
            "affine_backward", size,
            lambda kernel, dout=dout, x=x, W=W, dx=dx, dW=dW, db=db: kernel(dout, x, W, dx, dW, db),
            _vjp(linear(x_), [x_, linear.weight, linear.bias]), gflop=2 * gflop,
        )  # fmt: skip


def _attention(rng: np.random.Generator) -> Iterator[Case]:
    for T, B, S, E in ((10, 128, 8, 512), (20, 64, 20, 512)):
        size = f"{T=} {B=} {S=} {E=}"
        q, memory, lengths = _normal(rng, T, B, E, scale=E**-0.5), _normal(rng, S, B, E), np.full(B, S, np.int32)
        weights, context = np.empty((T, B, S), np.float32), np.empty((T, B, E), np.float32)
        dcontext, dq, dmemory = _normal(rng, T, B, E), np.empty_like(q), np.zeros_like(memory)
        kernels.attention_forward(q, memory, lengths, weights, context)
        q_, memory_ = _leaf(q), _leaf(memory)

        def theirs(q_=q_, memory_=memory_):
            score = torch.bmm(q_.transpose(0, 1), memory_.permute(1, 2, 0)).softmax(2)
            return torch.bmm(score, memory_.transpose(0, 1))

        def forward(kernel, q=q, memory=memory, lengths=lengths, weights=weights, context=context):
            kernel(q, memory, lengths, weights, context)

        def backward(
            kernel, dcontext=dcontext, q=q, memory=memory, lengths=lengths, weights=weights, dq=dq, dmemory=dmemory
        ):  # fmt: skip
            kernel(dcontext, q, memory, lengths, weights, dq, dmemory)

        gflop = 4e-9 * T * B * S * E
        yield Case("attention_forward", size, forward, theirs, gflop=gflop)
        yield Case("attention_backward", size, backward, _vjp(theirs(), [q_, memory_]), gflop=2 * gflop)


def _cross_entropy(rng: np.random.Generator) -> Iterator[Case]:
    T, B = 10, 64
    for V in (64, 8000, 32000):
        size = f"{T=} {B=} {V=}"
        scores, lengths = _normal(rng, T, B, V), np.full(B, T, np.int32)
        targets = rng.integers(V, size=(T, B), dtype=np.int32)
        probs, dscores, nll = np.empty_like(scores), np.empty_like(scores), np.empty((T, B), np.float32)
        kernels.cross_entropy_forward(scores, targets, lengths, 0.0, probs, nll)
        scores_, targets_ = _leaf(scores.reshape(T * B, V)), torch.from_numpy(targets).long().flatten()

        def forward(kernel, scores=scores, targets=targets, lengths=lengths, probs=probs, nll=nll):
            kernel(scores, targets, lengths, 0.0, probs, nll)

        def backward(kernel, probs=probs, targets=targets, lengths=lengths, dscores=dscores):
            kernel(probs, targets, lengths, 0.0, 1 / (T * B), dscores)

        def theirs(scores_=scores_, targets_=targets_):
            return nn.functional.cross_entropy(scores_, targets_)

        gbyte = 2e-9 * scores.nbytes
        yield Case("cross_entropy_forward", size, forward, theirs, gbyte=gbyte)
        yield Case("cross_entropy_backward", size, backward, _vjp(theirs(), [scores_]), gbyte=gbyte)


def _embedding(rng: np.random.Generator) -> Iterator[Case]:
    for V, D in ((64, 128), (8000, 256)):
        T, B = 20, 64
        size = f"{T=} {B=} {V=} {D=}"
        W, ids = _normal(rng, V, D), rng.integers(V, size=(T, B), dtype=np.int32)
        out, dout, dW = np.empty((T, B, D), np.float32), _normal(rng, T, B, D), np.zeros((V, D), np.float32)
        W_, ids_ = _leaf(W), torch.from_numpy(ids).long()
        yield Case(
            "embedding_forward", size, lambda kernel, W=W, ids=ids, out=out: kernel(W, ids, out),
            lambda W_=W_, ids_=ids_: nn.functional.embedding(ids_, W_), gbyte=2e-9 * out.nbytes,
        )  # fmt: skip
        yield Case(
            "embedding_backward", size, lambda kernel, dout=dout, ids=ids, dW=dW: kernel(dout, ids, dW),
            _vjp(nn.functional.embedding(ids_, W_), [W_]), gbyte=3e-9 * dout.nbytes,
        )  # fmt: skip


def _tanh(rng: np.random.Generator) -> Iterator[Case]:
    x = _normal(rng, 10 * 128 * 256)
    out, x_ = np.empty_like(x), torch.from_numpy(x)
    out_ = torch.empty_like(x_)
    size = f"N={x.size}"
    yield Case(
        "tanh_forward", size, lambda kernel: kernel(x, out), lambda: torch.tanh(x_, out=out_), gbyte=2e-9 * x.nbytes
    )
    yield Case("tanh_backward", size, lambda kernel: kernel(x, x, out), gbyte=2e-9 * x.nbytes)


def _adam(rng: np.random.Generator) -> Iterator[Case]:
    for N in (100_000, 3_000_000):
        params, grads, m, v = (_normal(rng, N, scale=0.01) for _ in range(4))
        np.abs(v, out=v)
        parameter = nn.Parameter(torch.from_numpy(params.copy()))
        parameter.grad = torch.from_numpy(grads)
        optimizer = torch.optim.Adam([parameter], lr=1e-3, fused=True)

        def update(kernel, params=params, grads=grads, m=m, v=v):
            kernel(params, grads, m, v, 1e-3, 0.9, 0.999, 1e-8, 0.0, 10, 1.0)

        yield Case("adam_update", f"{N=}", update, optimizer.step, gbyte=7e-9 * params.nbytes)
        yield Case(
            "squared_norm", f"{N=}", lambda kernel, grads=grads: kernel(grads),
            lambda gradient=parameter.grad: torch.linalg.vector_norm(gradient), gbyte=1e-9 * grads.nbytes,
        )  # fmt: skip
