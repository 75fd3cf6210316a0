"""The mean group deviation as a polynomial, against SymPy's own sum and expansion.

The polynomial is ``h_G = sum_k binomial(G, k) f(k/G) p**k (1-p)**(G-k)`` with
``f = sqrt(t(1-t))``. Three things are timed here, each on a fresh object with the
caches emptied: building it from ``f``, its value at p = 1/3 to 50 certified digits, and
its exact coefficients in ``x = p(1-p)``.

The plain SymPy alternative, with SymPy's cache emptied as well:

build       ``Sum(...).doit()`` of the definition
expand      ``expand(sum.subs(p, (1 - sqrt(1 - 4*x))/2))``, the same polynomial in ``x``
expand in p ``expand(sum)``, which still is a polynomial in ``p``: the least that any
            way through the powers of ``p`` has to pay

A SymPy column stops at the size where the next one would take longer than `LONGEST`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import log
from statistics import linear_regression, median
from time import perf_counter
from typing import Any

from mpmath import mp, mpf
from sympy import Expr, Rational, Sum, Symbol, binomial, expand, sqrt
from sympy.core.cache import clear_cache

from grpo_symbolic import bernstein as module
from grpo_symbolic import surd
from grpo_symbolic.bernstein import Bernstein

SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
DIGITS = 50
POINT = Fraction(1, 3)
LONGEST = 30  # seconds
# From one size to the next SymPy's expansion grows by a factor below this.
_NEXT = 8
_DOUBLINGS = 3
_WIDTH = 14

t, k, p, x = Symbol("t"), Symbol("k"), Symbol("p"), Symbol("x")
DEVIATION = sqrt(t * (1 - t))


def run() -> dict[str, Any]:
    """Print the table and return what it shows, in milliseconds."""
    _row(list(_HEADINGS.values()))
    rows: list[dict[str, Any]] = []
    # Whatever only the first call ever pays for is not measured.
    _ours(8)
    _sympy(4, {"expand", "expand_p"})
    allowed = {"expand", "expand_p"}
    for G in SIZES:
        row = {"G": G, **_ours(G), **_sympy(G, allowed)}
        allowed = {n for n in allowed if row[f"sympy_{n}"] * _NEXT < LONGEST * 1000}
        for name in ("expand", "expand_p"):
            if f"sympy_{name}" in row:
                row[f"ratio_{name}"] = row[f"sympy_{name}"] / row["expand"]
        rows.append(row)
        _row([_shown(name, row.get(name)) for name in _HEADINGS])
    growth = {name: _growth(rows, name) for name in ("build", "evaluate", "expand")}
    print(
        f"growth from G = {SIZES[-1 - _DOUBLINGS]} to {SIZES[-1]}: "
        + ", ".join(f"{name} ~ G^{value:.2f}" for name, value in growth.items())
    )
    total = sum(rows[-1][name] for name in ("build", "evaluate", "expand"))
    print(f"G = {SIZES[-1]} built, evaluated to {DIGITS} digits and expanded: {total:.0f} ms")
    print("medians; (SymPy) expand: of Sum(...).doit() with p = (1 - sqrt(1 - 4 x))/2")
    print("(SymPy) expand in p: of Sum(...).doit() as it is, not yet a polynomial in x")
    return {"rows": rows, "growth": growth, "digits": DIGITS, "unit": "ms"}


_HEADINGS = {
    "G": "G",
    "build": "build",
    "evaluate": f"{DIGITS} digits",
    "expand": "expand",
    "radicals": "radicals",
    "sympy_build": "(SymPy) build",
    "sympy_expand": "expand",
    "ratio_expand": "ratio",
    "sympy_expand_p": "expand in p",
    "ratio_expand_p": "ratio",
}


def _ours(G: int) -> dict[str, Any]:
    def built() -> Bernstein:
        surd.squarefree.cache_clear()
        module._binomials.cache_clear()
        return Bernstein.sampled(DEVIATION, t, G)

    repeats = 15 if G <= 128 else 5
    build, found = _timed(built, lambda f: f(), repeats)
    evaluate, _ = _timed(built, lambda f: f.evaluate(POINT, DIGITS), repeats, prepared=True)
    expand_in_x, _ = _timed(built, Bernstein.powers, repeats, prepared=True)
    radicals = sum(d > 1 for d in found.radicands)
    return {"build": build, "evaluate": evaluate, "expand": expand_in_x, "radicals": radicals}


def _timed(
    prepare: Callable[[], Any], action: Callable[[Any], Any], repeats: int, prepared: bool = False
) -> tuple[float, Any]:
    """Median milliseconds of ``action``, of what was prepared or of the preparation itself."""
    times, result = [], None
    for _ in range(repeats):
        argument = prepare() if prepared else prepare
        start = perf_counter()
        result = action(argument)
        times.append(1000 * (perf_counter() - start))
    return median(times), result


def _sympy(G: int, allowed: set[str]) -> dict[str, Any]:
    term = binomial(G, k) * DEVIATION.subs(t, k / G) * p**k * (1 - p) ** (G - k)
    build, total = _timed_plainly(lambda: Sum(term, (k, 0, G)).doit())
    row: dict[str, Any] = {"sympy_build": build}
    root = (1 - sqrt(1 - 4 * x)) / 2
    if "expand" in allowed:
        row["sympy_expand"], found = _timed_plainly(lambda: expand(total.subs(p, root)))
        _check(G, found.subs(x, _exact(POINT) * (1 - _exact(POINT))))
    if "expand_p" in allowed:
        row["sympy_expand_p"], found = _timed_plainly(lambda: expand(total))
        _check(G, found.subs(p, _exact(POINT)))
    return row


def _timed_plainly(action: Callable[[], Expr]) -> tuple[float, Expr]:
    """Median of three, or the only time when that takes more than a second."""
    times: list[float] = []
    while True:
        clear_cache()
        start = perf_counter()
        found = action()
        times.append(1000 * (perf_counter() - start))
        if len(times) == 3 or times[0] > 1000:
            return median(times), found


def _exact(value: Fraction) -> Rational:
    return Rational(value.numerator, value.denominator)


def _check(G: int, value: Expr) -> None:
    """Both sides computed the same number, or their times do not compare."""
    with mp.workdps(DIGITS + 5):
        found = Bernstein.sampled(DEVIATION, t, G).evaluate(POINT, DIGITS)
        if abs(mpf(str(value.evalf(DIGITS))) / found - 1) > mpf(10) ** (5 - DIGITS):
            raise AssertionError(f"G = {G}: SymPy has {value.evalf(DIGITS)}, not {found}")


def _growth(rows: list[dict[str, Any]], name: str) -> float:
    """The slope of log time against log G over the last doublings."""
    last = rows[-1 - _DOUBLINGS :]
    return linear_regression([log(r["G"]) for r in last], [log(r[name]) for r in last]).slope


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.startswith("ratio"):
        return f"{value:,.0f}"
    return (
        str(value) if isinstance(value, int) else f"{value:.3g}" if value < 100 else f"{value:.0f}"
    )


def _row(cells: list[str]) -> None:
    print("".join(f"{cell:>{_WIDTH}}" for cell in cells), flush=True)
