"""The claims by which a relation may be proved for all parameters, the cheap ones first.

What does not speak of β is asked of the equation before it is solved: the curve of all stationary
policies says where they lie. A closed form takes the place of π(a). Without one the condition
does: β = W(p) on the curve, or the formula itself put into the condition, which must vanish (an
equation) or have the right sign (a bound).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, S, Symbol, log

from grpo_symbolic import symbols
from grpo_symbolic.checking.checked import StatementCheck
from grpo_symbolic.checking.determined import by_the_condition
from grpo_symbolic.checking.inverse import inverse
from grpo_symbolic.checking.ranges import left_at_one
from grpo_symbolic.checking.subject import Point
from grpo_symbolic.domain import Domain
from grpo_symbolic.grammar.statement import MIRRORED, Comparison
from grpo_symbolic.verify.claim import Claim

PI, REFERENCE = symbols.pi, symbols.pi_ref
CONDITION, MULTIPLE = "the condition at the formula", "the condition itself"
CURVE = "the curve of all stationary policies"
#: A claim about all policies, stationary or not: where it is refuted nothing follows.
ALL = "every policy, stationary or not"
_LONG = 100

#: Claims each of which has to be proved, and by which argument they prove the relation.
Route = tuple[str, list[Claim]]


@dataclass(frozen=True)
class Routes(StatementCheck):
    """The ways to a proof of one relation about one subject."""

    said: Comparison

    @property
    def _named(self) -> set[Symbol]:
        return self.said.left.free_symbols | self.said.right.free_symbols

    @property
    def _about_policy(self) -> bool:
        return not self._named.isdisjoint(self.about.unknowns)

    def _solved(self) -> Expr | None:
        """The other side of ``pi = ...``, if it is such a formula."""
        for side, other in ((self.said.left, self.said.right), (self.said.right, self.said.left)):
            if side in self.about.unknowns and not other.has(*self.about.unknowns):
                return other
        return None

    def _domain(self) -> Domain:
        """The parameters, and what else the statement speaks of."""
        parameters = self.about.parameters
        more = self._named - {*self.about.unknowns, *parameters.symbols}
        extra = (r for r in self.about.whole.ranges if r.symbol in more)
        return Domain((*extra, *parameters.ranges))

    def _sides(self, at: Point) -> tuple[Expr, str, Expr]:
        return self.said.left.subs(at), self.said.relation, self.said.right.subs(at)

    def _claim(self, given: dict[Symbol, Expr], domain: Domain) -> Claim:
        sides = self._sides(given)
        return Claim(str(self.said), *sides, domain, where_defined=self.where_defined)

    def _by_theorem(self) -> Iterator[Route]:
        """What the equation answers before it is solved.

        A multiple of the condition is one; what does not speak of the weight is asked of the
        curve of all stationary policies.
        """
        curve = self.about.curve
        if curve is None or not self._about_policy:
            return
        if self.said.relation == "==":
            if self._solved() is None:
                yield from self._by_multiple
        elif not curve.beta.free_symbols & self._named:
            yield ALL, [self._claim({}, self.about.whole)]
            yield from self._by_curve()

    @cached_property
    def _by_multiple(self) -> list[Route]:
        """That it is the condition times something; an identity holds everywhere, and is none."""
        multiple = by_the_condition(self.about, self.said)
        return [] if multiple is None or multiple.right == 0 else [(MULTIPLE, [multiple])]

    def _routes(self) -> Iterator[Route]:
        """Sets of claims, each of which proves the statement; a name says by which argument."""
        about = self.about
        if not (self._about_policy or about.interior):
            yield "the parameters alone", [self._claim({}, self._domain())]
            return
        inside = about.binary is not None or not about.clipped
        everywhere = ALL, [self._claim({}, about.whole)]
        if self.said.relation != "==" and inside:
            yield everywhere
        elif inside and (about.interior or not about.unique):
            yield from self._by_multiple
        closed = about.closed or {}
        # One that is longer than what it solves, as by roots of degree four, comes later.
        long = any(form.count_ops() > _LONG for form in closed.values())
        solution = [("the closed form", [self._claim(closed, self._domain())])] if closed else []
        if not long:
            yield from solution
        solved = self._solved()
        number = solved is not None and solved.is_number  # the curve is soon on both sides of it
        if number:
            yield from self._by_curve()
        if solved is not None:
            yield from self._by_log_odds(solved)
        if solved is not None and about.residual is not None and about.unique:
            yield from self._by_condition(solved)
        if not number:
            yield from self._by_curve()
        if long:
            yield from solution
        if self.said.relation == "==" and inside:
            yield everywhere

    def _at_the_boundary(self) -> list[Claim]:
        """The statement at π(a) = 0 and 1, where a bounded force may leave the policy.

        π(a) = 1 is left there at the weights up to that of the curve; where the curve has none, it
        is asked for at all parameters.
        """
        about = self.about
        if not (about.clipped and self._about_policy):
            return []
        # With a positive drift nothing stays below the reference.
        location = about.curve and about.curve.above_reference()
        if location is None:
            return [self._claim({PI: end}, about.parameters) for end in (S.Zero, S.One)]
        left = left_at_one(about)
        return [*location] if left is None else [*location, self._claim({PI: S.One}, left)]

    def _by_curve(self) -> Iterator[Route]:
        """Every stationary policy lies on β = W(p): W takes the place of β.

        A strict bound may be attained at policies that are rational where the weight is not.
        """
        curve = self.about.curve
        if curve is None or not isinstance(curve.beta, Symbol):
            return
        location = curve.above_reference()
        if location is not None:
            claim = self._claim({curve.beta: curve.weight}, self.about.along)
            yield CURVE, [*location, claim]

    def _by_log_odds(self, solved: Expr) -> Iterator[Route]:
        """Log-odds of the formula against those of π(a), which the condition gives by the drift."""
        about, curve, relation = self.about, self.about.curve, self.said.relation
        if curve is None or about.closed is not None or curve.force.log_odds is None:
            return
        location = curve.above_reference()
        if location is None:
            return
        if self.said.right != solved:
            relation = MIRRORED.get(relation, relation)
        moved = curve.drift.expression / (curve.beta * curve.force.log_odds)
        ours, theirs = (log(p / (1 - p)) for p in (REFERENCE, solved))
        weight = (r for r in about.parameters.ranges if r.symbol == curve.beta)
        along = Domain((*about.along.ranges, *weight))
        yield (
            CONDITION,
            [
                *location,
                Claim("it is positive", solved, ">", S.Zero, about.parameters),
                Claim("it is less than 1", solved, "<", S.One, about.parameters),
                Claim("the log-odds", ours + moved, relation, theirs, along),
            ],
        )

    def _by_condition(self, solved: Expr) -> Iterator[Route]:
        """The formula put into the condition, whose residual falls through its only zero."""
        about, relation = self.about, self.said.relation
        if self.said.right != solved:
            relation = MIRRORED.get(relation, relation)
        if relation == "!=":
            return
        yield from self._by_inverse(solved, relation)
        domain = about.parameters
        for residual in about.residuals:
            at = residual.subs(PI, solved)
            claims = [
                Claim("it is positive", solved, ">", S.Zero, domain),
                Claim("it is less than 1", solved, "<", S.One, domain),
                Claim("the condition at the formula", at, relation, S.Zero, domain),
            ]
            yield CONDITION, claims

    def _by_inverse(self, solved: Expr, relation: str) -> Iterator[Route]:
        """A formula q with one root, turned around: at β = w(q) the condition has this sign.

        With p in place of q, the root is gone from the claim.
        """
        about, curve = self.about, self.about.curve
        if (
            curve is None
            or not isinstance(curve.beta, Symbol)
            or REFERENCE not in about.parameters.symbols
        ):
            return
        found = inverse(solved, curve.beta)
        if found is None:
            return
        weight, divisor = found
        domain = about.parameters
        for residual in about.residuals:
            yield CONDITION, [
                Claim("it is above the reference", solved, ">", REFERENCE, domain),
                Claim("it is less than 1", solved, "<", S.One, domain),
                Claim("it determines the weight", divisor, "!=", S.Zero, about.along),
                Claim("the condition", residual.subs(curve.beta, weight), relation, S.Zero,
                      about.along),
            ]  # fmt: skip
