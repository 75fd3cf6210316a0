"""Whether a limit of the stationary policy is the one that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Piecewise, S, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.limits import explain_limit
from grpo_symbolic.checking.checked import (
    GLANCE_STEPS,
    HOLDS,
    Checked,
    StatementCheck,
    all_proved,
    from_claim,
)
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.grammar.statement import LimitValue
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

__all__ = ["LimitCheck"]

PI = symbols.pi


@dataclass(frozen=True)
class LimitCheck(StatementCheck):
    """One limit of one subject."""

    said: LimitValue

    def verdict(self) -> Checked:
        """The limit as it is, from both sides unless one is said or only one is in the range."""
        if self.said.side or not self._inside():
            return self._from(self.said.side or self._side())
        above, below = self._from("+"), self._from("-")
        if above.verdict == below.verdict == Status.PROVED and self.said.relation != "==":
            if above.sentence == below.sentence:
                return above
            known = f"from above {above.sentence}; from below {below.sentence}"
            return self.result(Status.UNKNOWN, "limits", f"the sides are not compared: {known}")
        order = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)
        weakest = min(above, below, key=lambda part: order.index(part.verdict))
        side = "from above" if weakest is above else "from below"
        return replace(weakest, sentence=f"{side}, {weakest.sentence}")

    def _inside(self) -> bool:
        """Whether the place of the limit has the range on both of its sides."""
        known = (r for r in self.about.parameters.ranges if r.symbol == self.said.variable)
        own, end = next(known, None), self.said.end
        if own is None or end in (oo, -oo):
            return False
        # Where the place is not known to be an end of the range, both sides count.
        return (own.lower < end) != False and (end < own.upper) != False  # noqa: E712

    def _from(self, side: str) -> Checked:
        said = self.said
        try:
            value, reason, proved = self._limit_value(side)
        except (ValueError, Exhausted) as failure:
            return self.result(Status.UNKNOWN, "limits", f"the limit is not known: {failure}")
        if not self.where_defined:
            doubt = self._undefined_near(side)
            if doubt:
                return self.result(Status.UNKNOWN, "limits", f"it is not shown that {doubt} there")
        parameters = self.about.parameters
        rest = Domain(tuple(r for r in parameters.ranges if r.symbol != said.variable))
        verdicts: list[tuple[str, Verdict | None]] = []
        for piece, domain, text in _pieces(value, rest):
            if piece in (oo, -oo) or said.value in (oo, -oo):
                holds = HOLDS[said.relation](_rank(piece) - _rank(said.value))
                verdicts.append((text, None if holds else _differ(piece, said.value)))
                continue
            claim = Claim(str(said), piece, said.relation, said.value, domain)
            verdicts.append((text, prove(claim)))
        wrong = next((v for _, v in verdicts if v is not None and v.status is Status.REFUTED), None)
        right = [t for t, v in verdicts if t and (v is None or v.status is Status.PROVED)]
        told = f"the limit is {sstr(value)}: {reason}"
        if wrong is not None:
            return from_claim(said, wrong, told, right_where=tuple(right))
        status = Status.PROVED
        if any(v is not None and v.status is not Status.PROVED for _, v in verdicts):
            status = Status.UNKNOWN
        elif not proved:
            status, told = Status.NUMERIC, f"{told}; not every step of this is proved"
        elif not self.about.unique:
            status = Status.NUMERIC
            told += "; there may be other stationary policies, with other limits"
        return self.result(status, "limits of the weight curve", told)

    def _limit_value(self, side: str) -> tuple[Expr, str, bool]:
        curve = self.about.curve
        if curve is not None and self.said.quantity == PI:
            found = explain_limit(curve, self.said.variable, self.said.end, side)
            return found.value, found.reason, all_proved(found.claims)
        if self.about.closed is None:
            raise ValueError("only the limit of pi itself is known without a closed form")
        expression = self.said.quantity.subs(self.about.closed, simultaneous=True)
        value = limited(
            limit_at,
            expression,
            self.said.variable,
            self.said.end,
            self.about.parameters,
            1 if side == "+" else -1,
            steps=GLANCE_STEPS,
        )
        return value, "leading term of the closed form", True

    def _undefined_near(self, side: str) -> str:
        """A need of the quantity that is not shown next to the place of the limit; none is ""."""
        about, said = self.about, self.said
        for need, relation in said.needs:
            expression = need.subs(about.closed or {}, simultaneous=True)
            try:
                found = limited(self._sign_near, expression, side, steps=GLANCE_STEPS)
            except (ValueError, Exhausted):
                found = 0
            if not (found > 0 or (found < 0 and relation == "!=")):
                return f"{sstr(need)} {relation} 0"
        return ""

    def _sign_near(self, expression: Expr, side: str) -> int:
        """The sign next to the place of the limit, by the limit or by that of the reciprocal."""
        parameters, way = self.about.parameters, 1 if side == "+" else -1
        for part in (expression, 1 / expression):
            value = limit_at(part, self.said.variable, self.said.end, parameters, way)
            if value in (oo, -oo):
                return _rank(value)
            found = sign(value, parameters)
            if found in (Sign.POSITIVE, Sign.NEGATIVE):
                return int(found)
        return 0

    def _side(self) -> str:
        """From inside the range."""
        known = (r for r in self.about.parameters.ranges if r.symbol == self.said.variable)
        own = next(known, None)
        return (
            "-" if own is not None and self.said.end == own.upper and self.said.end != oo else "+"
        )


def _differ(ours: Expr, theirs: Expr) -> Verdict:
    sides: dict[str, object] = {"counterexample": {}, "left": sstr(ours), "right": sstr(theirs)}
    return Verdict(Status.REFUTED, "infinite values", "they do not compare so", sides)


def _rank(value: Expr) -> int:
    """The place in the extended reals, of which at most one is finite."""
    return {oo: 1, -oo: -1}.get(value, 0)


def _pieces(value: Expr, domain: Domain) -> Iterator[tuple[Expr, Domain, str]]:
    """The pieces of a limit, each with its part of the range and a condition in words."""
    if not isinstance(value, Piecewise):
        yield value, domain, ""
        return
    lower: Expr = S.Zero
    for piece, condition in value.args:
        own = next((r for r in domain.ranges if r.symbol == symbols.beta), None)
        if own is None:
            yield piece, domain, sstr(condition)
            continue
        rest = tuple(r for r in domain.ranges if r.symbol != symbols.beta)
        upper = oo if condition == True else condition.rhs  # noqa: E712
        part = Range(symbols.beta, lower, upper, lower != 0, condition.func.__name__ == "LessThan")
        text = f"beta >= {sstr(lower)}" if upper == oo else sstr(condition)
        yield piece, Domain((*rest, part)), text
        lower = upper
