r"""Preferences at numbers, in ball arithmetic: what every solver of many answers asks for.

A preference is known up to one function of the policy that is the same for every answer: no
condition of the simplex sees it. It is one of

* the tilted one, P(o) = (s(o) − s̄) T(π), s̄ = Σ π(o) s(o): two reward levels, where s(o) is
  how often the higher one is drawn and T the drift, and large groups, where T depends on the
  spread of rewards;
* a polynomial of the policy: small groups of any number of reward levels;
* a mean of such: groups that are scored by one of several raters;
* sums over the ways in which larger groups fall on the levels;
* the mean over the levels of an answer, each with a function of the masses of levels: large groups;
* a list of expressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from math import comb
from typing import Protocol

from flint import arb, arb_mat, ctx
from sympy import Add, Dummy, Expr, Integer, Rational, S, Symbol, oo, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.levels.counted import CountedPreference
from grpo_symbolic.model.advantage import ShiftAndScale
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.model.level_values import WRITTEN_OUT, term_count
from grpo_symbolic.replace import replaced
from grpo_symbolic.reward import mean, variance
from grpo_symbolic.solve.forms import Form, Forms
from grpo_symbolic.solve.given_preference import GivenPreference
from grpo_symbolic.solve.large_groups import LargeGroupPreference
from grpo_symbolic.solve.scales import MassScale, Scale, SpreadScale, weighted
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.work import Exhausted, limited

# Steps that show the preference of a large group to depend on two moments only.
_STEPS = 3_000_000
# A polynomial with more monomials than this is not written out.
_MOST_MONOMIALS = 2_000


class Preference(Protocol):
    """P(o|π) on boxes of policies, up to one function that is the same for every answer."""

    @property
    def cost(self) -> int:
        """About how many operations the slopes take."""
        ...

    def values(self, policy: Sequence[arb]) -> list[arb]:
        """P(o), one entry an answer."""
        ...

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        """∂P(o)/∂π(j), in directions that keep Σ π = 1."""
        ...


@dataclass(frozen=True)
class TiltedPreference:
    """P(o) = (s(o) − s̄) T(π).

    Parameters
    ----------
    rates : tuple of arb
        s(o).
    scale : Scale
    """

    rates: tuple[arb, ...]
    scale: Scale

    @property
    def cost(self) -> int:
        return len(self.rates) ** 2 + self.scale.cost

    def values(self, policy: Sequence[arb]) -> list[arb]:
        scale, mean = self.scale.value(policy), weighted(self.rates, policy)
        return [(s - mean) * scale for s in self.rates]

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        scale, mean = self.scale.value(policy), weighted(self.rates, policy)
        gradient = self.scale.gradient(policy)
        return arb_mat(
            [
                [(s - mean) * d - r * scale for r, d in zip(self.rates, gradient, strict=True)]
                for s in self.rates
            ]
        )


class PolynomialPreference:
    """A polynomial in the policy.

    Parameters
    ----------
    values : sequence of Expr
        P(o), with numbers for all symbols but the policy.
    unknowns : sequence of Symbol
        π(o) of all answers but the last.

    Raises
    ------
    ValueError
        When P is not a polynomial in the policy.
    """

    def __init__(self, values: Sequence[Expr], unknowns: Sequence[Symbol]) -> None:
        known: dict[Expr, Form] = {}
        forms = [Form.of(v, tuple(unknowns), known) for v in values]
        degree = max(1, *(f.degree for f in forms))
        self.forms = [f.raised(degree) for f in forms]

    @cached_property
    def _values(self) -> Forms:
        return Forms(self.forms)

    @cached_property
    def _slopes(self) -> Forms:
        return Forms([f.derivative(o) for f in self.forms for o in range(len(self.forms))])

    @property
    def cost(self) -> int:
        return len(self.forms) ** 2 * len(self._values.powers)

    def values(self, policy: Sequence[arb]) -> list[arb]:
        return self._values.over(policy)

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        n = len(policy)
        return arb_mat(n, n, self._slopes.over(policy))


@dataclass(frozen=True)
class MeanPreference:
    """Σ m_j P_j, the preference of each rater of a group in its own form.

    Parameters
    ----------
    parts : tuple of (arb, Preference)
        The share and the preference of each.
    """

    parts: tuple[tuple[arb, Preference], ...]

    @property
    def cost(self) -> int:
        return sum(part.cost for _, part in self.parts)

    def values(self, policy: Sequence[arb]) -> list[arb]:
        rows = ([share * v for v in part.values(policy)] for share, part in self.parts)
        return [sum(column, arb(0)) for column in zip(*rows, strict=True)]

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        n = len(policy)
        return sum((part.slopes(policy) * share for share, part in self.parts), arb_mat(n, n))


def preference_at(condition: StationarityCondition, point: Mapping[Symbol, Expr]) -> Preference:
    """The preference at numbers for all symbols but the policy, at the working precision."""
    model, algorithm = condition.preference, condition.algorithm
    rule, size = algorithm.advantage, algorithm.group_size
    counted = model.factor == 1 and rule == ShiftAndScale() and model.kept_by_name
    own = rule is not None and rule.batch is None and not condition.penalty.before_baseline
    if model.parts and model.factor == 1 and (size == oo or counted or own):
        return _over_raters(condition, point)
    if counted:
        return CountedPreference.of(condition.question, rule, int(size), point)  # type: ignore[arg-type]
    if model.two_level is not None and model.factor == 1:
        return _on_two_levels(condition, point)
    if sees_spread(algorithm) and condition.question.reward_laws:
        spread = _by_spread(condition, point)
        if spread is not None:
            return spread
    found = polynomial_preference(condition, point)
    if found is not None:
        return found
    if size == oo and rule is not None and not condition.penalty.before_baseline:
        by_level = LargeGroupPreference.of(condition.question, rule, point)
        if by_level is not None:
            return by_level
    apart = model.parts or model.factor != 1 or condition.penalty.before_baseline or size == oo
    if rule is not None and rule.batch is None and not apart:
        # Sums over the groups are shorter than what they are written out to, where they are.
        with nullcontext() if model.kept_by_name else suppress(ValueError, NotImplementedError):
            return CountedPreference.of(condition.question, rule, int(size), point)  # type: ignore[arg-type]
    refuse_names(condition)
    return GivenPreference.of([v.xreplace(point) for v in model], condition.policy)


def refuse_names(condition: StationarityCondition) -> None:
    """Raise where P stands by the name of a mean over a group that has no numbers.

    Raises
    ------
    ValueError
        With what has numbers.
    """
    if condition.preference.kept_by_name:
        question, size = condition.question, condition.algorithm.group_size
        if question.raters:
            levels = max(len(rater.levels) for _, rater in question.mixture)
            smaller = map(Integer, range(int(size), 1, -1))
            rule = condition.algorithm.advantage
            short = (g for g in smaller if term_count(rule, levels, g) <= WRITTEN_OUT)
            fits = next(short, None)
            enough = f"groups of {fits}"
            if fits is None:
                few = (n for n in range(levels, 1, -1) if term_count(rule, n, S(2)) <= WRITTEN_OUT)
                enough = f"groups of 2 and {next(few, 2)} levels of reward"
            raise ValueError(
                f"groups of {size} that one of several raters scores have numbers point by point "
                "and under the published advantage only (`solutions`, `enclose`): otherwise "
                f"{enough} would do"
            )
        raise ValueError(
            f"no numbers are known for groups of {size} with {len(question.levels)} levels of "
            "reward and this rule: in large groups rewards have to be rational numbers, and a "
            "batch whole groups (rewards may be rounded)"
        )


def _over_raters(condition: StationarityCondition, point: Mapping[Symbol, Expr]) -> MeanPreference:
    """Raters who see no difference add nothing; large groups see each one's spread."""
    parts = (
        (
            ball(share.xreplace(point), {}, ctx.prec),
            replace(condition, question=q, preference=model),
        )
        for (share, model), (_, q) in zip(
            condition.preference.parts, condition.question.mixture, strict=True
        )
        if any(value != 0 for value in model)
    )
    return MeanPreference(tuple((share, preference_at(part, point)) for share, part in parts))


