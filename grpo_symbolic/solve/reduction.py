"""Reduction: the condition of a binary question as one equation in π(a).

The condition without its multiplier, β (d(a) − d(b)) = P(a) − P(b), is brought
to the simplest equation that is equivalent on 0 < π(a) < 1, and, where it is
algebraic, to a polynomial whose roots contain its solutions. Every rewriting is
recorded as a line of the derivation together with its check.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Eq, Expr, Mul, Poly, S, Sum, exp, expand_log, fraction, log, together

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, oriented_factors, sign, tidy, tidy_factors
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.display import legible, short, typeset
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

# A condition with more operations than this is not expanded into a polynomial.
_MAX_OPERATIONS = 400
# Bringing it to one polynomial may take so many steps; radicals of many kinds can take hours.
_STEPS = 1_500_000
# A condition with no more operations ends by itself, and counting would double its cost.
_SMALL = 40

PI = symbols.pi
_IN_POWERS = "collected in powers of $\\pi(a)$"


@dataclass(frozen=True, repr=False)
class Reduction:
    """One equation in π(a), and its polynomial where it is algebraic.

    Attributes
    ----------
    equation : Eq
        The simplified stationarity condition.
    polynomial : Poly or None
        In π(a); every stationary π(a) is a root.
    derivation : Derivation
    obstacle : str
        Why there is no polynomial, if there is none.
    multiplier : Expr
        What β · force = drift was multiplied by to give the equation.
    """

    equation: Eq
    polynomial: Poly | None
    derivation: Derivation
    obstacle: str = ""
    multiplier: Expr = S.One

    def __repr__(self) -> str:
        degree = "" if self.polynomial is None else f", degree {self.polynomial.degree()} in pi(a)"
        return f"Reduction({short(self.equation)}{degree})"

    def _repr_latex_(self) -> str | None:
        return typeset(formula(self.equation)) if legible(self.equation) else None


def reduce_binary(condition: StationarityCondition, title: str) -> Reduction:
    """Bring the condition of a binary question to one equation in π(a)."""
    contrast = condition.contrast()
    domain = condition.domain
    derivation = _opening(condition, title, domain)
    if contrast.rhs.count_ops() > _MAX_OPERATIONS:
        return Reduction(
            contrast, None, derivation, "the condition is too large to expand in pi(a)"
        )
    try:
        if condition.rates != (1, 1):
            return _of_mixed_groups(contrast, condition, derivation)
        reduced = _logarithmic if condition.penalty.logarithmic else _algebraic
        if contrast.count_ops() <= _SMALL and not contrast.has(Sum, BernsteinMean):
            return reduced(contrast, condition, derivation)
        return limited(reduced, contrast, condition, derivation, steps=_STEPS)
    except Exhausted:
        return Reduction(
            contrast, None, derivation, "it is too large to be brought to a polynomial in pi(a)"
        )


def _opening(condition: StationarityCondition, title: str, domain: Domain) -> Derivation:
    """Preference and marginal penalty of each answer, and the condition that ties them."""
    derivation = Derivation(title, domain)
    (p_a, p_b), (d_a, d_b) = symbols.preferences, symbols.marginals
    meanings = [f"{condition.algorithm.meaning}, for the answer ${answer}$" for answer in "ab"]
    meanings += [
        f"derivative of the expected penalty in $\\pi({answer})$ with "
        "$\\pi_{\\mathrm{old}}$ frozen, then $\\pi_{\\mathrm{old}} = \\pi$"
        for answer in "ab"
    ]
    values = (*condition.preference, *condition.marginal)
    known = dict(zip((p_a, p_b, d_a, d_b), values, strict=True))
    for (unknown, value), reason in zip(known.items(), meanings, strict=True):
        derivation = derivation.then(Eq(unknown, value, evaluate=False), reason)
    balance = Eq(condition.beta * (d_a - d_b), p_a - p_b, evaluate=False)
    contrast = condition.contrast()
    return derivation.then(
        balance,
        "stationarity on the simplex: $P - \\beta d$ is the same multiplier for both answers",
    ).then(
        contrast,
        "lines 1 to 4 inserted",
        _inserted((balance.lhs - balance.rhs).xreplace(known), contrast, condition),
    )


def _inserted(before: Expr, contrast: Eq, condition: StationarityCondition) -> Claim:
    """Line 6 from the lines before it; from the gradient where SymPy has made them one already."""
    after = contrast.lhs - contrast.rhs
    if before != after:
        name = "line 6 is line 5 with lines 1 to 4 inserted"
        return Claim(name, before, "==", after, condition.domain)
    return Claim(
        "pi(a) pi(b) times line 6 is the projected gradient at a, but for its sign",
        condition.field[0],
        "==",
        -PI * (1 - PI) * after,
        condition.domain,
    )


def _of_mixed_groups(
    contrast: Eq, condition: StationarityCondition, derivation: Derivation
) -> Reduction:
    """Dropped groups: the chance of a mixed one cleared, and what is left of the rates.

    With d(u) = c (1 − u) both terms of the force have the factor p − π_ref(a); what stands beside
    it is (1 − p) Pr(mixed | a) + p Pr(mixed | b).
    """
    chance = 1 / condition.preference.factor
    slope = condition.penalty.line_through_one
    if slope is None or condition.preference.weights != (1, 0) or chance.has(Sum):
        reason = "the rates of dropped groups stand in it"
        return Reduction(contrast, None, derivation, reason)
    size = condition.preference.two_level.size - 1
    beside = (1 - PI) * (1 - PI**size) + PI * (1 - (1 - PI) ** size)
    kept = 1 - PI**size * (1 - PI) - PI * (1 - PI) ** size
    left = condition.beta * slope * (PI - symbols.pi_ref)
    right = condition.preference.two_level.mean(PI)
    multiplier = PI * (1 - PI) * chance
    equation = Eq(left * kept, right, evaluate=False)
    derivation = derivation.then(
        equation,
        "multiplied by $\\pi(a)\\pi(b)$ and by the chance of a mixed group, which are positive",
        Claim(
            "the chance of a mixed group with a, and with b",
            multiplier * condition.beta * (condition.marginal[0] - condition.marginal[1]),
            "==",
            left * beside,
            condition.domain,
        ),
        Claim("what stands beside the force", beside, "==", kept, condition.domain),
        Claim("the drift", multiplier * contrast.rhs, "==", equation.rhs, condition.domain),
    )
    obstacle = f"{right} is a polynomial in pi(a) that is kept by name"
    return Reduction(equation, None, derivation, obstacle, multiplier)


def _algebraic(contrast: Eq, condition: StationarityCondition, derivation: Derivation) -> Reduction:
    """Clear denominators; square away a radical in π(a) that is left."""
    domain = condition.domain
    coefficient, factors = tidy_factors(contrast.lhs, domain)
    below = [(base, power) for base, power in factors if power.is_negative and base.has(PI)]
    left = Mul(coefficient, *(base**power for base, power in factors if (base, power) not in below))
    # A radical of π(a) in the right side's denominator goes away with the left side's own.
    weight = Mul(
        *(
            base**-power
            for base, power in oriented_factors(contrast.rhs, domain)[1]
            if power.is_negative and not base.has(PI)
        )
    )
    multiplier = Mul(*(base**-power for base, power in below), weight)
    left = left if weight == 1 else tidy(left * weight, domain)
    equation = Eq(left, tidy(contrast.rhs * multiplier, domain), evaluate=False)
    times = f"multiplied by ${formula(multiplier)}$, which is positive"
    derivation = derivation.rewritten(
        equation, "each side gathered" if multiplier == 1 else times, multiplier
    )
    if equation.has(Sum):
        obstacle = "the sum over the group is not written out in powers of pi(a)"
        return Reduction(equation, None, derivation, obstacle)
    if not equation.lhs.is_polynomial(PI):
        return Reduction(equation, None, derivation, "the penalty's side is no polynomial in pi(a)")
    if equation.rhs.is_polynomial(PI):
        zero = equation.lhs - equation.rhs
        return _collected(equation, derivation, zero, domain, _IN_POWERS)
    means = sorted(map(str, equation.rhs.atoms(BernsteinMean)))
    if means:
        kept = f"{means[0]} is a mean over the group, a polynomial in pi(a) that is kept by name"
        return Reduction(equation, None, derivation, kept, multiplier)
    squared = Eq(equation.lhs**2, tidy(equation.rhs**2, domain), evaluate=False)
    if not squared.rhs.is_polynomial(PI):
        obstacle = "squaring does not make it a polynomial in pi(a)"
        return Reduction(equation, None, derivation, obstacle)
    derivation = derivation.then(
        squared,
        "both sides squared: they are positive for $\\pi(a) > \\pi_{\\mathrm{ref}}(a)$, and "
        "elsewhere their signs differ",
        Claim(
            f"line {len(derivation) + 1} is line {len(derivation)} times the sum of its sides",
            (equation.lhs - equation.rhs) * (equation.lhs + equation.rhs),
            "==",
            squared.lhs - squared.rhs,
            domain,
        ),
        Claim("the right side is positive", equation.rhs, ">", S.Zero, domain),
    )
    return _collected(equation, derivation, squared.lhs - squared.rhs, domain, _IN_POWERS)


def _collected(
    equation: Eq,
    derivation: Derivation,
    zero: Expr,
    domain: Domain,
    reason: str,
    factor: Expr = S.One,
) -> Reduction:
    """The last line: ``zero`` in powers of π(a), the line before it times ±``factor``."""
    polynomial = Poly(zero.expand(), PI)
    leading = sign(polynomial.LC(), domain)
    if leading is not None and leading < 0:
        polynomial, factor = -polynomial, -factor
    terms = []
    for (power,), value in polynomial.terms():
        coefficient, bases = tidy_factors(value, domain)
        terms.append(Mul(coefficient, *(base**p for base, p in bases), PI**power))
    last = Eq(Add(*terms), S.Zero, evaluate=False)
    return Reduction(equation, polynomial, derivation.rewritten(last, reason, factor))


def _logarithmic(
    contrast: Eq, condition: StationarityCondition, derivation: Derivation
) -> Reduction:
    """Gather the logarithms of π(a); exponentiate when the rest is free of π(a)."""
    domain = condition.domain
    expanded = expand_log((contrast.lhs / condition.beta).expand(), force=False).expand()
    unknown: dict[Expr, Expr] = {}
    known: list[Expr] = []
    for term in Add.make_args(_split_logs(expanded, domain)):
        coefficient, atom = term.as_coeff_Mul()
        if isinstance(atom, log) and atom.has(PI):
            unknown[atom.args[0]] = unknown.get(atom.args[0], S.Zero) + coefficient
        elif term.has(PI):
            mixed = "it mixes logarithms of pi(a) with other terms"
            return Reduction(contrast, None, derivation, mixed)
        else:
            known.append(term)
    odds = Mul(*(base**power for base, power in unknown.items()))
    reference = _gathered(known)
    side = condition.beta * (log(odds) + reference)
    equation = Eq(side, contrast.rhs, evaluate=False)
    derivation = derivation.rewritten(equation, "the logarithms of each kind gathered")
    if contrast.rhs.has(PI):
        both = "pi(a) stands both inside a logarithm and outside it"
        return Reduction(equation, None, derivation, both)
    power = (contrast.rhs / condition.beta).expand() - reference
    isolated = Eq(log(odds), power, evaluate=False)
    derivation = derivation.rewritten(isolated, "solved for the log-odds", 1 / condition.beta)
    # Term by term: exp(log x) is undone.
    exponential = Eq(odds, Mul(*map(exp, Add.make_args(power))), evaluate=False)
    derivation = derivation.then(
        exponential,
        "exponentiated",
        Claim("the logarithm of the right side", log(exponential.rhs), "==", power, domain),
    )
    top, bottom = fraction(together(odds - exponential.rhs))
    if not top.is_polynomial(PI):
        return Reduction(equation, None, derivation, "radicals of pi(a) are left in it")
    return _collected(equation, derivation, top, domain, "denominators cleared", bottom)


def _split_logs(expr: Expr, domain: Domain) -> Expr:
    """Every logarithm split over the positive factors of its argument."""
    replaced = {}
    for atom in expr.atoms(log):
        coefficient, bases = oriented_factors(atom.args[0], domain)
        if sign(coefficient, domain) == Sign.POSITIVE:
            split = Add(*(power * log(base) for base, power in bases))
            replaced[atom] = split + (log(coefficient) if coefficient != 1 else 0)
    return expr.xreplace(replaced).expand()


def _gathered(terms: list[Expr]) -> Expr:
    """A sum of multiples of logarithms, as multiples of logarithms of quotients."""
    by_size: dict[Expr, Expr] = {}
    rest = S.Zero
    for term in terms:
        coefficient, atom = term.as_coeff_Mul()
        if isinstance(atom, log):
            # -log(x) + log(y) is written -log(x / y): the unknown's own shape.
            by_size[abs(coefficient)] = by_size.get(abs(coefficient), S.One) * (
                atom.args[0] ** (-coefficient / abs(coefficient))
            )
        else:
            rest += term
    return rest - Add(*(size * log(argument) for size, argument in by_size.items()))
