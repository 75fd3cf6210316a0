"""Balls from exact numbers, and binary floating-point numbers from balls."""

from __future__ import annotations

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Rational


class Undecided(ArithmeticError):
    """Balls that are too wide (or terms that cancel) for a step to be taken."""


def exact_ball(value: mp.mpf) -> arb:
    """The ball of radius 0 around a binary floating-point number."""
    sign_bit, mantissa, exponent, _ = value._mpf_
    return arb((int(-mantissa if sign_bit else mantissa), int(exponent)))


def rational_ball(value: Rational) -> arb:
    """The ball around a rational number, of radius 0 where it is a binary fraction."""
    p, q = int(value.p), int(value.q)
    with ctx.workprec(max(ctx.prec, 64 + p.bit_length() + 2 * q.bit_length())):
        return arb(fmpq(p, q))


def middle(value: arb) -> mp.mpf:
    """The centre of a ball, exactly.

    Raises
    ------
    Undecided
        When the ball is not bounded.
    """
    if not value.is_finite():
        raise Undecided("an enclosure without a bound")
    mantissa, exponent = value.mid().man_exp()
    return mp.ldexp(mp.mpf(int(mantissa)), int(exponent))


def upper_bound(value: arb) -> mp.mpf:
    """A number that |value| does not exceed."""
    return middle(value.abs_upper())


def sign_of(value: arb) -> int:
    """1 or −1 where every number of the ball has this sign, else 0."""
    return 1 if value > 0 else -1 if value < 0 else 0
