r"""The fold curve in closed form: the double solutions of all references at once.

A double solution satisfies F = 0 and ∂F/∂p = 0 with F = D − β f. The first two equations are
solved for β and π_ref(a), and the double solution p is left as the parameter of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Dummy,
    Expr,
    Function,
    Integer,
    Poly,
    S,
    Symbol,
    cancel,
    cosh,
    exp,
    expand_log,
    fraction,
    log,
    sinh,
    together,
)

from grpo_symbolic import symbols
from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.display import short
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.work import Exhausted, limited

PI, REFERENCE = symbols.pi, symbols.pi_ref
_STEPS = 5_000_000


@dataclass(frozen=True, repr=False)
class FoldCurve:
    r"""The folds of all references: β and π_ref(a) in terms of the double solution.

    Attributes
    ----------
    beta : Expr
        The critical weight at which p = ``symbols.pi`` is a double solution. Only p at which it
        is positive belong to the curve.
    reference : Expr or None
        π_ref(a) of that fold; None where the condition is not solved for it.
    log_odds : Expr or None
        log π_ref(a)/(1 − π_ref(a)), where the reference enters the condition by it alone.
    """

    beta: Expr
    reference: Expr | None
    log_odds: Expr | None

    def __repr__(self) -> str:
        parts = [f"beta = {short(self.beta)}"]
        if self.reference is not None:
            parts.append(f"pi_ref(a) = {short(self.reference)}")
        elif self.log_odds is not None:
            parts.append(f"log-odds of pi_ref(a) = {short(self.log_odds)}")
        return f"FoldCurve({'; '.join(parts)})"

    def hyperbolic(self, t: Symbol | None = None) -> tuple[Expr, Expr] | None:
        r"""(β, log-odds of the reference) at p = 1/(1 + e^(−2t)), in hyperbolic functions.

        None where the curve is not rational in e^t. For direct KL and large groups β = sinh t.
        """
        if self.log_odds is None:
            return None
        shown = Symbol("t", positive=True) if t is None else t
        t = Dummy("t", real=True)  # a given t need not be known to be real
        beta = _hyperbolic(self.beta, t)
        shift = _hyperbolic(self.log_odds - _log_odds(PI), t)
        odds = _in_exponential(PI / (1 - PI), y := Dummy("y", positive=True))
        if beta is None or shift is None or odds is None:
            return None
        return beta.xreplace({t: shown}), (expand_log(log(odds.subs(y, exp(t)))) + shift).xreplace(
            {t: shown}
        )

    def boundary(self) -> Expr | None:
        """The log-odds of the reference at the fold as a function of β, where β inverts."""
        t = Dummy("t", positive=True)
        found = self.hyperbolic(t)
        if found is None or not isinstance(found[0], Function) or found[0].args != (t,):
            return None
        inverse = found[0].inverse()(symbols.beta)  # type: ignore[attr-defined]
        return found[1].subs(t, inverse)


def fold_curve(curve: Balance) -> FoldCurve:
    """The fold curve of a condition in closed form: F = 0 and ∂F/∂p = 0 solved for β and π_ref.

    Raises
    ------
    ValueError
        When π_ref(a) enters neither linearly nor as an additive constant.

    Examples
    --------
    >>> from sympy import oo
    >>> from grpo_symbolic import GRPO, BinaryQuestion, DirectKL, stationarity_condition
    >>> curve = Balance(stationarity_condition(GRPO(oo, DirectKL()), BinaryQuestion()))
    >>> fold_curve(curve).boundary()
    2*asinh(beta) - 2*sqrt(beta**2 + 1)/beta
    """
    drift, force = curve.drift.expression, curve.force.expression
    slope = cancel(together(force.diff(PI)))
    unit = Domain.of(*(r for r in curve.parameters.ranges if r.symbol != REFERENCE), PI)
    if not slope.has(REFERENCE):
        beta = tidy(drift.diff(PI) / slope, unit)
        needed = tidy(drift / beta, unit)
        return FoldCurve(beta, solved_for_reference(force, needed, unit), _shifted(force, needed))
    balance = fraction(together(drift * force.diff(PI) - drift.diff(PI) * force))[0]
    if balance.is_polynomial(REFERENCE) and Poly(balance, REFERENCE).degree() == 1:
        gradient, constant = Poly(balance, REFERENCE).all_coeffs()
        reference = tidy(-constant / gradient, unit)
        beta = tidy(curve.weight.subs(REFERENCE, reference), unit)
        return FoldCurve(beta, reference, None)
    raise ValueError(
        "the fold curve has no explicit form here: pi_ref(a) enters the condition neither "
        "linearly nor as an additive constant"
    )


def _shifted(force: Expr, needed: Expr) -> Expr | None:
    """The log-odds of the reference, where the force is a difference of log-odds."""
    own = _log_odds(PI) - _log_odds(REFERENCE)
    return _log_odds(PI) - needed if is_zero(force - own, Domain.of(REFERENCE, PI)) else None


def _log_odds(p: Expr) -> Expr:
    return log(p / (1 - p))


def _in_exponential(expr: Expr, y: Symbol) -> Expr | None:
    """The expression at p = y²/(1 + y²), as a rational function of y; None where it is none."""
    hypotenuse, complement = Dummy("w", positive=True), Dummy("q", positive=True)
    split = expr.xreplace({1 - PI: complement})
    value = together(split.subs({complement: hypotenuse**-2, PI: y**2 / hypotenuse**2}))
    try:
        value = limited(cancel, value.subs(hypotenuse, (1 + y**2) ** S.Half), steps=_STEPS)
    except Exhausted:
        return None
    return value if value.is_rational_function(y) else None


def _hyperbolic(expr: Expr, t: Symbol) -> Expr | None:
    """A function of p = 1/(1 + e^(−2t)), rational in e^t, in sinh and cosh; else None."""
    y = Dummy("y", positive=True)
    value = _in_exponential(expr, y)
    if value is None:
        return None
    parts = [_paired(Poly(part, y), t) for part in fraction(value)]
    if None in parts:
        return None
    return cancel(parts[0] / parts[1])  # type: ignore[operator]


def _paired(polynomial: Poly, t: Symbol) -> Expr | None:
    """y^(−middle) times the polynomial at y = e^t, its terms paired to sinh and cosh."""
    terms = dict(polynomial.terms())
    exponents = [e for (e,) in terms]
    middle = Integer(min(exponents) + max(exponents)) / 2
    total = S.Zero
    for (e,), c in terms.items():
        mirror = terms.get((2 * middle - e,), S.Zero)
        distance = e - middle
        if distance == 0:
            total += c
        elif mirror == c:
            total += c * cosh(distance * t)
        elif mirror == -c:
            total += c * sinh(distance * t)
        else:
            return None
    return total


def solved_for_reference(force: Expr, needed: Expr, unit: Domain) -> Expr | None:
    """π_ref(a) from force = needed, where the exponential of the force is linear in it."""
    odds = Dummy("e", positive=True)
    balance = fraction(together(exp(force) - odds))[0]
    if not balance.is_polynomial(REFERENCE):
        return None
    polynomial = Poly(balance, REFERENCE)
    if polynomial.degree() != 1:
        return None
    gradient, constant = polynomial.all_coeffs()
    return tidy(-constant / gradient, unit).subs(odds, exp(needed))
