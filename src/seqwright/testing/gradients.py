"""Gradient checks against central differences.

A whole Jacobian is never formed. For random directions u of the arguments and v of the outputs,
<v, J u> by central differences must equal <Jᵀ v, u> by the backward pass. Use float64.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["check_elementwise", "check_vjp"]

F64 = npt.NDArray[np.float64]
Function = Callable[..., Sequence[F64]]


def check_vjp(
    f: Function,
    vjp: Callable[[Mapping[str, F64], Sequence[F64]], Mapping[str, F64]],
    arguments: Mapping[str, F64],
    rng: np.random.Generator,
    *,
    eps: float = 1e-5,
    rtol: float = 1e-6,
) -> None:
    """Raise AssertionError, naming the argument, where vjp is not the transposed derivative of f.

    f(**arguments) returns the outputs.   vjp(arguments, v) returns the gradient of Σ v · outputs for each argument, by
    name.   Directions are random in one argument and zero in the others, for each in turn, then random in all.
    rtol: greatest |numeric - backward| / max(|numeric|, |backward|, 1e-3 of the typical size of such a product).
    """
    v = [rng.standard_normal(np.shape(y)) for y in f(**arguments)]
    gradients = vjp(arguments, v)
    assert set(gradients) == set(arguments), f"backward returned {sorted(gradients)}, not {sorted(arguments)}"
    directions = {name: rng.standard_normal(a.shape) for name, a in arguments.items()}
    for names in [*([name] for name in arguments), list(arguments)]:
        numeric = _difference(f, arguments, {name: directions[name] for name in names}, v, eps)
        exact = sum(float((gradients[name] * directions[name]).sum()) for name in names)
        typical = sum(float((gradients[name] ** 2).sum()) for name in names) ** 0.5
        size = max(abs(numeric), abs(exact), 1e-3 * typical, 1e-10)
        assert abs(numeric - exact) <= rtol * size, (
            f"gradient of {', '.join(names)}: numeric {numeric:.12g}, backward {exact:.12g}, "
            f"relative error {abs(numeric - exact) / size:.2g}"
        )


def check_elementwise(
    f: Function,
    vjp: Callable[[Mapping[str, F64], Sequence[F64]], Mapping[str, F64]],
    arguments: Mapping[str, F64],
    rng: np.random.Generator,
    *,
    eps: float = 1e-5,
    rtol: float = 1e-6,
) -> None:
    """As `check_vjp`, but for every single element of every argument: two calls of f an element, so for tiny cases."""
    v = [rng.standard_normal(np.shape(y)) for y in f(**arguments)]
    gradients = vjp(arguments, v)
    for name, a in arguments.items():
        scale = max(float(np.abs(gradients[name]).max(initial=0)), 1e-6)
        for index in np.ndindex(a.shape):
            direction = np.zeros_like(a)
            direction[index] = 1
            numeric = _difference(f, arguments, {name: direction}, v, eps)
            exact = float(gradients[name][index])
            assert abs(numeric - exact) <= rtol * max(abs(numeric), abs(exact), scale), (
                f"gradient of {name}[{index}]: numeric {numeric:.12g}, backward {exact:.12g}"
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
