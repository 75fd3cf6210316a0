r"""Penalties: from the estimator that is sampled to the divergence it acts as.

Whatever the placement, the sampled penalty has one expectation

.. math:: D(\pi; \pi_{\mathrm{old}}) = \sum_o \pi_{\mathrm{old}}(o)\, w(o)\,
          k\!\left(\frac{\pi_{\mathrm{ref}}(o)}{\cdot}\right)

and what the algorithm feels is its derivative in π(o), taken with π_old frozen
and then evaluated at π_old = π. That derivative depends on the ratio
u = π_ref/π only: the *marginal penalty* d(u). Two penalties with the same d, up
to a constant, have the same stationary policies, unless groups are dropped: then d
is multiplied by how often an answer is penalised, and so is the constant.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from math import prod

from sympy import Dummy, Expr, Pow, Rational, cancel, diff, ilcm, log, oo, solve

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign
from grpo_symbolic.display import as_call
from grpo_symbolic.domain import Domain
from grpo_symbolic.model.penalty.power_sum import PowerSum, end_values
from grpo_symbolic.registry import PENALTIES
from grpo_symbolic.work import Exhausted, limited

# SymPy's solutions of equations, where nothing more direct applies.
_STEPS = 5_000_000


class Penalty(ABC):
    """Whatever has a marginal penalty d(u).

    Source: Vojnovic & Yun, arXiv 2502.18548, (11), where d stands for any penalty. d(u) has no
    unit.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> penalty = gs.ReverseKL()
    >>> isinstance(penalty, gs.Penalty), penalty.marginal(), penalty.monotone
    (True, 1 - u, True)
    """

    #: What it is called on the command line, in menus and legends, and as what others act.
    name: str = "penalty"
    title: str = ""
    known_as: str = ""

    @abstractmethod
    def marginal(self, u: Expr = symbols.u) -> Expr:
        """d(u): derivative of the expected penalty in π(o), π_old frozen, then π_old = π."""

    @abstractmethod
    def curvature(self, u: Expr = symbols.u) -> Expr:
        """c(u): π(o) times the second derivative in π(o), π_old frozen, then π_old = π.

        The second derivative of the stage objective in π(o) is −β c(u)/π(o).
        """

    __repr__ = as_call

    @property
    def prose(self) -> str:
        """What it is, in TeX, as the end of a sentence."""
        from grpo_symbolic.export.exhibit import prose_tex

        return prose_tex(str(self))

    @property
    def before_baseline(self) -> bool:
        """Whether it is part of the reward that a group is centred on."""
        return False

    @property
    def adds_over_tokens(self) -> bool:
        """Whether the terms of the tokens add up to the term of the answer: log-ratios do."""
        return False

    # -- the shape of d ------------------------------------------------------------------

    @cached_property
    def _powers(self) -> PowerSum | None:
        return PowerSum.of(self.marginal(), symbols.u)

    @cached_property
    def slope(self) -> Expr:
        """d′(u)."""
        return cancel(diff(self.marginal(), symbols.u))

    @cached_property
    def line(self) -> Expr | None:
        """c > 0 with d(u) = c (1 − u) + …; None for any other d."""
        slope = self.slope
        return -slope if slope.is_negative and not slope.has(symbols.u) else None

    @property
    def line_through_one(self) -> Expr | None:
        """c > 0 with d(u) = c (1 − u), which is 0 at the reference; None for any other d."""
        return self.line if self.marginal().subs(symbols.u, 1) == 0 else None

    @cached_property
    def mixes_both_kl(self) -> bool:
        """Whether d(u) = −c u − e log u + … with c and e > 0, as for the Jeffreys divergence."""
        terms = {} if self._powers is None else dict(self._powers.terms)
        terms.pop((0, 0), None)
        return set(terms) == {(1, 0), (0, 1)} and all(c.is_negative for c in terms.values())

    @cached_property
    def logarithmic(self) -> bool:
        """Whether d has a logarithm: its force is then no algebraic function of π."""
        return self.marginal().has(log)

    @cached_property
    def monotone(self) -> bool:
        """Whether d falls strictly in u = π_ref/π: a lower π(o) is always pushed up harder.

        False also where it could not be shown.
        """
        decided = None if self._powers is None else self._powers.falls
        if decided is not None:
            return decided
        slope = diff(self.marginal(), symbols.u)
        slope = slope.subs(symbols.u, symbols.u ** _common_root(slope))
        return sign(slope, Domain.of(symbols.u)) == Sign.NEGATIVE

    @cached_property
    def link_range(self) -> tuple[Expr, Expr]:
        """The open interval of values that d takes: where the link is defined."""
        at_zero, at_infinity = end_values(self.marginal(), symbols.u)
        return at_infinity, at_zero

    @cached_property
    def holds_every_answer(self) -> bool:
        """Whether d tends to −∞ as an answer vanishes, so that no finite drift gives it up.

        A finite d lets it go where the drift is stronger. Where d tends to ∞, as of k3 in the
        reward, an answer that is rare enough is driven out.
        """
        return self.link_range[0] == -oo

    @cached_property
    def acts_as(self) -> str:
        """The divergence that has this marginal penalty, by name, or a sentence.

        Examples
        --------
        >>> from grpo_symbolic.model.penalty import Estimator
        >>> Estimator("k2", "loss").acts_as
        'KL(pi || pi_ref), the direct KL'
        >>> Estimator("k1", "loss").acts_as
        'no penalty at all: its expected gradient is zero'
        """
        slope = diff(self.marginal(), symbols.u)
        domain = Domain.of(symbols.u)
        if is_zero(slope, domain):
            return "no penalty at all: its expected gradient is zero"
        for known in every_penalty():
            if is_zero(slope - diff(known.marginal(), symbols.u), domain):
                return known.known_as
        return f"none of the known divergences: d(u) = {self.marginal()}"

    # -- its inverse ---------------------------------------------------------------------

    def link(self, x: Expr) -> Expr:
        """g(x): the ratio π/π_ref at which the marginal penalty d(π_ref/π) equals ``x``.

        Defined for ``x`` in :attr:`link_range`. The inverse is taken only after d has been
        shown to be strictly monotone.

        Raises
        ------
        ValueError
            When d is constant (no penalty), is not shown to be strictly monotone, or when its
            inverse is not elementary.
        """
        d = self.marginal()
        if not self.monotone:
            if not d.has(symbols.u):
                raise ValueError(f"the marginal penalty {d} is constant: there is no link")
            raise ValueError(
                f"the marginal penalty d(u) = {d} {self._why_no_inverse()}: "
                "no single-valued inverse is known"
            )
        direct = None if self._powers is None else self._powers.inverse(x)
        return 1 / (self._solution.subs(_VALUE, x) if direct is None else direct)

    @cached_property
    def _solution(self) -> Expr:
        """u as a function of the value of d, by SymPy."""
        d = self.marginal()
        q = _common_root(d)
        equation = d.subs(symbols.u, symbols.u**q) - _VALUE
        found = [w**q for w in limited(solve, equation, symbols.u, steps=_STEPS)]
        # d is one-to-one: of several algebraic inverses only one returns where it came from.
        fitting = [f for f in found if all(_returns(f, d, point) for point in (2, 3))]
        if len(fitting) != 1:
            raise ValueError(f"the marginal penalty {d} has {len(fitting)} elementary inverses")
        return fitting[0]

    def _why_no_inverse(self) -> str:
        slope = diff(self.marginal(), symbols.u)
        try:
            zeros = limited(solve, slope, symbols.u, steps=_STEPS)
        except (NotImplementedError, Exhausted):
            zeros = []
        turns = [zero for zero in zeros if self._changes_sign(slope, zero)]
        if turns:
            places = ", ".join(str(1 / zero) for zero in turns)
            return f"is not strictly monotone on u > 0 (it turns at pi/pi_ref = {places})"
        if zeros:
            return "is not shown to be monotone on u > 0 (its slope vanishes there)"
        return "is not strictly monotone on u > 0 (its slope is not of one sign)"

    @staticmethod
    def _changes_sign(slope: Expr, zero: Expr) -> bool:
        sides = (slope.subs(symbols.u, zero * Rational(k, 100)).evalf(30) for k in (99, 101))
        return bool(prod(sides) < 0)


def every_penalty() -> tuple[Penalty, ...]:
    """The penalties of the registry that have no parameter, in its order."""
    return tuple(PENALTIES[name]() for name in PENALTIES.complete)


_VALUE = Dummy("x", real=True)


def _common_root(expr: Expr) -> int:
    """q such that all rational powers of u in ``expr`` are whole powers of its q-th root."""
    powers = (p.exp.q for p in expr.atoms(Pow) if p.base == symbols.u and p.exp.is_Rational)
    return int(ilcm(1, 1, *powers))


def _returns(inverse: Expr, d: Expr, point: int) -> bool:
    back = inverse.subs(_VALUE, d.subs(symbols.u, point)).evalf(40)
    return bool(back.is_real and abs(back - point) < Rational(1, 10**30))
