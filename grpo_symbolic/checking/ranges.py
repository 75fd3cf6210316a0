"""In which natural parts of the range a wrong formula is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from sympy import Expr, S, Symbol, fraction, oo, sstr, together

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.checked import SCATTERED, strict_sign, told, value_at
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.ball_numbers import agrees
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status

REFERENCE = symbols.pi_ref
_RARE = "pi_ref -> 0"
#: For one part of the range.
_STEPS = 1_500_000


def left_at_one(about: Subject) -> Domain | None:
    """Parameters at which π(a) = 1 may be stationary: β · force ≤ drift, with both positive.

    None where every weight of the range is too large for that.
    """
    curve, parameters = about.curve, about.parameters
    assert curve is not None
    largest = curve.weight.subs(symbols.pi, S.One)
    others = Domain(tuple(r for r in parameters.ranges if r.symbol != curve.beta))
    if len(others.ranges) == len(parameters.ranges) or sign(largest, others) != Sign.POSITIVE:
        return parameters
    own = next(r for r in parameters.ranges if r.symbol == curve.beta)
    if strict_sign(own.lower - largest, others) > 0:
        return None
    return Domain((*others.ranges, Range(curve.beta, S.Zero, largest, False, True)))


def right_where(about: Subject, whole: Claim) -> Iterator[str]:
    """Parts of the range in which a refuted claim about the closed form is proved.

    Parameters
    ----------
    about : Subject
    whole : Claim
        The statement with the closed form in place of π(a).

    Yields
    ------
    str
        Such as ``beta < 1`` or, for equations, ``beta = 1`` and ``pi_ref -> 0``.
    """
    for domain, text in _parts(about):
        claim = replace(whole, domain=domain)
        if _holds(about, claim, domain):
            yield text
    if whole.relation != "==":
        return
    for given, domain, text in _slices(about):
        left, right = (side.subs(given) for side in (whole.left, whole.right))
        if (left - right).has(oo, S.NaN, S.ComplexInfinity) or right == 0:
            continue
        if not all(_definite(v, given, domain) for v in (whole.left, whole.right)):
            continue
        claim = Claim(text, left, "==", right, domain)
        if _holds(about, claim, domain):
            yield text
            if text == _RARE:
                return


def split(about: Subject) -> Iterator[tuple[dict[Symbol, Expr], Domain, str]]:
    """The range below, at and above the natural weight: what is given there, the rest, words."""
    for r, cut, rest in _cuts(about):
        if r.symbol == symbols.beta:
            at = sstr(cut)
            yield {}, Domain((*rest, Range(r.symbol, r.lower, cut))), f"{r.symbol} < {at}"
            yield {r.symbol: cut}, Domain(rest), f"{r.symbol} = {at}"
            yield {}, Domain((*rest, Range(r.symbol, cut, r.upper))), f"{r.symbol} > {at}"


def _cuts(about: Subject) -> Iterator[tuple[Range, Expr, tuple[Range, ...]]]:
    """β at the margin, π_ref(a) in the middle, if inside; each with the ranges of all else."""
    ranges = about.parameters.ranges
    margin = next((r.symbol for r in ranges if r.symbol == symbols.gamma), S.One)
    for symbol, cut in ((symbols.beta, margin), (REFERENCE, S.Half)):
        for r in ranges:
            rest = tuple(other for other in ranges if other is not r)
            if r.symbol == symbol and _is_inside(r, cut, Domain(rest)):
                yield r, cut, rest


def _is_inside(r: Range, cut: Expr, rest: Domain) -> bool:
    gaps = cut - r.lower, r.upper - cut
    return all(gap == oo or sign(gap, rest) == Sign.POSITIVE for gap in gaps)


def _parts(about: Subject) -> Iterator[tuple[Domain, str]]:
    """Halves of the range, on both sides of each cut."""
    for r, cut, rest in _cuts(about):
        below = replace(r, upper=cut, upper_closed=False)
        above = replace(r, lower=cut, lower_closed=True)
        yield Domain((*rest, below)), f"{r.symbol} < {sstr(cut)}"
        yield Domain((*rest, above)), f"{r.symbol} >= {sstr(cut)}"


def _slices(about: Subject) -> Iterator[tuple[dict[Symbol, Expr], Domain, str]]:
    """Each cut itself, and the limit of a rare answer."""
    for r, cut, rest in _cuts(about):
        yield {r.symbol: cut}, Domain(rest), f"{r.symbol} = {sstr(cut)}"
    if REFERENCE not in about.parameters.symbols:
        return
    for domain, text in [(about.parameters, ""), *_parts(about)]:
        if not text.startswith(REFERENCE.name):
            rest = tuple(r for r in domain.ranges if r.symbol != REFERENCE)
            yield {REFERENCE: S.Zero}, Domain(rest), f"{text} and {_RARE}" if text else _RARE


def _definite(side: Expr, given: dict[Symbol, Expr], domain: Domain) -> bool:
    """Whether no denominator vanishes where a parameter is given a value."""
    return bool(strict_sign(_bottom(side).subs(given), domain))


@lru_cache(maxsize=32)
def _bottom(side: Expr) -> Expr:
    """The denominator: one for all parts of the range."""
    return fraction(together(side))[1]


def _holds(about: Subject, claim: Claim, domain: Domain) -> bool:
    return _survives(about, claim, domain) and (prove(claim, steps=_STEPS).status is Status.PROVED)


def _survives(about: Subject, claim: Claim, domain: Domain) -> bool:
    """Whether no number of the part contradicts it: a quick look before a proof is tried."""
    for point in about.points(domain, SCATTERED):
        left, right = (value_at(side, point) for side in (claim.left, claim.right))
        if left is None or right is None:
            return False
        gap = told(S(left - right))
        if gap != 0 and not agrees(claim.relation, gap):
            return False
    return True
