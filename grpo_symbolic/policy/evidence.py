"""What a policy of two answers rests on: status, derivation, claims, a numeric check."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import mpmath as mp
from flint import arb, ctx
from sympy import Eq, Expr, Poly, S, Symbol, fraction, together

from grpo_symbolic import symbols
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import exact_ball, upper_bound
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.policy.solve_two_answers import places_of_two
from grpo_symbolic.progress import tracked
from grpo_symbolic.solve.closed_form import ClosedForm
from grpo_symbolic.solve.reduction import Reduction
from grpo_symbolic.solve.solutions import rational
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.surd import as_rational
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Status, Verdict
from grpo_symbolic.work import Exhausted, limited

PI = symbols.pi
_STEPS = 5_000_000
# Up to this group size a formula in radicals is ruled out at one instance.
_LARGEST_GROUP = 16
_POINTS, _DIGITS = 8, 40
# The first lines write out definitions, in symbols of their own, and how they are tied.
_DEFINITIONS = 5


def status_of(
    condition: StationarityCondition, reduction: Reduction, closed: ClosedForm | None
) -> str:
    """Which root it is and why, or why there is no closed form."""
    if closed is not None:
        return f"closed form: {closed.branch}"
    polynomial = reduction.polynomial
    if polynomial is None or polynomial.degree() > 4:
        found = _without_radicals(condition)
        if found:
            return found
    if polynomial is None:
        return f"no closed form: {reduction.obstacle}"
    if polynomial.degree() <= 0:
        return "no solution: the penalty exerts no force on pi(a), so nothing holds the drift"
    if polynomial.degree() <= 2:
        return (
            "no closed form: no root is proved to lie in (0, 1) for all parameters; "
            "solutions() finds them at given numbers"
        )
    return (
        f"no closed form: the equation is a polynomial of degree {polynomial.degree()} in "
        "pi(a), and no formula in radicals is shown to give its root for all parameters"
    )


def _without_radicals(condition: StationarityCondition) -> str:
    """Why radicals do not solve the equation of a finite group, or an empty string."""
    rule = condition.preference.rule
    size = S.NaN if rule is None or rule.group_size is None else rule.group_size
    left, right = condition.contrast().args
    pull = fraction(together(left))[0]
    linear = pull.is_polynomial(symbols.pi_ref) and Poly(pull, symbols.pi_ref).degree() == 1
    if not size.is_Integer or not linear or right.has(symbols.pi_ref):
        return ""
    numbers = "solutions() finds them at given numbers"
    if size > _LARGEST_GROUP:
        return (
            f"no closed form is looked for in groups of {size}: beta and pi_ref(a) are "
            f"explicit functions of pi(a), and {numbers}"
        )
    from grpo_symbolic.solve.galois import no_radicals

    try:
        evidence = limited(no_radicals, condition, steps=_STEPS)
    except (Exhausted, ValueError):
        return ""
    return "" if evidence is None else f"no closed form in radicals: {evidence}; {numbers}"


def derivation_of(
    reduction: Reduction, closed: ClosedForm | None, parameters: Domain
) -> Derivation:
    """The lines of the reduction, and those of the closed form."""
    derivation = reduction.derivation
    if closed is None:
        return derivation
    solution, reason = closed.expression, _typeset(closed.branch)
    if closed.short is not None:
        for step in closed.steps:
            derivation = derivation.then(step.equation, step.justification, *step.check)
        return derivation.then(Eq(PI, closed.short, evaluate=False), reason, *closed.claims)
    check = _satisfied(derivation, solution, parameters)
    return derivation.then(Eq(PI, solution, evaluate=False), reason, *check, *closed.claims)


def _satisfied(derivation: Derivation, solution: Expr, parameters: Domain) -> tuple[Claim, ...]:
    """That the solution satisfies the last line at which that is not an identity of SymPy's own.

    There is no such line where the solution is the reference, and nothing to be shown.
    """
    for number in range(len(derivation), _DEFINITIONS, -1):
        line = derivation.steps[number - 1].equation
        left, right = (line.lhs - line.rhs).subs(PI, solution), S.Zero
        if left == right:
            left, right = (side.subs(PI, solution) for side in (line.lhs, line.rhs))
        if left != right:
            name = f"the solution satisfies line {number}"
            return (Claim(name, left, "==", right, parameters),)
    return ()


def claims_of(
    derivation: Derivation, equation: Eq, closed: ClosedForm | None, parameters: Domain
) -> tuple[Claim, ...]:
    """The checks of every line, and those of the closed form on the first one."""
    claims = derivation.claims
    # A solution in abbreviations is proved in stages, by the lines of the derivation.
    if closed is None or closed.short is not None:
        return claims
    solution = closed.expression
    return (
        *claims,
        Claim(
            "the stationarity condition holds at the solution",
            equation.lhs.subs(PI, solution),
            "==",
            equation.rhs.subs(PI, solution),
            parameters,
        ),
        Claim("the solution is positive", solution, ">", S.Zero, parameters),
        Claim("the solution is less than 1", solution, "<", S.One, parameters),
        *(
            Claim(
                f"branch {k} of the form for floating point equals the closed form",
                branch,
                "==",
                solution,
                parameters,
            )
            for k, branch in enumerate(closed.stable.branches(), start=1)
        ),
    )


def numeric_check(policy: Policy) -> tuple[str, Verdict]:
    """The projected on-policy gradient at the solutions found at rational parameters."""
    name = "the projected on-policy gradient vanishes at the solutions found numerically"
    worst, roots, points = mp.mpf(0), 0, 0
    field, closed = policy.condition.field[0], policy.expressions and policy.expressions[0]
    with mp.workdps(_DIGITS + 10), ctx.workprec(2 * int(mp.mp.prec)):
        samples = policy.parameters.samples(_POINTS, seed=7)
        for point in tracked(samples, total=_POINTS, label="checking", unit="point"):
            points += 1
            root = None if closed is None else _at(closed, point)
            for place in places_of_two(policy.condition, point, _DIGITS):
                roots += 1
                vanishing = _at(field, {**point, PI: rational(place, _DIGITS + 10)})
                worst = max(worst, upper_bound(vanishing))
                if root is not None:
                    worst = max(worst, upper_bound(exact_ball(place) - root))
    shown = mp.nstr(worst, 3)
    data: dict[str, object] = {"points": points, "solutions": roots, "digits": _DIGITS}
    data["largest_deviation"] = shown
    if not roots:
        return name, Verdict(Status.UNKNOWN, "root isolation", "no solution was found", data)
    if worst > mp.mpf(10) ** (8 - _DIGITS):
        return name, Verdict(Status.REFUTED, "root isolation", f"off by {shown}", data)
    found = f"{roots} solutions at {points} rational points, largest deviation {shown}"
    return name, Verdict(Status.NUMERIC, "root isolation", found, data)


def _at(expr: Expr, point: Mapping[Symbol, Expr]) -> arb:
    """The value of an expression at exact numbers; by SymPy where it has none in balls."""
    sizes = {symbol: value for symbol, value in point.items() if symbol.is_integer}
    balls = {s: arb(as_rational(v)) for s, v in point.items() if s not in sizes}
    with suppress(ValueError):
        found = ball(expr.xreplace(sizes), balls, ctx.prec)
        if found.is_finite():
            return found
    return exact_ball(mp.mpf(str(expr.xreplace(dict(point)).evalf(_DIGITS + 10))))


def _typeset(sentence: str) -> str:
    """A plain sentence with its symbols in TeX."""
    for plain, tex in (
        ("(pi_ref(a), 1)", r"$(\pi_{\mathrm{ref}}(a), 1)$"),
        (" pi_ref(a)", r" $\pi_{\mathrm{ref}}(a)$"),
        (" pi(a)", r" $\pi(a)$"),
    ):
        sentence = sentence.replace(plain, tex)
    return sentence
