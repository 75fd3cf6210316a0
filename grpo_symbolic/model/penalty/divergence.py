"""Penalties that are exact f-divergences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from sympy import Add, Expr, Integer, Symbol, cancel, diff, expand_log, factor, log, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.display import as_call, typeset
from grpo_symbolic.export.latex import formula
from grpo_symbolic.inputs import Number, exact_number
from grpo_symbolic.model.penalty.base import Penalty

_NEW = Symbol("x", positive=True)
_REF = Symbol("z", positive=True)


@dataclass(frozen=True, repr=False)
class Divergence(Penalty):
    r"""An exact f-divergence :math:`\sum_o \pi_{\mathrm{ref}} f(\pi/\pi_{\mathrm{ref}})`.

    Source: I. Csiszár, Studia Sci. Math. Hungar. 2 (1967) 299-318. Without a unit; KL divergences
    in nats.

    Parameters
    ----------
    generator : Expr
        f as an expression in ``symbols.u``, standing for π/π_ref.
    title : str
        What it is called.
    known_as : str
        What a penalty acts as that has this marginal; "the ... divergence" unless given.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.Divergence.chi_squared().marginal()
    (1 - u)/u
    >>> gs.Divergence((gs.symbols.u - 1)**2 / 2).monotone
    True
    """

    generator: Expr
    title: str = "f-divergence"
    known_as: str = field(default="", compare=False, repr=False)

    __repr__ = as_call

    def __post_init__(self) -> None:
        noun = "" if "divergence" in self.title else " divergence"
        object.__setattr__(self, "known_as", self.known_as or f"the {self.title}{noun}")

    def _repr_latex_(self) -> str:
        return typeset(f"f(v) = {formula(self._of_ratio)}")

    def __str__(self) -> str:
        return f"{self.title} (generator f(v) = {self._of_ratio})"

    @property
    def prose(self) -> str:
        return f"{self.known_as} of the generator $f(v) = {formula(self._of_ratio)}$"

    @property
    def _of_ratio(self) -> Expr:
        """f(v), v standing for π/π_ref."""
        return self.generator.subs(symbols.u, Symbol("v"))

    def value(self, policy: Expr, ref: Expr) -> Expr:
        """One answer's term of the divergence."""
        return ref * self.generator.subs(symbols.u, policy / ref)

    def marginal(self, u: Expr = symbols.u) -> Expr:
        return _marginal(self).subs(symbols.u, u)

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
        return cls(
            (sqrt(symbols.u) - 1) ** 2 / 2, "squared Hellinger", "the squared Hellinger distance"
        )

    @classmethod
    def alpha(cls, order: Number) -> Divergence:
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
        if a in (0, 1):
            # The limits of a quotient whose top and bottom vanish: their derivatives in the order.
            free = Symbol("alpha", real=True)
            top = v**free - free * v + free - 1
            bottom = free * (free - 1)
            f = (diff(top, free) / diff(bottom, free)).subs(free, a).expand()
        else:
            f = (v**a - a * v + a - Integer(1)) / (a * (a - 1))
        return cls(f, f"alpha-divergence of order {a}")


@lru_cache(maxsize=64)
def _marginal(divergence: Divergence) -> Expr:
    """d(u), asked for at every answer of every question."""
    derivative = diff(divergence.value(_NEW, _REF), _NEW).subs(_REF, symbols.u * _NEW)
    terms = Add.make_args(expand_log(derivative.expand()).expand())
    rational = Add(*(term for term in terms if not term.has(log)))
    logarithms = Add(*(term for term in terms if term.has(log)))
    # Of the factors of their arguments, so that equal ones meet and cancel.
    factored = logarithms.replace(log, lambda ratio: log(factor(ratio)))
    return cancel(rational) + expand_log(factored).expand()
