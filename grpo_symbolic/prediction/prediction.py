"""A prediction: rest points, steps, spread and warnings of one configuration on one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Rational

from grpo_symbolic import symbols
from grpo_symbolic.display import record
from grpo_symbolic.export.assumptions import listed
from grpo_symbolic.export.exhibit import Exhibit, Passage, Stated, Table
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.policy.setting import power_of_ten, setting, with_symbols
from grpo_symbolic.prediction.rest import Landscape, RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question

_DIGITS = 6


@dataclass(frozen=True, repr=False)
class Prediction(Stated):
    """What a configuration will do on one question.

    Source: new: the flow whose rest points solve Vojnovic & Yun, arXiv 2502.18548, (11), on logits.

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
        run, two = self.run, len(self.question) == 2
        algorithm, values = with_symbols(run.algorithm)
        answers = ["a", "b"] if two else list(range(1, len(self.question) + 1))
        names = [symbols.pi_ref] if two else [symbols.reference(o) for o in answers]
        pairs = zip(names, self.reference, strict=False)
        shares = listed([f"${formula(name)} = {formula(value)}$" for name, value in pairs])
        off = " Its weight is zero: there is no penalty." if run.beta == 0 else ""
        return Exhibit(
            title=f"Rest points of {escape(run.release)}",
            setting=setting(algorithm, self.question, values) + off,
            given=shares,
            says="training can rest at" if self.rest_points else "no policy is a rest point.",
            source=f"{run!r} on {self.question!r} from {self.reference}",
            table=_table(self, two, answers) if self.rest_points else None,
            more=tuple(_more(self)),
            proof=(Passage(_HOW),),
        )

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


_HOW = (
    "The rest points are the solutions of the stationarity condition at these numbers, with the "
    "ends of the simplex where the penalty does not keep the policy from them. Which of them is "
    "reached is read off the flow of policy gradient from the reference. The numbers are rounded."
)


def _table(found: Prediction, two: bool, answers: list[object]) -> Table:
    """A row for each rest point, or for each answer where these are many."""
    names = [f"$\\pi({o})$" for o in answers][: 1 if two else None]
    columns = [[_number(p) for p in rest.policy][: len(names)] for rest in found.rest_points]
    words = [
        rest.stability + (", reached from the reference" if rest.reached else "")
        for rest in found.rest_points
    ]
    if len(names) == 1:
        rows = [(*column, word) for column, word in zip(columns, words, strict=True)]
        return Table((*names, "Stability"), tuple(rows))
    across = tuple((name, *row) for name, *row in zip(names, *columns, strict=True))
    return Table(("", *words), across)


def _number(value: float) -> str:
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        return f"${value:.{_DIGITS}g}$"
    digits, _, exponent = f"{value:.3e}".partition("e")
    return rf"${digits} \cdot 10^{{{int(exponent)}}}$"


def _more(found: Prediction) -> list[str]:
    """Completeness, pace and spread, as far as they are known."""
    first = "a" if len(found.question) == 2 else "1"
    sentences = [] if found.complete else ["It is not proved that there are no other rest points."]
    if found.steps is not None and found.run.learning_rate:
        rate = power_of_ten(Rational(found.run.learning_rate))
        sentences.append(
            "Plain gradient ascent on tabular softmax logits at the learning rate "
            rf"${rate}$ covers $99\%$ of the way in {_number(found.steps)} steps."
        )
    if found.spread is not None:
        sentences.append(
            rf"Over the last iterates $\pi({first})$ has the standard deviation "
            f"{_number(found.spread)}."
        )
    return [*sentences, *(f"Caution: {escape(w.rstrip('.'))}." for w in found.warnings)]