def polynomial_preference(
    condition: StationarityCondition, point: Mapping[Symbol, Expr]
) -> PolynomialPreference | None:
    """The preference as polynomials of the policy, where it is so, with few terms."""
    n = len(condition.policy)
    if condition.preference.kept_by_name or (
        comb(_degree(condition.algorithm) + n - 1, n - 1) > _MOST_MONOMIALS
    ):
        return None
    try:
        values = replaced(condition.preference, point)
        return PolynomialPreference(values, condition.policy[:-1])  # type: ignore[arg-type]
    except ValueError:
        return None


def _degree(algorithm: Algorithm) -> int:
    """What the degree of a preference that is a polynomial does not exceed."""
    size = 2 if algorithm.group_size is None else algorithm.group_size
    batch = None if algorithm.advantage is None else algorithm.advantage.batch
    return 1 if size == oo else int(size if batch is None else batch) - 1


def _on_two_levels(
    condition: StationarityCondition, point: Mapping[Symbol, Expr]
) -> TiltedPreference:
    model = condition.preference
    rates = tuple(ball(w.xreplace(point), {}, ctx.prec) for w in model.weights)
    two_level = model.two_level.at(point)  # type: ignore[union-attr]
    drift = two_level.exact_drift
    scale = MassScale(rates, two_level.drift(symbols.x) if drift is None else drift)
    return TiltedPreference(rates, scale)


