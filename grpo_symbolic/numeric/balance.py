r"""Drift against penalty in the log-odds z of π(a) over its reference, for float64 arrays.

.. math:: F(z) = D(p) - \beta f, \qquad f = w_a d(p_0/p) - w_b d(q_0/q), \qquad
          \frac{p_0}{p} = p_0 + q_0 e^{-z}, \quad \frac{q_0}{q} = p_0 e^{z} + q_0 .

The ratios are sums of positive terms: nothing cancels near z = 0, and both p and q = 1 − p keep
their digits near the ends. Where F turns follows from one function of p alone for the penalties
of :mod:`.separation`; for others a grid is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Expr, S, Symbol, diff

from grpo_symbolic import symbols
from grpo_symbolic.numeric.blocks import padded
from grpo_symbolic.numeric.drift import Drift
from grpo_symbolic.numeric.formula import REST, Formula, log_odds_slope
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.separation import Separation, log_odds, shares_at
from grpo_symbolic.numeric.zeros import Function, Indices, Knots, Mask, with_turns

# The ratios π_ref/π of both answers, and the log-odds above the reference.
RATIOS = (Symbol("ratio_a", positive=True), Symbol("ratio_b", positive=True))
Z = Symbol("z", real=True)
ARGUMENTS = (Z.name, symbols.pi.name, REST.name, *(r.name for r in RATIOS))

_STEP, _GROWTH = 0.35, 1.3
_SCANNED, _SEPARATED = 512, 16384


def force_of(marginal: Expr, rates: tuple[Expr, Expr], names: tuple[str, ...]) -> Formula:
    """f as a difference of two terms: both, and its slope in z.

    From d(u) in ``symbols.u``, and w_a and w_b in π(a) and ``REST``; as a function of z, π(a),
    ``REST``, ``RATIOS`` and the parameters by their names.
    """
    u = symbols.u
    # p₀/p falls by q p₀/p as z rises, and q₀/q rises by p q₀/q.
    marginal, stiff = marginal.expand(), (u * diff(marginal, u)).expand()
    terms = [rate * marginal.subs(u, r) for rate, r in zip(rates, RATIOS, strict=True)]
    slopes = [
        log_odds_slope(rate) * marginal.subs(u, r) + rate * moved * stiff.subs(u, r)
        for rate, r, moved in zip(rates, RATIOS, (-REST, symbols.pi), strict=True)
    ]
    return Formula((*terms, slopes[0] - slopes[1]), (*ARGUMENTS, *names))


def force_of_log_odds(strength: Expr) -> Formula:
    """The force ``strength`` · z, in which nothing cancels, as :func:`force_of` has it."""
    return Formula((strength * Z, S.Zero, strength), ARGUMENTS)


@dataclass(frozen=True, eq=False)
class Reference:
    """π_ref(a), 1 − π_ref(a) and its log-odds."""

    share: Array
    rest: Array
    center: Array

    @classmethod
    def of(cls, share: Array) -> Reference:
        rest = 1.0 - share
        return cls(share, rest, np.log(share) - np.log(rest))

    def __getitem__(self, rows: Indices) -> Reference:
        return Reference(self.share[rows], self.rest[rows], self.center[rows])

    def shares(self, z: Array) -> tuple[Array, Array, Array, Array]:
        """p, q and the ratios p₀/p, q₀/q at log-odds z above the reference's."""
        with np.errstate(all="ignore"):
            up = np.exp(z)
            first, second = self.share + self.rest / up, self.share * up + self.rest
            beyond = np.flatnonzero(np.abs(z) > 700.0)
            if len(beyond):
                y = z[beyond] + self.center[beyond]
                first[beyond] = self.share[beyond] * (1.0 + np.exp(-y))
                second[beyond] = self.rest[beyond] * (1.0 + np.exp(y))
            return self.share / first, self.rest / second, first, second


