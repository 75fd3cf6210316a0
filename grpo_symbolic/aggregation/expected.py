"""The expected advantage of an answer, in balls and from the definitions alone.

Every draw of raters and of companions is gone through; large groups go by their mean and their
deviation. Nothing is shared with the routes that find lotteries: what these found is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from flint import arb
from sympy import Expr, S, oo

from grpo_symbolic.aggregation.lottery import as_arb, as_ball
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.model.algorithm import NLHF

#: A share of the raters, and the reward of every answer.
Rater = tuple[arb, Sequence[Fraction]]


def expected_advantage(
    rule: Trained, electorate: Electorate, policy: Sequence[arb], own: int
) -> arb:
    """P(own | π) of the published advantage, or of NLHF."""
    shares = [as_ball(share) for share in electorate.shares]
    rows: list[Sequence[Fraction]] = list(electorate.entries)  # type: ignore[arg-type]
    if rule.per == "mean":
        shares, rows = [arb(1)], [[Fraction(int(m.p), int(m.q)) for m in electorate.mean_rewards]]
    raters: list[Rater] = list(zip(shares, rows, strict=True))
    if isinstance(rule.algorithm, NLHF):
        return _sum(
            w * (1 + (row[own] > row[x]) - (row[own] < row[x])) / 2 * p
            for w, row in raters
            for x, p in enumerate(policy)
        )
    size = rule.algorithm.group_size
    one_judge = rule.per != "answer"
    if size == oo:
        pools = [[rater] for rater in raters] if one_judge else [raters]
        return _sum(_in_large_groups(pool, policy, own) for pool in pools)
    return _sum(_in_groups(raters, policy, own, int(size), one_judge))


def _sum(values: Iterable[arb]) -> arb:
    return sum(values, arb(0))


def _in_large_groups(pool: list[Rater], policy: Sequence[arb], own: int) -> arb:
    """Weight times (mean of the own reward less mean)/deviation, over draws from the pool."""
    if len({v for _, row in pool for v in row}) < 2:
        return arb(0)
    weight = _sum(w for w, _ in pool)
    law = [(w / weight * p, row[x]) for w, row in pool for x, p in enumerate(policy)]
    mean = _sum(p * as_arb(v) for p, v in law)
    variance = _sum(p * (as_arb(v) - mean) ** 2 for p, v in law)
    here = _sum(w / weight * as_arb(row[own]) for w, row in pool)
    return weight * (here - mean) / variance.sqrt()


def _in_groups(
    raters: list[Rater], policy: Sequence[arb], own: int, size: int, one_judge: bool
) -> Iterator[arb]:
    judges = [(w, (row,) * size) for w, row in raters] if one_judge else [
        (prod((w for w, _ in chosen), start=arb(1)), tuple(row for _, row in chosen))
        for chosen in product(raters, repeat=size)
    ]  # fmt: skip
    for others in product(range(len(policy)), repeat=size - 1):
        chance = prod((policy[o] for o in others), start=arb(1))
        for weight, rows in judges:
            rewards = [row[o] for row, o in zip(rows, (own, *others), strict=True)]
            mean = sum(rewards, Fraction(0)) / size
            square = sum(((r - mean) ** 2 for r in rewards), Fraction(0)) / size
            if square:
                yield weight * as_arb(rewards[0] - mean) * chance / as_arb(square).sqrt()


def left_over(
    rule: Trained,
    electorate: Electorate,
    reference: Sequence[Fraction],
    beta: Fraction | Expr,
    policy: Sequence[arb],
) -> arb:
    """The largest difference between the conditions of two answers."""
    sides = []
    for o, (p, r) in enumerate(zip(policy, reference, strict=True)):
        ratio = as_arb(r) / p
        force = 1 - ratio if rule._reverse else -ratio.log()
        climb = expected_advantage(rule, electorate, policy, o)
        sides.append(climb - as_ball(S(beta)) * force)
    apart = [abs(a - b) for k, a in enumerate(sides) for b in sides[:k]]
    return max((a.abs_upper() for a in apart), default=arb(0))
