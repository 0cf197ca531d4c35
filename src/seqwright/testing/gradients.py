"""Gradient checks against central differences.

A whole Jacobian is never formed. For random directions u of the arguments and v of the outputs,
<v, J u> by central differences must equal <Jᵀ v, u> by the backward pass. Use float64: in float32 the differences
themselves are wrong by more than a wrong gradient often is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["check_elementwise", "check_vjp"]

F64 = npt.NDArray[np.float64]
Function = Callable[..., Sequence[F64]]
Backward = Callable[[Mapping[str, F64], Sequence[F64]], Mapping[str, F64]]


def check_vjp(
    f: Function,
    vjp: Backward,
    arguments: Mapping[str, F64],
    rng: np.random.Generator,
    *,
    eps: float = 1e-5,
    rtol: float = 1e-6,
) -> None:
    """Raise AssertionError, naming the argument, where vjp is not the transposed derivative of f.

    `f(**arguments)` returns the outputs.   vjp(arguments, v) returns the gradient of Σ v · outputs for each argument,
    by name.   Directions are random in one argument and zero in the others, for each in turn, then random in all.
    rtol: greatest `|numeric - backward| / max(|numeric|, |backward|, 1e-2 size, 1e-4)`, size: the typical product;
    below that, the rounding of f is all that a difference shows.
    """
    v, gradients = _upstream_and_gradients(f, vjp, arguments, rng)
    directions = {name: rng.standard_normal(a.shape) for name, a in arguments.items()}
    together = [list(arguments)] if len(arguments) > 1 else []
    for names in [*([name] for name in arguments), *together]:
        numeric = _difference(f, arguments, {name: directions[name] for name in names}, v, eps)
        exact = sum(float((gradients[name] * directions[name]).sum()) for name in names)
        typical = sum(float((gradients[name] ** 2).sum()) for name in names) ** 0.5
        _compare(", ".join(names), numeric, exact, 1e-2 * typical, rtol)


def check_elementwise(
    f: Function,
    vjp: Backward,
    arguments: Mapping[str, F64],
    rng: np.random.Generator,
    *,
    eps: float = 1e-5,
    rtol: float = 1e-6,
) -> None:
    """As `check_vjp`, but for every single element of every argument: two calls of f an element, so for tiny cases.

    An element is compared at the scale of the greatest of its argument: it may itself be zero.
    """
    v, gradients = _upstream_and_gradients(f, vjp, arguments, rng)
    for name, index in _elements(arguments):
        direction = np.zeros_like(arguments[name])
        direction[index] = 1
        numeric = _difference(f, arguments, {name: direction}, v, eps)
        place = f"{name}[{', '.join(map(str, index))}]"
        _compare(place, numeric, float(gradients[name][index]), float(np.abs(gradients[name]).max()), rtol)


def _upstream_and_gradients(
    f: Function, vjp: Backward, arguments: Mapping[str, F64], rng: np.random.Generator
) -> tuple[list[F64], Mapping[str, F64]]:
    """Return a random v for the outputs of f, and the gradients that vjp gives for it, once these can be compared."""
    for name, a in arguments.items():
        assert a.dtype == np.float64, f"{name} is {a.dtype}; gradients are checked in float64"
    v = [rng.standard_normal(np.shape(y)) for y in f(**arguments)]
    gradients = {name: np.array(g, copy=True) for name, g in vjp(arguments, v).items()}  # they may be views of a cache
    assert set(gradients) == set(arguments), f"backward returned {sorted(gradients)}, not {sorted(arguments)}"
    for name, a in arguments.items():
        shape = np.shape(gradients[name])
        assert shape == a.shape, f"gradient of {name} has shape {shape}, {name} has {a.shape}"
    return v, gradients


def _elements(arguments: Mapping[str, F64]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, a in arguments.items():
        for index in np.ndindex(a.shape):
            yield name, index


def _compare(what: str, numeric: float, exact: float, scale: float, rtol: float) -> None:
    size = max(abs(numeric), abs(exact), scale, 1e-4)
    error = abs(numeric - exact) / size
    assert error <= rtol, (  # false for a NaN too
        f"gradient of {what}: numeric {numeric:.12g}, backward {exact:.12g}, relative error {error:.2g} > {rtol:g}"
    )


def _difference(
    f: Function, arguments: Mapping[str, F64], directions: Mapping[str, F64], v: Sequence[F64], eps: float
) -> float:
    """Return Σ v · (f(arguments + eps · directions) - f(arguments - eps · directions)) / 2 eps."""

    def at(sign: int) -> list[F64]:
        moved = {name: a + sign * eps * directions[name] if name in directions else a for name, a in arguments.items()}
        return [np.array(y, copy=True) for y in f(**moved)]

    plus, minus = at(+1), at(-1)
    return sum(float(((p - m) / (2 * eps) * w).sum()) for p, m, w in zip(plus, minus, v, strict=True))
