"""Counterexample: a small electorate that breaks an axiom, in balls and by another route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx
from sympy import Expr, N

from grpo_symbolic.aggregation.cases import Case, Profile
from grpo_symbolic.aggregation.expected import left_over
from grpo_symbolic.aggregation.lottery import Lottery, as_arb, as_ball
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.electorate import Electorate

_DIGITS = 30
_AGREED = 1e-9
# What may be left of the conditions of a lottery that another route confirms.
_LEFT = 1e-20


@dataclass(frozen=True, repr=False)
class Counterexample:
    """Electorates at which an axiom fails.

    Attributes
    ----------
    about : str
    electorates : tuple of Electorate
    references : tuple of tuples of Fraction
        One for each electorate.
    beta : Fraction, Expr or None
        None for rules without a weight.
    lotteries : tuple of Lottery
    gap : arb
        By how much the axiom fails: proved to be positive.
    checked : str
        The independent route that found the same.
    measure : str
        What the gap is.
    """

    about: str
    electorates: tuple[Electorate, ...]
    references: tuple[tuple[Fraction, ...], ...]
    beta: Fraction | Expr | None
    lotteries: tuple[Lottery, ...]
    gap: arb
    checked: str
    measure: str = "the axiom fails by"

    def __str__(self) -> str:
        lines = [self.about + ("" if self.beta is None else f", at beta = {_number(self.beta)}")]
        rows = zip(self.electorates, self.references, self.lotteries, strict=True)
        for electorate, reference, lottery in rows:
            raters = "; ".join(
                f"{_number(m)}: {','.join(str(v) for v in row)}"
                for m, row in zip(electorate.masses, electorate.entries, strict=True)
            )
            shown = ", ".join(map(str, lottery.values)) if _short(lottery) else ", ".join(
                lottery.decimals(12)
            )  # fmt: skip
            lines.append(
                f"  raters {raters}; pi_ref {', '.join(map(str, reference))}: pi = {shown}"
            )
        lines.append(f"  {self.measure} {float(self.gap.mid()):.6g}; {self.checked}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Counterexample({self.about!r})"


def _number(value: Fraction | Expr) -> str:
    """A fraction as it is, an algebraic number by its first digits."""
    return str(value) if isinstance(value, Fraction) else f"{N(value, 12)}..."


def _short(lottery: Lottery) -> bool:
    return lottery.kind == "exact" and all(v.is_Rational for v in lottery.values)  # type: ignore[union-attr]


def electorate_of(profile: Profile) -> Electorate:
    """The electorate of a profile, raters with one row as one."""
    return Electorate([(m, row) for row, m in profile])


def certified(
    rule: Rule,
    case: Case,
    reference: tuple[Fraction, ...],
    beta: Fraction,
    floats: Sequence[Sequence[float]],
) -> Counterexample | None:
    """The case with lotteries in balls, where these prove that the axiom fails; else None.

    ``floats`` are the lotteries by the route of many electorates: both routes have to agree.
    """
    electorates = tuple(electorate_of(s.profile) for s in case.situations)
    references = tuple(s.base(reference) for s in case.situations)
    try:
        found = tuple(
            rule.lottery(e, r, beta, _DIGITS) for e, r in zip(electorates, references, strict=True)
        )
    except ValueError:
        return None
    if any(lottery.kind == "numeric" for lottery in found):
        return None
    for lottery, row in zip(found, floats, strict=True):
        if max(abs(p - q) for p, q in zip(lottery.floats(), row, strict=True)) > _AGREED:
            return None
    with ctx.workprec(200):
        values = [[as_ball(v) for v in lottery.values] for lottery in found]
        bases = list(map(as_arb, reference))
        if case.premise is not None and not (
            _same(found[0], found[1]) or _same_in_other_units(rule, case)
        ):
            return None
        gap = case.gap(values, bases)
        if case.equality and gap < 0:
            gap = -gap
        if not gap > 0:
            return None
        checks = [
            confirmed(rule, e, r, beta, row)
            for e, r, row in zip(electorates, references, values, strict=True)
        ]
    if any(check is None for check in checks):
        return None
    return Counterexample(
        case.about,
        electorates,
        references,
        beta if rule.weighted else None,
        found,
        gap,
        next(check for check in checks if check is not None),
    )


def _same(one: Lottery, two: Lottery) -> bool:
    """Whether two exact lotteries are equal; balls cannot say so."""
    if one.kind != "exact" or two.kind != "exact":
        return False
    return all((a - b).equals(0) is True for a, b in zip(one.values, two.values, strict=True))  # type: ignore[operator, union-attr]


def _same_in_other_units(rule: Rule, case: Case) -> bool:
    """Whether two electorates differ by the unit of all rewards, which the rule does not see."""
    if not isinstance(rule, Trained) or not rule.unitless:
        return False
    one, two = (sorted(s.profile) for s in case.situations[:2])
    if [m for _, m in one] != [m for _, m in two]:
        return False
    old, new = ([v for row, _ in profile for v in row] for profile in (one, two))
    low, high = old.index(min(old)), old.index(max(old))
    width, stretch = old[high] - old[low], new[high] - new[low]
    return bool(width and stretch > 0) and all(
        (a - old[low]) * stretch == (b - new[low]) * width for a, b in zip(old, new, strict=True)
    )


def confirmed(
    rule: Rule,
    electorate: Electorate,
    reference: Sequence[Fraction],
    beta: Fraction | Expr,
    policy: Sequence[arb],
) -> str | None:
    """What confirms the lottery by another route; None where it does not."""
    if not isinstance(rule, Trained):
        return "the same lotteries by the route in floats"
    if not left_over(rule, electorate, reference, beta, [p.mid() for p in policy]) < _LEFT:
        return None
    return "every group enumerated, each rater drawn: the conditions hold to 20 digits"
