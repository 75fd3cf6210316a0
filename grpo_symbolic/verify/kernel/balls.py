"""Intervals that hold numbers, in mpmath's interval arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mpmath.ctx_iv import MPIntervalContext


def intervals(bits: int) -> Any:
    iv = MPIntervalContext()
    iv.prec = bits
    return iv


def enclosed(generators: Any, p: Any, iv: Any) -> Any:
    """An interval that holds a polynomial in numbers."""
    total = iv.mpf(0)
    for m, c in p.items():
        part = iv.mpf(Fraction(c).numerator) / Fraction(c).denominator
        for g, e in m:
            part *= _power(generators, generators[g], Fraction(e), iv)
        total += part
    return total


def _power(generators: Any, g: Any, e: Fraction, iv: Any) -> Any:
    inner = enclosed(generators, dict(g.base), iv)
    if g.kind == "exp":
        return iv.exp(inner * e.numerator / e.denominator)
    value = iv.pi if g.kind == "pi" else iv.log(inner) if g.kind == "log" else inner
    if e.denominator == 1:
        return value ** int(e)
    if e.denominator == 2:
        return iv.sqrt(value) ** e.numerator
    return iv.exp(iv.log(value) * e.numerator / e.denominator)
