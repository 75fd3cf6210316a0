"""Counterexample: a small electorate that breaks an axiom, in balls and by another route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import oo

from grpo_symbolic.aggregation.cases import Case, Profile, Situation
from grpo_symbolic.aggregation.lottery import Lottery, as_ball
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.enclosures.conversion import middle
from grpo_symbolic.model.algorithm import NLHF

__all__ = ["Counterexample", "certified", "electorate_of", "left_over"]

_DIGITS = 30
_AGREED = 1e-9
# Deviations below this are those of equal rewards.
_FLAT = 1e-25


@dataclass(frozen=True)
class Counterexample:
    """Electorates at which an axiom fails.

    Attributes
    ----------
    about : str
    electorates : tuple of Electorate
    references : tuple of tuples of Fraction
        One for each electorate.
    beta : Fraction or None
        None for rules without a weight.
    lotteries : tuple of Lottery
    gap : arb
        By how much the axiom fails: proved to be positive.
    checked : str
        The independent route that found the same.
    """

    about: str
    electorates: tuple[Electorate, ...]
    references: tuple[tuple[Fraction, ...], ...]
    beta: Fraction | None
    lotteries: tuple[Lottery, ...]
    gap: arb
    checked: str

    def __str__(self) -> str:
        lines = [self.about + ("" if self.beta is None else f", at beta = {self.beta}")]
        rows = zip(self.electorates, self.references, self.lotteries, strict=True)
        for electorate, reference, lottery in rows:
            raters = "; ".join(
                f"{m}: {','.join(str(v) for v in row)}"
                for m, row in zip(electorate.masses, electorate.entries, strict=True)
            )
            shown = ", ".join(map(str, lottery.values)) if _short(lottery) else ", ".join(
                lottery.decimals(12)
            )  # fmt: skip
            lines.append(
                f"  raters {raters}; pi_ref {', '.join(map(str, reference))}: pi = {shown}"
            )
        lines.append(f"  the axiom fails by {float(self.gap.mid()):.6g}; {self.checked}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Counterexample({self.about!r})"


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
    references = tuple(_own(s, reference) for s in case.situations)
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
        bases = [arb(fmpq(r.numerator, r.denominator)) for r in reference]
        if case.premise is not None and not _same(found[0], found[1]):
            return None
        gap = case.gap(values, bases)
        if case.equality and gap < 0:
            gap = -gap
        if not gap > 0:
            return None
        checks = [
            _checked(rule, e, r, beta, row)
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


def _own(situation: Situation, reference: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    return tuple(Fraction(1) / n if o < 0 else reference[o] / n for o, n in situation.reference)


def _same(one: Lottery, two: Lottery) -> bool:
    """Whether two exact lotteries are equal; balls cannot say so."""
    if one.kind != "exact" or two.kind != "exact":
        return False
    return all((a - b).equals(0) is True for a, b in zip(one.values, two.values, strict=True))  # type: ignore[operator, union-attr]


def _checked(
    rule: Rule,
    electorate: Electorate,
    reference: Sequence[Fraction],
    beta: Fraction,
    policy: Sequence[arb],
) -> str | None:
    """What confirms the lottery by another route; None where it does not."""
    if not isinstance(rule, Trained):
        return "the same lotteries by the route in floats"
    with mp.workdps(_DIGITS + 10):
        left = left_over(rule, electorate, reference, beta, [middle(p) for p in policy])
    if left is None or left > mp.mpf(10) ** (-20):
        return None
    return "every group enumerated, each rater drawn: the conditions hold to 20 digits"


def left_over(
    rule: Trained,
    electorate: Electorate,
    reference: Sequence[Fraction],
    beta: Fraction,
    policy: Sequence[mp.mpf],
) -> mp.mpf | None:
    """How far the conditions of the answers differ, from the definitions alone.

    All groups are enumerated with every draw of raters; large groups by their mean and deviation.
    """
    raters = [(mp.mpf(w), [mp.mpf(e.numerator) / e.denominator for e in row]) for w, row in zip(
        electorate.weights, electorate.entries, strict=True)]  # type: ignore[union-attr]  # fmt: skip
    whole = mp.fsum(w for w, _ in raters)
    raters = [(w / whole, row) for w, row in raters]
    climb = [_expected(rule, raters, list(policy), o) for o in range(len(policy))]
    if any(c is None for c in climb):
        return None
    sides = []
    for p, r, c in zip(policy, reference, climb, strict=True):
        ratio = (mp.mpf(r.numerator) / r.denominator) / p
        force = 1 - ratio if rule._reverse else -mp.log(ratio)
        sides.append(c - mp.mpf(beta.numerator) / beta.denominator * force)
    return max(sides) - min(sides)


def _expected(
    rule: Trained, raters: list[tuple[mp.mpf, list[mp.mpf]]], policy: list[mp.mpf], own: int
) -> mp.mpf | None:
    """The expected advantage of an answer."""
    if rule.per == "mean":
        means = [mp.fsum(w * row[o] for w, row in raters) for o in range(len(policy))]
        raters = [(mp.mpf(1), means)]
    one_judge = rule.per != "answer"
    if isinstance(rule.algorithm, NLHF):
        return mp.fsum(
            w * p * (1 + mp.sign(row[own] - row[x])) / 2
            for w, row in raters
            for x, p in enumerate(policy)
        )
    size = rule.algorithm.group_size
    if size == oo:
        pools = [[(w, row)] for w, row in raters] if one_judge else [raters]
        total = mp.mpf(0)
        for pool in pools:
            weight = mp.fsum(w for w, _ in pool)
            law = [(w / weight * p, row[x]) for w, row in pool for x, p in enumerate(policy)]
            mean = mp.fsum(m * v for m, v in law)
            spread = mp.sqrt(mp.fsum(m * (v - mean) ** 2 for m, v in law))
            if spread > _FLAT:
                here = mp.fsum(w / weight * row[own] for w, row in pool)
                total += weight * (here - mean) / spread
        return total
    return _over_groups(raters, policy, own, int(size), one_judge)


def _over_groups(
    raters: list[tuple[mp.mpf, list[mp.mpf]]],
    policy: list[mp.mpf],
    own: int,
    size: int,
    one_judge: bool,
) -> mp.mpf:
    total = mp.mpf(0)
    judges = [((w,), (row,) * size) for w, row in raters]
    if not one_judge:
        judges = [
            (tuple(w for w, _ in chosen), tuple(row for _, row in chosen))
            for chosen in product(raters, repeat=size)
        ]
    for others in product(range(len(policy)), repeat=size - 1):
        chance = mp.fprod(policy[o] for o in others)
        for weights, rows in judges:
            rewards = [row[o] for row, o in zip(rows, (own, *others), strict=True)]
            mean = mp.fsum(rewards) / size
            spread = mp.sqrt(mp.fsum((r - mean) ** 2 for r in rewards) / size)
            if spread > _FLAT:
                total += mp.fprod(weights) * chance * (rewards[0] - mean) / spread
    return total
