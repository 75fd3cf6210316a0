"""Where lotteries go as the weight vanishes, as far as that is known exactly."""

from __future__ import annotations

from fractions import Fraction

from flint import arb
from sympy import oo

from grpo_symbolic.aggregation.lottery import as_ball
from grpo_symbolic.aggregation.maximal import maximal_face
from grpo_symbolic.aggregation.rule import Rule
from grpo_symbolic.aggregation.tilting import BradleyTerryRLHF, MeanRLHF, ReferenceIPO
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
    if isinstance(rule, MeanRLHF | ReferenceIPO | BradleyTerryRLHF):
        found = _leader(_lifts(rule, electorate, reference))
        return None if found is None else (found, "the largest value takes all")
    if not isinstance(rule, Trained):
        return None
    if rule.skew:
        values, _ = maximal_face(margins_of(electorate)).selected(reference)
        exact = isinstance(values[0], Fraction) and rule._reverse
        return (tuple(values), "the maximal lottery") if exact else None  # type: ignore[return-value]
    if rule.pooled and rule._reverse:
        face = maximal_face(pooled_margins(electorate))
        return (face.inner, "the maximal lottery of pooled comparisons") if face.unique else None
    if rule.plain and rule._reverse and rule.per != "group" and rule.algorithm.group_size == oo:
        # P(o) has the sign of what the mean reward of o is above the policy's, and P(o) < β.
        means = [Fraction(int(m.p), int(m.q)) for m in electorate.mean_rewards]
        best = [o for o, m in enumerate(means) if m == max(means)]
        if len(best) == 1:
            only = tuple(Fraction(int(o == best[0])) for o in range(len(means)))
            return only, "the largest mean reward"
    return None


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
