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

PI, REFERENCE = symbols.pi, symbols.pi_ref
#: Decimal places between a point and the place of a limit that is not infinite.
_NEAR = (1, 3, 9, 27)
_WAYS = {"+": 1, "-": -1}
#: How an expression has to compare with 0.
Gap = tuple[Expr, str]


@dataclass(frozen=True)
class LimitCheck(StatementCheck):
    """One limit of one subject."""

    said: LimitValue

    def verdict(self) -> Checked:
        """The limit as it is, from both sides unless one is said or only one is in the range."""
        sides = self._sides()
        if isinstance(sides, Checked):
            return sides
        missing = None if self.where_defined else self._undefined_value()
        return self._taken(sides) if missing is None else missing

    def _taken(self, sides: list[str]) -> Checked:
        """The limit from the sides that are asked for."""
        if len(sides) == 1:
            return self._from(sides[0])
        above, below = map(self._from, sides)
        if above.verdict == below.verdict == Status.PROVED and self.said.relation != "==":
            if above.sentence == below.sentence:
                return above
            known = f"from above {above.sentence}; from below {below.sentence}"
            return self.result(Status.UNKNOWN, "limits", f"the sides are not compared: {known}")
        weakest = min(above, below, key=lambda part: WEAKEST_FIRST.index(part.verdict))
        side = "from above" if weakest is above else "from below"
        return replace(weakest, sentence=f"{side}, {weakest.sentence}")

    def _sides(self) -> list[str] | Checked:
        """From where the limit is taken; a verdict where the range is not next to its place."""
        end, side, parameters = self.said.end, self.said.side, self.about.parameters
        own = next((r for r in parameters.ranges if r.symbol == self.said.variable), None)
        if own is None:  # nor a range from which a limit could be taken
            raise ValueError(f"the question has no parameter {self.said.variable}")
        ranges = [own, *(r for r in parameters.ranges if own.symbol in r.needs)]
        runs = f"there is no such limit: the range is {', '.join(map(str, ranges))}"
        place = sstr(end)
        if own.symbol.is_integer and end != oo:
            whole = f"whole numbers, which come close to {place} only by being it"
            return self._no_limit(f"{runs}, {whole}", {})
        try:
            gaps = {way: self._gaps(way) for way in ([side] if side else _WAYS)}
        except ValueError as failure:
            return self.result(Status.UNKNOWN, "ranges", str(failure))
        found = {way: _all_hold(part, parameters) for way, part in gaps.items()}
        doubtful = [verdict for verdict in found.values() if isinstance(verdict, Verdict)]
        sides = [way for way, reached in found.items() if reached is True]
        if sides and not doubtful:
            return sides
        word = {"+": f"nothing of it lies above {place}", "-": f"nothing of it lies below {place}"}
        reason = f"{runs}, and {word.get(side, f'{place} is not next to that')}"
        if not doubtful:
            return self._no_limit(reason, {})
        for at in (verdict.counterexample for verdict in doubtful):
            nowhere = isinstance(at, dict) and all(_fails_at(part, at) for part in gaps.values())
            if nowhere and not self.where_defined:
                known = set().union(
                    *(gap.free_symbols for part in gaps.values() for gap, _ in part)
                )
                return self._no_limit(reason, {s: at[s] for s in at if s in map(str, known)})
        sentence = f"it is not shown that all of the range, {parameters}, comes close to {place}"
        return self.result(Status.UNKNOWN, "ranges", sentence)

    def _gaps(self, way: str) -> list[Gap]:
        """What has to compare so with 0 where values above (+) or below (-) come to the place."""
        end = self.said.end
        lower, upper = self.about.parameters.bounds_on(self.said.variable)
        found = [(end - low, ">" if way == "-" else ">=") for low in lower]
        found += [(high - end, ">" if way == "+" else ">=") for high in upper]
        return [(S.Zero if gap is S.NaN else gap.expand(), how) for gap, how in found]  # oo less oo

    def _no_limit(self, sentence: str, at: dict[str, str]) -> Checked:
        return self.result(Status.REFUTED, "ranges", sentence, counterexample=at)

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
        elif self._about_policy and not self._of_every_policy():
            status = Status.NUMERIC
            told += "; there may be other stationary policies, with other limits"
        return self.result(status, "limits of the weight curve", told)

    @property
    def _about_policy(self) -> bool:
        return self.said.quantity.has(*self.about.unknowns)

    def _of_every_policy(self) -> bool:
        """Whether no other stationary policy may have another limit.

        As β → 0 all of those above π_ref(a) tend to 1, where alone the weight curve vanishes. A
        force that rises meets a drift that does not at most once, and where it does π(a) = 1 is
        none.
        """
        curve, place = self.about.curve, (self.said.variable, self.said.end)
        if self.about.unique or curve is None:
            return self.about.unique
        if place == (curve.beta, 0):
            location = curve.above_reference()
            return location is not None and all_proved(location)
        if place not in ((curve.beta, oo), (REFERENCE, 0), (REFERENCE, 1)):
            return False
        rises, falls = curve.force.rises(), curve.drift.does_not_rise()
        return rises is not None and falls is not None and all_proved((*rises, *falls))

    def _limits(self, side: str) -> tuple[list[Piece], str, bool]:
        """The limit, in pieces of the range where it needs them; told in words; all proved."""
        said, curve = self.said, self.about.curve
        rest = _without(said.variable, self.about.parameters)
        if curve is not None and said.quantity == PI:
            found = explain_limit(curve, said.variable, said.end, side)
            told = f"{sstr(found.value)}: {found.reason}"
            return [*_pieces(found.value, rest)], told, all_proved(found.claims)
        if self.about.closed is None and self._about_policy:
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
        of = "leading term" if self.about.closed is None else "leading term of the closed form"
        return [Piece(value, rest)], f"{sstr(value)}: {of}", True

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


def _without(symbol: Symbol, domain: Domain) -> Domain:
    """The ranges of the others, with that of the symbol where one of them depends on it."""
    if any(symbol in r.needs for r in domain.ranges):
        return domain
    return Domain(tuple(r for r in domain.ranges if r.symbol != symbol))


def _all_hold(gaps: list[Gap], domain: Domain) -> bool | Verdict:
    """Whether all compare so with 0; the verdict where they may do for some parameters only."""
    if any(gap.is_extended_negative or (gap.is_zero and how == ">") for gap, how in gaps):
        return False
    for gap, how in gaps:
        if not (gap.is_extended_positive or gap.is_zero):
            found = prove(Claim("next to its place", gap, how, S.Zero, domain))
            if found.status is not Status.PROVED:
                return found
    return True


def _fails_at(gaps: list[Gap], at: dict[str, str]) -> bool:
    """Whether one of them is seen not to compare so at a point, given as text."""
    given = [({s: at.get(str(s), s) for s in gap.free_symbols}, gap, how) for gap, how in gaps]
    values = ((gap.subs(point), how) for point, gap, how in given)
    return any(value.is_extended_real and not agrees(how, value) for value, how in values)


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
