"""Electorates that agree on a lottery and have another one together: groups of one rater each.

What is stationary for both is stationary for their union, for P is linear in the masses. Where the
union has several stationary policies, the path from the reference can end at another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product
from math import gcd

import numpy as np
from flint import arb, ctx
from sympy import Add, Expr, Integer, S, expand, radsimp

from grpo_symbolic.aggregation.cases import Profile, profile_of
from grpo_symbolic.aggregation.counterexample import Counterexample, confirmed
from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import as_arb
from grpo_symbolic.aggregation.rule import Profiles, Setting
from grpo_symbolic.aggregation.search import Cases
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.electorate import Electorate
from grpo_symbolic.question import Question

#: p of policies (p, q, q) that two electorates are made to share, and of references.
_MET = (Fraction(4, 5), Fraction(2, 5), Fraction(1, 5))
_STARTS = (Fraction(1, 10), Fraction(1, 3), Fraction(1, 2))
_BETWEEN, _CLEAR, _SAME = 40, 1e-3, 1e-6
_DIGITS, _BITS, _FINE = 30, 120, 4000


def merged_elsewhere(rule: Trained) -> Cases:
    """Electorates with one lottery whose union has another, where one rater scores each group.

    The second electorate is the first one with answers 2 and 3 exchanged. One rater's mass is the
    number at which P(2) = P(3) at a rational policy (p, q, q), and β the one at which this is
    stationary: both algebraic, so that both electorates have this policy exactly. It is their
    lottery where it lies in the box of the one that the path from the reference ends at.
    """

    def cases(profile: Profile) -> Iterator[Counterexample | None]:
        known = {met: _drives(rule, profile, met) for met in _MET}
        uneven = [k for k, (row, _) in enumerate(profile) if row[1] != row[2]]
        for own, met, start in product(uneven, _MET, _STARTS):
            masses = [float(m) for _, m in profile]
            apart = known[met][:, 1] - known[met][:, 2]
            rest = np.dot(masses, apart) - masses[own] * apart[own]
            masses[own] = -rest / apart[own] if abs(apart[own]) > _CLEAR else -1.0
            parts = masses[own] > 0 and _seems_to_part(rule, profile, masses, met, start)
            yield _met_and_left(rule, profile, own, met, start) if parts else None

    return cases


def _drives(rule: Trained, profile: Profile, met: Fraction) -> Array:
    """P of each rater alone, rows × answers, at the policy (p, q, q)."""
    rows = np.array([[row] for row, _ in profile], float)
    field = rule.field(Profiles(rows, np.ones((len(rows), 1))))
    assert field is not None  # one rater scores each group
    return field.parts(np.tile([float(v) for v in _even(met)], (len(rows), 1)))[0]


def _seems_to_part(
    rule: Trained, profile: Profile, masses: Sequence[float], met: Fraction, start: Fraction
) -> bool:
    """Whether in floats the first electorate reaches the policy, and both together do not."""
    rewards = np.array([[row for row, _ in profile]], float)
    many = Profiles(rewards, np.array([masses]) / np.sum(masses))
    field = rule.field(many)
    assert field is not None
    between = np.linspace(float(start), float(met), _BETWEEN)[1:]
    policies = np.stack([between, (1 - between) / 2, (1 - between) / 2], axis=1)
    # Together answers 2 and 3 are alike, and P(1) is the same.
    weights = field.parts(policies)[0][:, 0] / (1 - float(start) / between)
    beta = weights[-1]
    if not beta > _CLEAR or weights.min() > (1 - _CLEAR) * beta:
        return False
    reference = np.array([[float(r) for r in _even(start)]])
    found = rule.batch(many, np.array([beta]), reference)[0]
    return bool(np.abs(found - policies[-1]).max() < _SAME)


def _met_and_left(
    rule: Trained, profile: Profile, own: int, met: Fraction, start: Fraction
) -> Counterexample | None:
    """The counterexample, if the first two lotteries are that policy and the third is not."""
    masses, beta = _balanced(rule, profile, own, met, start)
    first = [(m, row) for m, (row, _) in zip(masses, profile, strict=True)]
    second = [(m, (a, c, b)) for m, (a, b, c) in first]
    electorates = [Electorate(rows) for rows in (first, second, [*first, *second])]
    reference = _even(start)
    try:
        # Rules by training take any exact number as their weight.
        setting = Setting(reference, beta, _DIGITS)  # type: ignore[arg-type]
        found = [rule._lottery(e, setting) for e in electorates]
    except ValueError:
        return None
    if any(lottery.kind != "enclosed" for lottery in found):
        return None
    boxes = [[v for v in lottery.values if isinstance(v, arb)] for lottery in found]
    with ctx.workprec(_FINE):  # finer than any box: each has one stationary policy, which it is
        policy = [as_arb(p) for p in _even(met)]
        met_twice = all(
            v.contains(p) for box in boxes[:2] for v, p in zip(box, policy, strict=True)
        )
    with ctx.workprec(_BITS):
        pairs = zip(electorates, boxes, strict=True)
        checks = [confirmed(rule, e, reference, beta, box) for e, box in pairs]
        gap = abs(boxes[2][0] - as_arb(met))
    if None in checks or not met_twice or not gap > 0:
        return None
    return Counterexample(
        "two electorates, one the other with answers 2 and 3 exchanged, have the lottery "
        f"{', '.join(map(str, _even(met)))}, and together another one",
        tuple(electorates),
        (reference,) * 3,
        beta,
        tuple(found),
        gap,
        checks[0] or "",
    )


def _balanced(
    rule: Trained, profile: Profile, own: int, met: Fraction, start: Fraction
) -> tuple[list[Expr], Expr]:
    """Masses with P(2) = P(3) at the policy (p, q, q), and the weight at which it is stationary."""
    policy, masses = list(map(S, _even(met))), [Integer(m) for _, m in profile]
    drives = []
    for row, _ in profile:
        question = Question(raters=Electorate([(1, row)]), per="group")
        place = dict(zip(question.policy[:2], policy, strict=False))
        drives.append([v.xreplace(place).doit() for v in rule.algorithm.preference(question)])
    rest = Add(*(m * (d[1] - d[2]) for k, (m, d) in enumerate(zip(masses, drives, strict=True))
                 if k != own))  # fmt: skip
    masses[own] = radsimp(expand(-rest / (drives[own][1] - drives[own][2])))
    climb = Add(*(m * d[0] for m, d in zip(masses, drives, strict=True))) / Add(*masses)
    return masses, radsimp(expand(climb) / (1 - S(start / met)))


def _even(first: Fraction) -> tuple[Fraction, ...]:
    """(p, q, q)."""
    return first, (1 - first) / 2, (1 - first) / 2


def lopsided() -> list[Profile]:
    """Two raters who tell answers 2 and 3 apart, in opposite ways, and one or two who do not."""
    found = []
    for top, count in product((2, 3), (1, 2)):
        rows = (row for row in product(range(top + 1), repeat=3) if not min(row))
        ups = [row for row in rows if row[1] < row[2] and gcd(*row) == 1]
        for one, (a, b, c) in permutations(ups, 2):
            found.append(profile_of([one, (a, c, b), *((0, 1, 1),) * count]))
    return found
