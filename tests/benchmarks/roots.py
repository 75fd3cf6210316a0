"""Stationary policies of a million points under the reverse KL, against SciPy's root finders.

Points have β log-uniform in 1e-3 … 1e2 and π_ref(a) log-uniform in 1e-6 … 0.999. Both sides
solve β (p − p₀) = p (1 − p) D_G(p) with D_G summed over the group, in one run:

brentq     a Python loop of ``scipy.optimize.brentq``, timed on a sample and scaled
find_root  ``scipy.optimize.elementwise.find_root`` on arrays, in chunks that fit in memory
evaluate   ``policy.evaluate``; its table is built before, and timed on its own
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from scipy.optimize import brentq, elementwise
from scipy.special import gammaln

from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.policy.stationary import stationary_policy

SIZES = (8, 64, 1024)
POINTS = 1_000_000
_LOOPED = 2_000
# Points of find_root that are timed and scaled: it costs as much for every point.
_FOUND = {8: 100_000, 64: 20_000, 1024: 2_000}
_NUMBERS = 2_000_000  # in a temporary of find_root
_REPEATS = 5
_WIDTH = 13


def run() -> dict[str, Any]:
    """Print the table and return what it shows."""
    rng = np.random.default_rng(0)
    beta = 10 ** rng.uniform(-3, 2, POINTS)
    pi_ref = np.exp(rng.uniform(np.log(1e-6), np.log(0.999), POINTS))
    _row(
        [
            "G",
            "table, ms",
            "evaluate, s",
            "brentq, s",
            "ratio",
            "find_root, s",
            "ratio",
            "deviation",
        ]
    )
    rows = [_measured(G, beta, pi_ref) for G in SIZES]
    print(f"{POINTS:,} points; medians of {_REPEATS}; brentq on {_LOOPED:,} points and scaled,")
    print(
        "find_root on " + ", ".join(f"{n:,} (G = {G})" for G, n in _FOUND.items()) + " and scaled"
    )
    print("deviation: the largest relative one from brentq, whose own tolerance is 1e-14")
    return {"rows": rows, "points": POINTS, "unit": "s"}


def _measured(G: int, beta: np.ndarray, pi_ref: np.ndarray) -> dict[str, Any]:
    policy = stationary_policy(GRPO(G), BinaryQuestion())
    start = perf_counter()
    policy.evaluate(beta=1.0, pi_ref=0.5)
    table = 1000 * (perf_counter() - start)
    ours, looped, found = [], [], []
    count = _FOUND[G]
    for _ in range(_REPEATS):
        ours.append(_timed(lambda: policy.evaluate(beta=beta, pi_ref=pi_ref))[0])
        seconds, roots = _timed(lambda: _loop(G, beta[:_LOOPED], pi_ref[:_LOOPED]))
        looped.append(seconds * POINTS / _LOOPED)
        found.append(_timed(lambda: _find(G, beta[:count], pi_ref[:count]))[0] * POINTS / count)
    values = policy.evaluate(beta=beta[:_LOOPED], pi_ref=pi_ref[:_LOOPED])
    record = {
        "G": G,
        "table_ms": table,
        "evaluate": median(ours),
        "brentq": median(looped),
        "ratio_brentq": median(looped) / median(ours),
        "find_root": median(found),
        "ratio_find_root": median(found) / median(ours),
        "deviation": float(np.max(np.abs(values / roots - 1))),
    }
    if record["deviation"] > 1e-10:
        raise AssertionError(f"G = {G}: the roots deviate by {record['deviation']}")
    _row([str(G), *(f"{record[k]:.3g}" for k in list(record)[1:])])
    return record


def _timed(action: Any) -> tuple[float, Any]:
    start = perf_counter()
    found = action()
    return perf_counter() - start, found


def _terms(G: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of p^k (1 − p)^(G−2−k) in D_G, as logarithms for large groups, and the powers."""
    k = np.arange(G - 1.0)
    logs = gammaln(G) - gammaln(k + 1) - gammaln(G - k) + 0.5 * np.log((G - k - 1) / (k + 1))
    return logs, k, G - 2 - k


def _loop(G: int, beta: np.ndarray, pi_ref: np.ndarray) -> np.ndarray:
    logs, k, rest = _terms(G)
    weights = np.exp(logs) if G <= 64 else None

    def balance(p: float, b: float, p0: float) -> float:
        if weights is not None:
            drift = float(np.dot(weights, p**k * (1 - p) ** rest))
        elif 0 < p < 1:
            drift = float(np.exp(logs + k * np.log(p) + rest * np.log1p(-p)).sum())
        else:
            drift = 0.0  # p (1 − p) is 0
        return b * (p - p0) - p * (1 - p) * drift

    return np.array(
        [
            brentq(balance, p0, 1.0, args=(b, p0), xtol=1e-300, rtol=1e-14)
            for b, p0 in zip(beta.tolist(), pi_ref.tolist(), strict=True)
        ]
    )


def _find(G: int, beta: np.ndarray, pi_ref: np.ndarray) -> np.ndarray:
    logs, k, rest = _terms(G)
    weights = np.exp(logs) if G <= 64 else None

    def balance(p: np.ndarray, b: np.ndarray, p0: np.ndarray) -> np.ndarray:
        if weights is not None:
            drift = (p[..., None] ** k * (1 - p[..., None]) ** rest) @ weights
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                near = np.log(p)[..., None] * k + np.log1p(-p)[..., None] * rest
                drift = np.nan_to_num(np.exp(logs + near).sum(axis=-1))
        return b * (p - p0) - p * (1 - p) * drift

    chunk = max(1, _NUMBERS // G)
    parts = []
    for start in range(0, len(beta), chunk):
        b, p0 = beta[start : start + chunk], pi_ref[start : start + chunk]
        found = elementwise.find_root(
            balance, (p0, np.ones_like(p0)), args=(b, p0), tolerances={"xrtol": 1e-14, "xatol": 0}
        )
        parts.append(found.x)
    return np.concatenate(parts)


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
