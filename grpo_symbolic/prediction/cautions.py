"""What must be said of a prediction at its numbers."""

from __future__ import annotations

import mpmath as mp

from grpo_symbolic.model.penalty import DirectKL
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question

#: A weight is near a fold where a change by this share of it removes a rest point.
_NEAR = 0.2


def cautions(
    run: Settings,
    question: Question,
    found: Landscape,
    goal: RestPoint,
    other: tuple[str, RestPoint] | None,
) -> list[str]:
    """Sentences that apply to this run on this question, the gravest first."""
    sentences = []
    sentences += _without_penalty(run, goal, found)
    sentences += _clamped(run, found, goal)
    sentences += _fold(found, goal)
    if other is not None:
        sentences += another_version(run, *other, goal, question)
    sentences += _scale(run, question)
    if run.length_normalised and run.preset.acts_as == DirectKL.known_as and run.beta:
        sentences.append(
            "answers are divided by their lengths: with KL(pi || pi_ref) and answers of several "
            "lengths that moves the rest point"
        )
    return sentences


def another_version(
    run: Settings, version: str, rest: RestPoint, goal: RestPoint, question: Question
) -> list[str]:
    """Whether the same options rest elsewhere by the rules of another version."""
    assert run.alternative is not None
    same = run.alternative[1].acts_as == run.preset.acts_as
    why = "is clamped otherwise" if same else "acts as another divergence"
    triples = zip(question.answers, rest.policy, goal.policy, strict=True)
    return [
        f"by the rules of {version} the same options rest at pi({answer}) = {there:.5g}, not "
        f"{here:.5g}: the penalty {why}"
        for answer, there, here in triples
        if abs(there - here) > 1e-3
    ][:1]


def _without_penalty(run: Settings, goal: RestPoint, found: Landscape) -> list[str]:
    if run.preset.entropy != 0 or not (run.beta == 0 or run.preset.without_effect):
        return []
    why = "beta is 0" if run.beta == 0 else "the penalty has no gradient"
    if not mp.isinf(goal.log_odds):
        return [f"{why}: nothing holds the policy near the reference"]
    side = 1 if goal.log_odds > 0 else -1
    near, far = (abs(found.at(mp.mpf(at * side))) for at in (30, 40))
    rest = "1 - pi(a)" if side > 0 else "pi(a)"
    if near == 0 or far == 0:
        return [f"{why}: nothing holds the policy near the reference"]
    # Where the advantage is worth c w^k at a rest of w, w' = -2 c w^(k + 2).
    order = round(float(mp.log(near / far) / 10))
    if order == -1:
        pace = float(2 * far * mp.exp(-40))
        return [
            f"{why}: nothing holds the policy near the reference, and {rest} falls as "
            f"exp(-{pace:.4g} * learning rate * steps)"
        ]
    scale = float((2 * far * mp.exp(40 * order) * (order + 1)) ** (-mp.mpf(1) / (order + 1)))
    power = "" if order == 0 else f"^(1/{order + 1})"
    return [
        f"{why}: nothing holds the policy near the reference, and {rest} falls as "
        f"{scale:.4g}/(learning rate * steps){power}"
    ]


def _clamped(run: Settings, found: Landscape, goal: RestPoint) -> list[str]:
    """Whether training enters a region where the estimator is cut off."""
    if run.preset.clamp is None or not run.beta or run.preset.without_effect:
        return []
    low, high = sorted((found.start, goal.log_odds))
    if not any(any(p.clamped) and p.lower < high and p.upper > low for p in found.pieces):
        return []
    edges = [p.upper for p in found.pieces if low < p.upper < high]
    place = f" beyond pi(a) = {float(1 / (1 + mp.exp(-edges[0]))):.4g}" if edges else ""
    return [
        f"the clamped region is entered{place}: there k is cut off at {run.preset.clamp} and the "
        "penalty no longer pulls back"
    ]


def _fold(found: Landscape, goal: RestPoint) -> list[str]:
    """Whether a slightly smaller weight would leave the rest point without a balance."""
    if mp.isinf(goal.log_odds):
        return []
    piece = found.piece(goal.log_odds)
    unstable = [x for p in found.pieces for x, kind in p.zeros if kind == "repelling"]
    sentences = []
    for x in unstable:
        low, high = sorted((x, goal.log_odds))
        # Between the two the drift falls short of the penalty by this share of it at most.
        worst = mp.mpf(0)
        for k in range(1, 16):
            place = low + (high - low) * k / 16
            force = piece.field.at(place)[1].value
            if force == 0:
                continue
            gap = abs(found.at(place) / mp.mpf(str(float(force))))
            worst = max(worst, gap)
        if worst < _NEAR:
            sentences.append(
                f"a fold is near: a change of the weight by {float(worst):.1%} removes this rest "
                "point, and training then goes on to another one"
            )
    return sentences


def _scale(run: Settings, question: Question) -> list[str]:
    """Whether ε is large beside the spread of the rewards."""
    rule = run.preset.advantage
    if rule is None or rule.epsilon == 0 or not rule.epsilon.is_number:
        return []
    levels = [level for level in question.levels if level.is_number]
    gap = float(max(levels) - min(levels)) if len(levels) > 1 else 1.0
    share = float(rule.epsilon) / (gap / 2)
    if share < 0.01:
        return []
    return [
        f"epsilon = {rule.epsilon} is {share:.1%} of the largest deviation of these rewards: "
        "they are small beside it, and the rest point is not that of rescaled rewards"
    ]
