"""The prediction for more than two answers: solutions, and the flow from the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sympy import Expr, Rational, lambdify

from grpo_symbolic.inputs import STANDARD_VALUES
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.prediction.pace import NEAR, steps_of
from grpo_symbolic.prediction.prediction import Prediction
from grpo_symbolic.prediction.rest import RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["predict_many"]

_MOST_STEPS = 20_000
#: No logit moves further than this in one step of the flow.
_FAR = 0.05


def predict_many(run: Settings, question: Question, reference: Sequence[Expr]) -> Prediction:
    """Where a run comes to rest on a question with more than two answers.

    Raises
    ------
    ValueError
        Without a penalty, and with a bonus of entropy that is not taken up by the direct KL.
    """
    preset, notes = run.preset, []
    beta, shares = preset.with_entropy(Rational(run.beta), reference)
    if beta == 0 or (preset.without_effect and preset.entropy == 0):
        raise ValueError(
            "without a penalty the flow ends at answers that are rewarded best: for more than two "
            "answers that is predicted with a penalty only"
        )
    policy = stationary_policy(preset, question)
    names = {p.name for p in policy.inputs if p.default is None}
    values = {name: STANDARD_VALUES[name] for name in names if name in STANDARD_VALUES}
    found = policy.solutions(beta=beta, pi_ref=tuple(shares), **values)
    attracting = [s for s in found if s.stability != "repelling" and s.stability != "saddle"]
    policies = [tuple(map(float, s.policy)) for s in attracting]
    condition = policy.condition
    exact = {condition.beta: beta, **dict(zip(question.reference, shares, strict=True))}
    exact |= {p.symbol: Rational(values[p.name]) for p in policy.inputs if p.name in values}
    goal, time = _flow(_field(condition, exact), [float(r) for r in reference], policies)
    rests = tuple(
        RestPoint(p, s.stability.value, place == goal, "the penalty balances the advantage")
        for place, (p, s) in enumerate(zip(policies, attracting, strict=True))
    )
    if goal is None:
        notes.append("which rest point training reaches is not decided within the steps taken here")
    if preset.clamp is not None and goal is not None and preset.clamped_beyond is not None:
        ratios = [float(r) / p if p else np.inf for r, p in zip(reference, policies[goal],
                                                                strict=True)]  # fmt: skip
        below, above = preset.clamped_beyond
        if max(ratios) > above or min(ratios) < below:
            notes.append(
                f"the clamped region is entered: there k is cut off at {preset.clamp}, the "
                "penalty no longer pulls back, and this is no rest point of the trainer"
            )
    return Prediction(
        run, rests, steps_of(time, run.learning_rate, run.gradient_scale), None,
        tuple(dict.fromkeys((*map(run.located, notes), *run.warnings))), found.complete, time,
        question,
    )  # fmt: skip


def _field(condition: StationarityCondition, exact: dict) -> Callable[[np.ndarray], np.ndarray]:
    """π(o) (P(o) − β d(o) − λ) in float64."""
    free = list(condition.policy[:-1])
    rows = [
        (p - condition.beta * d).subs(exact).doit()
        for p, d in zip(condition.preference, condition.marginal, strict=True)
    ]
    compiled = lambdify(free, rows, "numpy", cse=True)

    def velocity(policy: np.ndarray) -> np.ndarray:
        value = np.array(compiled(*policy[:-1]), dtype=float)
        return policy * (value - policy @ value)

    return velocity


def _flow(
    velocity: Callable[[np.ndarray], np.ndarray],
    reference: Sequence[float],
    goals: Sequence[Sequence[float]],
) -> tuple[int | None, float | None]:
    """Which goal the flow on logits comes to, and when 99 % of the way is covered."""
    if not goals:
        return None, None
    start = np.array(reference)
    logits, path, time = np.log(start), [(0.0, start)], 0.0
    targets = [np.array(goal) for goal in goals]
    for _ in range(_MOST_STEPS):
        policy = path[-1][1]
        near = [float(np.abs(policy - goal).max()) for goal in targets]
        closest = int(np.argmin(near))
        if near[closest] < NEAR**2 * max(1e-6, float(np.abs(start - targets[closest]).max())):
            return closest, _arrival(path, start, targets[closest])
        slope = velocity(policy)
        speed = float(np.abs(slope).max())
        if speed == 0:
            break
        step = min(_FAR / speed, 1.0)
        half = velocity(_softmax(logits + step / 2 * slope))
        logits = logits + step * half
        time += step
        path.append((time, _softmax(logits)))
    return None, None


def _arrival(path: list[tuple[float, np.ndarray]], start: np.ndarray, goal: np.ndarray) -> float:
    left = NEAR * float(np.abs(start - goal).max())
    return next((time for time, p in path if float(np.abs(p - goal).max()) <= left), path[-1][0])


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()
