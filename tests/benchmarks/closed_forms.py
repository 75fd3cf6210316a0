"""The closed forms of ten million points, against the textbook formulas in plain NumPy.

pairs          G = 2: ½ (1 − β + √((1 − β)² + 4 β π_ref)), as an author writes it
with margins   the same in β/γ, γ an array
large groups   G = ∞: (2 β² π_ref + 1 + √(1 + 4 β² π_ref (1 − π_ref)))/(2 (1 + β²))

The library checks every argument and keeps all digits; the textbook form does neither. The
complement 1 − π(a) is timed as well. Errors are the largest in units in the last place against
balls of 2000 bits, on points where β is near γ and π_ref small.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from flint import arb, ctx
from sympy import oo

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.policy.stationary import stationary_policy

POINTS = 10_000_000
_CHECKED = 400
_REPEATS = 7
_WIDTH = 16
_BITS = 2000


def pairs(beta: Any, pi_ref: Any) -> Any:
    return 0.5 * (1 - beta + np.sqrt((1 - beta) ** 2 + 4 * beta * pi_ref))


def with_margins(beta: Any, pi_ref: Any, gamma: Any) -> Any:
    ratio = 1 - beta / gamma
    return 0.5 * (ratio + np.sqrt(ratio**2 + 4 * beta / gamma * pi_ref))


def large_groups(beta: Any, pi_ref: Any) -> Any:
    root = np.sqrt(1 + 4 * beta**2 * pi_ref * (1 - pi_ref))
    return (2 * beta**2 * pi_ref + 1 + root) / (2 * (1 + beta**2))


def run() -> dict[str, Any]:
    """Print the table and return what it shows."""
    rng = np.random.default_rng(0)
    beta, pi_ref = 10 ** rng.uniform(-2, 1, POINTS), rng.random(POINTS)
    gamma = rng.uniform(0.1, 1, POINTS)
    margins = BinaryQuestion(margin=symbols.gamma)
    cases: list[tuple[str, Any, Callable[..., Any], dict[str, Any]]] = [
        ("pairs", stationary_policy(GRPO(2), BinaryQuestion()), pairs, {}),
        ("with margins", stationary_policy(GRPO(2), margins), with_margins, {"gamma": gamma}),
        ("large groups", stationary_policy(GRPO(oo), BinaryQuestion()), large_groups, {}),
    ]
    _row(
        [
            "",
            "textbook, s",
            "evaluate, s",
            "ratio",
            "complement, s",
            "ulp",
            "ulp (compl.)",
            "ulp (textbook)",
        ]
    )
    rows = []
    for name, policy, textbook, more in cases:
        values = {"beta": beta, "pi_ref": pi_ref, **more}
        rows.append(
            {"name": name, **_timings(policy, textbook, values), **_errors(policy, textbook)}
        )
        _row([name, *(f"{rows[-1][key]:.3g}" for key in list(rows[-1])[1:])])
    print(f"{POINTS:,} points; medians of {_REPEATS}, both sides in turn")
    return {"rows": rows, "points": POINTS, "unit": "s"}


def _timings(policy: Any, textbook: Callable[..., Any], values: dict[str, Any]) -> dict[str, float]:
    actions = {
        "textbook": lambda: textbook(**values),
        "evaluate": lambda: policy.evaluate(**values),
        "complement": lambda: policy.evaluate(**values, complement=True),
    }
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(_REPEATS):
        for name, action in actions.items():
            start = perf_counter()
            action()
            times[name].append(perf_counter() - start)
    found = {name: median(seconds) for name, seconds in times.items()}
    return {
        "textbook": found["textbook"],
        "evaluate": found["evaluate"],
        "ratio": found["textbook"] / found["evaluate"],
        "complement": found["complement"],
    }


def _errors(policy: Any, textbook: Callable[..., Any]) -> dict[str, float]:
    """The largest errors in units in the last place, at awkward points."""
    rng = np.random.default_rng(1)
    beta = np.where(rng.random(_CHECKED) < 0.5, 1 + 10 ** rng.uniform(-16, 0, _CHECKED), 0)
    beta = np.where(beta == 0, 10 ** rng.uniform(-8, 8, _CHECKED), beta)
    pi_ref = 10 ** rng.uniform(-20, 0, _CHECKED)
    values = {"beta": beta, "pi_ref": pi_ref}
    names = [p.name for p in policy.inputs]
    if "gamma" in names:
        values["gamma"] = np.ones(_CHECKED)
    exact = [
        _exact("large" if policy.algorithm.group_size == oo else "pairs", b, r)
        for b, r in zip(beta.tolist(), pi_ref.tolist(), strict=True)
    ]
    found = (
        policy.evaluate(**values),
        policy.evaluate(**values, complement=True),
        textbook(**values),
    )
    worst = []
    for value, share in zip(found, (0, 1, 0), strict=True):
        with ctx.workprec(_BITS):
            errors = (
                abs(float(((arb(float(v)) - e[share]) / e[share]).mid()))
                for v, e in zip(value, exact, strict=True)
            )
            worst.append(max(errors) * 2.0**52)
    return dict(zip(("ulp", "ulp_complement", "ulp_textbook"), worst, strict=True))


def _exact(kind: str, beta: float, pi_ref: float) -> tuple[arb, arb]:
    with ctx.workprec(_BITS):
        b, r = arb(beta), arb(pi_ref)
        if kind == "pairs":
            p = ((1 - b) + ((1 - b) ** 2 + 4 * b * r).sqrt()) / 2
        else:
            p = (2 * b * b * r + 1 + (1 + 4 * b * b * r * (1 - r)).sqrt()) / (2 * (1 + b * b))
        return p, 1 - p


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
