"""What a proved equation says besides: that it determines π(a), and where its formula has poles."""

from __future__ import annotations

from sympy import Expr, Pow, cancel, expand_log, fraction, sstr, together

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.checking.checked import GLANCE_STEPS, SCATTERED, strict_sign, value_at
from grpo_symbolic.checking.subject import Subject
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.work import Exhausted, limited

_MORE_POINTS = 4 * SCATTERED


def is_the_condition(about: Subject, said: Comparison) -> bool:
    """Whether the equation is the condition times something that is never 0."""
    if about.residual is None:
        return False
    difference, domain = said.left - said.right, about.policy.domain
    try:
        ratio = limited(_quotient, difference, about.residual, steps=GLANCE_STEPS)
        parts = fraction(ratio)
        return all(limited(strict_sign, part, domain, steps=GLANCE_STEPS) for part in parts)
    except Exhausted:
        return False


def by_the_condition(about: Subject, said: Comparison) -> Claim | None:
    """That the difference of both sides is the condition times something, at every policy.

    So it is 0 at each stationary one, also where nothing is known of how many there are.
    """
    if about.residual is None:
        return None
    difference = said.left - said.right
    # A guess, which the claim proves: each logarithm of a quotient is one of positive parts.
    parts = (expand_log(part, force=True) for part in (difference, about.residual))
    try:
        ratio = limited(_quotient, *parts, steps=GLANCE_STEPS)
    except Exhausted:
        return None
    domain = about.policy.domain
    return Claim("a multiple of the condition", difference, "==", ratio * about.residual, domain)


def poles_of(about: Subject, solved: Expr) -> list[str]:
    """Denominators of a formula for π(a) that are not shown to keep one sign."""
    found = []
    for power in sorted(solved.atoms(Pow), key=sstr):
        base, exponent = power.as_base_exp()
        if exponent.is_negative and base.free_symbols:
            try:
                known = limited(sign, base, about.parameters, steps=GLANCE_STEPS)
            except Exhausted:
                known = Sign.ZERO
            if known is None and _has_zero(about, base):
                found.append(f"{sstr(base)} = 0")
    return found


def _has_zero(about: Subject, base: Expr) -> bool:
    """Whether a denominator takes both signs at points of the range."""
    points = about.points(about.parameters, _MORE_POINTS)
    values = [v for p in points if (v := value_at(base, p)) is not None]
    return bool(values) and min(values) <= 0 <= max(values)


def _quotient(left: Expr, right: Expr) -> Expr:
    return cancel(together(left) / together(right))
