"""Whether every stationary policy moves the way that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Rational, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.checking.checked import (
    NUMBERS_STEPS,
    PROOF_STEPS,
    SCATTERED,
    SIGNIFICANT,
    Checked,
    StatementCheck,
    all_proved,
    decimal,
    told,
    value_at,
)
from grpo_symbolic.checking.slope import SlopeCheck
from grpo_symbolic.checking.subject import DIGITS, Point, shown, subject
from grpo_symbolic.grammar.statement import Direction
from grpo_symbolic.verify.ball_numbers import agrees
from grpo_symbolic.verify.verdict import Status
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
#: One value of a parameter from the one before.
_FURTHER = Rational(101, 100)
_MOVES = {">": "rises", ">=": "rises", "<": "falls", "<=": "falls", "==": "does not move"}


@dataclass(frozen=True)
class DirectionCheck(StatementCheck):
    """One direction of one subject."""

    said: Direction

    def verdict(self) -> Checked:
        """Comparative statics, and two solutions that contradict what was said."""
        said = self.said
        if said.strict and said.variable.is_integer:
            sentence = f"{said.variable} is a whole number, and nothing has a derivative in it"
            return self.result(Status.UNKNOWN, "none", sentence)
        curve = self.about.curve
        if said.quantity != PI or curve is None:
            return SlopeCheck(self.about, said, self.where_defined).verdict()
        try:
            found = limited(monotonicity, curve, said.variable, steps=PROOF_STEPS)
        except Exhausted as stopped:
            return self.result(Status.UNKNOWN, "comparative statics", str(stopped))
        moves = {"increasing": 1, "decreasing": -1, "constant": 0}.get(found.direction)
        unique = found.direction == "constant" or self.about.unique
        if moves is not None and agrees(said.relation, moves) and unique:
            # Larger is not as large: a direction that may stand still proves a weak relation only.
            enough = found.strict or "=" in said.relation
            if enough and all_proved(found.claims):
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
                    move = told(S(second - first).n(DIGITS))
                    if not agrees(self.said.relation, move):
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
            end = start * _FURTHER
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


def _first(solutions: list[Point]) -> list[Expr]:
    """π(a) of all solutions, in increasing order."""
    return sorted((next(iter(s.values())) for s in solutions), key=lambda v: v.n(SIGNIFICANT))
