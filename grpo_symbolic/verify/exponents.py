"""Exponents that are rational combinations of exponents with a name.

Exponentials are variables that know nothing of each other: exp(a) and exp(b) with a - 2 b = 0
would be two where one is enough, and no identity between them could be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from grpo_symbolic.verify.kernel.proof import ONE, Poly, Proof

#: A polynomial as a number times powers, of either sign, of factors.
Factored = tuple[Fraction, list[tuple[Poly, int]]]


def combination(ring: Proof, known: Sequence[Factored], wanted: Factored) -> list[Fraction] | None:
    """Weights with which the known ones add up to the one that is wanted; None without any."""
    tops = _over_one_divisor(ring, [*known, wanted])
    monomials = sorted({m for p in tops for m in p})
    weights = [Fraction(0)] * len(known)
    if not monomials:
        return weights
    rows = [[fmpq(*_pair(p.get(m, 0))) for p in tops] for m in monomials]
    reduced, rank = fmpq_mat(rows).rref()
    for row in range(rank):
        place = next(k for k in range(len(tops)) if reduced[row, k] != 0)
        if place == len(known):
            return None
        value = reduced[row, len(known)]
        weights[place] = Fraction(int(value.p), int(value.q))
    return weights


def _over_one_divisor(ring: Proof, items: Sequence[Factored]) -> list[Poly]:
    """The numerators over the least common divisor of all."""
    divisor: dict[Any, tuple[Poly, int]] = {}
    for _, parts in items:
        for f, e in parts:
            key = frozenset(f.items())
            divisor[key] = f, max(-e, divisor.get(key, (f, 0))[1])
    tops = []
    for number, parts in items:
        powers = {key: e for key, (_, e) in divisor.items()}
        for f, e in parts:
            powers[frozenset(f.items())] += e
        top: Poly = ring.plus({}, ONE, number)
        for key, e in powers.items():
            top = ring.times(top, ring.power(divisor[key][0], e))
        tops.append(ring.normal(top))
    return tops


def _pair(number: Any) -> tuple[int, int]:
    return Fraction(number).as_integer_ratio()
