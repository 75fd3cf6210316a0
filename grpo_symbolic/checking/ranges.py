"""In which natural parts of the range a wrong formula is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, S, Symbol, fraction, oo, sstr, together

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.checked import CLOSE, HOLDS, SCATTERED, value_at
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.verdict import Status

__all__ = ["right_where"]

REFERENCE = symbols.pi_ref
_RARE = "pi_ref -> 0"


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
        if any(v.has(oo, S.NaN, S.ComplexInfinity) for v in (left, right)) or right == 0:
            continue
        if not all(_definite(v, given, domain) for v in (whole.left, whole.right)):
            continue
        claim = Claim(text, left, "==", right, domain)
        if _holds(about, claim, domain):
            yield text
            if text == _RARE:
                return


def _parts(about: Subject) -> Iterator[tuple[Domain, str]]:
    """Halves of the range, of β at the margin and of π_ref(a) in the middle."""
    ranges = about.parameters.ranges
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


def _slices(about: Subject) -> Iterator[tuple[dict[Symbol, Expr], Domain, str]]:
    """β at the margin, π_ref(a) in the middle, and the limit of a rare answer."""
    ranges = about.parameters.ranges
    known = {r.symbol for r in ranges}
    margin = symbols.gamma if symbols.gamma in known else S.One
    for symbol, value in ((symbols.beta, margin), (REFERENCE, S.Half)):
        if symbol in known:
            rest = Domain(tuple(r for r in ranges if r.symbol != symbol))
            yield {symbol: value}, rest, f"{symbol} = {sstr(value)}"
    if REFERENCE in known:
        for domain, text in [(about.parameters, ""), *_parts(about)]:
            if text.startswith(REFERENCE.name):
                continue
            rest = Domain(tuple(r for r in domain.ranges if r.symbol != REFERENCE))
            yield {REFERENCE: S.Zero}, rest, f"{text} and {_RARE}" if text else _RARE


def _definite(side: Expr, given: dict[Symbol, Expr], domain: Domain) -> bool:
    """Whether no denominator vanishes where a parameter is given a value."""
    bottom = fraction(together(side))[1].subs(given)
    return sign(bottom, domain) in (Sign.POSITIVE, Sign.NEGATIVE)


def _holds(about: Subject, claim: Claim, domain: Domain) -> bool:
    return _survives(about, claim, domain) and prove(claim).status is Status.PROVED


def _survives(about: Subject, claim: Claim, domain: Domain) -> bool:
    """Whether no number of the part contradicts it: a quick look before a proof is tried."""
    for point in about.points(domain, SCATTERED):
        left, right = (value_at(side, point) for side in (claim.left, claim.right))
        if left is None or right is None:
            return False
        gap = S(left - right)
        gap = S.Zero if abs(gap) <= CLOSE else gap
        if gap != 0 and not HOLDS[claim.relation](gap):
            return False
    return True
