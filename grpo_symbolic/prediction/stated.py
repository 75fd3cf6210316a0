"""A prediction as a statement for documents: the setting, and the rest points as a table."""

from __future__ import annotations

from typing import Protocol

from sympy import Expr, Rational

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.assumptions import listed
from grpo_symbolic.export.exhibit import Exhibit, Passage, Table
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.policy.setting import power_of_ten, setting, with_symbols
from grpo_symbolic.prediction.rest import RestPoint
from grpo_symbolic.prediction.settings import Settings
from grpo_symbolic.question import Question

__all__ = ["stated"]

_DIGITS = 6


class Predicted(Protocol):
    """A prediction, as far as it is stated."""

    run: Settings
    rest_points: tuple[RestPoint, ...]
    question: Question
    reference: tuple[Expr, ...]
    steps: float | None
    spread: float | None
    warnings: tuple[str, ...]
    complete: bool


def stated(found: Predicted) -> Exhibit:
    """The exhibit of a prediction."""
    run, two = found.run, len(found.question) == 2
    algorithm, values = with_symbols(run.algorithm)
    answers = ["a", "b"] if two else list(range(1, len(found.question) + 1))
    names = [symbols.pi_ref] if two else [symbols.reference(o) for o in answers]
    pairs = zip(names, found.reference, strict=False)
    shares = listed([f"${formula(name)} = {formula(value)}$" for name, value in pairs])
    off = " Its weight is zero: there is no penalty." if run.beta == 0 else ""
    return Exhibit(
        title=f"Rest points of {escape(run.release)}",
        setting=setting(algorithm, found.question, values) + off,
        domain=Domain(),
        given=shares,
        formulas=(),
        solved=False,
        status="",
        says="training can rest at" if found.rest_points else "no policy is a rest point.",
        source=f"{run!r} on {found.question!r} from {found.reference}",
        table=_table(found, two, answers) if found.rest_points else None,
        more=tuple(_more(found)),
        proof=(Passage(_HOW),),
    )


_HOW = (
    "The rest points are the solutions of the stationarity condition at these numbers, with the "
    "ends of the simplex where the penalty does not keep the policy from them. Which of them is "
    "reached is read off the flow of policy gradient from the reference. The numbers are rounded."
)


def _table(found: Predicted, two: bool, answers: list[object]) -> Table:
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


def _more(found: Predicted) -> list[str]:
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
