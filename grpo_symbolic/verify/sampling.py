"""Exact rational points of the domain: a counterexample, or only a numeric check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain, permutations
from typing import Any

from sympy import Expr, Rational, S, Sum, Symbol, oo

from grpo_symbolic.algebra import is_zero
from grpo_symbolic.bernstein_mean import BernsteinMean, unfolded
from grpo_symbolic.domain import Domain
from grpo_symbolic.elementary import in_reach
from grpo_symbolic.verify.ball_numbers import agrees, sign_at
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

SAMPLES = 60
DIGITS, _SHOWN_DIGITS = 50, 30
SEED = 20250225
#: How the detail begins of a refutation by a point without a value.
UNDEFINED = "undefined at "
#: A coordinate with more characters is rounded, to the first of these digits that will do.
_LEGIBLE = 20
_FEWER_DIGITS = (1, 2, 4, 8, 16)
_FAR = (10**4, 10**8)
_SHARES = (Rational(1, 4), Rational(1, 10), Rational(3, 4))
_PAIRED = 3
#: Of the least number of a claim: what is this small is an end to it.
_CLOSE = Rational(1, 10**6)


class RationalSampling(Method):
    """Points that satisfy the assumptions, with exact coordinates: REFUTED or NUMERIC."""

    name = "exact rational sampling"
    family = "sampling"
    steps = 3_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        tested = 0
        for point in _places(claim):
            found = sign_at(claim, point)
            refuted = _failure(claim, point, found)
            if refuted is not None:
                return refuted
            tested += found is not None
        if not tested:
            return None
        return Verdict(
            Status.NUMERIC,
            self.name,
            f"holds at {tested} rational points, {DIGITS} digits, seed {SEED}",
            {"points": tested, "digits": DIGITS, "seed": SEED},
        )

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        if status == Status.NUMERIC:
            return super().recheck(claim, evidence, status)
        given = evidence.get("counterexample")
        if status != Status.REFUTED or not isinstance(given, Mapping):
            return False
        again = refuted_by(claim, given)
        return again is not None and again.evidence == dict(evidence)


def _places(claim: Claim) -> Iterator[dict[Symbol, Expr]]:
    """Points all over the domain, corners of it, and the ends that belong to it."""
    domain = claim.domain
    yield from domain.samples(SAMPLES, seed=SEED)
    yield from domain.corners(domain.relevant(claim.difference).symbols, _closer(claim))
    # The first of few samples may lie where a range that depends on another is empty.
    several = chain(domain.samples(1, seed=SEED), domain.samples(SAMPLES, seed=SEED))
    middle = next(several, {})
    if not middle and len(domain.ranges) > 1:
        return  # the ends of one range are points without it, where no sample is told to be inside
    for r in domain.ranges:
        for end in (r.lower, r.upper):
            at = {**middle, r.symbol: end.subs(middle)}
            if end.is_finite and domain.contains(at):
                yield at
    yield from _in_symmetric_places(claim, middle)
    yield from _far_out(claim, middle)


def _closer(claim: Claim) -> tuple[Expr, ...]:
    """A distance from the ends far below the least number that the claim names."""
    numbers = claim.left.atoms(Rational) | claim.right.atoms(Rational)
    least = min((abs(n) for n in numbers if n), default=S.One)
    return (least * _CLOSE,) if least < _CLOSE else ()


def _in_symmetric_places(
    claim: Claim, middle: Mapping[Symbol, Expr]
) -> Iterator[dict[Symbol, Expr]]:
    """Two shares that add up to 1, or one of a half: where a strict bound may be attained."""
    names = claim.domain.relevant(claim.difference).symbols
    for pair in permutations(names, 2) if len(names) <= _PAIRED else ():
        for share in _SHARES:
            for other in (1 - share, S.Half):
                at = {**middle, **dict(zip(pair, (share, other), strict=True))}
                if claim.domain.contains(at):
                    yield at


def _far_out(claim: Claim, middle: Mapping[Symbol, Expr]) -> Iterator[dict[Symbol, Expr]]:
    """Very large whole numbers, for what fails only there; where nothing is summed up to them."""
    if claim.difference.has(Sum, BernsteinMean):
        return
    for r in claim.domain.relevant(claim.difference).ranges:
        for size in _FAR if r.symbol.is_integer and r.upper == oo else ():
            at = {**middle, r.symbol: S(size)}
            if all(in_reach(side, at) for side in (claim.left, claim.right)):
                yield at


def refuted_by(claim: Claim, given: Mapping[str, Any]) -> Verdict | None:
    """REFUTED at a point that is given by names and fractions as text, else None."""
    point = _read(claim, given)
    return None if point is None else refuted_at(claim, point)


def refuted_at(claim: Claim, point: Mapping[Symbol, Expr]) -> Verdict | None:
    """REFUTED with both sides' values when the claim fails at this exact point, else None.

    None too for what is no point of its domain.
    """
    if set(point) != set(claim.domain.symbols) or not claim.domain.contains(point):
        return None
    return _failure(claim, point, sign_at(claim, point))


def _failure(claim: Claim, point: Mapping[Symbol, Expr], sign: int | None) -> Verdict | None:
    """REFUTED at a point where left − right has this sign, or where a side has no value."""
    if sign is None and not claim.where_defined and claim.undefined_at(point):
        return undefined(claim, point)
    return None if sign is None or holds_at(claim, point, sign) else _refuted(claim, point)


def shortened(claim: Claim, verdict: Verdict) -> Verdict:
    """The refutation at a point of fewer digits, where the claim fails at one of those close by."""
    given: dict[str, str] = verdict.evidence["counterexample"]  # type: ignore[assignment]
    point = _read(claim, given)
    if point is None or all(len(value) <= _LEGIBLE for value in given.values()):
        return verdict
    for digits in _FEWER_DIGITS:
        found = refuted_at(claim, {s: _rounded(value, digits) for s, value in point.items()})
        if found is not None:
            return found
    return verdict


def _read(claim: Claim, given: Mapping[str, Any]) -> dict[Symbol, Rational] | None:
    """The point, unless a coordinate is missing or no fraction."""
    try:
        return {s: Rational(given[s.name]) for s in claim.domain.symbols}
    except (KeyError, TypeError, ValueError):
        return None


def _rounded(value: Rational, digits: int) -> Rational:
    """The number, or its distance from 1 if that is small, with so many significant digits."""
    if S.Half < value < S.One:
        return S.One - _rounded(S.One - value, digits)
    return Rational(f"{Decimal(int(value.p)) / Decimal(int(value.q)):.{digits}g}")


def holds_at(claim: Claim, point: Mapping[Symbol, Expr], sign: int) -> bool:
    """Whether the claim holds at a point where left − right has this sign.

    A difference that is not told from 0 refutes a strict claim only if it is exactly 0.
    """
    if agrees(claim.relation, sign):
        return True
    return not (sign or is_zero(unfolded(claim.difference.subs(point)).doit(), Domain()))


def undefined(claim: Claim, point: Mapping[Symbol, Expr]) -> Verdict:
    """REFUTED by a point of the domain at which one side is no real number."""
    return _refuted(claim, point, UNDEFINED + _listed(point))


def _refuted(claim: Claim, point: Mapping[Symbol, Expr], detail: str = "") -> Verdict:
    left, right = (_shown(side, point) for side in (claim.left, claim.right))
    where = f"fails at {_listed(point)}" if point else f"{left} and {right} do not compare so"
    return Verdict(
        Status.REFUTED,
        RationalSampling.name,
        detail or where,
        {
            "counterexample": {str(s): str(v) for s, v in point.items()},
            "left": str(left),
            "right": str(right),
        },
    )


def _shown(side: Expr, point: Mapping[Symbol, Expr]) -> Expr:
    try:
        return side.xreplace(dict(point)).n(_SHOWN_DIGITS)
    except ValueError:  # of a maximum with a part that is no real number
        return S.NaN


def _listed(point: Mapping[Symbol, Expr]) -> str:
    return ", ".join(f"{s} = {v}" for s, v in point.items())
