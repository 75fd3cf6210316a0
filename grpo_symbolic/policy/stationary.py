"""The stationary policy of any question: the entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.policy.two_answers import StationaryPolicy, binary_policy
from grpo_symbolic.question import Question
from grpo_symbolic.stationarity import stationarity_condition

if TYPE_CHECKING:
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.presets.preset import Preset

# Conditions of more classes of answers are built when they are asked for.
_AT_ONCE = 6


@overload
def stationary_policy(
    algorithm: Algorithm | Preset, question: BinaryQuestion
) -> StationaryPolicy: ...


@overload
def stationary_policy(
    algorithm: Algorithm | Preset, question: Question
) -> StationaryPolicy | SimplexPolicy: ...


def stationary_policy(
    algorithm: Algorithm | Preset, question: Question
) -> StationaryPolicy | SimplexPolicy:
    """The policy at which the algorithm's on-policy gradient vanishes.

    Source: Vojnovic & Yun, arXiv 2502.18548, (11)-(15) where they solve it; new for all others. A
    policy is a probability, β in advantage units.

    Parameters
    ----------
    algorithm : Algorithm or Preset
        Such as ``GRPO(group_size=2)``.
    question : BinaryQuestion or Question

    Returns
    -------
    StationaryPolicy or SimplexPolicy
        For a :class:`BinaryQuestion`, or for a :class:`Question` with any number of answers.

    Raises
    ------
    ValueError
        When the question does not define what the algorithm needs.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.stationary_policy(gs.GRPO(group_size=2), gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), pi*(1 - pi))
    """
    algorithm = as_algorithm(algorithm)
    if not isinstance(question, Question):
        raise ValueError(f"question must be a BinaryQuestion or a Question, got {question!r}")
    if isinstance(question, BinaryQuestion):
        found = binary_policy(algorithm, question)
        _ = found.closed  # here, so that a display does no work
        return found
    from grpo_symbolic.policy.many_answers import SimplexPolicy

    policy = SimplexPolicy(algorithm, question)
    if len(question.classes) <= _AT_ONCE:
        # Raises where the question does not define what is needed.
        if len(question) <= 2 * _AT_ONCE:
            _ = policy.condition
        elif len(question.classes) > 1:
            stationarity_condition(algorithm, question.lumped())
    return policy