def _by_spread(
    condition: StationarityCondition, point: Mapping[Symbol, Expr]
) -> TiltedPreference | None:
    function = spread_function(condition, point)
    if function is None:
        return None
    means, variances = (
        [ball(part(law).xreplace(point), {}, ctx.prec) for law in condition.question.laws]
        for part in (mean, variance)
    )
    return TiltedPreference(tuple(means), SpreadScale(means, variances, function))


def sees_spread(algorithm: Algorithm) -> bool:
    """Whether mean and variance of the reward may be all that its preference is made of."""
    rule = algorithm.advantage
    return algorithm.group_size == oo or (rule is not None and rule.linear)


def _sees_moments(condition: StationarityCondition) -> bool:
    """Whether the rule says that it divides the deviation by a scale of the variance alone."""
    model, rule = condition.preference, condition.algorithm.advantage
    if rule is None or model.factor != 1 or condition.penalty.before_baseline or model.parts:
        return False
    own, spread = Dummy("d", real=True), Dummy("v", positive=True)
    scale = rule.scale(spread, oo)
    return scale is not None and rule.of_moments(own, spread, oo) == own / scale


def _constant_scale(condition: StationarityCondition, point: Mapping[Symbol, Expr]) -> Expr | None:
    """What a linear rule expects of a deviation from the mean of the reward, over it."""
    model, rule = condition.preference, condition.algorithm.advantage
    size = S(condition.algorithm.group_size).xreplace(point)
    if rule is None or model.factor != 1 or condition.penalty.before_baseline or model.parts:
        return None
    x, centred = symbols.x, ((S.Zero, S.One),)
    found = rule.expected(x, centred, size, Domain.of((x, S.Zero, oo)))
    return None if found is None else (found / x).xreplace(point)


def spread_function(condition: StationarityCondition, point: Mapping[Symbol, Expr]) -> Expr | None:
    """T in ``symbols.x``, the spread σ, with P(o) = (E[r | o] − E r) T(σ) in large groups.

    A constant for rules that are linear in the rewards, in groups of every size. None for a rule
    that is not shown to see the mean and the variance of the reward only.
    """
    laws, rule = condition.question.laws, condition.algorithm.advantage
    if rule is None:
        return None
    if rule.linear:
        return _constant_scale(condition, point)
    if rule.sees_moments is False:
        return None
    means = [mean(law).xreplace(point) for law in laws]
    spreads = [variance(law).xreplace(point) for law in laws]
    deviation, half = symbols.x, Rational(1, 2)
    pair, domain = ((deviation, half), (-deviation, half)), Domain.of((deviation, S.Zero, oo))
    function = tidy(rule(deviation, pair, oo, domain).xreplace(point) / deviation, domain)
    if _sees_moments(condition):
        return function
    policy = condition.policy
    center = Add(*(p * s for p, s in zip(policy, means, strict=True))).expand()
    second = Add(*(p * (s**2 + v) for p, s, v in zip(policy, means, spreads, strict=True)))
    expected = function.subs(deviation, sqrt((second.expand() - center**2).expand()))
    values = replaced(condition.preference, point)
    try:
        for value, rate in zip(values, means, strict=True):
            difference = value / expected - (rate - center)
            if not limited(is_zero, difference, condition.question.policy_domain, steps=_STEPS):
                return None
    except Exhausted:
        return None
    return function
