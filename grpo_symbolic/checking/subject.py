"""What a formula about the stationary policy is compared with: its names, forms and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import mpmath as mp
from sympy import Expr, Rational, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.analysis.count import count
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.enclosures.values import are_long
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy
from grpo_symbolic.question import Question
from grpo_symbolic.solve.solutions import rational

if TYPE_CHECKING:
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.presets.preset import Preset

Point = dict[Symbol, Expr]
DIGITS = 50
PI = symbols.pi
_SEED = 16
#: Groups of at most so many have a closed form under the most common rules.
_CLOSED_SIZES = 3
_NEAREST = mp.mpf(10) ** -30

#: Simple numbers first: a counterexample should be easy to follow.
_SIMPLE: dict[str, tuple[Rational, ...]] = {
    "beta": tuple(Rational(*v) for v in ((1, 2), (2, 1), (1, 5), (1, 1), (3, 2), (7, 1), (1, 9))),
    "pi_ref": tuple(Rational(*v) for v in ((1, 4), (1, 10), (3, 5), (1, 2), (9, 10))),
    "gamma": tuple(Rational(*v) for v in ((3, 5), (1, 1), (1, 4), (9, 10))),
    "epsilon": tuple(Rational(*v) for v in ((1, 10), (0, 1), (1, 2), (1, 1))),
    "s_a": tuple(Rational(*v) for v in ((4, 5), (9, 10), (1, 1))),
    "s_b": tuple(Rational(*v) for v in ((1, 5), (0, 1), (1, 10))),
    "G": tuple(Rational(v) for v in (2, 3, 5, 8)),
}
#: Far out in the range, for what fails only there.
_CORNERS = tuple(
    {"beta": Rational(*beta), "pi_ref": Rational(*reference)}
    for beta in ((1, 100), (1, 10**6), (100, 1))
    for reference in ((1, 2), (1, 1000), (999, 1000))
)
_OTHERS = tuple(Rational(v) for v in (1, 2, 3))
#: Of a reference policy of several answers, in twelfths and less.
_SHARES = (2, 3, 5, 1)
_SIMPLE_POINTS = 14
_LEAST_BITS = 64
#: In which solutions are looked at.
_MORE_DIGITS = DIGITS + 10


@dataclass(frozen=True)
class Subject:
    """The stationary policies of one algorithm on one question.

    Attributes
    ----------
    policy : StationaryPolicy or SimplexPolicy
    unknowns : tuple of Symbol
        The free probabilities: π(a), or π of all answers but the last.
    given : tuple of (symbol, value)
        Parameters with a value.
    """

    policy: StationaryPolicy | SimplexPolicy
    unknowns: tuple[Symbol, ...]
    given: tuple[tuple[Symbol, Expr], ...] = ()
    #: Those at which every answer has a positive probability, and no others.
    interior: bool = False
    #: Narrower ranges of parameters, which a statement is made for.
    within: tuple[Range, ...] = ()

    @property
    def binary(self) -> StationaryPolicy | None:
        return self.policy if isinstance(self.policy, StationaryPolicy) else None

    @cached_property
    def parameters(self) -> Domain:
        """The ranges of what the stationary policy depends on, without the unknowns."""
        idle = {*self.unknowns, *self.idle, *dict(self.given)}
        kept = (r for r in self.whole.ranges if r.symbol not in idle)
        given = self.given
        return Domain(
            tuple(replace(r, lower=r.lower.subs(given), upper=r.upper.subs(given)) for r in kept)
        )

    @cached_property
    def whole(self) -> Domain:
        """The ranges of all parameters and of the unknowns."""
        return self.policy.domain.narrowed(self.within)

    @cached_property
    def idle(self) -> dict[Symbol, Expr]:
        """Reward gap and level where they cancel, and a number for each."""
        if self.residual is None:
            return {}
        numbers: dict[Symbol, Expr] = {symbols.gap: S.One, symbols.base_reward: S.Zero}
        left = self.residual.free_symbols
        return {s: v for s, v in numbers.items() if s not in left}

    @cached_property
    def names(self) -> dict[str, Expr]:
        """What a formula may speak of: the parameters, and the numbers that some of them have."""
        named: dict[str, Expr] = {s.name: s for s in self.unknowns}
        named |= {s.name: s for s in (*self.parameters.symbols, *self.policy.domain.symbols)}
        algorithm, question = self.policy.algorithm, self.policy.question
        numbers = {
            "beta": algorithm.beta,
            "G": algorithm.group_size,
            "gamma": question.margins[0][1] if len(question) == 2 and question.margins else None,
            "epsilon": algorithm.advantage and algorithm.advantage.epsilon,
        }
        for name, value in numbers.items():
            if isinstance(value, Expr) and value != oo:
                named.setdefault(name, value)
        for o, (policy, reference) in enumerate(
            zip(question.policy, question.reference, strict=True), start=1
        ):
            named |= {f"pi_{o}": policy, f"pi_ref_{o}": reference}
        return {**named, "p": PI, **self._of_answers} if self.binary else named

    @cached_property
    def _of_answers(self) -> dict[str, Expr]:
        """Of each of two answers: its expected advantage, derivative of the penalty, reward."""
        condition, base = self.policy.condition, symbols.base_reward
        sides = zip("ab", condition.preference, condition.marginal, strict=True)
        named = {f"{n}({o})": v for o, p, d in sides for n, v in (("P", p), ("d", d))}
        if base in self.policy.domain.symbols:
            named |= {"r(a)": base + self.policy.question.gap, "r(b)": base}
        return named

    @cached_property
    def closed(self) -> dict[Symbol, Expr] | None:
        """The unknowns in closed form, where it is one line and speaks of these policies only."""
        if self.interior:
            return None
        if self.binary is not None:
            form = self.binary.closed
            short = form is None or form.short is not None
            return None if short else {PI: form.expression.subs(self.given)}
        expressions = self.policy.expressions
        return (
            None
            if expressions is None
            else {
                unknown: found.subs(self.given)
                for unknown, found in zip(self.unknowns, expressions, strict=False)
            }
        )

    def closed_at(self, point: Point) -> dict[Symbol, Expr] | None:
        """The closed form, or that of the group size of a point: pairs and triples have one."""
        size = point.get(symbols.G)
        if self.closed is not None or self.interior or size is None or size > _CLOSED_SIZES:
            return self.closed
        algorithm = replace(self.policy.algorithm, group_size=size)
        return subject(algorithm, self.policy.question).closed

    @cached_property
    def curve(self) -> Balance | None:
        return None if self.binary is None or self.given else Balance(self.binary.condition)

    @cached_property
    def along(self) -> Domain:
        """The ranges on the curve of all stationary policies, which has no weight of its own."""
        assert self.curve is not None
        return self.curve.domain.narrowed(self.within)

    @property
    def any_weight(self) -> bool:
        """Whether every point of the curve is one of the range, whatever its weight is."""
        return self.curve is None or all(r.symbol != self.curve.beta for r in self.within)

    @cached_property
    def unique(self) -> bool:
        """Whether there is exactly one stationary policy for all parameters."""
        if self.given:
            return replace(self, given=()).unique
        return self.closed is not None or (self.curve is not None and count(self.curve).unique)

    @cached_property
    def residual(self) -> Expr | None:
        """P(a) − P(b) − β (d(a) − d(b)): zero exactly at the stationary policies."""
        if self.binary is None:
            return None
        sides = self.binary.condition.contrast()
        return (sides.rhs - sides.lhs).subs(self.given)

    @cached_property
    def residuals(self) -> tuple[Expr, ...]:
        """The residual with the mean over a small group kept as one, and as it is."""
        if self.residual is None or self.curve is None:
            return () if self.residual is None else (self.residual,)
        kept = self.curve
        if kept.group is None or not S(kept.group_size).is_Integer:
            return (self.residual,)
        drift = kept.of_size(symbols.G).drift.expression.subs(symbols.G, kept.group_size)
        mean = drift - kept.beta * kept.force.expression
        return (self.residual,) if mean == self.residual else (mean, self.residual)

    @cached_property
    def clipped(self) -> bool:
        """Whether an answer may be given up or driven out: policies at the boundary."""
        return not (self.interior or self.policy.algorithm.penalty.holds_every_answer)

    # -- points ------------------------------------------------------------------------------

    def points(self, domain: Domain, scattered: int) -> Iterator[Point]:
        """Rational parameters: simple ones, some spread over magnitudes, some close to ends.

        Numbers of very many digits are left out: below a root they would be factored.
        """
        for point in self._everywhere(domain, scattered):
            if not are_long(point):
                yield point

    def _everywhere(self, domain: Domain, scattered: int) -> Iterator[Point]:
        yield from self._simple(domain)
        yield from domain.samples(scattered, seed=_SEED)
        first = next(self._simple(domain), {})
        for corner in _CORNERS:
            point = {s: corner.get(s.name, value) for s, value in first.items()}
            if point != first and domain.contains(point):
                yield point
        if self.within:  # the ends of the range that was asked for
            yield from domain.corners(domain.symbols)

    @staticmethod
    def _simple(domain: Domain) -> Iterator[Point]:
        for place in range(_SIMPLE_POINTS):
            point: Point = {}
            for number, r in enumerate(domain.ranges):
                choices = _SIMPLE.get(r.symbol.name, _OTHERS)
                if r.symbol.name.startswith("pi_ref_"):
                    choices = tuple(Rational(v, 12 + place) for v in _SHARES)
                point[r.symbol] = choices[(place + number * (place // 3)) % len(choices)]
            if domain.contains(point):
                yield point

    @cached_property
    def _found(self) -> dict[frozenset[tuple[Symbol, Expr]], list[Point]]:
        """The stationary policies at points that were asked for: each statement asks again."""
        return {}

    def solutions(self, point: Point) -> list[Point]:
        """The unknowns at one point: exactly where they are closed, else to 50 proved digits."""
        place = frozenset(point.items())
        if place not in self._found:
            self._found[place] = self._solutions(point)
        return self._found[place]

    def _solutions(self, point: Point) -> list[Point]:
        closed = self.closed_at(point)
        if closed is not None:
            return [{s: e.subs(point) for s, e in closed.items()}]
        found = self.policy.solutions_at({**self.idle, **dict(self.given), **point}, DIGITS)
        with mp.workdps(_MORE_DIGITS):
            # Inside the simplex but closer to its boundary than can be told from it: left out.
            found = [
                s
                for s in found
                if (0 in s.policy and not self.interior) or min(s.policy) > _NEAREST
            ]
            return [
                {s: rational(v, DIGITS) for s, v in zip(self.unknowns, one.policy, strict=False)}
                for one in found
            ]


@lru_cache(maxsize=32)
def subject(algorithm: Algorithm | Preset, question: Question, interior: bool = False) -> Subject:
    """The stationary policies of ``algorithm`` on ``question``, solved once for many formulas.

    With ``interior``, those of positive probabilities; where a penalty has no others, all.
    """
    if isinstance(question, BinaryQuestion):
        # Not solved before a formula asks for the solution.
        found = Subject(binary_policy(as_algorithm(algorithm), question), (PI,))
    else:
        free = tuple(p for p in question.policy[:-1] if isinstance(p, Symbol))
        found = Subject(stationary_policy(algorithm, question), free)
    return replace(found, interior=True) if interior and found.clipped else found


def shown(point: Point) -> dict[str, str]:
    """A point as text."""
    return {s.name: str(v) for s, v in point.items()}


def real(value: Expr) -> Expr | None:
    """A real number to 50 digits, or None where the expression has no such value."""
    try:
        found = S(value).n(DIGITS)
    except (ValueError, TypeError, ArithmeticError):
        return None
    # SymPy marks by its precision a number of which cancellation has left few digits.
    lost = found.is_Float and found._prec < _LEAST_BITS
    return None if lost or not (found.is_Float or found.is_Rational) else found
