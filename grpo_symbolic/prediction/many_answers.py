"""The prediction for more than two answers: solutions, and the flow from the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy import ndarray
from sympy import Expr, Rational, S, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.analysis.noise_of_many import GroupGradient, policy_covariance
from grpo_symbolic.inputs import STANDARD_VALUES
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.prediction.cautions import another_version
from grpo_symbolic.prediction.pace import NEAR, steps_of
from grpo_symbolic.prediction.prediction import Prediction
from grpo_symbolic.prediction.rest import RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import StationarityCondition

_MOST_STEPS = 5_000
#: Errors of one step of the flow, in logits, and the length of the difference for its Jacobian.
_ERROR, _STEP = 1e-5, 1e-6
#: How close to certainty advantages are compared, and a difference that is none there.
_CLOSE, _ROUNDING = 1e-9, 1e-6
#: The same further off, where that is less than rounding.
_CLOSER, _NOTHING = (0.02, 0.01, 0.005), 1e-14
_GAMMA = 1 - 1 / sqrt(2)

Velocity = Callable[[ndarray], ndarray]


def predict_many(run: Settings, question: Question, reference: Sequence[Expr]) -> Prediction:
    """Where a run comes to rest on a question with more than two answers.

    Raises
    ------
    ValueError
        For a bonus of entropy that is not taken up by the direct KL.
    """
    preset = run.preset
    beta, shares = preset.with_entropy(Rational(run.beta), reference)
    if preset.without_effect and preset.entropy == 0:
        beta = S.Zero
    policy = stationary_policy(preset, question)
    names = {p.name for p in policy.inputs if p.default is None}
    values = {name: STANDARD_VALUES[name] for name in names if name in STANDARD_VALUES}
    condition = policy.condition
    exact = {condition.beta: beta, **dict(zip(question.reference, shares, strict=True))}
    exact |= {p.symbol: Rational(values[p.name]) for p in policy.inputs if p.name in values}
    exact.setdefault(symbols.base_reward, S.Zero)
    gradient = _gradient(run, question, exact)
    velocity = _field(condition, exact) if gradient is None else gradient.mean
    start = np.array([float(r) for r in reference])
    if beta == 0:
        rests, time, notes = _unheld(condition, exact, velocity, start, run)
        complete = True
    else:
        found = policy.solutions(beta=beta, pi_ref=tuple(shares), **values)
        attracting = [s for s in found if s.stability not in ("repelling", "saddle")]
        policies = [np.array([float(p) for p in s.policy]) for s in attracting]
        way = _flow(velocity, start, policies)
        rests = tuple(
            RestPoint(tuple(map(float, p)), s.stability.value, place == way.goal, _BALANCE)
            for place, (p, s) in enumerate(zip(policies, attracting, strict=True))
        )
        time, complete = way.time, found.complete
        notes = [] if way.goal is not None else [_UNDECIDED]
        notes += _clamped(run, start, rests)
    reached = next((rest for rest in rests if rest.reached), None)
    spread = None
    if beta != 0 and reached is not None and preset.entropy == 0 and not notes:
        spread = _spread(run, gradient, reached)
        notes += _of_another_version(run, question, reference, reached)
    return Prediction(
        run, rests, steps_of(time, run.learning_rate, run.gradient_scale), spread,
        run.warnings_with(notes), complete, time, question,
        reference=tuple(reference),
    )  # fmt: skip


def _of_another_version(
    run: Settings, question: Question, reference: Sequence[Expr], goal: RestPoint
) -> list[str]:
    """What is said where the same options rest elsewhere by the rules of another version."""
    if run.alternative is None:
        return []
    version, preset = run.alternative
    there = predict_many(replace(run, preset=preset, alternative=None), question, reference)
    if there.reached is None:
        return []
    return another_version(run, version, there.reached, goal, question)


_BALANCE = "the penalty balances the advantage"
_UNDECIDED = "which rest point training reaches is not decided within the steps taken here"


def _clamped(run: Settings, start: ndarray, rests: Sequence[RestPoint]) -> list[str]:
    preset = run.preset
    goal = next((rest for rest in rests if rest.reached), None)
    if preset.clamp is None or goal is None or preset.clamped_beyond is None:
        return []
    ratios = [r / p if p else np.inf for r, p in zip(start, goal.policy, strict=True)]
    below, above = preset.clamped_beyond
    if max(ratios) <= above and min(ratios) >= below:
        return []
    return [
        f"the clamped region is entered: there k is cut off at {preset.clamp}, the penalty no "
        "longer pulls back, and this is no rest point of the trainer"
    ]


def _gradient(run: Settings, question: Question, exact: dict) -> GroupGradient | None:
    """The gradient of one group; None where groups do not decide theirs, or are too many."""
    try:
        return GroupGradient.of(run.preset.algorithm, question, exact)
    except ValueError:
        return None


def _spread(run: Settings, gradient: GroupGradient | None, goal: RestPoint) -> float | None:
    """The standard deviation of π(1) over the last iterates; None where it is not derived."""
    if gradient is None or not run.learning_rate or not run.groups:
        return None
    rate = float(run.learning_rate) * float(run.gradient_scale)
    try:
        found = policy_covariance(gradient, goal.policy, rate, float(run.groups))
    except ValueError:
        return None
    return sqrt(float(found[0, 0]))


# -- without a penalty -----------------------------------------------------------------------------


def _unheld(
    condition: StationarityCondition, exact: dict, velocity: Velocity, start: ndarray,
    run: Settings,
) -> tuple[tuple[RestPoint, ...], float | None, list[str]]:  # fmt: skip
    """Certainty of one answer, wherever a little of any other answer is worth less there."""
    worth = _compiled(condition, condition.preference, exact)
    answers, ends = len(start), []
    for place in range(answers):
        others, *nearer = (_lead(worth, place, answers, close) for close in (_CLOSE, *_CLOSER))
        # Where few groups teach anything it is less than rounding next to certainty.
        vanishing = (np.abs(others) < _ROUNDING).all() and (np.array(nearer) > _NOTHING).all()
        if (others > _ROUNDING).all() or vanishing:
            ends.append(np.eye(answers)[place])
    way = _flow(velocity, start, ends)
    how = "nothing holds the other answers"
    rests = [
        RestPoint(tuple(map(float, end)), "attracting", number == way.goal, how)
        for number, end in enumerate(ends)
    ]
    why = "beta is 0" if run.beta == 0 else "the penalty has no gradient"
    note = f"{why}: nothing holds the policy near the reference"
    if way.goal is None:
        last = tuple(map(float, way.last))
        how = "here the flow all but stands: the answers that are left are rewarded alike"
        return (*rests, RestPoint(last, "degenerate", True, how)), None, [note]
    place = int(np.argmax(ends[way.goal]))
    slope = velocity(way.last)
    left = 1 - way.last[place]
    fall = way.last[place] * float(slope[place] - way.last @ slope)
    half = (way.last + ends[way.goal]) / 2
    slope = velocity(half)
    order = round(np.log2(fall / (half[place] * float(slope[place] - half @ slope)))) - 2
    if order == -1:
        law = f"exp(-{fall / left:.3g} * learning rate * steps)"
    else:
        scale = (fall / left ** (order + 2) * (order + 1)) ** (-1 / (order + 1))
        power = "" if order == 0 else f"^(1/{order + 1})"
        law = f"{scale:.{4 if order == 0 else 2}g}/(learning rate * steps){power}"
    note += f", and 1 - pi({condition.preference.question.answers[place]}) falls as {law}"
    return tuple(rests), way.time, [note]


def _lead(worth: Velocity, place: int, answers: int, close: float) -> ndarray:
    """What an answer is worth more than each other, where these have ``close`` each."""
    values = worth(np.where(np.arange(answers) == place, 1 - (answers - 1) * close, close))
    return np.delete(values[place] - values, place)


# -- the flow --------------------------------------------------------------------------------------


def _compiled(condition: StationarityCondition, rows: Sequence[Expr], exact: dict) -> Velocity:
    """Expressions in the policy as a function of it, in float64."""
    free = list(condition.policy[:-1])
    compiled = lambdify(free, [S(r).subs(exact).doit() for r in rows], "numpy")
    return lambda policy: np.array(compiled(*policy[:-1]), dtype=float)


def _field(condition: StationarityCondition, exact: dict) -> Velocity:
    """π(o) (P(o) − β d(o) − λ)."""
    rows = [
        p - condition.beta * d
        for p, d in zip(condition.preference, condition.marginal, strict=True)
    ]
    values = _compiled(condition, rows, exact)

    def velocity(policy: ndarray) -> ndarray:
        value = values(policy)
        return policy * (value - policy @ value)

    return velocity


@dataclass(frozen=True)
class _Way:
    """Which goal the flow comes to, when 99 % of the way is covered, and where it was left."""

    goal: int | None
    time: float | None
    last: ndarray


@np.errstate(all="ignore")  # of steps that are taken back
def _flow(velocity: Velocity, start: ndarray, goals: Sequence[ndarray]) -> _Way:
    """The flow on logits by a linearly implicit rule of order two, with steps of their own length.

    Rare answers move slowly and others fast: an explicit rule would take the steps of the fast.
    """
    logits, path, time, step = np.log(start), [(0.0, start)], 0.0, 0.1
    one = np.eye(len(start))
    for _ in range(_MOST_STEPS):
        policy = path[-1][1]
        for number, goal in enumerate(goals):
            far = max(1e-6, float(np.abs(start - goal).max()))
            if float(np.abs(policy - goal).max()) < NEAR**2 * far:
                return _Way(number, _arrival(path, start, goal), policy)
        slope = velocity(policy)
        if not np.isfinite(slope).all() or np.abs(slope).max() * 1e12 < 1:
            break
        sides = [_softmax(logits + side * _STEP * row) for row in one for side in (1, -1)]
        slopes = np.array([velocity(p) for p in sides])
        jacobian = ((slopes[::2] - slopes[1::2]) / (2 * _STEP)).T
        first, second, error = slope, slope, np.inf
        for _ in range(60):
            matrix = one - _GAMMA * step * jacobian
            first = np.linalg.solve(matrix, slope)
            ahead = velocity(_softmax(logits + step * first))
            second = np.linalg.solve(matrix, ahead - 2 * first)
            error = float(np.abs(step * (first + second)).max()) / 2
            if np.isfinite(error) and error <= _ERROR:
                break
            step /= 2
        logits = logits + step * (1.5 * first + second / 2)
        time += step
        path.append((time, _softmax(logits)))
        step *= min(3.0, 0.8 * sqrt(_ERROR / max(error, 1e-300)))
    last = path[-1][1]
    for number, goal in enumerate(goals):  # where it all but stands next to one
        if float(np.abs(last - goal).max()) < NEAR * float(np.abs(start - goal).max()):
            return _Way(number, _arrival(path, start, goal), last)
    return _Way(None, None, last)


def _arrival(path: list[tuple[float, ndarray]], start: ndarray, goal: ndarray) -> float:
    """When 1 % of the way is left, between the two steps around it."""
    left = NEAR * float(np.abs(start - goal).max())
    before, far = path[0][0], float(np.abs(start - goal).max())
    for time, policy in path:
        now = float(np.abs(policy - goal).max())
        if now <= left:
            share = np.log(far / left) / np.log(far / now) if far > now > 0 else 1.0
            return before + (time - before) * float(share)
        before, far = time, now
    return path[-1][0]


def _softmax(logits: ndarray) -> ndarray:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()
