r"""A verdict on somebody else's formula for the stationary policy.

The formula may be a closed form, an equation, an inequality, a limit, or a direction. It is
read by :mod:`grpo_symbolic.grammar` and put to three routes, the cheap ones first:

* numbers: at rational parameters it is compared with the closed form, or with every certified
  solution of the condition; one point at which it fails is a counterexample;
* the closed form, where there is one, takes the place of π(a) and the claim is proved;
* without one, the condition does: β = W(p) on the curve of all stationary policies, or the
  formula itself put into the condition, which must vanish (an equation) or have the right sign
  (a bound), where the solution is unique.

A statement about π(a) is about every stationary policy: it is refuted if one of them fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from time import monotonic
from typing import Any

from sympy import (
    Expr,
    Piecewise,
    Rational,
    S,
    Symbol,
    cancel,
    diff,
    fraction,
    oo,
    sstr,
    together,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.bounded import Exhausted, bounded
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.grammar.statement import (
    Comparison,
    Direction,
    LimitValue,
    Statement,
    statements,
)
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.solve.laurent import limit_at
from grpo_symbolic.solve.limits import explain_limit
from grpo_symbolic.solve.statics import location_claims, monotonicity
from grpo_symbolic.solve.subject import DIGITS, Point, Subject, real, shown, subject
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove, prove_all
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["Checked", "check"]

PI, REFERENCE = symbols.pi, symbols.pi_ref
_SECONDS = 5.0
_NUMBERS_SECONDS = 20.0
_SCATTERED = 12
_SIGNIFICANT = 30
#: Two values differ if they do so by more than this, of numbers known to 50 digits.
_CLOSE = Rational(1, 10) ** 30
_PROOF_SECONDS = 30.0
_CONDITION = "the condition at the formula"
_RARE = "pi_ref -> 0"
_HOLDS = {
    "==": lambda gap: gap == 0,
    "!=": lambda gap: gap != 0,
    ">": lambda gap: gap > 0,
    ">=": lambda gap: gap >= 0,
    "<": lambda gap: gap < 0,
    "<=": lambda gap: gap <= 0,
}


@dataclass(frozen=True)
class Checked:
    """A formula and its verdict.

    Attributes
    ----------
    formula : str
        As it was understood, in SymPy notation.
    verdict : Status
    method : str
        What decided.
    sentence : str
        The verdict in words.
    counterexample : dict of str to str, optional
        Exact parameters at which it fails, and π(a) there where the formula does not give it.
    theirs, ours, difference : str
        At the counterexample, to 30 digits: the value of the formula (or the right side of the
        relation), the stationary policy (or the left side at it), and theirs − ours.
    right_where : tuple of str
        Parts of the range in which a refuted formula is proved to hold.
    statement : Statement
        What was read, in SymPy expressions.
    parts : tuple of Checked
        One verdict each, of a chain of relations.
    """

    formula: str
    verdict: Status
    method: str
    sentence: str
    counterexample: dict[str, str] | None = None
    theirs: str = ""
    ours: str = ""
    difference: str = ""
    right_where: tuple[str, ...] = ()
    statement: Statement | None = field(default=None, repr=False, compare=False)
    parts: tuple[Checked, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        del plain["statement"]
        return {
            **plain,
            "verdict": self.verdict.value,
            "right_where": list(self.right_where),
            "parts": [part.as_dict() for part in self.parts],
        }

    def __bool__(self) -> bool:
        raise TypeError("a verdict is not a truth value: compare .verdict with Status.PROVED")

    def __str__(self) -> str:
        lines = [f"{self.verdict}  {self.formula}", f"  by {self.method}: {self.sentence}"]
        if self.counterexample is not None:
            place = ", ".join(f"{k} = {v}" for k, v in self.counterexample.items())
            lines.append(f"  counterexample: {place}")
            lines += [
                f"  {name}: {value}"
                for name, value in (
                    ("the formula", self.theirs),
                    ("stationary", self.ours),
                    ("difference", self.difference),
                )
                if value
            ]
        lines += [f"  right where {where}" for where in self.right_where]
        return "\n".join(lines)


def check(formula: str, algorithm: Any, question: Any) -> Checked:
    r"""A verdict on a formula about the stationary policy.

    Parameters
    ----------
    formula : str
        In SymPy notation (``pi``, ``pi_ref``, ``beta``, ``gamma``, …) or LaTeX (``\pi(a)``,
        ``\pi_{\mathrm{ref}}``, …): see :func:`grpo_symbolic.grammar.statement.statements`.
    algorithm : Algorithm or Preset
    question : BinaryQuestion or Question

    Returns
    -------
    Checked
        PROVED for the whole range, REFUTED with a counterexample, NUMERIC where no certified
        number contradicts it and nothing proves it, UNKNOWN.

    Raises
    ------
    ValueError
        For what is no formula, or speaks of quantities that the question does not have.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> check("pi >= 1 - beta", gs.GRPO(group_size=2), gs.BinaryQuestion()).verdict.value
    'PROVED'
    """
    about = subject(algorithm, question)
    found = statements(formula, about.names)
    parts = tuple(_Check(about, statement).verdict() for statement in found)
    if len(parts) == 1:
        return parts[0]
    order = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)
    weakest = min(parts, key=lambda part: order.index(part.verdict))
    return replace(weakest, formula=" and ".join(p.formula for p in parts), parts=parts)


@dataclass(frozen=True)
class _Check:
    """One statement about one subject."""

    about: Subject
    statement: Statement

    def verdict(self) -> Checked:
        self._check_symbols()
        if isinstance(self.statement, Comparison):
            return self._comparison(self.statement)
        if isinstance(self.statement, LimitValue):
            return self._limit(self.statement)
        return self._direction(self.statement)

    def _check_symbols(self) -> None:
        parts = [v for v in vars(self.statement).values() if isinstance(v, Expr)]
        known = {*self.about.policy.domain.symbols, *self.about.unknowns}
        if not isinstance(self.statement, Comparison):
            known.add(self.statement.variable)
        for symbol in sorted(set().union(*(p.free_symbols for p in parts)) - known, key=str):
            have = ", ".join(sorted(s.name for s in known))
            raise ValueError(f"the formula has {symbol}, but the question has {have} only")

    def _result(self, status: Status, method: str, sentence: str, **more: Any) -> Checked:
        return Checked(
            str(self.statement), status, method, sentence, statement=self.statement, **more
        )

    # -- relations ---------------------------------------------------------------------------

    def _comparison(self, said: Comparison) -> Checked:
        tested, failure = self._failure(said)
        if failure is not None:
            return replace(failure, right_where=tuple(self._where(said)))
        start = monotonic()
        for route, claims in self._routes(said):
            if monotonic() - start > _PROOF_SECONDS:
                break
            verdicts: list[Verdict] = []
            for claim in claims:
                verdicts.append(prove(claim, _SECONDS))
                if verdicts[-1].status is not Status.PROVED:
                    break
            if all(v.status is Status.PROVED for v in verdicts):
                method = " and ".join(dict.fromkeys(v.method for v in verdicts))
                return self._result(Status.PROVED, method, self._proved(said, route))
            refuted = verdicts[-1].status is Status.REFUTED and len(verdicts) == len(claims)
            if refuted and route != _CONDITION:
                return self._from_claim(verdicts[-1], said)
        if not tested:
            return self._result(
                Status.UNKNOWN, "none", "no number and no method decided it within the time"
            )
        return self._result(
            Status.NUMERIC,
            "certified solutions at rational points",
            f"it holds at {tested} stationary policies, to {DIGITS} digits; nothing proves it for "
            "the whole range",
        )

    def _solved(self, said: Comparison) -> Expr | None:
        """The other side of ``pi = ...``, if it is such a formula."""
        for side, other in ((said.left, said.right), (said.right, said.left)):
            if side in self.about.unknowns and not other.has(*self.about.unknowns):
                return other
        return None

    def _failure(self, said: Comparison) -> tuple[int, Checked | None]:
        """How many stationary policies were compared, and the first at which it fails."""
        tested, no_value = 0, None
        start = monotonic()
        for point in self.about.points(self._domain(said), _SCATTERED):
            left = _NUMBERS_SECONDS + start - monotonic()
            if left <= 0:
                break
            try:
                count, found = bounded(self._failure_at, said, point, seconds=left)
            except Exhausted:
                continue
            tested += count
            if found is not None and found.difference:
                return tested, found
            no_value = no_value or found
        return tested, no_value

    def _failure_at(self, said: Comparison, point: Point) -> tuple[int, Checked | None]:
        tested, no_value = 0, None
        for solution in self.about.solutions(point):
            at = {**point, **solution}
            left, right = (_value(side, at) for side in (said.left, said.right))
            if left is None or right is None:
                wrong = said.right if left is not None else said.left
                if no_value is None and not _indefinite(wrong, at):
                    no_value = self._without_value(said, point, solution, left, right)
                continue
            tested += 1
            gap = self._gap(said, point, solution)
            if gap is not None and not _HOLDS[said.relation](gap):
                return tested, self._refuted(said, point, solution, left, right)
        return tested, no_value

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
        middle = _value(difference, {**point, **solution})
        scale = _value(said.left, {**point, **solution})
        values: list[Expr | None] = []
        if self.about.closed is None:
            # The solution is known to 50 digits: what it amplifies is the uncertainty.
            for step in (-1, 1):
                moved = {s: v + step * _CLOSE / 10**10 for s, v in solution.items()}
                values.append(_value(difference, {**point, **moved}))
        if middle is None or scale is None or None in values:
            return None
        size = max(abs(scale), _CLOSE)
        centre: Expr = middle
        doubt = 100 * max((abs(S(v) - centre) for v in values if v is not None), default=S.Zero)
        if abs(middle) > max(doubt, _CLOSE * size):
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
        if ours is None or ours != _value(next(iter(solution.values())), {}):
            place |= {s.name: _decimal(_value(v, {})) for s, v in solution.items()}
        known = theirs is not None and ours is not None
        return self._result(
            Status.REFUTED,
            "closed form at a rational point"
            if self.about.closed is not None
            else "certified solution at a rational point",
            sentence,
            counterexample=place,
            theirs=_decimal(theirs),
            ours=_decimal(ours),
            difference=_decimal(S(theirs) - S(ours)) if known else "",
        )

    def _without_value(
        self, said: Comparison, point: Point, solution: Point, left: Expr | None, right: Expr | None
    ) -> Checked:
        ours, theirs = (right, left) if said.right in self.about.unknowns else (left, right)
        return self._at(point, solution, "the formula has no real value there", theirs, ours)

    def _from_claim(self, verdict: Verdict, said: Comparison) -> Checked:
        """A counterexample that a method of proof has found."""
        given = verdict.counterexample
        place = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
        curve = self.about.curve
        if curve is not None and PI.name in place:  # a point of the curve: its weight
            at = {s: Rational(place[s.name]) for s in curve.domain.symbols if s.name in place}
            place[sstr(curve.beta)] = sstr(curve.weight.subs(at))
        left, right = (str(verdict.evidence.get(side, "")) for side in ("left", "right"))
        ours, theirs = (right, left) if said.right in self.about.unknowns else (left, right)
        difference = _decimal(Rational(theirs) - Rational(ours)) if theirs and ours else ""
        return self._result(
            Status.REFUTED,
            verdict.method,
            "it fails there",
            counterexample=place,
            theirs=theirs,
            ours=ours,
            difference=difference,
            right_where=tuple(self._where(said)),
        )

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
        try:
            location = bounded(location_claims, curve, seconds=4 * _SECONDS)
        except Exhausted:
            return
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
        sentence = f"it holds for {self.about.parameters}, by {route}"
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
            ratio = bounded(
                _quotient, said.left - said.right, self.about.residual, seconds=_SECONDS
            )
            domain = self.about.policy.domain
            top, bottom = fraction(ratio)
            return all(
                bounded(sign, part, domain, seconds=_SECONDS) in (Sign.POSITIVE, Sign.NEGATIVE)
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
        for power in sorted(solved.atoms(type(1 / PI)), key=sstr):
            base, exponent = power.as_base_exp()
            if exponent.is_negative and base.free_symbols:
                try:
                    known = bounded(sign, base, self.about.parameters, seconds=_SECONDS / 2)
                except Exhausted:
                    known = Sign.ZERO
                if known is None and self._has_zero(base):
                    found.append(f"{sstr(base)} = 0")
        return found

    def _has_zero(self, base: Expr) -> bool:
        """Whether a denominator takes both signs at points of the range."""
        points = self.about.points(self.about.parameters, 4 * _SCATTERED)
        values = [v for p in points if (v := _value(base, p)) is not None]
        return min(values, default=S.One) <= 0 <= max(values, default=-S.One)

    # -- part of the range -------------------------------------------------------------------

    def _where(self, said: Comparison) -> Iterator[str]:
        """Natural parts of the range in which a refuted statement is proved."""
        closed = self.about.closed
        if closed is None:
            return
        whole = self._claim(said, closed, self.about.parameters)
        for domain, text in self._parts():
            if self._survives(whole, domain) and self._is_proved(replace(whole, domain=domain)):
                yield text
        if said.relation != "==":
            return
        done = False
        for given, domain, text in self._slices():
            if done:
                return
            left, right = (side.subs(given) for side in (whole.left, whole.right))
            if any(v.has(oo, S.NaN, S.ComplexInfinity) for v in (left, right)) or right == 0:
                continue
            if not all(self._definite(v, given, domain) for v in (whole.left, whole.right)):
                continue
            claim = Claim(text, left, "==", right, domain)
            if self._survives(claim, domain) and self._is_proved(claim):
                done = text == _RARE
                yield text

    def _parts(self) -> Iterator[tuple[Domain, str]]:
        """Halves of the range, of β at the margin and of π_ref(a) in the middle."""
        ranges = self.about.parameters.ranges
        known = {r.symbol for r in ranges}
        margin = symbols.gamma if symbols.gamma in known else S.One
        cuts = ((symbols.beta, margin), (REFERENCE, S.Half))
        for symbol, cut in cuts:
            r = next((r for r in ranges if r.symbol == symbol), None)
            if r is None:
                continue
            rest = tuple(other for other in ranges if other.symbol != symbol)
            for half in (Range(symbol, r.lower, cut), Range(symbol, cut, r.upper, True, False)):
                relation = "<" if half.upper == cut else ">="
                yield Domain((*rest, half)), f"{symbol} {relation} {sstr(cut)}"

    def _slices(self) -> Iterator[tuple[dict[Symbol, Expr], Domain, str]]:
        """β at the margin, π_ref(a) in the middle, and the limit of a rare answer."""
        ranges = self.about.parameters.ranges
        known = {r.symbol for r in ranges}
        margin = symbols.gamma if symbols.gamma in known else S.One
        for symbol, value in ((symbols.beta, margin), (REFERENCE, S.Half)):
            if symbol in known:
                rest = Domain(tuple(r for r in ranges if r.symbol != symbol))
                yield {symbol: value}, rest, f"{symbol} = {sstr(value)}"
        if REFERENCE in known:
            for domain, text in [(self.about.parameters, ""), *self._parts()]:
                if text.startswith(REFERENCE.name):
                    continue
                rest = Domain(tuple(r for r in domain.ranges if r.symbol != REFERENCE))
                yield {REFERENCE: S.Zero}, rest, f"{text} and {_RARE}" if text else _RARE

    @staticmethod
    def _definite(side: Expr, given: dict[Symbol, Expr], domain: Domain) -> bool:
        """Whether no denominator vanishes where a parameter is given a value."""
        bottom = fraction(together(side))[1].subs(given)
        return sign(bottom, domain) in (Sign.POSITIVE, Sign.NEGATIVE)

    def _survives(self, claim: Claim, domain: Domain) -> bool:
        """Whether no number of the part contradicts it: a quick look before a proof is tried."""
        for point in self.about.points(domain, _SCATTERED):
            left, right = (_value(side, point) for side in (claim.left, claim.right))
            if left is None or right is None:
                return False
            gap = S(left - right)
            gap = S.Zero if abs(gap) <= _CLOSE else gap
            if gap != 0 and not _HOLDS[claim.relation](gap):
                return False
        return True

    @staticmethod
    def _is_proved(claim: Claim) -> bool:
        return prove(claim, _SECONDS / 2).status is Status.PROVED

    # -- limits --------------------------------------------------------------------------------

    def _limit(self, said: LimitValue) -> Checked:
        try:
            value, reason, proved = self._limit_value(said)
        except (ValueError, Exhausted) as failure:
            return self._result(Status.UNKNOWN, "limits", f"the limit is not known: {failure}")
        parameters = self.about.parameters
        rest = Domain(tuple(r for r in parameters.ranges if r.symbol != said.variable))
        verdicts: list[tuple[str, Verdict | None]] = []
        for piece, domain, text in _pieces(value, rest):
            if piece in (oo, -oo) or said.value in (oo, -oo):
                same = (piece == said.value) == (said.relation in ("==", ">=", "<="))
                verdicts.append((text, None if same else _differ(piece, said.value)))
                continue
            claim = Claim(str(said), piece, said.relation, said.value, domain)
            verdicts.append((text, prove(claim, _SECONDS)))
        wrong = next((v for _, v in verdicts if v is not None and v.status is Status.REFUTED), None)
        right = [t for t, v in verdicts if t and (v is None or v.status is Status.PROVED)]
        told = f"the limit is {sstr(value)}: {reason}"
        if wrong is not None:
            evidence = wrong.evidence
            given = wrong.counterexample
            ours, theirs = str(evidence.get("left", "")), str(evidence.get("right", ""))
            finite = wrong.method != "infinite values"
            return self._result(
                Status.REFUTED,
                wrong.method,
                told,
                counterexample=dict(given) if isinstance(given, dict) else {},
                theirs=theirs,
                ours=ours,
                difference=_decimal(Rational(theirs) - Rational(ours)) if finite else "",
                right_where=tuple(right),
            )
        status = Status.PROVED
        if any(v is not None and v.status is not Status.PROVED for _, v in verdicts):
            status = Status.UNKNOWN
        elif not proved:
            status, told = Status.NUMERIC, f"{told}; not every step of this is proved"
        elif not self.about.unique:
            status = Status.NUMERIC
            told += "; there may be other stationary policies, with other limits"
        return self._result(status, "limits of the weight curve", told)

    def _limit_value(self, said: LimitValue) -> tuple[Expr, str, bool]:
        side = said.side or self._side(said)
        curve = self.about.curve
        if curve is not None and said.quantity == PI:
            found = explain_limit(curve, said.variable, said.end, side)
            proved = prove_all(found.claims).status is Status.PROVED if found.claims else True
            return found.value, found.reason, proved
        if self.about.closed is None:
            raise ValueError("only the limit of pi itself is known without a closed form")
        expression = said.quantity.subs(self.about.closed, simultaneous=True)
        value = bounded(
            limit_at,
            expression,
            said.variable,
            said.end,
            self.about.parameters,
            1 if side == "+" else -1,
            seconds=2 * _SECONDS,
        )
        return value, "leading term of the closed form", True

    def _side(self, said: LimitValue) -> str:
        """From inside the range."""
        known = (r for r in self.about.parameters.ranges if r.symbol == said.variable)
        own = next(known, None)
        return "-" if own is not None and said.end == own.upper and said.end != oo else "+"

    # -- directions ------------------------------------------------------------------------

    def _direction(self, said: Direction) -> Checked:
        curve = self.about.curve
        if said.quantity != PI or curve is None:
            return self._derivative(said)
        try:
            found = bounded(monotonicity, curve, said.variable, seconds=6 * _SECONDS)
        except Exhausted:
            return self._result(Status.UNKNOWN, "comparative statics", "it took too long")
        moves = {"increasing": 1, "decreasing": -1, "constant": 0}.get(found.direction)
        unique = found.direction == "constant" or self.about.unique
        if moves is not None and _HOLDS[said.relation](moves) and (found.strict or not moves):
            proved = prove_all(found.claims).status is Status.PROVED if found.claims else True
            if proved and unique:
                return self._result(Status.PROVED, "comparative statics", str(found))
        elif moves is not None and _HOLDS[said.relation](moves) and not said.strict and unique:
            return self._result(Status.PROVED, "comparative statics", str(found))
        try:
            pair = bounded(self._opposite_pair, said, seconds=_NUMBERS_SECONDS)
        except Exhausted:
            pair = None
        if pair is not None:
            return replace(pair, sentence=f"{pair.sentence}; {found}")
        return self._result(Status.UNKNOWN, "comparative statics", str(found))

    def _opposite_pair(self, said: Direction) -> Checked | None:
        """Two nearby parameters between which a stationary policy moves the wrong way."""
        for point in self.about.points(self.about.parameters, _SCATTERED):
            for here, there, step in self._steps(said.variable, point):
                if len(here) != len(there):
                    continue
                for first, second in zip(here, there, strict=True):
                    move = S(second - first).n(DIGITS)
                    move = S.Zero if abs(move) < _CLOSE else move
                    wrong = not _HOLDS[said.relation](move)
                    if wrong and (move != 0 or said.relation in (">", "<")):
                        place = {**shown(point), said.variable.name: step}
                        return self._result(
                            Status.REFUTED,
                            "two certified solutions",
                            "pi moves the other way" if move != 0 else "pi does not move",
                            counterexample=place,
                            theirs="rises"
                            if said.relation in (">", ">=")
                            else "falls"
                            if said.relation in ("<", "<=")
                            else "does not move",
                            ours=f"{_decimal(_value(first, {}))} -> {_decimal(_value(second, {}))}",
                            difference=_decimal(move),
                        )
        return None

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
        algorithm = about.policy.algorithm
        size = getattr(algorithm, "group_size", oo)
        if variable == symbols.G and isinstance(algorithm, GRPO) and size.is_Integer:
            larger = subject(replace(algorithm, group_size=size + 1), about.policy.question)
            solved = (_first(s.solutions(point)) for s in (about, larger))
            yield (*solved, f"{size} -> {size + 1}")

    def _derivative(self, said: Direction) -> Checked:
        """The sign of the derivative of a closed form."""
        if self.about.closed is None:
            raise ValueError(
                "a direction is known for pi itself, or for what has a closed form; got "
                f"{sstr(said.quantity)}"
            )
        expression = said.quantity.subs(self.about.closed, simultaneous=True)
        if said.variable not in self.about.parameters.symbols:
            raise ValueError(f"the question has no parameter {said.variable}")
        slope = diff(expression, said.variable)
        claim = Claim(str(said), slope, said.relation, S.Zero, self.about.parameters)
        found = prove(claim, _SECONDS)
        if found.status is Status.REFUTED:
            return replace(
                self._from_claim(found, Comparison(slope, said.relation, S.Zero)), right_where=()
            )
        return self._result(found.status, found.method, found.detail)


def _value(expr: Expr, at: Point) -> Expr | None:
    try:
        return real(S(expr).subs(at))
    except (ValueError, TypeError, ArithmeticError):
        return None


def _indefinite(expr: Expr, at: Point) -> bool:
    """Whether a formula is 0/0 or has a pole at a point, rather than no real value."""
    try:
        value = S(expr).subs(at)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return value.has(S.NaN, S.ComplexInfinity, oo, -oo)


def _vanishes(number: Expr) -> bool:
    return sign(number, Domain()) == Sign.ZERO


def _decimal(value: Expr | None) -> str:
    return "" if value is None else str(S(value).n(_SIGNIFICANT))


def _first(solutions: list[Point]) -> list[Expr]:
    """π(a) of all solutions, in increasing order."""
    return sorted((next(iter(s.values())) for s in solutions), key=lambda v: v.n(_SIGNIFICANT))


def _quotient(left: Expr, right: Expr) -> Expr:
    return cancel(together(left) / together(right))


def _differ(ours: Expr, theirs: Expr) -> Verdict:
    sides: dict[str, object] = {"counterexample": {}, "left": sstr(ours), "right": sstr(theirs)}
    return Verdict(Status.REFUTED, "infinite values", "only one of the limits is finite", sides)


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
