"""Which way a quantity with a closed form moves: by its derivative, or from one size to the next.

A direction is the statement about two points: where x < y, the quantity at y is larger. A positive
derivative proves it; one that is zero somewhere does not refute it, and a quantity with kinks has
none at them. A statement about the derivative itself needs it everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Abs, Expr, Heaviside, Max, Min, Rational, S, Symbol, diff, sign, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.checking.checked import (
    PROOF_STEPS,
    Checked,
    StatementCheck,
    all_proved,
    from_claim,
)
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.relation import RelationCheck
from grpo_symbolic.domain import Domain
from grpo_symbolic.grammar.statement import Comparison, Direction
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.sampling import UNDEFINED
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
_WEAK = {">": ">=", "<": "<="}
_KINKED = (Abs, Max, Min)
#: Where a derivative that vanishes somewhere is asked whether it vanishes on a whole line.
_PLACES = (Rational(1, 2), Rational(1, 3), Rational(2))


@dataclass(frozen=True)
class SlopeCheck(StatementCheck):
    """One direction of one quantity that has a closed form."""

    said: Direction

    def verdict(self) -> Checked:
        said = self.said
        if said.variable not in self.about.parameters.symbols:
            raise ValueError(f"the question has no parameter {said.variable}")
        missing = undefined(self.about, said.needs, self._need)
        if self.where_defined and missing is not None:
            pieces = "a direction is one of the whole range, and the quantity is not defined on it"
            return self.result(Status.UNKNOWN, "none", pieces)
        if isinstance(missing, Checked):
            return replace(missing, formula=str(said), statement=said)
        if missing is not None:
            return self.result(Status.UNKNOWN, "none", f"it is not shown that {missing}")
        if self.about.closed is None and said.quantity.has(*self.about.unknowns):
            return self._through_policy()
        expression = said.quantity.subs(self.about.closed or {})
        if said.variable.is_integer:
            return self._by_steps(expression)
        if expression.has(sign):
            return self.result(Status.UNKNOWN, "none", "a sign jumps: its derivative says nothing")
        return self._by_slope(expression)

    def _need(self, said: Comparison) -> Checked:
        return RelationCheck(self.about, said).verdict()

    def _compared(self, moved: Expr, relation: str) -> Verdict:
        return prove(Claim(str(self.said), moved, relation, S.Zero, self.about.parameters))

    def _by_steps(self, expression: Expr) -> Checked:
        """Of a whole number: the change from each one to the next."""
        variable = self.said.variable
        step = expression.subs(variable, variable + 1) - expression
        found = self._compared(step, self.said.relation)
        if found.status is Status.REFUTED and self.said.relation in _WEAK:
            weak = self._compared(step, _WEAK[self.said.relation])
            if weak.status is not Status.REFUTED:
                sentence = "it stands still from one size to the next, or is not shown to move"
                return self.result(Status.UNKNOWN, weak.method, sentence)
        if found.status is Status.REFUTED:
            return from_claim(self.said, found, f"it moves otherwise from there to {variable} + 1")
        return self.result(found.status, found.method, found.detail)

    def _through_policy(self) -> Checked:
        """Without a closed form: the direction of π(a) and of the quantity in it."""
        said, about = self.said, self.about
        if about.curve is None or not about.unique or said.relation not in _WEAK:
            return self.result(Status.UNKNOWN, "none", "nothing is known of how it moves")
        try:
            policy = limited(monotonicity, about.curve, said.variable, steps=PROOF_STEPS)
        except Exhausted as stopped:
            return self.result(Status.UNKNOWN, "comparative statics", str(stopped))
        way = {"increasing": 1, "decreasing": -1}.get(policy.direction)
        quantity, smooth = said.quantity, not said.quantity.has(sign, *_KINKED)
        if way is None or not policy.strict or not smooth or not all_proved(policy.claims):
            return self.result(Status.UNKNOWN, "comparative statics", str(policy))
        outer = way * diff(quantity, PI)
        parts = [Comparison(outer, said.relation, S.Zero)]
        if quantity.has(said.variable):
            if said.variable.is_integer:
                return self.result(Status.UNKNOWN, "comparative statics", str(policy))
            own = diff(quantity, said.variable)
            parts.append(Comparison(own, _WEAK[said.relation], S.Zero))
        found = [self._need(part) for part in parts]
        if all(part.verdict is Status.PROVED for part in found):
            method = " and ".join(
                dict.fromkeys(["comparative statics", *(f.method for f in found)])
            )
            return self.result(Status.PROVED, method, f"{policy}; the quantity follows it")
        if len(parts) == 1 and not said.variable.is_integer:
            weak = said.relation if said.strict else _WEAK[said.relation]
            turned = self._need(Comparison(outer, weak, S.Zero))
            if turned.verdict is Status.REFUTED and turned.ours:
                sentence = f"the quantity moves the other way with pi there, while {policy}"
                return replace(turned, formula=str(said), statement=said, sentence=sentence,
                               theirs="", ours="", difference="")  # fmt: skip
        return self.result(Status.UNKNOWN, "comparative statics", str(policy))

    def _by_slope(self, expression: Expr) -> Checked:
        said = self.said
        slope = _derivative(expression, said.variable)
        found = self._compared(slope, said.relation)
        if found.status is Status.PROVED:
            kink = next(self._kinks(expression), None) if said.strict else None
            if kink is None:
                return self.result(found.status, found.method, found.detail)
            sentence = f"it is not shown to have a derivative where {sstr(kink)} is 0"
            return self.result(Status.UNKNOWN, "none", sentence)
        if not said.strict and found.status is Status.REFUTED and said.relation in _WEAK:
            return self._by_weak_slope(expression, slope, found)
        if found.status is Status.REFUTED and not _without_value(found):
            return self._refuted(found)
        return self._open(found)

    def _open(self, found: Verdict) -> Checked:
        """Not decided by the derivative, which need not exist for a direction."""
        status = Status.NUMERIC if found.status is Status.NUMERIC else Status.UNKNOWN
        return self.result(status, found.method, found.detail)

    def _by_weak_slope(self, expression: Expr, slope: Expr, stands: Verdict) -> Checked:
        """A direction whose derivative vanishes somewhere, or is not there."""
        if is_zero(slope, self.about.parameters):
            return self._refuted(stands)
        found = self._compared(slope, _WEAK[self.said.relation])
        if found.status is Status.REFUTED and not _without_value(found):
            return self._refuted(found)
        way = "falls" if self.said.relation == ">" else "rises"
        if found.status is not Status.PROVED:
            # Numbers say so of the weak relation only.
            sentence = f"its derivative vanishes somewhere; it is not shown that it never {way}"
            return self.result(Status.UNKNOWN, found.method, sentence)
        if not expression.has(*_KINKED) and self._moves_somewhere(slope):
            sentence = f"it never {way}, and no part of the range has a derivative of 0"
            return self.result(Status.PROVED, found.method, sentence)
        sentence = f"it never {way}; it is not shown to move on every part of the range"
        return self.result(Status.UNKNOWN, found.method, sentence)

    def _moves_somewhere(self, slope: Expr) -> bool:
        """Whether the derivative is not zero at one place, whatever the other parameters are.

        An analytic function that is not zero at one place is zero at isolated places only.
        """
        variable, parameters = self.said.variable, self.about.parameters
        own = next(r for r in parameters.ranges if r.symbol == variable)
        rest = Domain(tuple(r for r in parameters.ranges if r.symbol != variable))
        if own.needs or any(variable in r.needs for r in rest.ranges):
            return False
        for place in _PLACES:
            if Domain((own,)).contains({variable: place}):
                there = slope.subs(variable, place)
                if prove(Claim("it moves", there, "!=", S.Zero, rest)).status is Status.PROVED:
                    return True
        return False

    def _kinks(self, expression: Expr) -> Iterator[Expr]:
        """What is not shown to differ from 0, where the quantity may have no derivative."""
        parts = (p for p in expression.atoms(*_KINKED) if p.has(self.said.variable))
        for part in sorted(parts, key=sstr):
            first, *others = part.args
            for turned in [first - other for other in others] or [first]:
                if self._compared(turned, "!=").status is not Status.PROVED:
                    yield turned

    def _refuted(self, found: Verdict) -> Checked:
        sentence = "the derivative of the closed form has another sign"
        return from_claim(self.said, found, sentence)


def _without_value(found: Verdict) -> bool:
    """Whether a refutation names a point at which there is no derivative."""
    return found.detail.startswith(UNDEFINED)


def _derivative(expression: Expr, variable: Symbol) -> Expr:
    """The derivative away from kinks, and the mean of both sides' at them."""
    slope = diff(expression, variable)
    return slope.replace(Heaviside, lambda x, *_: (1 + sign(x)) / 2)
