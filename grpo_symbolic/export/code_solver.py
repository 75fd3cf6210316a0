r"""A condition on π(a) that exported code evaluates and solves on arrays of any library.

The condition is multiplied by p (1 − p), so that it is smooth on [0, 1]:

.. math:: R(p) = p\,(1 - p)\, D(p) - \beta\, \ell(p),

and the drift D of a group is the positive sum
:math:`\sum_k w_k\, p^k (1 - p)^{n-k}`, in which nothing cancels.

The functions here stand in exported code as those of :mod:`.code_program` do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol

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


def drift_of(np: Any, weights: Any, p: Any, q: Any) -> tuple[Any, Any]:
    """P(a) - P(b), a sum of positive terms over the group, and its slope in p."""
    n = weights.shape[-1] - 1
    k = np.arange(n + 1)
    p, q = p[..., None], q[..., None]
    drift = (weights * p**k * q ** (n - k)).sum(-1)
    steps = k[1:] * weights[..., 1:] - (n - k[:-1]) * weights[..., :-1]
    slope = (steps * p ** k[:-1] * q ** (n - 1 - k[:-1])).sum(-1)
    return drift, slope


def solved(np: Any, condition: Any, pi_ref: Any) -> Any:
    """The policy at which a condition on (p, 1 - p) falls through 0, in odds p / (1 - p)."""
    least = float(np.finfo(pi_ref.dtype).tiny) * 2.0**30
    inside = np.where(pi_ref < 1, pi_ref, 0.5)
    low = np.where(inside > least, inside / (1 - inside), least)
    high = low * 0 + 1 / least
    for _ in range(26):  # bisection of the log-odds, to four digits
        odds = np.sqrt(low) * np.sqrt(high)
        value, _ = condition(odds / (1 + odds), 1 / (1 + odds))
        low, high = np.where(value > 0, odds, low), np.where(value > 0, high, odds)
    odds = np.sqrt(low) * np.sqrt(high)
    for _ in range(3):  # Newton's method within the bracket
        p, q = odds / (1 + odds), 1 / (1 + odds)
        value, slope = condition(p, q)
        moved = odds * (1 - value / np.where(slope < 0, slope * p * q, -1))
        odds = np.where((moved > low) & (moved < high), moved, odds)
    return odds / (1 + odds)


def polished(np: Any, condition: Any, policy: Any) -> Any:
    """Two steps of Newton's method in p itself, which reach 0 and 1 too.

    Started at a solution that is held constant, they have its derivatives (up to the third).
    """
    for _ in range(2):
        value, slope = condition(policy, 1 - policy)
        policy = policy - value / np.where(slope < 0, slope, -1)
    return policy


def differentiated(np: Any, condition: Any, pi_ref: Any, given: Any) -> Any:
    """The solution for these parameters: as a constant, then steps that have its derivatives."""

    def constant(value: Any) -> Any:
        return np.constant(value)

    fixed = [constant(value) for value in given]
    start = constant(solved(lambda p, q: condition(p, q, *fixed), constant(pi_ref)))
    policy = polished(lambda p, q: condition(p, q, *given), start)
    bounded = np.clip(policy, constant(pi_ref), np.ones_like(policy))
    return policy + constant(bounded - policy)
