"""Whether an equation or an inequality holds at every stationary policy.

A theorem about the equation first, where one answers. Then numbers: at rational parameters it is
compared with the closed form, or with every certified solution of the condition; one point at
which it fails is a counterexample. Then the other routes to a proof, and parts of the relation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import takewhile

from sympy import Expr, Rational, S, Symbol, sstr

from grpo_symbolic import symbols
from grpo_symbolic.checking.checked import (
    CLOSE,
    GLANCE_STEPS,
    NUMBERS_STEPS,
    PROOF_STEPS,
    SCATTERED,
    Checked,
    decimal,
    from_claim,
    powers_of_ten,
    value_at,
)
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.determined import is_the_condition, poles_of
from grpo_symbolic.checking.divided import divided, values_seen
from grpo_symbolic.checking.ranges import right_where
from grpo_symbolic.checking.routes import ALL, CONDITION, CURVE, MULTIPLE, Route, Routes
from grpo_symbolic.checking.subject import DIGITS, Point, shown
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.ball_numbers import agrees, sign_at
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import STEPS, prove
from grpo_symbolic.verify.sampling import UNDEFINED, holds_at
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
#: For one claim of a route that is tried in passing, and for the parts of the range.
_STEPS, _WHERE_STEPS = {ALL: 1_000_000}, PROOF_STEPS // 2
#: By how much a solution is moved to see what its error does, and how much more is doubtful.
_MOVED, _DOUBTFUL = CLOSE / 10**10, 100
_NO_VALUE = "the formula has no real value there"


@dataclass
class _Numbers:
    """What the comparison at stationary policies has found so far."""

    tested: int = 0
    failure: Checked | None = None
    no_value: Checked | None = None


@dataclass(frozen=True)
class RelationCheck(Routes):
    """One relation about one subject."""

    def verdict(self) -> Checked:
        """Numbers first, then proofs; PROVED where every term is proved to be a real number."""
        found = self._verdict()
        wrong = found.verdict is Status.REFUTED and found.sentence != _NO_VALUE
        if self.where_defined or wrong:
            return found
        missing = undefined(self.about, self.said.needs, self._need)
        if isinstance(missing, Checked):
            return replace(missing, formula=found.formula, statement=self.said)
        if missing is None or found.verdict is not Status.PROVED:
            return found
        sentence = f"{found.sentence}, wherever it is defined; it is not shown that {missing}"
        return replace(found, verdict=Status.UNKNOWN, sentence=sentence)

    def _need(self, said: Comparison) -> Checked:
        return replace(self, said=said).verdict()

    def _verdict(self) -> Checked:
        early: Checked | Verdict | None = None
        with suppress(Exhausted):
            early = limited(self._proof, self._by_theorem(), steps=GLANCE_STEPS)
        if isinstance(early, Checked):
            return early
        numbers = _Numbers()
        with suppress(Exhausted):  # the numbers so far
            limited(self._compare, numbers, steps=NUMBERS_STEPS)
        failure = numbers.no_value if numbers.failure is None else numbers.failure
        if failure is not None:
            return replace(failure, right_where=self._where())
        with suppress(Exhausted):
            decided = early
            if decided is None:
                decided = limited(self._proof, self._routes(), steps=PROOF_STEPS)
            if isinstance(decided, Verdict):
                return self._from_claim(decided)
            if decided is not None:
                return decided
        with suppress(Exhausted):
            parts = limited(self._divided, steps=PROOF_STEPS)
            if parts is not None:
                return parts
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

    def _divided(self) -> Checked | None:
        """PROVED by relations that say it together."""
        for way in divided(self.said, partial(values_seen, self.about, self._domain())):
            found = (replace(self, said=one).verdict() for one in way)
            verdicts = list(takewhile(lambda one: one.verdict is Status.PROVED, found))
            if len(verdicts) == len(way):
                method = " and ".join(dict.fromkeys(v.method for v in verdicts))
                said = f"it holds for {self._domain()}, for {', and '.join(map(str, way))}"
                return self.result(Status.PROVED, method, said)
        return None

    def _proof(self, routes: Iterator[Route]) -> Checked | Verdict | None:
        """PROVED by the first route that succeeds, or the verdict of a claim that refutes it."""
        about = self.about
        for route, claims in routes:
            verdicts: list[Verdict] = []
            for claim in claims:
                verdicts.append(prove(claim, steps=_STEPS.get(route, STEPS)))
                if verdicts[-1].status is not Status.PROVED:
                    break
            if all(v.status is Status.PROVED for v in verdicts):
                if not all(prove(c).status is Status.PROVED for c in self._at_the_boundary()):
                    return None
                method = " and ".join(dict.fromkeys(v.method for v in verdicts))
                return self.result(Status.PROVED, method, self._proved(route))
            refuted = verdicts[-1].status is Status.REFUTED and len(verdicts) == len(claims)
            # A point of the curve may have a weight that the statement is not made for.
            told = route not in (CONDITION, ALL, MULTIPLE, *([] if about.any_weight else [CURVE]))
            if refuted and told:
                return verdicts[-1]
        return None

    def _compare(self, numbers: _Numbers) -> None:
        """Compare at rational parameters up to the first stationary policy at which it fails."""
        for point in self.about.points(self._domain(), SCATTERED):
            closed = self.about.closed_at(point)
            # Inserted once, and not at each point: numbers under roots are slow to simplify.
            policies = self.about.solutions(point) if closed is None else [closed]
            for policy in policies:
                fails = self._fails(policy, point, numbers)
                if fails is False or (fails is None and numbers.no_value is not None):
                    continue
                solution = {s: e.subs(point) for s, e in policy.items()}
                if fails:
                    numbers.failure = self._refuted(point, solution, self._failure())
                    return
                numbers.no_value = self._refuted(point, solution, _NO_VALUE)

    def _fails(self, policy: Point, point: Point, numbers: _Numbers) -> bool | None:
        """Whether it fails at one stationary policy; None where a side is no number there.

        What is tested is counted. False too where nothing tells.
        """
        at_the_boundary = all(v in (S.Zero, S.One) for v in policy.values())
        if not at_the_boundary and self.about.closed_at(point) is None:
            gap = self._gap({**point, **policy}, policy)
            if gap is None:
                return False
            numbers.tested += 1
            return not agrees(self.said.relation, gap)
        claim = self._inserted(tuple(policy.items()))
        found = sign_at(claim, point)  # balls around exact numbers decide
        if found is None:
            return None if not self.where_defined and claim.undefined_at(point) else False
        numbers.tested += 1
        return not holds_at(claim, point, found)

    def _inserted(self, policy: tuple[tuple[Symbol, Expr], ...]) -> Claim:
        """The relation with the policy in it, in the parameters alone."""
        if policy not in self._claims:
            sides = self._sides(dict(policy))
            self._claims[policy] = Claim("there", *sides, where_defined=self.where_defined)
        return self._claims[policy]

    @cached_property
    def _claims(self) -> dict[tuple[tuple[Symbol, Expr], ...], Claim]:
        """Made once for each closed form."""
        return {}

    def _gap(self, at: Point, solution: Point) -> Expr | None:
        """left − right at a solution of 50 digits; 0 where what it amplifies hides the sign.

        None where that matters, or where there is no value.
        """
        difference = self.said.left - self.said.right
        middle, scale = value_at(difference, at), value_at(self.said.left, at)
        moved = [
            value_at(difference, {**at, **{s: v + step for s, v in solution.items()}})
            for step in (-_MOVED, _MOVED)
        ]
        if None in (middle, scale, *moved):
            return None
        doubt = _DOUBTFUL * max(abs(S(v) - S(middle)) for v in moved)
        if abs(middle) > max(doubt, CLOSE * max(abs(scale), CLOSE)):
            return middle
        return None if self.said.relation in ("<", ">", "!=") else S.Zero

    def _refuted(self, point: Point, solution: Point, sentence: str) -> Checked:
        """REFUTED at a stationary policy, by the values of both sides there."""
        at = {**point, **solution}
        values = value_at(self.said.left, at), value_at(self.said.right, at)
        ours, theirs = values if self.said.right not in self.about.unknowns else values[::-1]
        place = shown(point)
        if ours is None or ours != value_at(next(iter(solution.values())), {}):
            place |= {s.name: decimal(value_at(v, {})) for s, v in solution.items()}
        exact = self.about.closed_at(point) is not None
        return self.result(
            Status.REFUTED,
            f"{'closed form' if exact else 'certified solution'} at a rational point",
            sentence,
            counterexample=place,
            theirs=decimal(theirs),
            ours=decimal(ours),
            difference=decimal(S(theirs) - S(ours)) if None not in values else "",
        )

    def _failure(self) -> str:
        if self.said.relation != "==":
            return "the relation does not hold at the stationary policy"
        if self._solved() is not None:
            return "the stationary policy has another value"
        return "the two sides differ at the stationary policy"

    def _from_claim(self, verdict: Verdict) -> Checked:
        """A counterexample that a method of proof has found."""
        sentence = _NO_VALUE if verdict.detail.startswith(UNDEFINED) else "it fails there"
        found = from_claim(self.said, verdict, sentence, right_where=self._where())
        place = dict(found.counterexample or {})
        curve = self.about.curve
        if curve is not None and PI.name in place:  # a point of the curve: its weight
            at = {s: Rational(place[s.name]) for s in curve.domain.symbols if s.name in place}
            weight = curve.weight.subs(at)
            place[sstr(curve.beta)] = sstr(weight) if weight.is_Rational else decimal(weight)
        for symbol in self.about.idle:
            place.pop(symbol.name, None)
        place = {name: powers_of_ten(text) for name, text in place.items()}
        found = replace(found, counterexample=place)
        if self.said.right not in self.about.unknowns:
            return found
        turned = found.difference.removeprefix("-")
        turned = turned if found.difference.startswith("-") else f"-{turned}"
        return replace(found, theirs=found.ours, ours=found.theirs, difference=turned)

    def _where(self) -> tuple[str, ...]:
        """Natural parts of the range in which a refuted statement is proved."""
        closed, found = self.about.closed, list[str]()
        if closed is not None:
            claim = self._claim(closed, self.about.parameters)
            with suppress(Exhausted):  # the parts so far
                parts = right_where(self.about, claim)
                limited(found.extend, parts, steps=_WHERE_STEPS)
        return tuple(found)

    def _proved(self, route: str) -> str:
        sentence = f"it holds{' for ' * bool(self._domain().ranges)}{self._domain()}, by {route}"
        solved = self._solved()
        poles = poles_of(self.about, solved) if self.where_defined and solved is not None else []
        if poles:
            sentence += f"; it is undefined where {' or '.join(poles)}"
        if self.said.relation != "==" or solved is not None or not self._about_policy:
            return sentence
        if is_the_condition(self.about, self.said):
            return f"{sentence}, and at no other policy, so that it determines pi"
        return f"{sentence}; it is not shown to determine pi"
