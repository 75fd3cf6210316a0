"""How the cost grows with the group size G, and with the number of points.

In G: the exact polynomial of the drift built, evaluated to 50 digits and expanded; the stationary
policy derived; the table of the drift made; 100,000 points evaluated with it. In the number of
points: ``policy.evaluate`` by the closed form (G = 2), by the table (G = 64) and where several
solutions are looked for (direct KL, G = 64).

The exponent is the slope of log time against log size over the larger sizes. All curves are
drawn on logarithmic axes in ``build/benchmarks.pdf`` and ``.png``.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from math import log
from pathlib import Path
from statistics import linear_regression
from time import perf_counter
from typing import Any

import numpy as np

from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.policy import evaluate_binary
from grpo_symbolic.policy.stationary import stationary_policy
from tests.benchmarks import bernstein

SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)
POINTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
# Where several solutions are looked for, a point costs about this many times a crossing.
_SEVERAL = 10
EVALUATED = 100_000
FIGURE = Path(__file__).parents[2] / "build" / "benchmarks"
_REPEATS = 5
_WIDTH = 15
# Over how many of the largest sizes an exponent is fitted.
_FITTED = {"G": 4, "points": 3}


def run() -> dict[str, Any]:
    """Print the tables, draw the figure, and return what they show."""
    in_size = _in_size()
    in_points = _in_points()
    record = {
        "rows": in_size,
        "points": in_points,
        "exponents": {
            "G": {name: _exponent(in_size, "G", name) for name in list(in_size[0])[1:]},
            "points": {
                name: _exponent(in_points, "points", name) for name in list(in_points[0])[1:]
            },
        },
        "unit": "s",
    }
    for variable, exponents in record["exponents"].items():
        shown = ", ".join(f"{name} {value:.2f}" for name, value in exponents.items())
        print(f"exponents in {variable}: {shown}")
    _draw(record, FIGURE)
    print(f"drawn in {FIGURE}.pdf and .png")
    return record


def _in_size() -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    beta, pi_ref = 10 ** rng.uniform(-3, 2, EVALUATED), rng.random(EVALUATED)
    # Whatever only the first call ever pays for is not measured.
    for G in (6, 7):
        _tabled(stationary_policy(GRPO(G), BinaryQuestion()))
    names = ["G", "build", "50 digits", "expand", "derive", "table", "evaluate"]
    _row(names)
    rows = []
    for G in SIZES:
        exact = bernstein._ours(G)
        derive, policy = _timed(lambda G=G: stationary_policy(GRPO(G), BinaryQuestion()))
        table, _ = _timed(lambda p=policy: _tabled(p))
        evaluate, _ = _timed(lambda p=policy: p.evaluate(beta=beta, pi_ref=pi_ref))
        times = [exact[n] / 1000 for n in ("build", "evaluate", "expand")]
        rows.append(dict(zip(names, [G, *times, derive, table, evaluate], strict=True)))
        _row([f"{v:.3g}" if isinstance(v, float) else str(v) for v in rows[-1].values()])
    return rows


def _tabled(policy: Any) -> Any:
    """The first point of a policy that has derived its equation already."""
    evaluate_binary.group_table.cache_clear()
    policy.__dict__.pop("evaluator", None)
    return policy.evaluate(beta=1.0, pi_ref=0.5)


def _in_points() -> list[dict[str, Any]]:
    question = BinaryQuestion()
    policies = {
        "closed form": (stationary_policy(GRPO(2), question), 1),
        "table": (stationary_policy(GRPO(64), question), 1),
        "several": (stationary_policy(GRPO(64, DirectKL()), question), _SEVERAL),
    }
    for policy, _ in policies.values():
        _evaluated(policy, np.ones(1), np.full(1, 0.5))
    _row(["points", *policies])
    rows = []
    for count in POINTS:
        row: dict[str, Any] = {"points": count}
        for name, (policy, cost) in policies.items():
            rng = np.random.default_rng(4)
            beta, pi_ref = 10 ** rng.uniform(0, 2, count), rng.uniform(0.01, 0.99, count)
            if count * cost <= max(POINTS):
                row[name], _ = _timed(lambda p=policy, b=beta, r=pi_ref: _evaluated(p, b, r))
        rows.append(row)
        _row([f"{count:,}", *(f"{row[n]:.3g}" if n in row else "-" for n in policies)])
    return rows


def _evaluated(policy: Any, beta: Any, pi_ref: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return policy.evaluate(beta=beta, pi_ref=pi_ref)


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """The least of several times, which others on the machine disturb least; one if it is long."""
    times: list[float] = []
    while True:
        start = perf_counter()
        found = action()
        times.append(perf_counter() - start)
        if len(times) == _REPEATS or times[0] > 1:
            return min(times), found


def _exponent(rows: list[dict[str, Any]], variable: str, name: str) -> float:
    last = [r for r in rows if name in r][-_FITTED[variable] :]
    return linear_regression([log(r[variable]) for r in last], [log(r[name]) for r in last]).slope


def _draw(record: dict[str, Any], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from grpo_symbolic.plotting.style import STYLES, TEXT, paper

    path.parent.mkdir(parents=True, exist_ok=True)
    with paper():
        figure = Figure(figsize=(TEXT, 3.4), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, 2)
        for ax, rows, variable, letter, label in (
            (panels[0], record["rows"], "G", "G", "group size $G$"),
            (panels[1], record["points"], "points", "n", "points $n$"),
        ):
            for style, (name, exponent) in zip(
                STYLES, record["exponents"][variable].items(), strict=False
            ):
                kept = [r for r in rows if name in r]
                ax.loglog(
                    [r[variable] for r in kept],
                    [r[name] for r in kept],
                    color=style.color,
                    linestyle=style.line,
                    marker=style.marker,
                    label=rf"{name} $\propto {letter}^{{{exponent:.2f}}}$",
                )
            ax.set_xlabel(label)
            ax.set_ylabel("seconds")
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        # The fonts' dates are no news.
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        for suffix in (".pdf", ".png"):
            figure.savefig(path.with_suffix(suffix))


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
