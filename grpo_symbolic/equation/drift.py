r"""The drift of a binary question: P(a) − P(b) as a function of p = π(a), and what is known of it.

Two reward levels make it :math:`(s_a - s_b)\,D_G(m)`, with the probability
:math:`m = s_b + (s_a - s_b)\,p` of a better reward and :math:`m(1 - m)\,D_G(m) = h_G(m)`, a mean
of f over the group: what is asked of the drift is answered by f. Anything else is an expression,
and its signs are decided by algebra.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property

from flint import fmpq
from sympy import Expr, Rational, S, Symbol, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, tidy
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.claims import NOT_POSITIVE, Claims, joined, signed_claim
from grpo_symbolic.equation.spread import Spread, spread_of
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.verify.claim import Claim

PI = symbols.pi


@dataclass(frozen=True)
class Drift(ABC):
    """P(a) − P(b).

    Parameters
    ----------
    expression : Expr
        In ``symbols.pi``; a mean over a group stands in it by name.
    domain : Domain
        The parameters' ranges, and p in (0, 1).
    """

    expression: Expr
    domain: Domain

    @abstractmethod
    def positive(self) -> Claims | None:
        """Claims that make it positive for every p in (0, 1)."""

    @abstractmethod
    def concave_hill(self) -> Claims | None:
        """Claims that make p (1 − p)·drift concave, and 0 at both ends."""

    @abstractmethod
    def does_not_rise(self) -> Claims | None:
        """Claims that make it finite, and not rising in p."""

    @abstractmethod
    def falls_per_share(self) -> Claims | None:
        """Claims that make (1 − p)·drift positive and falling: p (1 − p)·drift falls per p.

        Against a line through (π_ref(a), 0) there is then one crossing, and in the limit
        π_ref(a) → 0 the weight W_0 falls.
        """

    @property
    def hill(self) -> Expr:
        """p (1 − p)·drift."""
        return tidy(PI * (1 - PI) * self.expression, self.domain)


@dataclass(frozen=True)
class LevelDrift(Drift):
    """A drift that does not depend on the policy: margins of pairs, expected rewards."""

    def positive(self) -> Claims | None:
        return joined(
            signed_claim("the drift is positive", self.expression, self.domain, {Sign.POSITIVE})
        )

    def concave_hill(self) -> Claims | None:
        return self.positive()

    def falls_per_share(self) -> Claims | None:
        return self.positive()

    def does_not_rise(self) -> Claims | None:
        return (
            Claim("the drift does not depend on pi(a)", diff(self.expression, PI), "==", S.Zero),
        )


@dataclass(frozen=True)
class GivenDrift(Drift):
    """A drift of which nothing but its expression is known."""

    def positive(self) -> Claims | None:
        return joined(
            signed_claim("the drift is positive", self.expression, self.domain, {Sign.POSITIVE})
        )

    def concave_hill(self) -> Claims | None:
        if any(self.hill.subs(PI, end) != 0 for end in (0, 1)):
            return None
        bend = diff(self.hill, PI, 2)
        name = "the drift times pi(a) pi(b) is concave"
        return joined(signed_claim(name, bend, self.domain, NOT_POSITIVE))

    def falls_per_share(self) -> Claims | None:
        slope = diff((1 - PI) * self.expression, PI)
        falls = signed_claim("pi(b) times the drift falls", slope, self.domain, {Sign.NEGATIVE})
        return joined(self.positive(), falls)

    def does_not_rise(self) -> Claims | None:
        if any(self.expression.subs(PI, end).is_finite is False for end in (0, 1)):
            return None
        slope = diff(self.expression, PI)
        return joined(signed_claim("the drift does not rise", slope, self.domain, NOT_POSITIVE))


@dataclass(frozen=True)
class GroupDrift(Drift):
    """(s_a − s_b) D_G(m), times ``factor`` where groups are dropped.

    Parameters
    ----------
    rule : TwoLevel
        The advantage on groups of two reward levels.
    rates : tuple of Expr
        s_a and s_b, the probabilities of the higher reward.
    factor : Expr
        One over the chance of a group that is kept; 1 where none is dropped.
    """

    rule: TwoLevel
    rates: tuple[Expr, Expr] = (S.One, S.Zero)
    factor: Expr = S.One

    @property
    def spread(self) -> Spread:
        """What is known of f."""
        return spread_of(self.rule)

    @property
    def plain(self) -> bool:
        """Whether it is D_G(p) itself: rewards without noise, no group dropped."""
        return self.rates == (1, 0) and self.factor == 1

    @property
    def share(self) -> Expr:
        """m, the probability that a draw has the higher reward."""
        a, b = self.rates
        return (b + (a - b) * PI).expand() if self.rates != (1, 0) else PI

    @cached_property
    def better_rate(self) -> Claim | None:
        """s_a > s_b."""
        return signed_claim(
            "answer a is rewarded more often than b",
            self.rates[0] - self.rates[1],
            self.domain,
            {Sign.POSITIVE},
        )

    @property
    def exact(self) -> Bernstein | None:
        """D_G with exact coefficients, where they are numbers."""
        return self.rule.exact_drift

    def of_size(self, size: Expr) -> GroupDrift:
        """The same rule with another group size."""
        rule = replace(self.rule, size=size)
        a, b = self.rates
        expression = tidy((a - b).expand() * rule.drift(self.share), self.domain)
        return replace(self, rule=rule, expression=expression)

    # -- questions -----------------------------------------------------------------------

    def positive(self) -> Claims | None:
        """h_G is a mean of values of f, which is positive in every mixed group."""
        return joined(self.spread.positive, self.better_rate)

    def concave_hill(self) -> Claims | None:
        return self.spread.concave_mean if self.plain else None

    def falls_per_share(self) -> Claims | None:
        """(1 − p)·drift = [(s_a − m)/(1 − m)]·[h_G(m)/m]: neither factor rises.

        The second one is a slope of chords of a concave h_G from (0, 0).
        """
        if self.factor != 1 or self.spread.concave_mean is None:
            return None
        share, rate = Symbol("m", positive=True), self.rates[0]
        ranges = (Range(share, self.rates[1], rate),)
        first = signed_claim(
            "(s_a - m)/(1 - m) does not rise with m",
            diff((rate - share) / (1 - share), share),
            Domain((*self.domain.ranges, *ranges)),
            NOT_POSITIVE,
        )
        return joined(self.spread.concave_mean, self.better_rate, first)

    def does_not_rise(self) -> Claims | None:
        if self.rule.size == oo or self.rule.kept_by_name:
            return None
        slope = diff(self.expression, PI)
        if slope == 0:
            return (Claim("the drift does not depend on pi(a)", slope, "==", S.Zero),)
        return joined(signed_claim("the drift does not rise", slope, self.domain, NOT_POSITIVE))

    # -- extreme values --------------------------------------------------------------------

    def at_half(self) -> Expr:
        """D_G(1/2)."""
        if self.exact is not None:
            return self.exact.at(fmpq(1, 2)).to_sympy()
        half = Rational(1, 2)
        if self.rule.kept_by_name and self.rule.zero_sum:
            return 4 * self.rule.mean(half)
        return self.rule.unfolded_drift(half)


def drift_of(model: PreferenceModel, parameters: Domain) -> Drift:
    """The drift of a preference model on two answers.

    Parameters
    ----------
    model : PreferenceModel
    parameters : Domain
        The ranges of everything but p.
    """
    expression = model.difference(0, 1)
    domain = Domain((*parameters.ranges, Range(PI, S.Zero, S.One)))
    if model.two_level is None:
        kind = GivenDrift if expression.has(PI) else LevelDrift
        return kind(expression, domain)
    return GroupDrift(expression, domain, model.two_level, model.weights, model.factor)
