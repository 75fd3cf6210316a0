"""From a configuration and a question to a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import mpmath as mp
from sympy import Expr, Integer, Rational, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.inputs import STANDARD_VALUES, Number, parameter
from grpo_symbolic.prediction.cautions import cautions
from grpo_symbolic.prediction.many_answers import predict_many
from grpo_symbolic.prediction.pace import (
    flow_time,
    last_iterates,
    leaves,
    restoring_rate,
    reuse_limit,
    steps_of,
)
from grpo_symbolic.prediction.prediction import Prediction
from grpo_symbolic.prediction.rest import Landscape, RestPoint, landscape
from grpo_symbolic.prediction.reuse import Iterates, ends_of_reuse
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question


class TrainerRun(Settings):
    """The :class:`Settings` of a configuration, with what they lead to.

    Source: the trainer's own defaults, as its preset cites them. β is in advantage units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> run = gs.from_trl({"version": "1.9", "num_generations": 8, "beta": 0.04})
    >>> run.preset.name, run.beta
    ('trl@1.9', Fraction(1, 25))
    """

    def predict(
        self,
        pi_ref: Number | Sequence[Number],
        *,
        success: Sequence[Number] | None = None,
        rewards: Sequence[Number] | None = None,
    ) -> Prediction:
        """Where training comes to rest on one question.

        Parameters
        ----------
        pi_ref : number, or one an answer
            Of two answers, that of the better one.
        success : sequence of numbers, optional
            Success rates of a verifier, one an answer.
        rewards : sequence of numbers, optional
            Deterministic rewards; 1 and 0 unless given.

        Raises
        ------
        ValueError
            For numbers out of range, or a question that the algorithm cannot be asked.
        """
        return predict(self, pi_ref, success=success, rewards=rewards)


def predict(
    run: Settings,
    pi_ref: Number | Sequence[Number],
    *,
    success: Sequence[Number] | None = None,
    rewards: Sequence[Number] | None = None,
) -> Prediction:
    """Where a run comes to rest on one question; see :meth:`TrainerRun.predict`."""
    question, reference = _asked(pi_ref, success, rewards)
    if len(question) > 2:
        return predict_many(run, question, reference)
    if not isinstance(question, BinaryQuestion):
        return _nothing_to_learn(run, question, reference)
    values, notes = _values(run, question)
    beta = Integer(0) if run.preset.without_effect else S(Rational(run.beta))
    found = landscape(run.preset, question, beta, reference[0], values)
    rests = found.rest_points()
    goal = next((rest for rest in rests if rest.reached), None)
    point = {**values, symbols.beta: beta, question.reference[0]: reference[0]}
    time = kappa = spread = None
    if goal is not None:
        time, kappa = flow_time(found, goal), restoring_rate(found, goal)
        effective = replace(run, beta=beta)
        spread = last_iterates(effective, question, found, goal, kappa, point)
        notes += cautions(run, question, found, goal, _other(run, question, reference, values))
        if kappa:
            more, drawn = _reuse(effective, question, found, goal, kappa, point)
            notes, spread = notes + more, spread if drawn is None else drawn.deviation
    return Prediction(
        run,
        rests,
        steps_of(time, run.learning_rate, run.gradient_scale),
        spread,
        run.warnings_with(notes),
        found.complete,
        time,
        question,
        found,
        reference,
    )


def _asked(
    pi_ref: Any, success: Sequence[Number] | None, rewards: Sequence[Number] | None
) -> tuple[Question, tuple[Expr, ...]]:
    """The question, the better of two answers first, and the reference probabilities."""
    if success is not None and rewards is not None:
        raise ValueError("give success rates or rewards, not both")
    many = isinstance(pi_ref, (list, tuple)) or getattr(pi_ref, "ndim", 0) == 1
    shares = list(pi_ref) if many else [pi_ref]
    reference = [parameter("pi_ref", share) for share in shares]
    if len(reference) == 1:
        reference.append(1 - reference[0])
    if sum(reference) != 1 or not all(share > 0 for share in reference):
        given = ", ".join(map(str, shares))
        raise ValueError(f"pi_ref must be positive probabilities that sum to 1, got {given}")
    stated = success if success is not None else rewards
    if stated is not None and len(stated) != len(reference):
        raise ValueError(
            f"pi_ref has {len(reference)} answers, and {len(stated)} success rates or rewards are "
            "given"
        )
    if stated is None:
        if len(reference) > 2:
            raise ValueError("several reference probabilities need success rates or rewards")
        return BinaryQuestion(gap=1), tuple(reference)
    kind = {"success": success} if success is not None else {"rewards": rewards}
    question = Question(**{key: tuple(value) for key, value in kind.items()})  # type: ignore[arg-type]
    if len(question) > 2:
        return question, tuple(reference)
    first, second = (sum((r * w for r, w in law), S.Zero) for law in question.reward_laws)
    if first == second:
        return question, tuple(reference)
    if first < second:
        raise ValueError("of two answers the better one comes first")
    return BinaryQuestion.of(question), tuple(reference)


def _values(run: Settings, question: Question) -> tuple[dict[Symbol, Expr], list[str]]:
    """Numbers for the constant scale of a rule and for the zero of the rewards."""
    algorithm, found, notes = run.preset.algorithm, {}, []
    if algorithm.advantage is not None and isinstance(algorithm.advantage.sigma, Symbol):
        found[algorithm.advantage.sigma] = Integer(STANDARD_VALUES["sigma"])
        notes.append("sigma stands for a scale that this configuration does not fix: taken to be 1")
    found[symbols.base_reward] = Integer(STANDARD_VALUES["r_b"])
    return found, notes


def _other(
    run: Settings, question: Question, reference: Sequence[Expr], values: Mapping[Symbol, Expr]
) -> tuple[str, RestPoint] | None:
    """Where the same options rest by the rules on the other side of a change of version."""
    if run.alternative is None or run.beta == 0:
        return None
    version, preset = run.alternative
    found = landscape(preset, question, S(Rational(run.beta)), reference[0], values)
    goal = next((rest for rest in found.rest_points() if rest.reached), None)
    return None if goal is None else (version, goal)


def _reuse(
    run: Settings, question: Question, found: Landscape, goal: RestPoint, kappa: float,
    point: dict[Symbol, Expr],
) -> tuple[list[str], Iterates | None]:  # fmt: skip
    """Warnings where a batch is used for longer than bears the rest point, or leads past it.

    Beside them the sampled iterates, where these are not those of short steps.
    """
    if not run.learning_rate:
        return [], None
    rate = float(run.learning_rate) * float(run.gradient_scale)
    limit, sentences = reuse_limit(run, question, goal, kappa, point), []
    if rate * run.reuse > limit:
        sentences.append(
            f"learning rate times steps on one batch is {rate * run.reuse:.3g}, beyond "
            f"{limit:.3g}: with clipping aside the iterates leave the rest point and cycle around "
            "it"
        )
    ends, drawn = ends_of_reuse(run, question, found, goal, kappa, point)
    if not ends and not sentences and leaves(run, question, goal, kappa, point):
        sentences.append(
            f"steps on one batch: {run.reuse} of learning rate {rate:.3g} are too long for this "
            "weight: from next to the rest point they lead further away from it"
        )
    rest = goal.policy[0]
    clip = "" if run.clip is None else f", clipped at {_range(run.clip)},"
    steps = f"steps on one batch: with {run.reuse} of them of learning rate {rate:.3g}{clip} the"
    if any(abs(end - rest) > 1e-3 for end in ends):
        places = list(dict.fromkeys(f"{end:.5g}" for end in ends))
        where = "come to rest at" if len(places) == 1 else "go on between"
        left = ""
        if drawn is not None:
            who = "none" if drawn.left == 0 else f"{drawn.left:.0%}"
            left = f"; of sampled runs {who} have left that for {rest:.5g} after {drawn.batches} "
            left += "batches"
        sentences.append(
            f"{steps} expected iterates {where} pi(a) = {' and '.join(places)}, not at "
            f"{rest:.5g}{left}"
        )
        return sentences, drawn
    if drawn is None or abs(drawn.mean - rest) < 1e-3:
        return sentences, None
    sentences.append(
        f"{steps} sampled iterates scatter around pi(a) = {drawn.mean:.4g} with standard "
        f"deviation {drawn.deviation:.2g}, not around {rest:.5g}"
    )
    return sentences, drawn


def _range(clip: tuple[Any, Any]) -> str:
    low, high = (f"{float(side):.3g}" for side in clip)
    return low if low == high else f"{low} below and {high} above"


def _nothing_to_learn(run: Settings, question: Question, reference: Sequence[Expr]) -> Prediction:
    """Two answers that are rewarded alike: the reference is where training rests."""
    first = mp.mpf(reference[0].p) / reference[0].q
    rest = RestPoint(
        (float(first), float(1 - first)), "degenerate", True, "both answers are rewarded alike"
    )
    return Prediction(
        run, (rest,), 0.0, None, run.warnings, False, 0.0, question, None, tuple(reference)
    )
