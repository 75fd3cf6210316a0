"""Where lotteries go as the weight vanishes, as far as that is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb
from sympy import oo

from grpo_symbolic.aggregation.lottery import as_ball
from grpo_symbolic.aggregation.maximal import maximal_face
from grpo_symbolic.aggregation.rule import Rule, Setting
from grpo_symbolic.aggregation.tilting import BradleyTerryRLHF, MeanRLHF, ReferenceIPO, unbeaten
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.aggregation.votes import margins_of, pooled_margins
from grpo_symbolic.electorate import Electorate


def vanishing_weight(
    rule: Rule, electorate: Electorate, reference: tuple[Fraction, ...]
) -> tuple[tuple[Fraction, ...], str] | None:
    """The limit of the lottery as β → 0, exactly; None where it is not known.

    Returns
    -------
    tuple
        The limit, and why.
    """
    if not rule.weighted:
        values = rule.lottery(electorate, reference).values
        if not all(getattr(v, "is_Rational", False) for v in values):
            return None
        return tuple(Fraction(int(v.p), int(v.q)) for v in values), "no weight"  # type: ignore[union-attr]
    if isinstance(rule, MeanRLHF | ReferenceIPO):
        values = rule.values(electorate, Setting(reference, Fraction(1)))
        numbers = all(v.is_Rational for v in values)
        return (_leaders(values, reference), "the largest value takes all") if numbers else None
    n = electorate.size
    if isinstance(rule, BradleyTerryRLHF):
        if rule.pairs == "uniform" and electorate.complete:
            # Scores are finite there, and ordered as Σ_x model(s_o − s_x) = Σ_x p(o, x).
            margins = margins_of(electorate)
            top = unbeaten(margins, [[Fraction(o != x) for x in range(n)] for o in range(n)])
            sums = [sum(margins[o][x] for x in top) if o in top else Fraction(-n) for o in range(n)]
            return _leaders(sums, reference), "the largest score takes all"
        found = _leader(_lifts(rule, electorate, reference))
        return None if found is None else (found, "the largest value takes all")
    if not isinstance(rule, Trained):
        return None
    if rule.skew or rule.pooled:
        margins = margins_of(electorate) if rule.skew else pooled_margins(electorate)
        values, _ = maximal_face(margins).selected(reference)
        exact = isinstance(values[0], Fraction) and rule._reverse
        why = "the maximal lottery" + ("" if rule.skew else " of pooled comparisons")
        return (tuple(values), why) if exact else None  # type: ignore[return-value]
    if rule.plain and rule._reverse and rule.per != "group" and rule.algorithm.group_size == oo:
        # The best mean is above the policy's by σ P < σβ, and equal means have equal P.
        means = [Fraction(int(m.p), int(m.q)) for m in electorate.mean_rewards]
        return _leaders(means, reference), "the largest mean reward"
    return None


def _leaders(values: Sequence[Any], reference: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The answers of the largest value, in proportion to the reference."""
    top = max(values)
    shares = [r if v == top else Fraction(0) for r, v in zip(reference, values, strict=True)]
    return tuple(r / sum(shares) for r in shares)


def _lifts(rule: Rule, electorate: Electorate, reference: tuple[Fraction, ...]) -> list[arb]:
    """Lifts at weight 1, in balls: their order is that of the values at every weight."""
    found = rule.lottery(electorate, reference, 1)
    pairs = zip(found.values, reference, strict=True)
    return [as_ball(v) * r.denominator / r.numerator for v, r in pairs]


def _leader(lifts: list[arb]) -> tuple[Fraction, ...] | None:
    """All mass where the lift is proved to be the largest."""
    for o, lift in enumerate(lifts):
        if all(lift > other for x, other in enumerate(lifts) if x != o):
            return tuple(Fraction(int(x == o)) for x in range(len(lifts)))
    return None
