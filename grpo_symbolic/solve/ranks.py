"""Ordered answers in pairs: one equation for every cumulative mass."""

from __future__ import annotations

from sympy import Add, Dummy, Eq, Expr, Poly, S

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign
from grpo_symbolic.domain import Domain
from grpo_symbolic.stationarity import StationarityCondition


def telescoped(condition: StationarityCondition) -> tuple[Poly, Eq, Domain] | None:
    """The equation of φ(R) when the partial sums of the field depend on one cumulative mass each.

    With F_k and R_k the cumulative masses of policy and reference, the sum of the field over
    the first k answers must be a function of F_k and R_k alone, the same for every k.
    """
    n = len(condition.policy)
    ranks = tuple(Dummy(f"F_{k}", positive=True) for k in range(1, n))
    levels = tuple(Dummy(f"R_{k}", positive=True) for k in range(1, n))
    forth: dict[Expr, Expr] = {}
    for free, cumulative in ((condition.policy, ranks), (condition.reference, levels)):
        below: Expr = S.Zero
        for symbol, upto in zip(free[:-1], cumulative, strict=True):
            forth[symbol] = upto - below
            below = upto
    shares = [w.xreplace(forth).expand() for w in condition.policy]
    parts = [
        (w * p.xreplace(forth)).expand() - (condition.beta * pull.xreplace(forth)).expand()
        for w, p, pull in zip(shares, condition.preference, condition.pulls, strict=True)
    ]
    # By itself, where its terms cancel: the field as a whole is large.
    multiplier = Add(*parts).expand()
    shapes = set()
    total: Expr = S.Zero
    for k, (share, part) in enumerate(zip(shares[:-1], parts, strict=False)):
        total = (total + part - share * multiplier).expand()
        if not total.is_rational_function():
            return None
        whole = total if total.is_polynomial(*ranks) else total.cancel()
        shape = whole.xreplace({ranks[k]: symbols.pi, levels[k]: symbols.pi_ref})
        if shape.free_symbols & {*ranks, *levels}:
            return None
        shapes.add(shape)
    if len(shapes) != 1:
        return None
    (shape,) = shapes
    polynomial = Poly(-shape, symbols.pi)
    domain = Domain.of(symbols.pi_ref).extended(shape)
    if sign(polynomial.LC(), domain) != Sign.POSITIVE:
        return None
    penalty = condition.beta * (symbols.pi - symbols.pi_ref)
    if not is_zero(shape.coeff(condition.beta) * condition.beta + penalty, domain):
        return None
    equation = Eq(penalty, (shape + penalty).factor(), evaluate=False)
    return polynomial, equation, domain
