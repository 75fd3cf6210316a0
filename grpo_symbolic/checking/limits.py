"""Whether a limit of the stationary policy is the one that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Piecewise, Rational, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.limits import explain_limit
from grpo_symbolic.checking.checked import (
    GLANCE_STEPS,
    SCATTERED,
    Checked,
    StatementCheck,
    all_proved,
    from_claim,
    strict_sign,
    value_at,
)
from grpo_symbolic.checking.curve_limits import Piece, along_the_curve
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.ranges import split
from grpo_symbolic.checking.relation import RelationCheck
from grpo_symbolic.checking.subject import shown
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.grammar.statement import LimitValue
from grpo_symbolic.verify.ball_numbers import agrees
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import WEAKEST_FIRST, Status, Verdict
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
#: Decimal places between a point and the place of a limit that is not infinite.
_NEAR = (1, 3, 9, 27)
_WAYS = {"+": 1, "-": -1}


@dataclass(frozen=True)
class LimitCheck(StatementCheck):
    """One limit of one subject."""

    said: LimitValue

    def verdict(self) -> Checked:
        """The limit as it is, from both sides unless one is said or only one is in the range."""
        outside = self._outside()
        if outside:
            sentence = f"there is no such limit: {outside}"
            return self.result(Status.REFUTED, "ranges", sentence, counterexample={})
        missing = None if self.where_defined else self._undefined_value()
        return self._taken() if missing is None else missing

    def _taken(self) -> Checked:
        """The limit from the sides that are asked for."""
        if self.said.side or not self._inside():
            return self._from(self.said.side or self._side())
        above, below = self._from("+"), self._from("-")
        if above.verdict == below.verdict == Status.PROVED and self.said.relation != "==":
            if above.sentence == below.sentence:
                return above
            known = f"from above {above.sentence}; from below {below.sentence}"
            return self.result(Status.UNKNOWN, "limits", f"the sides are not compared: {known}")
        weakest = min(above, below, key=lambda part: WEAKEST_FIRST.index(part.verdict))
        side = "from above" if weakest is above else "from below"
        return replace(weakest, sentence=f"{side}, {weakest.sentence}")

    @property
    def _own(self) -> Range | None:
        """The range of what moves."""
        known = (r for r in self.about.parameters.ranges if r.symbol == self.said.variable)
        return next(known, None)

    def _outside(self) -> str:
        """Why nothing of the range lies next to the place of the limit; "" where something does."""
        own, end, side = self._own, self.said.end, self.said.side
        if own is None:
            return ""
        runs = f"the range is {own}"
        if own.symbol.is_integer and end != oo:
            return f"{runs}, whole numbers, which come close to {sstr(end)} only by being it"
        known = (end - own.lower, own.upper - end)
        before, after = (S.Zero if gap is S.NaN else gap for gap in known)  # oo less oo
        if before.is_extended_negative or after.is_extended_negative:
            return f"{runs}, and {sstr(end)} is not next to that"
        if (side == "-" and before.is_zero) or (side == "+" and after.is_zero and end != oo):
            word = "below" if side == "-" else "above"
            return f"{runs}, and nothing of it lies {word} {sstr(end)}"
        return ""

    def _inside(self) -> bool:
        """Whether the place of the limit has the range on both of its sides."""
        own, end = self._own, self.said.end
        # Where the place is not known to be an end of the range, both sides count.
        return own is not None and S.false not in (own.lower < end, end < own.upper)

    def _from(self, side: str) -> Checked:
        said = self.said
        try:
            pieces, found, proved = self._limits(side)
        except (ValueError, Exhausted) as failure:
            return self.result(Status.UNKNOWN, "limits", f"the limit is not known: {failure}")
        missing = None if self.where_defined else self._undefined_near(side)
        if missing is not None:
            return missing
        verdicts: list[tuple[str, Verdict | None]] = []
        for piece in pieces:
            value, theirs = piece.value, said.value.subs(piece.given)
            if value in (oo, -oo) or theirs in (oo, -oo):
                holds = agrees(said.relation, _rank(value) - _rank(theirs))
                verdicts.append((piece.text, None if holds else _differ(value, theirs)))
                continue
            claim = Claim(
                str(said), value, said.relation, theirs, piece.domain,
                where_defined=self.where_defined,
            )  # fmt: skip
            verdicts.append((piece.text, prove(claim)))
        wrong = next((v for _, v in verdicts if v is not None and v.status is Status.REFUTED), None)
        right = [t for t, v in verdicts if t and (v is None or v.status is Status.PROVED)]
        told = f"the limit is {found}"
        if wrong is not None:
            return from_claim(said, wrong, told, right_where=tuple(right))
        status = Status.PROVED
        if any(v is not None and v.status is not Status.PROVED for _, v in verdicts):
            status = Status.UNKNOWN
        elif not proved:
            status, told = Status.NUMERIC, f"{told}; not every step of this is proved"
        elif not self._of_every_policy():
            status = Status.NUMERIC
            told += "; there may be other stationary policies, with other limits"
        return self.result(status, "limits of the weight curve", told)

    def _of_every_policy(self) -> bool:
        """Whether no other stationary policy may have another limit.

        As β → 0 all of those above π_ref(a) tend to 1, where alone the weight curve vanishes.
        """
        curve, said = self.about.curve, self.said
        if self.about.unique or curve is None or (said.variable, said.end) != (curve.beta, 0):
            return self.about.unique
        location = curve.above_reference()
        return location is not None and all_proved(location)

    def _limits(self, side: str) -> tuple[list[Piece], str, bool]:
        """The limit, in pieces of the range where it needs them; told in words; all proved."""
        said, curve = self.said, self.about.curve
        rest = _without(said.variable, self.about.parameters)
        if curve is not None and said.quantity == PI:
            found = explain_limit(curve, said.variable, said.end, side)
            told = f"{sstr(found.value)}: {found.reason}"
            return [*_pieces(found.value, rest)], told, all_proved(found.claims)
        if self.about.closed is None:
            return self._on_the_curve()
        try:
            value = self._leading(side, {}, self.about.parameters)
        except ValueError:
            # Such as |1 - beta|, whose sign decides where the limit is infinite.
            if said.variable == symbols.beta:
                raise
            pieces = [
                Piece(self._leading(side, given, domain), _without(said.variable, domain), text)
                for given, domain, text in split(self.about)
            ]
            if not pieces:
                raise
            return pieces, f"{_told(pieces)}: leading terms of the closed form", True
        return [Piece(value, rest)], f"{sstr(value)}: leading term of the closed form", True

    def _on_the_curve(self) -> tuple[list[Piece], str, bool]:
        said, curve = self.said, self.about.curve
        if curve is None or self.about.clipped:
            raise ValueError("only the limit of pi itself is known without a closed form")
        moving = said.quantity, said.variable, said.end, self.about.parameters
        pieces, claims = limited(along_the_curve, curve, *moving, steps=GLANCE_STEPS)
        told = f"{_told(pieces)}: leading terms along the curve of all stationary policies"
        return pieces, told, all_proved(claims)

    def _leading(self, side: str, given: dict[Symbol, Expr], domain: Domain) -> Expr:
        said = self.said
        expression = said.quantity.subs(self.about.closed or {}).subs(given)
        moving = expression, said.variable, said.end, domain, _WAYS[side]
        return limited(limit_at, *moving, steps=GLANCE_STEPS)

    def _undefined_value(self) -> Checked | None:
        """Of the value that was said, where one of its terms is no real number, or may be none."""
        missing = undefined(
            self.about,
            self.said.value_needs,
            lambda said: RelationCheck(self.about, said).verdict(),
        )
        if missing is None:
            return None
        if isinstance(missing, Checked):
            return replace(missing, formula=str(self.said), statement=self.said)
        return self.result(Status.UNKNOWN, "none", f"it is not shown that {missing}")

    def _undefined_near(self, side: str) -> Checked | None:
        """Of the first need that fails next to the place of the limit, or is not shown there."""
        about, said = self.about, self.said
        for need, relation in said.needs:
            expression = need.subs(about.closed or {})
            try:
                found = limited(self._sign_near, expression, side, steps=GLANCE_STEPS)
            except (ValueError, Exhausted):
                found = 0
            if found < 0 and relation != "!=":
                word = "above" if side == "+" else "below"
                reason = f"the quantity has no value next to {sstr(said.end)} from {word}"
                return self.result(
                    Status.REFUTED,
                    "sign next to the place of the limit",
                    f"{reason}: {sstr(need)} is negative there",
                    counterexample=self._place_of(expression, side),
                )
            if not found:
                sentence = f"it is not shown that {sstr(need)} {relation} 0 there"
                return self.result(Status.UNKNOWN, "limits", sentence)
        return None

    def _place_of(self, negative: Expr, side: str) -> dict[str, str]:
        """A point next to the place of the limit at which a need is seen to fail."""
        said, parameters = self.said, self.about.parameters
        for point in self.about.points(parameters, SCATTERED):
            for digits in _NEAR:
                step = _WAYS[side] * Rational(1, 10**digits)
                at = {**point, said.variable: said.end.subs(point) + step}
                value = value_at(negative, at)
                if value is not None and value < 0 and parameters.contains(at):
                    return shown(at)
        return {}

    def _sign_near(self, expression: Expr, side: str) -> int:
        """The sign next to the place of the limit: everywhere, or of the limit or its inverse."""
        said, parameters = self.said, self.about.parameters
        if found := strict_sign(expression, parameters):
            return found
        for part in (expression, 1 / expression):
            value = limit_at(part, said.variable, said.end, parameters, _WAYS[side])
            if found := _rank(value) or strict_sign(value, parameters):
                return found
        return 0

    def _side(self) -> str:
        """From inside the range."""
        own, end = self._own, self.said.end
        return "-" if own is not None and end == own.upper and end != oo else "+"


def _without(symbol: Symbol, domain: Domain) -> Domain:
    return Domain(tuple(r for r in domain.ranges if r.symbol != symbol))


def _differ(ours: Expr, theirs: Expr) -> Verdict:
    sides: dict[str, object] = {"counterexample": {}, "left": sstr(ours), "right": sstr(theirs)}
    return Verdict(Status.REFUTED, "infinite values", "they do not compare so", sides)


def _rank(value: Expr) -> int:
    """The place in the extended reals, of which at most one is finite."""
    return {oo: 1, -oo: -1}.get(value, 0)


def _told(pieces: list[Piece]) -> str:
    """The limits on all parts of the range, in words."""
    where = ((sstr(p.value), f" where {p.text}" if p.text else "") for p in pieces)
    return ", ".join("".join(part) for part in where)


def _pieces(value: Expr, domain: Domain) -> Iterator[Piece]:
    """The pieces of a limit, each with its part of the range and a condition in words."""
    if not isinstance(value, Piecewise):
        yield Piece(value, domain)
        return
    lower: Expr = S.Zero
    for piece, condition in value.args:
        own = next((r for r in domain.ranges if r.symbol == symbols.beta), None)
        if own is None:
            yield Piece(piece, domain, sstr(condition))
            continue
        rest = tuple(r for r in domain.ranges if r.symbol != symbols.beta)
        upper = oo if condition == True else condition.rhs  # noqa: E712
        part = Range(symbols.beta, lower, upper, lower != 0, condition.func.__name__ == "LessThan")
        text = f"beta >= {sstr(lower)}" if upper == oo else sstr(condition)
        yield Piece(piece, Domain((*rest, part)), text)
        lower = upper
