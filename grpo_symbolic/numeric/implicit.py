r"""A condition on π(a) that arrays can evaluate, with its slope.

The condition is multiplied by p (1 − p), so that it is smooth on [0, 1]:

.. math:: R(p) = p\,(1 - p)\, D(p) - \beta\, \ell(p),

and the drift D of a group is the positive sum
:math:`\sum_k w_k\, p^k (1 - p)^{n-k}`, in which nothing cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol, lambdify

from grpo_symbolic.numeric.printers import ArrayPrinter

__all__ = ["DRIFT", "LARGEST", "SLOPE", "GroupDrift", "Implicit", "P", "Q", "T", "drift_of"]

# Beyond this group size binomial coefficients leave the range of a single-precision number.
LARGEST = 64

P, Q, T = (Symbol(name, real=True) for name in ("p", "q", "t"))
DRIFT, SLOPE = Symbol("drift", real=True), Symbol("drift_slope", real=True)


@dataclass(frozen=True)
class GroupDrift:
    """The drift of a group, Σ w_k p^k (1 − p)^(n − k).

    Attributes
    ----------
    size : int
        n + 2: the number of samples that an advantage looks at.
    weights : tuple of float or None
        w_0 … w_n, where they are numbers.
    spread : Expr or None
        f(t) in :data:`T` and the parameters: w_k = C(n + 2, k + 1) f((k + 1)/(n + 2)).
    names : tuple of str
        The parameters in the weights.
    """

    size: int
    weights: tuple[float, ...] | None
    spread: Expr | None = None
    names: tuple[str, ...] = ()

    @property
    def binomials(self) -> list[int]:
        return [math.comb(self.size, k) for k in range(1, self.size)]

    def compiled(self, np: Any, library: str) -> Callable[..., Any]:
        """(like, parameters) -> the weights along a last axis, of the type of ``like``."""
        make = getattr(np, "tensor", None) or np.asarray
        if self.weights is not None:
            numbers = list(self.weights)
            return lambda like: make(numbers, dtype=like.dtype)
        names = [str(T), *self.names]
        f = lambdify(names, self.spread, [{library: np, "math": math}], ArrayPrinter(library))
        ways, places = self.binomials, [k / self.size for k in range(1, self.size)]

        def weights(like: Any, *values: Any) -> Any:
            t = make(places, dtype=like.dtype)
            return make(ways, dtype=like.dtype) * f(t, *(v[..., None] for v in values))

        return weights


@dataclass(frozen=True)
class Implicit:
    """R and R′ in the symbols ``p``, ``q`` = 1 − p, ``drift``, ``drift_slope`` and parameters.

    Attributes
    ----------
    value, slope : Expr
    drift : GroupDrift or None
        None where ``value`` contains the drift as a formula.
    names : tuple of str
        The parameters.
    """

    value: Expr
    slope: Expr
    drift: GroupDrift | None
    names: tuple[str, ...]

    def compiled(self, np: Any, library: str) -> Callable[..., tuple[Any, Any]]:
        """(p, q, parameters in the order of ``names``) -> (R, R′)."""
        names = [str(P), str(Q), str(DRIFT), str(SLOPE), *self.names]
        space = [{library: np, "math": math}]
        both = lambdify(names, (self.value, self.slope), space, ArrayPrinter(library))
        drift = self.drift
        if drift is None:
            return lambda p, q, *values: both(p, q, 0, 0, *values)
        weights = drift.compiled(np, library)
        places = [self.names.index(n) for n in drift.names]

        def condition(p: Any, q: Any, *values: Any) -> tuple[Any, Any]:
            given = weights(p, *(values[i] for i in places))
            return both(p, q, *drift_of(np, given, p, q), *values)

        return condition


def drift_of(np: Any, weights: Any, p: Any, q: Any) -> tuple[Any, Any]:
    """P(a) - P(b), a sum of positive terms over the group, and its slope in p."""
    n = weights.shape[-1] - 1
    k = np.arange(n + 1)
    p, q = p[..., None], q[..., None]
    drift = (weights * p**k * q ** (n - k)).sum(-1)
    steps = k[1:] * weights[..., 1:] - (n - k[:-1]) * weights[..., :-1]
    slope = (steps * p ** k[:-1] * q ** (n - 1 - k[:-1])).sum(-1)
    return drift, slope
