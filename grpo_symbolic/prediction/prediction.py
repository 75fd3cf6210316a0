"""A prediction: rest points, steps, spread and warnings of one configuration on one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr

from grpo_symbolic.display import record
from grpo_symbolic.export.exhibit import Exhibit, Stated
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question

__all__ = ["Prediction"]


@dataclass(frozen=True, repr=False)
class Prediction(Stated):
    """What a configuration will do on one question.

    Attributes
    ----------
    run : Settings
    rest_points : tuple of RestPoint
        Every policy at which training can rest.
    steps : float or None
        Optimiser steps until 99 % of the way from the reference to the rest point is covered, by
        plain gradient ascent on tabular softmax logits.
    spread : float or None
        The standard deviation of the first answer's probability over the last iterates, for small
        learning rates.
    warnings : tuple of str
    complete : bool
        Whether it is proved that there are no other rest points.
    time : float or None
        Steps times learning rate, whatever the learning rate is.
    landscape : Landscape or None
        The flow of two answers.
    question : Question
    reference : tuple of Expr
        The reference probabilities.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> run = gs.from_trl({"version": "1.9", "num_generations": 8, "beta": 0.04})
    >>> found = run.predict(pi_ref="0.2")
    >>> round(found.rest_points[0].policy[0], 5), found.rest_points[0].reached
    (0.98687, True)
    """

    run: Settings
    rest_points: tuple[RestPoint, ...]
    steps: float | None
    spread: float | None
    warnings: tuple[str, ...]
    complete: bool
    time: float | None
    question: Question
    landscape: Landscape | None = None
    reference: tuple[Expr, ...] = ()

    @property
    def reached(self) -> RestPoint | None:
        """The rest point that training reaches from the reference."""
        return next((point for point in self.rest_points if point.reached), None)

    def exhibited(self, unfold: object = 0) -> Exhibit:
        """The setting and a table of the rest points, to be exported."""
        from grpo_symbolic.prediction.stated import stated

        return stated(self)

    def as_dict(self) -> dict[str, Any]:
        """``{rest_points: [{policy, stability, reached}], steps, spread, warnings}``."""
        return {
            "rest_points": [
                {"policy": list(r.policy), "stability": r.stability, "reached": r.reached}
                for r in self.rest_points
            ],
            "steps": self.steps,
            "spread": self.spread,
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        rests = (f"{r.policy[0]:.6g}" + " reached" * r.reached for r in self.rest_points)
        first = self.question.answers[0]
        return f"Prediction({self.run.preset.name}: pi({first}) = {', '.join(rests)})"

    def __str__(self) -> str:
        names = self.question.answers
        run = self.run
        rows = [f"{run.release}, {run.preset.name}: beta = {float(run.beta):.6g}"]
        for rest in self.rest_points:
            policy = ", ".join(f"pi({o}) = {w}" for o, w in zip(names, rest.shown(), strict=True))
            mark = "  <- reached from the reference" if rest.reached else ""
            rows.append(f"{rest.stability}: {policy} ({rest.how}){mark}")
        if not self.complete:
            rows.append("it is not proved that there are no other rest points")
        rows.append(self._pace())
        if self.spread is not None:
            rows.append(
                f"spread of the last iterates: standard deviation {self.spread:.3g} of "
                f"pi({names[0]})"
            )
        return "\n".join([*rows, *(f"warning: {sentence}" for sentence in self.warnings)])

    def _pace(self) -> str:
        if self.time is None:
            return "steps: not known"
        stated = f"{self.time:.4g}/learning rate"
        if self.steps is not None:
            rate = float(self.run.learning_rate or 0)
            stated = f"{self.steps:.4g} at learning rate {rate:.3g} ({stated})"
        return (
            f"steps to cover 99 % of the way: {stated}; by plain gradient ascent on tabular "
            "softmax logits"
        )

    def _repr_html_(self) -> Any:
        rows = [(r.stability, f"{r.policy} {'reached' * r.reached}") for r in self.rest_points]
        rows += [("steps", str(self.steps)), ("spread", str(self.spread))]
        return record("Prediction", [*rows, *(("warning", w) for w in self.warnings)])
