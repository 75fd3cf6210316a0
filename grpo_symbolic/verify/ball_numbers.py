"""Claims about numbers: both sides enclosed in balls until they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from flint import arb, ctx
from sympy import Expr, Rational, Symbol

from grpo_symbolic.elementary import in_reach
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import sign_of
from grpo_symbolic.surd import as_rational
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["BallNumbers", "agrees", "sign_at"]

_BITS = (64, 256, 1024, 4096)
#: At many points: most differences show at once, or never.
_FEWER = (256, 1024)
#: Of SymPy's own values, for functions that have none in ball arithmetic.
_DIGITS = 50


class BallNumbers(Method):
    """The sign of left − right where no symbol is left: proved, or refuted.

    Equal sides stay undecided: their balls never part.
    """

    name = "ball arithmetic on numbers"
    family = "ball arithmetic"
    steps = 1_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        if claim.left.free_symbols or claim.right.free_symbols:
            return None
        sign, bits = sign_at(claim, {}, _BITS) or (0, 0)
        if not sign:
            return None
        holds = agrees(claim.relation, sign)
        return Verdict(
            Status.PROVED if holds else Status.REFUTED,
            self.name,
            f"left side minus right side is {'positive' if sign > 0 else 'negative'} ({bits} bits)",
            {"bits": bits, "sign": sign, **({} if holds else {"counterexample": {}})},
        )


def agrees(relation: str, sign: int) -> bool:
    """Whether a relation holds where left − right has this sign, other than 0."""
    return relation == "!=" or relation[0] == (">" if sign > 0 else "<")


def sign_at(
    claim: Claim, point: Mapping[Symbol, Expr], precisions: Sequence[int] = _FEWER
) -> tuple[int, int] | None:
    """The sign of left − right at an exact point, and the bits that tell it.

    The sign is 0 where the sides are not told apart; None where one of them has no real value, or
    one that takes too many digits.
    """
    if not all(in_reach(side, point) for side in (claim.left, claim.right)):
        return None
    for bits in precisions:
        left, right = (_enclosed(side, point, bits) for side in (claim.left, claim.right))
        if left is None or right is None:
            return None
        with ctx.workprec(bits):
            sign = sign_of(left - right)
        if sign:
            return sign, bits
    return 0, precisions[-1]


def _enclosed(side: Expr, point: Mapping[Symbol, Expr], bits: int) -> arb | None:
    found = None
    if all(value.is_Rational for value in point.values()):
        with suppress(ValueError, ZeroDivisionError), ctx.workprec(bits):
            found = ball(side, {s: arb(as_rational(v)) for s, v in point.items()}, bits)
    if found is None or not found.is_finite():  # what is exactly 0 shows in numbers alone
        with suppress(ValueError):  # of a maximum with a part that is no real number
            found = _of_number(side.subs(point), bits)
    return found if found is not None and found.is_finite() else None


def _of_number(number: Expr, bits: int) -> arb | None:
    try:
        return ball(number, {}, bits)
    except (ValueError, ZeroDivisionError):
        return _without_proof(number)


def _without_proof(number: Expr) -> arb | None:
    """A value by SymPy, whose own count of digits can be wrong: more digits have to confirm it."""
    if not number.is_number:
        return None
    try:
        rough, value = (number.n(digits) for digits in (_DIGITS, 16 * _DIGITS))
    except (ArithmeticError, NotImplementedError, TypeError, ValueError):
        return None  # such as a sum with an infinite term
    if not (value.is_Float or value.is_Rational):
        return None
    if abs(value - rough) > Rational(1, 10**20) * max(abs(value), 1):
        return None
    with ctx.workprec(16 * _DIGITS):
        return arb(str(value)) * arb(1, arb(10) ** (10 - _DIGITS))