@dataclass(frozen=True)
class Balance:
    """F for one drift and one penalty.

    Parameters
    ----------
    drift : Drift
    force : Formula
    names : tuple of str
        Further parameters of both.
    scale : float
        Shares below 1/scale see the drift at its end.
    unbounded : bool or None
        Whether the force that holds an answer grows without bound; None for no force.
    separation : Separation or None
        What tells where F turns, where there is such a thing.
    """

    drift: Drift
    force: Formula
    names: tuple[str, ...]
    scale: float
    unbounded: bool | None
    separation: Separation | None

    @property
    def block(self) -> int:
        """How many rows are solved at once."""
        return _SCANNED if self.separation is None else _SEPARATED

    def solved(
        self,
        beta: Array,
        reference: Array,
        others: tuple[Array, ...],
        branch: str,
        complement: bool,
    ) -> tuple[Array, Mask]:
        """π(a) or 1 − π(a) as rows × solutions, padded with NaN, and where their number is open.

        Parameters
        ----------
        beta, reference : array, rows
            β > 0 and 0 < π_ref(a) < 1.
        others : tuple of arrays
            Values of ``names``.
        branch, complement
            As of an evaluation.
        """
        start = Reference.of(reference)
        function = self._function(beta, start, others)
        with np.errstate(all="ignore"):
            guesses = None
            if self.separation is not None:
                place = start.share, start.rest, start.center
                knots, guesses = self.separation.turns(beta, *place, function)
            else:
                knots = self._scanned(function, beta, start, others)
            knots = knots.with_ends(*self._ends(others))
            zero = np.zeros(len(beta))
            rows, z = knots.zeros(
                function, branch, lambda rows: function(zero[rows], rows)[0] > 0, guesses=guesses
            )
            found = start[rows].shares(z)[1 if complement else 0]
        return padded(found, rows, len(beta)), knots.doubtful

    def _function(self, beta: Array, start: Reference, others: tuple[Array, ...]) -> Function:
        whole = len(beta)

        def function(z: Array, rows: Indices) -> tuple[Array, Array, Array]:
            # Rows that are all there in order are not copied.
            same = len(rows) == whole and rows[0] == 0 and bool((rows[1:] > rows[:-1]).all())
            at, weight = (start, beta) if same else (start[rows], beta[rows])
            p, q, *ratios = at.shares(z)
            more = tuple(v if same else v[rows] for v in others)
            drift, climb = self.drift(p, q, more)
            first, second, stiff = self.force(z, p, q, *ratios, *more)
            size = np.abs(drift) + weight * (np.abs(first) + np.abs(second))
            return drift - weight * (first - second), climb - weight * stiff, size

        return function

    def _ends(self, others: tuple[Array, ...]) -> tuple[Mask | bool, Mask | bool]:
        """Where a flow that reaches an end ends in a solution.

        A bounded penalty gives one answer up; an unbounded one meets a level drift, however far
        out that is.
        """
        if self.unbounded is None:
            return False, False
        return self.drift.level(others) if self.unbounded else (True, True)

    # -- penalties that a grid is looked at for ------------------------------------------------

    @cached_property
    def _grid(self) -> Array:
        """Log-odds: steps the drift does not miss, then ever longer ones."""
        return log_odds(np.arange(0.0, np.log(self.scale) + 6, _STEP), _GROWTH)

    def _scanned(
        self, function: Function, beta: Array, start: Reference, others: tuple[Array, ...]
    ) -> Knots:
        y = self._grid
        p, q = shares_at(y)
        more = tuple(v[:, None] for v in others)
        drift, climb = self.drift(p, q, more)
        weight, z = beta[:, None], y - start.center[:, None]
        ratios = start.share[:, None] / p, start.rest[:, None] / q
        first, second, stiff = self.force(z, p, q, *ratios, *more)
        value, slope = (
            np.broadcast_to(v, z.shape)
            for v in (drift - weight * (first - second), climb - weight * stiff)
        )
        return with_turns(function, z, value, slope)
