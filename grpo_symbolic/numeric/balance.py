r"""Drift against penalty in the log-odds z of π(a) over its reference, for float64 arrays.

.. math:: F(z) = D(p) - \beta \left( w_a d(p_0/p) - w_b d(q_0/q) \right), \qquad
          \frac{p_0}{p} = p_0 + q_0 e^{-z}, \quad \frac{q_0}{q} = p_0 e^{z} + q_0 .

The ratios are sums of positive terms: nothing cancels near z = 0, and both p and q = 1 − p keep
their digits near the ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.numeric.drift import Drift
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.scan import Zeros, zeros

__all__ = ["Balance"]

#: 1 − π(a), 1 − π_ref(a) and the ratios of both answers, numbers of their own.
REST = Symbol("rest", positive=True)
RATIOS = (Symbol("ratio_a", positive=True), Symbol("ratio_b", positive=True))

# Log-odds between which shares and their squares are ordinary numbers.
_FURTHEST = 690.0
_FAR = 700.0
_STEP, _GROWTH = 0.35, 1.3
_NEAR = (0.003, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Balance:
    """F for one drift and one penalty.

    Parameters
    ----------
    drift : Drift or Expr
        D in π(a) and ``REST``.
    factor : Expr
        What the drift is multiplied by, in π(a) and ``REST``.
    forces : pair of Expr
        w d of both answers, in ``RATIOS``, π(a) and ``REST``.
    names : tuple of str
        Further parameters of these expressions.
    scale : float
        Shares below 1/scale see the drift at its end.
    """

    drift: Drift | Expr
    factor: Expr
    forces: tuple[Expr, Expr]
    names: tuple[str, ...]
    scale: float

    def zeros(
        self, beta: Array, reference: Array, others: tuple[Any, ...]
    ) -> tuple[Zeros, NDArray[np.bool_]]:
        """The zeros z of every row of parameters, and whether the drift is level at both ends."""
        rest = 1.0 - reference
        center = np.log(reference) - np.log(rest)

        def function(z: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
            at = (reference[rows], rest[rows])
            p, q, ratios = shares(z, *at)
            more = tuple(v[rows] if np.ndim(v) else v for v in others)
            drift, first, second = self._parts(p, q, ratios, more)
            weight = beta[rows]
            with np.errstate(all="ignore"):
                size = np.abs(drift) + weight * (np.abs(first) + np.abs(second))
                return drift - weight * (first - second), size

        return zeros(function, self._grid(center)), self._level(center, reference, others)

    def _level(self, center: Array, reference: Array, others: tuple[Any, ...]) -> NDArray[np.bool_]:
        """Rows × ends: whether the drift has stopped growing there."""
        found = []
        for sign in (-1.0, 1.0):
            near, far = (
                np.abs(
                    self._parts(*shares(sign * at - center, reference, 1.0 - reference), others)[0]
                )
                for at in (_FURTHEST - 90, _FURTHEST)
            )
            found.append(far <= 1.001 * near)
        return np.stack(found, axis=1)

    def _parts(self, p: Array, q: Array, ratios: tuple[Array, Array], more: tuple) -> list[Array]:
        arguments = (symbols.pi, REST, *RATIOS)
        values = (p, q, *ratios)
        with np.errstate(all="ignore"):
            if isinstance(self.drift, Drift):
                drift = self.drift(p, q)
                drift = drift * _compiled(arguments, self.names, self.factor)(*values, *more)
            else:
                drift = _compiled(arguments, self.names, self.drift)(*values, *more)
            forces = (_compiled(arguments, self.names, f)(*values, *more) for f in self.forces)
            return [np.broadcast_to(part, p.shape) for part in (drift, *forces)]

    def _grid(self, center: Array) -> Array:
        edge = np.log(self.scale) + 6
        core = np.arange(0.0, edge, _STEP)
        count = int(np.ceil(np.log(_FURTHEST / core[-1]) / np.log(_GROWTH)))
        outer = core[-1] * (_FURTHEST / core[-1]) ** (np.arange(1, count + 1) / count)
        side = np.concatenate([core, outer])
        common = np.concatenate([-side[:0:-1], side])
        near = np.concatenate([-np.array(_NEAR)[::-1], [0.0], _NEAR])
        least, greatest = -_FURTHEST - center, _FURTHEST - center
        rows = np.concatenate(
            [
                common - center[:, None],
                np.clip(near[None, :], least[:, None], greatest[:, None]),
            ],
            axis=1,
        )
        return np.sort(rows, axis=1)


def shares(z: Array, p0: Array, q0: Array) -> tuple[Array, Array, tuple[Array, Array]]:
    """p, q and the ratios p₀/p, q₀/q at log-odds z above the reference's."""
    with np.errstate(all="ignore"):
        up = np.exp(np.clip(z, -_FAR, _FAR))
        ratios = (p0 + q0 / up, p0 * up + q0)
        beyond = np.flatnonzero(np.abs(z) > _FAR)
        if len(beyond):
            y = z[beyond] + (np.log(p0[beyond]) - np.log(q0[beyond]))
            ratios[0][beyond] = p0[beyond] * (1.0 + np.exp(-y))
            ratios[1][beyond] = q0[beyond] * (1.0 + np.exp(y))
        return p0 / ratios[0], q0 / ratios[1], ratios


@lru_cache(maxsize=512)
def _compiled(
    arguments: tuple[Symbol, ...], names: tuple[str, ...], expr: Expr
) -> Callable[..., Any]:
    plain = {s: Symbol(s.name, real=True) for s in expr.free_symbols}
    return lambdify([*(s.name for s in arguments), *names], expr.xreplace(plain), "numpy")
