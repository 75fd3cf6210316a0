"""Closed forms of groups of four and five: exact instances, numbers, proofs, branches."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import comb
from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import Poly, Rational, Symbol, sqrt

import grpo_symbolic as gs
from grpo_symbolic.domain import Domain
from grpo_symbolic.policy.evidence import numeric_check
from grpo_symbolic.solve.quartic import larger_root
from grpo_symbolic.symbols import beta, pi, pi_ref

WITHOUT = gs.BinaryQuestion()
SAMPLE = gs.ShiftAndScale(ddof=1)
CASES = [(4, 0), (5, 0), (4, 1), (5, 1)]


@cache
def policy(size: int, ddof: int = 0) -> gs.StationaryPolicy:
    if ddof:
        return gs.stationary_policy(gs.GRPO(group_size=size, advantage=SAMPLE), WITHOUT)
    return gs.stationary_policy(gs.GRPO(group_size=size), WITHOUT)


def spread(size: int, ddof: int) -> list[Any]:
    """k/G times the advantage of a winner among k of G, from the definition."""
    scale = mp.sqrt(mpf(size - ddof) / size)
    return [
        comb(size, k) * mp.sqrt(mpf(k) / size * (1 - mpf(k) / size)) * scale
        for k in range(size + 1)
    ]


def by_polyroots(size: int, ddof: int, weight: Any, reference: Any) -> list[Any]:
    """Real roots in (0, 1) of beta (p - p0) = E[k/G A], its powers multiplied out here."""
    powers = [mpf(0)] * (size + 1)
    for k, c in enumerate(spread(size, ddof)):
        for j in range(size - k + 1):
            powers[k + j] -= c * comb(size - k, j) * (-1) ** j
    powers[0] -= weight * reference
    powers[1] += weight
    while abs(powers[-1]) < mpf(10) ** -50:
        powers.pop()
    roots = mp.polyroots(powers[::-1], maxsteps=500, extraprec=400)
    tiny = mpf(10) ** -40
    return [r.real for r in roots if abs(r.imag) < tiny and tiny < r.real < 1]


@pytest.mark.parametrize(("size", "ddof"), CASES)
def test_the_expression_is_the_root_of_the_definition(size: int, ddof: int) -> None:
    found = policy(size, ddof)
    assert found.expression is not None
    assert found.expression.free_symbols == {beta, pi_ref}
    compiled = found.lambdify("mpmath")
    with mp.workdps(60):
        for weight, reference in (
            (Fraction(1, 50), Fraction(1, 3)),
            (Fraction(1), Fraction(1, 2)),
            (Fraction(9, 5), Fraction(1, 1000)),
            (Fraction(40), Fraction(9, 10)),
            (Fraction(3000), Fraction(1, 7)),
        ):
            numbers = [mpf(v.numerator) / v.denominator for v in (weight, reference)]
            (expected,) = by_polyroots(size, ddof, *numbers)
            point = {beta: Rational(weight), pi_ref: Rational(reference)}
            if weight in (1, 40):  # SymPy evaluates nested radicals slowly
                exact = mpf(str(found.expression.xreplace(point).evalf(60)))
                assert abs(exact - expected) < mpf(10) ** -50
            assert abs(compiled(beta=weight, pi_ref=reference) - expected) < mpf(10) ** -50


@pytest.mark.parametrize("size", [4, 5])
def test_instances_made_from_the_solution(size: int) -> None:
    """p is chosen, and beta follows from the definition: exactly the p chosen comes back."""
    with mp.workdps(60):
        for share, reference in (("3/4", "1/2"),):
            p, p0 = Rational(share), Rational(reference)
            drift = (
                sum(
                    comb(size, k) * p**k * (1 - p) ** (size - k) * sqrt(Rational(k * (size - k)))
                    for k in range(size)
                )
                / size
            )
            at = policy(size).expression.subs({beta: drift / (p - p0), pi_ref: p0})
            assert abs(at.evalf(60) - p) < Rational(1, 10**50)


@pytest.mark.parametrize("size", [4, 5])
def test_floating_point_keeps_its_digits(size: int) -> None:
    """At most 16 ulp, times the condition number where a change of beta matters more."""
    random = Random(size)
    points = []
    for k in range(150):
        weight = 10 ** random.uniform(-6, 6)
        small = 10 ** random.uniform(-12, -0.3)
        reference = (small, 1 - small, random.random())[k % 3]
        if k % 7 == 0:  # near the weight below which a vanishing reference is escaped from
            weight = float(np.sqrt(size - 1)) * (1 + random.choice((-1, 1)) * small)
        points.append((weight, reference))
    weights, references = map(np.array, zip(*points, strict=True))
    values = policy(size).lambdify()(beta=weights, pi_ref=references)
    with mp.workdps(60):
        c = spread(size, 0)
        for weight, reference, value in zip(weights, references, values, strict=True):
            b, p0, p = mpf(float(weight)), mpf(float(reference)), mpf(1)
            for _ in range(400):  # Newton from the right of a convex function
                h = sum(a * p**k * (1 - p) ** (size - k) for k, a in enumerate(c))
                slope = b - sum(
                    a * (k * p ** (k - 1) * (1 - p) ** (size - k))
                    - a * ((size - k) * p**k * (1 - p) ** (size - k - 1))
                    for k, a in enumerate(c)
                    if 0 < k < size
                )
                step = (b * (p - p0) - h) / slope
                p -= step
                if abs(step) < p * mpf(10) ** -50:
                    break
            condition = abs(b * (p - p0) / (slope * p))
            ulps = abs(mpf(float(value)) - p) / mpf(float(np.spacing(float(p))))
            assert ulps <= 16 * max(1, condition), (weight, reference, ulps, condition)


def test_ends_of_the_reference() -> None:
    function = policy(4).lambdify()
    assert function(beta=2.0, pi_ref=0.0) == 0.0  # above sqrt(3)
    assert 0 < function(beta=1.0, pi_ref=0.0) < 1
    assert abs(function(beta=1.0, pi_ref=0.0) - function(beta=1.0, pi_ref=1e-15)) < 1e-14
    assert function(beta=1.0, pi_ref=1.0) == 1.0


def test_everything_is_proved_but_the_numeric_check() -> None:
    report = list(policy(4).verify())
    assert len(report) > 20
    assert {gs.prove(claim).status for claim in policy(5).claims} == {gs.Status.PROVED}
    assert all(v.status is gs.Status.PROVED for v in report[:-1])
    assert report[-1].status is gs.Status.NUMERIC


def test_another_root_is_refuted() -> None:
    found = policy(4)
    closed = found.closed
    assert closed is not None
    assert closed.short is not None
    (inner,) = (r for r in closed.short.atoms(type(sqrt(beta))) if r.exp == Rational(1, 2)
                and r.base.is_Add)  # fmt: skip
    value = closed.short.subs(inner, -inner)
    for symbol, part in reversed(closed.abbreviations):
        value = value.xreplace({symbol: part})
    wrong = replace(found)
    vars(wrong)["closed"] = replace(closed, expression=value)
    _, verdict = numeric_check(wrong)
    assert verdict.status is gs.Status.REFUTED


def test_corrupted_stages_are_refuted() -> None:
    closed = policy(4).closed
    assert closed is not None
    checked = 0
    for step in closed.steps:
        for claim in step.check:
            if claim.relation == "==":
                wrong = replace(claim, left=claim.left + Rational(1, 10**6))
                assert gs.prove(wrong).status is gs.Status.REFUTED
                checked += 1
    assert checked >= 4


def test_any_convex_quartic() -> None:
    """Rational roots are put in, and the larger real one comes out."""
    unknown, free = Symbol("p", real=True), Domain()
    for low, high, middle, height in ((-1, 3, 2, 5), (-1, 2, 1, 8), (-1, 1, 2, 9), (-2, 3, 2, 30)):
        product = (unknown - low) * (unknown - high) * ((unknown - middle) ** 2 + height)
        root = larger_root(Poly(3 * product.expand(), unknown), free)
        assert root is not None
        assert abs(root.expression.evalf(40) - high) < Rational(1, 10**35)
        stages: dict[Any, Any] = {}
        for symbol, part in root.stable.stages:
            stages[symbol] = part.subs(stages).evalf(40)
        assert abs(root.stable.form.subs(stages).evalf(40) - high) < Rational(1, 10**35)
    quartics = {
        "two wells": (unknown**2 - 3 * unknown) ** 2 + unknown - 1,
        "opens downwards": -(unknown**4) + 4 * unknown**3 - 12 * unknown**2 + unknown - 1,
        "positive at 0": unknown**4 - 4 * unknown**3 + 12 * unknown**2 + unknown + 1,
    }
    for expression in quartics.values():
        assert larger_root(Poly(expression, unknown), free) is None


def test_print_and_source() -> None:
    found = policy(4)
    tex = found.latex()
    assert r"\sqrt[3]" in tex
    assert tex.count(r"\\") == 4  # short abbreviations share a row
    assert len(tex) < 1200
    space: dict[str, Any] = {}
    exec(found.python(), space)
    value = space["stationary_policy"](beta=0.7, pi_ref=0.2)
    assert abs(value - found.lambdify()(beta=0.7, pi_ref=0.2)) < 1e-15
    assert found.status.startswith("closed form: the larger one of two real roots")
    assert found.equation.has(pi)
