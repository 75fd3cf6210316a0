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
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

from sympy import (
    Abs,
    Add,
    DiracDelta,
    Dummy,
    Expr,
    Pow,
    Rational,
    S,
    Symbol,
    cancel,
    diff,
    expand_log,
    ilcm,
    limit,
    log,
    oo,
    solve,
    sqrt,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign
from grpo_symbolic.display import as_call, typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.inputs import exact_number, one_of
from grpo_symbolic.work import Exhausted, limited

__all__ = [
    "ESTIMATORS",
    "PLACEMENTS",
    "DirectKL",
    "Divergence",
    "Estimator",
    "Penalty",
    "ReverseKL",
    "k1",
    "k2",
    "k3",
]

_NEW = Symbol("x", positive=True)
_OLD = Symbol("y", positive=True)
_REF = Symbol("z", positive=True)

PLACEMENTS = ("loss", "loss-with-ratio", "reward", "reward-before-baseline")


def k1(u: Expr = symbols.u) -> Expr:
    """The estimator −log u: the sampled log-ratio itself."""
    return -log(u)


def k2(u: Expr = symbols.u) -> Expr:
    """The estimator ½ log² u: half the squared log-ratio."""
    return log(u) ** 2 / 2


def k3(u: Expr = symbols.u) -> Expr:
    """The estimator of published GRPO, u − log u − 1 in u = π_ref/π."""
    return u - log(u) - 1


def absolute(u: Expr = symbols.u) -> Expr:
    """The estimator \\|log u\\|."""
    return Abs(log(u))


#: Estimators by the names that trainers use.
ESTIMATORS = {"k1": k1, "k2": k2, "k3": k3, "abs": absolute}


class Penalty(ABC):
    """Whatever has a marginal penalty d(u)."""

    name: ClassVar[str] = "penalty"

    @abstractmethod
    def marginal(self, u: Expr = symbols.u) -> Expr:
        """d(u): derivative of the expected penalty in π(o), π_old frozen, then π_old = π."""

    @abstractmethod
    def curvature(self, u: Expr = symbols.u) -> Expr:
        """c(u): π(o) times the second derivative in π(o), π_old frozen, then π_old = π.

        The second derivative of the stage objective in π(o) is −β c(u)/π(o).
        """

    @property
    def monotone(self) -> bool:
        """Whether d falls strictly in u = π_ref/π: a lower π(o) is always pushed up harder.

        False also where it could not be shown.
        """
        slope = diff(self.marginal(), symbols.u)
        slope = slope.subs(symbols.u, symbols.u ** _common_root(slope))
        return sign(slope, Domain.of(symbols.u)) == Sign.NEGATIVE

    __repr__ = as_call

    @property
    def acts_as(self) -> str:
        """The divergence that has this marginal penalty, by name, or a sentence.

        Examples
        --------
        >>> Estimator("k2", "loss").acts_as
        'KL(pi || pi_ref), the direct KL'
        >>> Estimator("k1", "loss").acts_as
        'no penalty at all: its expected gradient is zero'
        """
        slope = diff(self.marginal(), symbols.u)
        domain = Domain.of(symbols.u)
        if is_zero(slope, domain):
            return "no penalty at all: its expected gradient is zero"
        for name, known in _known().items():
            if is_zero(slope - diff(known.marginal(), symbols.u), domain):
                return name
        return f"none of the known divergences: d(u) = {self.marginal()}"

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
        value = Dummy("x", real=True)
        q = _common_root(d)
        found = [
            w**q
            for w in limited(
                solve, d.subs(symbols.u, symbols.u**q) - value, symbols.u, steps=5_000_000
            )
        ]
        # d is one-to-one: of several algebraic inverses only one returns where it came from.
        fitting = [f for f in found if all(_returns(f, value, d, point) for point in (2, 3))]
        if len(fitting) != 1:
            raise ValueError(f"the marginal penalty {d} has {len(fitting)} elementary inverses")
        return (1 / fitting[0]).subs(value, x)

    def _why_no_inverse(self) -> str:
        slope = diff(self.marginal(), symbols.u)
        try:
            zeros = limited(solve, slope, symbols.u, steps=3_000_000)
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

    @property
    def link_range(self) -> tuple[Expr, Expr]:
        """The open interval of values that d takes: where the link is defined."""
        u = symbols.u
        d = self.marginal()
        return limited(limit, d, u, oo, steps=5_000_000), limited(
            limit, d, u, 0, "+", steps=5_000_000
        )


def _common_root(expr: Expr) -> int:
    """q such that all rational powers of u in ``expr`` are whole powers of its q-th root."""
    powers = (p.exp.q for p in expr.atoms(Pow) if p.base == symbols.u and p.exp.is_Rational)
    return int(ilcm(1, 1, *powers))


def _returns(inverse: Expr, value: Symbol, d: Expr, point: int) -> bool:
    back = inverse.subs(value, d.subs(symbols.u, point)).evalf(40)
    return bool(back.is_real and abs(back - point) < Rational(1, 10**30))


@dataclass(frozen=True)
class Estimator(Penalty):
    """A penalty estimated by k(u) on samples of π_old.

    Parameters
    ----------
    k : Expr or {"k1", "k2", "k3", "abs"}
        The estimator, an expression in ``symbols.u``, standing for π_ref/π.
    placement : {"loss", "loss-with-ratio", "reward", "reward-before-baseline"}
        ``loss``: differentiated as it stands. ``loss-with-ratio``: times the
        importance ratio π/π_old. ``reward``: subtracted from the advantage, so that
        only the ratio is differentiated. ``reward-before-baseline``: subtracted from the
        reward before the group's baseline and scale are taken.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (1), (7)-(10) for k3 in the loss.
    """

    name: ClassVar[str] = "estimator"

    k: Any = field(default_factory=k3)
    placement: str = "loss"

    def __post_init__(self) -> None:
        one_of("placement", self.placement, PLACEMENTS)
        if isinstance(self.k, str):
            object.__setattr__(self, "k", ESTIMATORS[one_of("k", self.k, tuple(ESTIMATORS))]())
        if not isinstance(self.k, Expr) or not self.k.free_symbols <= {symbols.u}:
            raise ValueError(
                f"k must be an expression in symbols.u alone, or one of {', '.join(ESTIMATORS)}; "
                f"got {self.k}"
            )

    def __repr__(self) -> str:
        own = ("k", "placement") if type(self) is Estimator else ()
        names = (name for name, make in ESTIMATORS.items() if make() == self.k)
        return as_call(self, *own, k=next(names, self.k))

    def _repr_latex_(self) -> str:
        return typeset(
            rf"k(u) = {formula(self.k)},\quad u = {formula(symbols.pi_ref / symbols.pi)}"
        )

    def __str__(self) -> str:
        place = {
            "loss": "in the loss",
            "loss-with-ratio": "in the loss with importance ratio",
            "reward": "in the reward",
            "reward-before-baseline": "in the reward, before its baseline",
        }[self.placement]
        return f"{self.name} (k(u) = {self.k} {place})"

    def expected_term(self, new: Expr, old: Expr, ref: Expr) -> Expr:
        """One answer's term of the expected penalty."""
        ratio = old if self.placement == "loss" else new
        policy = old if self.placement.startswith("reward") else new
        return ratio * self.k.subs(symbols.u, ref / policy)

    def gradient(self, new: Expr = _NEW, old: Expr = _OLD, ref: Expr = _REF) -> Expr:
        """The derivative in π(o) with π_old still frozen."""
        return diff(self.expected_term(new, old, ref), new)

    def marginal(self, u: Expr = symbols.u) -> Expr:
        on_policy = self.gradient().subs(_OLD, _NEW).subs(_REF, symbols.u * _NEW)
        return expand_log(on_policy.expand()).expand().subs(symbols.u, u)

    def curvature(self, u: Expr = symbols.u) -> Expr:
        # A kink, as of |log u| at u = 1, has no curvature; beside it, it has none to add.
        second = diff(self.gradient(), _NEW).replace(DiracDelta, lambda *_: S.Zero)
        on_policy = _NEW * second.subs(_OLD, _NEW).subs(_REF, symbols.u * _NEW)
        return expand_log(on_policy.expand()).expand().subs(symbols.u, u)


@dataclass(frozen=True)
class ReverseKL(Estimator):
    """k3 in the loss without importance ratio, as published: acts as KL(π_ref‖π)."""

    __repr__ = Estimator.__repr__

    name: ClassVar[str] = "reverse-kl"


@dataclass(frozen=True)
class DirectKL(Estimator):
    """k3 in the loss times the importance ratio: acts as KL(π‖π_ref)."""

    placement: str = "loss-with-ratio"
    name: ClassVar[str] = "direct-kl"

    __repr__ = Estimator.__repr__


@dataclass(frozen=True)
class Divergence(Penalty):
    r"""An exact f-divergence :math:`\sum_o \pi_{\mathrm{ref}} f(\pi/\pi_{\mathrm{ref}})`.

    Parameters
    ----------
    generator : Expr
        f as an expression in ``symbols.u``, standing for π/π_ref.
    title : str
        What it is called.
    """

    generator: Expr
    title: str = "f-divergence"

    __repr__ = as_call

    def _repr_latex_(self) -> str:
        return typeset(f"f(v) = {formula(self.generator.subs(symbols.u, Symbol('v')))}")

    def __str__(self) -> str:
        return f"{self.title} (generator f(v) = {self.generator.subs(symbols.u, Symbol('v'))})"

    def value(self, policy: Expr, ref: Expr) -> Expr:
        """One answer's term of the divergence."""
        return ref * self.generator.subs(symbols.u, policy / ref)

    def marginal(self, u: Expr = symbols.u) -> Expr:
        derivative = diff(self.value(_NEW, _REF), _NEW).subs(_REF, symbols.u * _NEW)
        terms = Add.make_args(expand_log(derivative.expand()).expand())
        rational = Add(*(term for term in terms if not term.has(log)))
        logarithms = Add(*(term for term in terms if term.has(log)))
        return (cancel(rational) + logarithms).subs(symbols.u, u)

    def curvature(self, u: Expr = symbols.u) -> Expr:
        second = diff(self.value(_NEW, _REF), _NEW, 2).subs(_REF, symbols.u * _NEW)
        return cancel((_NEW * second).expand()).subs(symbols.u, u)

    @classmethod
    def reverse_kl(cls) -> Divergence:
        """KL(π_ref‖π): f(v) = −log v."""
        return cls(-log(symbols.u), "reverse KL")

    @classmethod
    def direct_kl(cls) -> Divergence:
        """KL(π‖π_ref): f(v) = v log v."""
        return cls(symbols.u * log(symbols.u), "direct KL")

    @classmethod
    def chi_squared(cls) -> Divergence:
        """χ²: f(v) = ½ (v − 1)², scaled so that f″(1) = 1 as for both KLs."""
        return cls((symbols.u - 1) ** 2 / 2, "chi-squared")

    @classmethod
    def jensen_shannon(cls) -> Divergence:
        """½ KL(π‖m) + ½ KL(π_ref‖m) with m = (π + π_ref)/2, from that definition."""
        v = symbols.u
        middle = (1 + v) / 2
        return cls((v * log(v / middle) - log(middle)) / 2, "Jensen-Shannon")

    @classmethod
    def hellinger(cls) -> Divergence:
        """Squared Hellinger distance ½ Σ (√π − √π_ref)²: f(v) = ½ (√v − 1)²."""
        return cls((sqrt(symbols.u) - 1) ** 2 / 2, "squared Hellinger")

    @classmethod
    def alpha(cls, order: Any) -> Divergence:
        """The α-family f(v) = (v^α − αv + α − 1)/(α(α − 1)), with f″(1) = 1.

        Its limits are the reverse KL (α → 0) and the direct KL (α → 1); α = 2 is χ².

        Raises
        ------
        ValueError
            When the order is not a rational number.
        """
        a, v = exact_number("alpha", order, "a rational number"), symbols.u
        if not a.is_Rational:
            raise ValueError(f"alpha must be a rational number, got {a}")
        free = Symbol("alpha", real=True)
        family = (v**free - free * v + free - 1) / (free * (free - 1))
        f = (
            family.subs(free, a)
            if a not in (0, 1)
            else limited(limit, family, free, a, steps=5_000_000)
        )
        return cls(f, f"alpha-divergence of order {a}")


def _known() -> dict[str, Divergence]:
    """The divergences that a penalty is recognised as."""
    return {
        "KL(pi_ref || pi), the reverse KL": Divergence.reverse_kl(),
        "KL(pi || pi_ref), the direct KL": Divergence.direct_kl(),
        "the chi-squared divergence": Divergence.chi_squared(),
        "the Jensen-Shannon divergence": Divergence.jensen_shannon(),
        "the squared Hellinger distance": Divergence.hellinger(),
    }
