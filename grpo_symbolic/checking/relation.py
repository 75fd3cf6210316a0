"""Whether an equation or an inequality holds at every stationary policy.

Three routes, the cheap ones first. At rational parameters it is compared with the closed form,
or with every certified solution of the condition; one point at which it fails is a
counterexample. A closed form takes the place of π(a), and the claim is proved. Without one the
condition does: β = W(p) on the curve of all stationary policies, or the formula itself put into
the condition, which must vanish (an equation) or have the right sign (a bound).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from sympy import Expr, Pow, Rational, S, Symbol, cancel, fraction, oo, sstr, together

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.checked import (
    CLOSE,
    GLANCE_STEPS,
    HOLDS,
    NUMBERS_STEPS,
    PROOF_STEPS,
    SCATTERED,
    Checked,
    StatementCheck,
    decimal,
    from_claim,
    value_at,
)
from grpo_symbolic.checking.ranges import right_where
from grpo_symbolic.checking.subject import DIGITS, Point, shown
from grpo_symbolic.domain import Domain
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

__all__ = ["RelationCheck"]

PI = symbols.pi
_CONDITION = "the condition at the formula"


@dataclass
class _Numbers:
    """What the comparison at stationary policies has found so far."""

    tested: int = 0
    failure: Checked | None = None
    no_value: Checked | None = None


@dataclass(frozen=True)
class RelationCheck(StatementCheck):
    """One relation about one subject."""

    said: Comparison

    def verdict(self) -> Checked:
        """Numbers first, then proofs."""
        said = self.said
        numbers = _Numbers()
        with suppress(Exhausted):  # the numbers so far
            limited(self._compare, said, numbers, steps=NUMBERS_STEPS)
        failure = numbers.no_value if numbers.failure is None else numbers.failure
        if failure is not None:
            return replace(failure, right_where=self._where(said))
        with suppress(Exhausted):
            decided = limited(self._proof, said, steps=PROOF_STEPS)
            if isinstance(decided, Verdict):
                return self._from_claim(decided, said)
            if decided is not None:
                return decided
        if not numbers.tested:
            return self.result(
                Status.UNKNOWN, "none", "no number and no method decided it within its limit"
            )
        return self.result(
            Status.NUMERIC,
            "certified solutions at rational points",
            f"it holds at {numbers.tested} stationary policies, to {DIGITS} digits; nothing "
            "proves it for the whole range",
        )

    def _proof(self, said: Comparison) -> Checked | Verdict | None:
        """PROVED by the first route that succeeds, or the verdict of a claim that refutes it."""
        for route, claims in self._routes(said):
            verdicts: list[Verdict] = []
            for claim in claims:
                verdicts.append(prove(claim))
                if verdicts[-1].status is not Status.PROVED:
                    break
            if all(v.status is Status.PROVED for v in verdicts):
                method = " and ".join(dict.fromkeys(v.method for v in verdicts))
                return self.result(Status.PROVED, method, self._proved(said, route))
            refuted = verdicts[-1].status is Status.REFUTED and len(verdicts) == len(claims)
            if refuted and route != _CONDITION:
                return verdicts[-1]
        return None

    def _solved(self, said: Comparison) -> Expr | None:
        """The other side of ``pi = ...``, if it is such a formula."""
        for side, other in ((said.left, said.right), (said.right, said.left)):
            if side in self.about.unknowns and not other.has(*self.about.unknowns):
                return other
        return None

    def _compare(self, said: Comparison, numbers: _Numbers) -> None:
        """Compare at rational parameters up to the first stationary policy at which it fails."""
        for point in self.about.points(self._domain(said), SCATTERED):
            for solution in self.about.solutions(point):
                at = {**point, **solution}
                left, right = (value_at(side, at) for side in (said.left, said.right))
                if left is None or right is None:
                    wrong = said.right if left is not None else said.left
                    if numbers.no_value is None and not _indefinite(wrong, at):
                        numbers.no_value = self._without_value(said, point, solution, left, right)
                    continue
                numbers.tested += 1
                gap = self._gap(said, point, solution)
                if gap is not None and not HOLDS[said.relation](gap):
                    numbers.failure = self._refuted(said, point, solution, left, right)
                    return

    def _domain(self, said: Comparison) -> Domain:
        """The parameters, and what else the statement speaks of."""
        given = dict.fromkeys(self.about.unknowns, S.One)
        parameters = self.about.parameters
        named = {*said.left.free_symbols, *said.right.free_symbols} - {*given}
        extra = tuple(
            r
            for r in self.about.policy.domain.ranges
            if r.symbol in named and r.symbol not in parameters.symbols
        )
        return Domain((*extra, *parameters.ranges))

    def _gap(self, said: Comparison, point: Point, solution: Point) -> Expr | None:
        """left − right at a solution; 0 where it is not told from 0, None near such a place."""
        difference = said.left - said.right
        middle = value_at(difference, {**point, **solution})
        scale = value_at(said.left, {**point, **solution})
        values: list[Expr | None] = []
        if self.about.closed is None:
            # The solution is known to 50 digits: what it amplifies is the uncertainty.
            for step in (-1, 1):
                moved = {s: v + step * CLOSE / 10**10 for s, v in solution.items()}
                values.append(value_at(difference, {**point, **moved}))
        if middle is None or scale is None or None in values:
            return None
        size = max(abs(scale), CLOSE)
        centre: Expr = middle
        doubt = 100 * max((abs(S(v) - centre) for v in values if v is not None), default=S.Zero)
        if abs(middle) > max(doubt, CLOSE * size):
            return middle
        exact = said.relation in ("<", ">", "!=") and self.about.closed is not None
        if exact and not _vanishes(difference.subs({**point, **solution})):
            return None
        return S.Zero if exact or said.relation not in ("<", ">", "!=") else None

    def _refuted(
        self, said: Comparison, point: Point, solution: Point, left: Expr, right: Expr
    ) -> Checked:
        ours, theirs = (right, left) if said.right in self.about.unknowns else (left, right)
        solved = self._solved(said) is not None
        if solved and said.relation == "==":
            sentence = "the stationary policy has another value"
        elif said.relation == "==":
            sentence = "the two sides differ at the stationary policy"
        else:
            sentence = "the relation does not hold at the stationary policy"
        return self._at(point, solution, sentence, theirs, ours)

    def _at(
        self, point: Point, solution: Point, sentence: str, theirs: Expr | None, ours: Expr | None
    ) -> Checked:
        place = shown(point)
        if ours is None or ours != value_at(next(iter(solution.values())), {}):
            place |= {s.name: decimal(value_at(v, {})) for s, v in solution.items()}
        known = theirs is not None and ours is not None
        return self.result(
            Status.REFUTED,
            "closed form at a rational point"
            if self.about.closed is not None
            else "certified solution at a rational point",
            sentence,
            counterexample=place,
            theirs=decimal(theirs),
            ours=decimal(ours),
            difference=decimal(S(theirs) - S(ours)) if known else "",
        )

    def _without_value(
        self, said: Comparison, point: Point, solution: Point, left: Expr | None, right: Expr | None
    ) -> Checked:
        ours, theirs = (right, left) if said.right in self.about.unknowns else (left, right)
        return self._at(point, solution, "the formula has no real value there", theirs, ours)

    def _from_claim(self, verdict: Verdict, said: Comparison) -> Checked:
        """A counterexample that a method of proof has found."""
        found = from_claim(said, verdict, "it fails there", right_where=self._where(said))
        place = dict(found.counterexample or {})
        curve = self.about.curve
        if curve is not None and PI.name in place:  # a point of the curve: its weight
            at = {s: Rational(place[s.name]) for s in curve.domain.symbols if s.name in place}
            place[sstr(curve.beta)] = sstr(curve.weight.subs(at))
        found = replace(found, counterexample=place)
        if said.right not in self.about.unknowns:
            return found
        turned = found.difference.removeprefix("-")
        turned = turned if found.difference.startswith("-") else f"-{turned}"
        return replace(found, theirs=found.ours, ours=found.theirs, difference=turned)

    def _where(self, said: Comparison) -> tuple[str, ...]:
        """Natural parts of the range in which a refuted statement is proved."""
        closed, found = self.about.closed, list[str]()
        if closed is not None:
            claim = self._claim(said, closed, self.about.parameters)
            with suppress(Exhausted):  # the parts so far
                parts = right_where(self.about, claim)
                limited(found.extend, parts, steps=PROOF_STEPS // 2)
        return tuple(found)

    # -- proofs ------------------------------------------------------------------------------

    def _routes(self, said: Comparison) -> Iterator[tuple[str, list[Claim]]]:
        """Sets of claims, each of which proves the statement; a name says by which argument."""
        about = self.about
        if about.closed is not None:
            yield "the closed form", [self._claim(said, about.closed, self._domain(said))]
        elif not {*said.left.free_symbols, *said.right.free_symbols} & {*about.unknowns}:
            yield "the parameters alone", [self._claim(said, {}, about.parameters)]
        solved = self._solved(said)
        if solved is not None and about.residual is not None and about.unique:
            yield from self._by_condition(said, solved)
        yield from self._by_curve(said)
        if solved is not None and about.closed is None and about.binary is not None:
            staged = about.binary.expression
            if staged is not None:
                yield "the closed form", [self._claim(said, {PI: staged}, about.parameters)]

    def _by_curve(self, said: Comparison) -> Iterator[tuple[str, list[Claim]]]:
        """Every stationary policy lies on β = W(p): W takes the place of β."""
        curve = self.about.curve
        if curve is None or self.about.closed is not None or not isinstance(curve.beta, Symbol):
            return
        location = curve.above_reference()
        if location is not None:
            claim = self._claim(said, {curve.beta: curve.weight}, curve.domain)
            yield "the curve of all stationary policies", [*location, claim]

    def _by_condition(self, said: Comparison, solved: Expr) -> Iterator[tuple[str, list[Claim]]]:
        """The formula put into the condition, whose residual falls through its only zero."""
        about, relation = self.about, said.relation
        if said.right == solved:
            relation = {">=": ">=", ">": ">", "<=": "<=", "<": "<"}.get(relation, relation)
        else:
            relation = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}.get(relation, relation)
        if relation == "!=":
            return
        domain = about.parameters
        yield (
            _CONDITION,
            [
                Claim("it is positive", solved, ">", S.Zero, domain),
                Claim("it is less than 1", solved, "<", S.One, domain),
                Claim(
                    "the condition at the formula",
                    about.residual.subs(PI, solved),
                    relation,
                    S.Zero,
                    domain,
                ),
            ],
        )

    def _claim(self, said: Comparison, given: dict[Symbol, Expr], domain: Domain) -> Claim:
        sides = (side.subs(given, simultaneous=True) for side in (said.left, said.right))
        left, right = sides
        return Claim(str(said), left, said.relation, right, domain)

    def _proved(self, said: Comparison, route: str) -> str:
        sentence = f"it holds for {self._domain(said)}, by {route}"
        poles = self._poles(said)
        if poles:
            sentence += f"; it is undefined where {' or '.join(poles)}"
        uses = {*said.left.free_symbols, *said.right.free_symbols} & {*self.about.unknowns}
        if said.relation != "==" or self._solved(said) is not None or not uses:
            return sentence
        if self._equivalent(said):
            return f"{sentence}, and at no other policy, so that it determines pi"
        return f"{sentence}; it is not shown to determine pi"

    def _equivalent(self, said: Comparison) -> bool:
        """Whether the equation is the condition times something that is never 0."""
        if self.about.residual is None:
            return False
        try:
            ratio = limited(
                _quotient, said.left - said.right, self.about.residual, steps=GLANCE_STEPS
            )
            domain = self.about.policy.domain
            top, bottom = fraction(ratio)
            return all(
                limited(sign, part, domain, steps=GLANCE_STEPS) in (Sign.POSITIVE, Sign.NEGATIVE)
                for part in (top, bottom)
            )
        except Exhausted:
            return False

    def _poles(self, said: Comparison) -> list[str]:
        """Denominators of a formula for pi that are not shown to keep one sign."""
        solved = self._solved(said)
        if solved is None:
            return []
        found = []
        for power in sorted(solved.atoms(Pow), key=sstr):
            base, exponent = power.as_base_exp()
            if exponent.is_negative and base.free_symbols:
                try:
                    known = limited(sign, base, self.about.parameters, steps=GLANCE_STEPS)
                except Exhausted:
                    known = Sign.ZERO
                if known is None and self._has_zero(base):
                    found.append(f"{sstr(base)} = 0")
        return found

    def _has_zero(self, base: Expr) -> bool:
        """Whether a denominator takes both signs at points of the range."""
        points = self.about.points(self.about.parameters, 4 * SCATTERED)
        values = [v for p in points if (v := value_at(base, p)) is not None]
        return min(values, default=S.One) <= 0 <= max(values, default=-S.One)


def _indefinite(expr: Expr, at: Point) -> bool:
    """Whether a formula is 0/0 or has a pole at a point, rather than no real value."""
    try:
        value = S(expr).subs(at)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return value.has(S.NaN, S.ComplexInfinity, oo, -oo)


def _vanishes(number: Expr) -> bool:
    return sign(number, Domain()) == Sign.ZERO


def _quotient(left: Expr, right: Expr) -> Expr:
    return cancel(together(left) / together(right))
