"""Whole numbers one by one: small ones are inserted, and the rest is a half-line of real numbers.

``n**2 - 5*n + 6 >= 0`` holds for whole numbers, and not between 2 and 3. Where a range ends, every
number of it is inserted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Integer, Symbol, ceiling, floor, oo

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.verify.ball_numbers import BallNumbers
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.end_and_slope import EndAndSlope
from grpo_symbolic.verify.identity import ExactIdentity
from grpo_symbolic.verify.limits import WHOLE_NUMBERS
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.orthant import OrthantSign
from grpo_symbolic.verify.verdict import Status, Verdict


class WholeNumbers(Method):
    """A claim with a whole number in it: proved at the least ones, and beyond them."""

    name = "whole numbers one by one"
    family = "normal form"
    steps = 3_000_000
    parts = (ExactIdentity(), OrthantSign(), BallNumbers(), EndAndSlope())

    def attempt(self, claim: Claim) -> Verdict | None:
        if claim.difference.has(BernsteinMean):
            return None
        for r in claim.domain.relevant(claim.difference).ranges:
            if (
                r.symbol.is_integer
                and r.lower.is_Rational
                and (r.upper.is_Rational or r.upper == oo)
            ):
                for cases in _cases(claim, r):
                    steps = self._steps(cases)
                    if steps is not None:
                        return Verdict(Status.PROVED, self.name, "; ".join(steps), {"steps": steps})
        return None

    def _steps(self, cases: list[tuple[str, Claim]]) -> list[str] | None:
        steps: list[str] = []
        for case, claim in cases:
            found = next(
                (v for m in self.parts if (v := m.attempt(claim)) is not None and claim.defined),
                None,
            )
            if found is None or found.status is not Status.PROVED:
                return None
            steps.append(f"{case}: {found.method}")
        return steps


def _cases(claim: Claim, r: Range) -> Iterator[list[tuple[str, Claim]]]:
    """Divisions of the range into numbers and, without an upper end, a half-line."""
    least, most = ceiling(r.lower), floor(r.upper)
    least += least == r.lower and not r.lower_closed
    if most != oo:
        most -= most == r.upper and not r.upper_closed
        if most - least < max(WHOLE_NUMBERS):
            yield [_inserted(claim, r.symbol, n) for n in _numbers(least, most + 1)]
        return
    for count in WHOLE_NUMBERS:
        start = replace(r, lower=least + count, lower_closed=True)
        domain = Domain(tuple(start if o is r else o for o in claim.domain.ranges))
        rest = (str(start), replace(claim, domain=domain))
        yield [rest, *(_inserted(claim, r.symbol, n) for n in _numbers(least, start.lower))]


def _numbers(least: Integer, end: Integer) -> Iterator[Integer]:
    return (Integer(n) for n in range(int(least), int(end)))


def _inserted(claim: Claim, symbol: Symbol, value: Integer) -> tuple[str, Claim]:
    given = {symbol: value}
    ranges = (
        replace(o, lower=o.lower.subs(given), upper=o.upper.subs(given))
        for o in claim.domain.ranges
        if o.symbol != symbol
    )
    left, right = (side.subs(given).doit() for side in (claim.left, claim.right))
    at = replace(claim, left=left, right=right, domain=Domain(tuple(ranges)))
    return f"{symbol} = {value}", at
