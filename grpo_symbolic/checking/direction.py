"""Whether every stationary policy moves the way that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Rational, S, Symbol, diff, sign, sstr

from grpo_symbolic import symbols
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.checking.checked import (
    CLOSE,
    HOLDS,
    NUMBERS_STEPS,
    PROOF_STEPS,
    SCATTERED,
    SIGNIFICANT,
    Checked,
    StatementCheck,
    all_proved,
    decimal,
    from_claim,
    value_at,
)
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.relation import RelationCheck
from grpo_symbolic.checking.subject import DIGITS, Point, shown, subject
from grpo_symbolic.grammar.statement import Comparison, Direction
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status
from grpo_symbolic.work import Exhausted, limited

__all__ = ["DirectionCheck"]

PI = symbols.pi
_MOVES = {">": "rises", ">=": "rises", "<": "falls", "<=": "falls", "==": "does not move"}


@dataclass(frozen=True)
class DirectionCheck(StatementCheck):
    """One direction of one subject."""

    said: Direction

    def verdict(self) -> Checked:
        """Comparative statics, and two solutions that contradict what was said."""
        said = self.said
        curve = self.about.curve
        if said.quantity != PI or curve is None:
            return self._derivative()
        try:
            found = limited(monotonicity, curve, said.variable, steps=PROOF_STEPS)
        except Exhausted as stopped:
            return self.result(Status.UNKNOWN, "comparative statics", str(stopped))
        moves = {"increasing": 1, "decreasing": -1, "constant": 0}.get(found.direction)
        unique = found.direction == "constant" or self.about.unique
        if moves is not None and HOLDS[said.relation](moves) and unique:
            strictly = found.strict or not moves
            if all_proved(found.claims) if strictly else not said.strict:
                return self.result(Status.PROVED, "comparative statics", str(found))
        try:
            pair = limited(self._opposite_pair, steps=NUMBERS_STEPS)
        except Exhausted:
            pair = None
        if pair is not None:
            return replace(pair, sentence=f"{pair.sentence}; {found}")
        return self.result(Status.UNKNOWN, "comparative statics", str(found))

    def _opposite_pair(self) -> Checked | None:
        """Two nearby parameters between which a stationary policy moves the wrong way."""
        for point in self.about.points(self.about.parameters, SCATTERED):
            for here, there, step in self._steps(self.said.variable, point):
                if len(here) != len(there):
                    continue
                for first, second in zip(here, there, strict=True):
                    move = S(second - first).n(DIGITS)
                    move = S.Zero if abs(move) < CLOSE else move
                    wrong = not HOLDS[self.said.relation](move)
                    if wrong and (move != 0 or self.said.relation in (">", "<")):
                        return self._contradiction(
                            {**shown(point), self.said.variable.name: step}, first, second, move
                        )
        return None

    def _contradiction(
        self, place: dict[str, str], first: Expr, second: Expr, move: Expr
    ) -> Checked:
        return self.result(
            Status.REFUTED,
            "two certified solutions",
            "pi moves the other way" if move != 0 else "pi does not move",
            counterexample=place,
            theirs=_MOVES.get(self.said.relation, "moves"),
            ours=" -> ".join(decimal(value_at(p, {})) for p in (first, second)),
            difference=decimal(move),
        )

    def _steps(
        self, variable: Symbol, point: Point
    ) -> Iterator[tuple[list[Expr], list[Expr], str]]:
        """Stationary policies before and after a step of the variable."""
        about = self.about
        if variable in point and not variable.is_integer:
            start = point[variable]
            end = start * Rational(101, 100)
            moved = {**point, variable: end}
            if about.parameters.contains(moved):
                yield (*(_first(about.solutions(p)) for p in (point, moved)), f"{start} -> {end}")
            return
        if variable in about.idle:
            solved = _first(about.solutions(point))
            yield solved, solved, "1 -> 2"
        algorithm = about.policy.algorithm
        size = algorithm.group_size
        if variable == symbols.G and size is not None and size.is_Integer:
            larger = subject(replace(algorithm, group_size=size + 1), about.policy.question)
            solved = (_first(s.solutions(point)) for s in (about, larger))
            yield (*solved, f"{size} -> {size + 1}")

    def _derivative(self) -> Checked:
        """The sign of the derivative of a closed form."""
        if self.about.closed is None:
            raise ValueError(
                "a direction is known for pi itself, or for what has a closed form; got "
                f"{sstr(self.said.quantity)}"
            )
        expression = self.said.quantity.subs(self.about.closed, simultaneous=True)
        if self.said.variable not in self.about.parameters.symbols:
            raise ValueError(f"the question has no parameter {self.said.variable}")
        slope = diff(expression, self.said.variable)
        claim = Claim(str(self.said), slope, self.said.relation, S.Zero, self.about.parameters)
        missing = undefined(self.about, self.said.needs, self._need)
        if self.where_defined and missing is not None:
            pieces = "a direction is one of the whole range, and the quantity is not defined on it"
            return self.result(Status.UNKNOWN, "none", pieces)
        if isinstance(missing, Checked):
            return replace(missing, formula=str(self.said), statement=self.said)
        if missing is not None:
            return self.result(Status.UNKNOWN, "none", f"it is not shown that {missing}")
        if expression.has(sign):
            return self.result(Status.UNKNOWN, "none", "a sign jumps: its derivative says nothing")
        found = prove(claim)
        if found.status is Status.REFUTED:
            return from_claim(
                self.said, found, "the derivative of the closed form has another sign"
            )
        return self.result(found.status, found.method, found.detail)

    def _need(self, said: Comparison) -> Checked:
        return RelationCheck(self.about, said).verdict()


def _first(solutions: list[Point]) -> list[Expr]:
    """π(a) of all solutions, in increasing order."""
    return sorted((next(iter(s.values())) for s in solutions), key=lambda v: v.n(SIGNIFICANT))
