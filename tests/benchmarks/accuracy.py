"""How exact ``policy.evaluate`` is, in units in the last place, against ball arithmetic.

The residual of β (p − p₀) = p q D_G(p), with D_G summed over the group term by term, divided by
its slope, is the error of a float64 p; p and 1 − p are judged on their own. Points have β
log-uniform in 1e-6 … 1e6 and π_ref(a) log-uniform in 1e-12 … 1. Where no sum is left (pairs and
the limit of large groups), the condition has the drift 1 and 1/√(p q).
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from flint import arb, arb_poly, ctx
from sympy import oo

from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.policy.stationary import stationary_policy

SIZES = (2, 8, 64, 1024, oo)
POINTS = 2000
BITS = 256
_SPARE = 200  # bits that the alternatives near p = 0 and 1 cancel
_WIDTH = 16


def run() -> dict[str, Any]:
    """Print the table and return what it shows."""
    rng = np.random.default_rng(2)
    beta = 10 ** rng.uniform(-6, 6, POINTS)
    pi_ref = 10 ** rng.uniform(-12, 0, POINTS)
    _row(["G", "pi(a), ulp", "1 - pi(a), ulp", "means"])
    rows = [_measured(G, beta, pi_ref) for G in SIZES]
    print(f"the largest relative errors of {POINTS:,} points, by balls of {BITS} bits and more")
    return {"rows": rows, "points": POINTS, "bits": BITS, "unit": "ulp"}


def _measured(G: Any, beta: np.ndarray, pi_ref: np.ndarray) -> dict[str, Any]:
    policy = stationary_policy(GRPO(G), BinaryQuestion())
    size = int(G) if policy.algorithm.group_size.is_Integer else 0
    row: dict[str, Any] = {"G": str(G)}
    means = []
    with ctx.workprec(BITS + _SPARE):
        terms = _terms(size) if size else None
        for name, complement in (("ulp", False), ("ulp_complement", True)):
            found = policy.evaluate(beta=beta, pi_ref=pi_ref, complement=complement)
            errors = [
                _error(terms, size, arb(x), arb(b), arb(p), complement) / x * 2.0**52
                for x, b, p in zip(found.tolist(), beta.tolist(), pi_ref.tolist(), strict=True)
            ]
            row[name] = max(errors)
            means.append(sum(errors) / len(errors))
    row["mean_ulp"], row["mean_ulp_complement"] = means
    _row([row["G"], f"{row['ulp']:.2f}", f"{row['ulp_complement']:.2f}", _both(means)])
    return row


def _terms(G: int) -> arb_poly:
    """C(G, k) √(k (G − k))/G: what a group contributes to its mean deviation, by powers of odds."""
    return arb_poly([arb(comb(G, k)) * arb(k * (G - k)).sqrt() / G for k in range(G + 1)])


def _error(
    terms: arb_poly | None, size: int, x: arb, beta: arb, start: arb, complement: bool
) -> float:
    """One Newton step from x, with a slope good to many digits."""

    def residual(p: arb) -> arb:
        q = 1 - p
        if terms is None:
            spread = (p * q).sqrt()
        else:
            # The deviation of a group is a symmetric function of p and q.
            small, large = (p, q) if bool(p < q) else (q, p)
            spread = terms(small / large) * large**size
        return beta * (p - start) - spread

    p = 1 - x if complement else x
    step = x * arb(2) ** -100
    value = residual(p)
    slope = (residual(p + step) - value) / step
    return abs(float((value / slope).mid()))


def _both(values: list[float]) -> str:
    return " and ".join(f"{v:.2f}" for v in values)


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
