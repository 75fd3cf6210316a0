"""How many stationary policies a question with many answers has, with a proof where there is one.

Three arguments, tried in this order:

* P is affine in the policy and its derivative skew on the simplex (pairs; preferences that do
  not depend on the policy): under a strictly monotone penalty the stationarity map is strictly
  monotone, and has at most one zero inside;
* P(o) − P(o') = (s(o) − s(o')) T: all solutions are on one curve (:mod:`.tilt`);
* P is a polynomial: all solutions are in one box of values (:mod:`.simplex_system`).

The last two need a penalty whose force holds every answer, that is one without lower bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mpmath as mp
from flint import arb, ctx
from sympy import Add, Dummy, Expr, Rational, S, Symbol, diff, oo, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.reward import mean, variance
from grpo_symbolic.solve.boxes import BITS, Isolation
from grpo_symbolic.solve.response import Response, exact
from grpo_symbolic.solve.simplex_system import ResponseSystem
from grpo_symbolic.solve.tilt import MassScale, Scale, SpreadScale, Tilt
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Counted", "SimplexCount"]

#: Seconds for one isolation.
# Cells that a subdivision looks at, and steps that bring a scale to its shape.
_CELLS, _STEPS = 3000, 3_000_000
# Unknowns of a system that is subdivided.
_MOST_UNKNOWNS = 4


@dataclass(frozen=True)
class Counted:
    """Rough stationary policies and what is known of their number.

    Attributes
    ----------
    policies : tuple of tuples of mpf
        One entry an answer.
    complete : bool
        Whether there are no others inside the simplex.
    reason : str
    """

    policies: tuple[tuple[mp.mpf, ...], ...]
    complete: bool
    reason: str


@dataclass(frozen=True)
class SimplexCount:
    """The arguments on one question at numbers.

    Parameters
    ----------
    algorithm : Algorithm
    question : Question
    condition : StationarityCondition
        Of this algorithm on this question.
    point : dict
        Numbers for all symbols but the policy.
    reference : sequence of Expr
        Exact, one entry an answer.
    """

    algorithm: Algorithm
    question: Question
    condition: StationarityCondition
    point: Mapping[Symbol, Expr]
    reference: Sequence[Expr]

    @property
    def unknowns(self) -> tuple[Symbol, ...]:
        return self.condition.policy[:-1]  # type: ignore[return-value]

    @property
    def _plain(self) -> bool:
        """Whether a monotone penalty acts on every answer as often as it is given."""
        often = self.algorithm.sampling(self.question)
        return self.algorithm.penalty.monotone and all(rate == 1 for rate in often)

    def at_most_one(self) -> str | None:
        """Why there is at most one solution inside, or None."""
        if not self._plain:
            return None
        values = [v.subs(self.point) for v in self.condition.preference]
        if not any(v.has(*self.unknowns) for v in values):
            return "the preference does not depend on the policy"
        contrasts = [v - values[-1] for v in values[:-1]]
        rows = [[diff(c, s) for s in self.unknowns] for c in contrasts]
        domain = self.question.policy_domain
        for i, row in enumerate(rows):
            for j in range(i + 1):
                both = (row[j] + rows[j][i]).expand()
                if both != 0 and not (both.is_number and is_zero(both, domain)):
                    return None
        if any(entry.expand().has(*self.unknowns) for row in rows for entry in row):
            return None
        return "the preference of pairs is skew, so the stationarity map is strictly monotone"

    def isolated(self) -> Counted | None:
        """All solutions by subdivision, or None where no argument applies."""
        if not self._plain:
            return None
        try:
            if self.algorithm.penalty.link_range[0] != -oo:
                return None
            with ctx.workprec(BITS):
                response = Response(self.algorithm.penalty, self.reference)
                return self._on_the_curve(response) or self._in_the_box(response)
        except (ValueError, NotImplementedError, Exhausted):
            return None

    # -- one unknown -------------------------------------------------------------------------

    def _on_the_curve(self, response: Response) -> Counted | None:
        found = self._scale()
        if found is None:
            return None
        rates, scale = found
        tilt = Tilt(response, rates, scale, exact(S(self.algorithm.beta).subs(self.point)))
        isolation = tilt.isolated(_CELLS)
        if isolation is None:
            return None
        places = sorted(isolation.zeros, key=lambda box: float(box[0].mid()))
        policies = tuple(_middles(tilt.policy(arb(box[0].mid()))) for box in places)
        return _counted(isolation, policies, "one scalar equation is left")

    def _scale(self) -> tuple[list[arb], Scale] | None:
        model = self.condition.preference
        if model.two_level is not None:
            if model.factor != 1:
                return None
            rates = [w.subs(self.point) for w in model.weights]
            return [exact(s) for s in rates], self._mass_scale([exact(s) for s in rates])
        if self.algorithm.group_size == oo and self.question.reward_laws:
            return self._spread_scale()
        return None

    def _mass_scale(self, rates: list[arb]) -> Scale:
        two_level = self.condition.preference.two_level.at(self.point)
        if two_level.exact_drift is not None:
            return MassScale(rates, two_level.exact_drift)
        mass, other = symbols.x, Dummy("q", positive=True)
        drift = two_level.drift(mass)
        if sign(drift, Domain.of((mass, S.Zero, S.One))) != Sign.POSITIVE:
            raise ValueError("the drift is not known to be positive")
        return MassScale(rates, drift.xreplace({1 - mass: other}), other)

    def _spread_scale(self) -> tuple[list[arb], Scale] | None:
        """T in the large-group limit, where the rule sees the reward's mean and variance only."""
        laws = self.question.laws
        means = [mean(law).subs(self.point) for law in laws]
        spreads = [variance(law).subs(self.point) for law in laws]
        deviation, half = symbols.x, Rational(1, 2)
        rule = self.algorithm.advantage
        if rule is None:
            return None
        pair = ((deviation, half), (-deviation, half))
        domain = Domain.of((deviation, S.Zero, oo))
        function = tidy(rule(deviation, pair, oo, domain).subs(self.point) / deviation, domain)
        if sign(function, domain) != Sign.POSITIVE:
            return None
        policy = self.condition.policy
        center = Add(*(p * s for p, s in zip(policy, means, strict=True))).expand()
        second = Add(
            *(p * (s**2 + v) for p, s, v in zip(policy, means, spreads, strict=True))
        ).expand()
        total = (second - center**2).expand()
        expected = function.subs(deviation, sqrt(total))
        values = [v.subs(self.point) for v in self.condition.preference]
        for value, rate in zip(values, means, strict=True):
            if not limited(
                is_zero,
                value - (rate - center) * expected,
                self.question.policy_domain,
                steps=_STEPS,
            ):
                return None
        rates = [exact(s) for s in means]
        return rates, SpreadScale(rates, [exact(v) for v in spreads], function)

    # -- several unknowns ---------------------------------------------------------------------

    def _in_the_box(self, response: Response) -> Counted | None:
        if len(self.unknowns) > _MOST_UNKNOWNS:
            return None
        values = [v.subs(self.point) for v in self.condition.preference]
        beta = exact(S(self.algorithm.beta).subs(self.point))
        system = ResponseSystem(response, values, self.unknowns, beta)
        isolation = system.isolated(_CELLS)
        policies = tuple(_middles(system.policy(place)) for place in isolation.zeros)
        return _counted(isolation, policies, "a system in the values of the answers")


def _counted(isolation: Isolation, policies: tuple, what: str) -> Counted:
    if isolation.complete:
        return Counted(policies, True, f"{what}, its solutions isolated in ball arithmetic")
    return Counted(policies, False, f"{what}, whose solutions could not all be isolated")


def _middles(policy: Sequence[arb]) -> tuple[mp.mpf, ...]:
    found = []
    for p in policy:
        mantissa, exponent = p.mid().man_exp()
        found.append(mp.ldexp(mp.mpf(int(mantissa)), int(exponent)))
    total = mp.fsum(found)
    return tuple(x / total for x in found)
