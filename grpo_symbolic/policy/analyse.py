"""Everything that is known of one configuration before numbers are put in, and after.

One entry for every question a reader asks first: how many stationary policies, where their
number changes, what happens in the limits, which way they move, what bounds them, and which
objective they are critical points of. Each is bounded in time; what is not found comes with the
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mpmath as mp
from sympy import Expr, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.analysis.bounds import bounds
from grpo_symbolic.analysis.curl import CurlCertificate
from grpo_symbolic.analysis.cusps import cusp
from grpo_symbolic.analysis.fold_curve import fold_curve
from grpo_symbolic.analysis.folds import folds
from grpo_symbolic.analysis.limits import escape_threshold, explain_limit
from grpo_symbolic.analysis.maxwell import maxwell
from grpo_symbolic.analysis.potential import potential
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.display import Html, cut, nested, record
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import parameter
from grpo_symbolic.model.algorithm import Algorithm, as_algorithm
from grpo_symbolic.policy.binary import StationaryPolicy
from grpo_symbolic.policy.many import stationary_policy
from grpo_symbolic.progress import steps
from grpo_symbolic.question import Question
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Analysis", "analyse"]

# For one entry.
_STEPS = 3_000_000
_SHOWN = 20
# A curve with more operations is not printed.
_LEGIBLE = 60

Entry = dict[str, Any]


@dataclass(frozen=True)
class Analysis:
    """What is known of the stationary policies of an algorithm on a question.

    Attributes
    ----------
    algorithm, question
    count, thresholds, limits, monotonicity, bounds, potential : dict
        Plain data. An entry that could not be had is ``{"unknown": reason}``.
    """

    algorithm: Algorithm
    question: Question
    assumptions: str
    equation: str
    status: str
    count: Entry
    thresholds: Entry
    limits: Entry
    monotonicity: Entry
    bounds: Entry
    potential: Entry

    def as_dict(self) -> Entry:
        """Everything as plain data, for JSON."""
        return {
            "algorithm": str(self.algorithm),
            "assumptions": self.assumptions,
            "equation": self.equation,
            "status": self.status,
            **{name: getattr(self, name) for name in _SECTIONS},
        }

    def __repr__(self) -> str:
        return f"Analysis({self.algorithm!r}, {self.question!r}: print it, or .as_dict())"

    def _repr_html_(self) -> Html:
        rows = [
            ("algorithm", self.algorithm),
            ("question", self.question),
            ("assumptions", self.assumptions),
            ("equation", cut(self.equation, 400)),
            ("status", self.status),
            *((name, nested(getattr(self, name))) for name in _SECTIONS),
        ]
        return record("Analysis", rows)

    def __str__(self) -> str:
        lines = [f"{self.algorithm}   [{self.assumptions}]", self.equation, self.status]
        for name in _SECTIONS:
            lines += ["", f"{name}:", *_indented(getattr(self, name))]
        return "\n".join(lines)


_SECTIONS = ("count", "thresholds", "limits", "monotonicity", "bounds", "potential")


def analyse(algorithm: Any, question: Question, **values: Any) -> Analysis:
    """Count, thresholds, limits, monotonicity, bounds and potential of a configuration.

    Parameters
    ----------
    algorithm : Algorithm or Preset
    question : BinaryQuestion or Question
    **values
        Numbers for parameters, if any: with ``pi_ref`` (and all others but ``beta``) the folds
        are located, with ``beta`` too the solutions are counted at that point.

    Raises
    ------
    ValueError
        For an unknown parameter or a value out of range.

    Examples
    --------
    >>> from grpo_symbolic.model.algorithm import GRPO
    >>> from grpo_symbolic.question import BinaryQuestion
    >>> found = analyse(GRPO(2), BinaryQuestion())
    >>> found.count["possible"], found.thresholds["escape"]["beta"]
    ([1], '1')
    """
    algorithm = as_algorithm(algorithm)
    policy = stationary_policy(algorithm, question)
    if not isinstance(policy, StationaryPolicy):
        return _many(policy, algorithm, question, values)
    curve, point, attempt = policy.curve, _point(policy, values), _Budget()
    with steps(len(_SECTIONS), label="analysis", unit="entry") as step:
        # The cheap ones first: a rule with many radicals leaves no time for all.
        step("monotonicity")
        directions = {name: attempt(_direction, curve, name) for name in _variables(policy)}
        step("limits")
        limits = dict(_limits(policy, attempt))
        step("count")
        counted = _counted(policy, point, attempt)
        step("thresholds")
        thresholds = _thresholds(policy, point, attempt)
        step("bounds")
        bounded_by = attempt(_bounded_by, curve, policy.expression)
        step("potential")
        objective = attempt(_objective, algorithm, question)
    return Analysis(
        algorithm,
        question,
        str(policy.domain),
        f"{sstr(policy.equation.lhs)} = {sstr(policy.equation.rhs)}",
        policy.status,
        counted,
        thresholds,
        limits,
        directions,
        bounded_by,
        objective,
    )


def _many(policy: Any, algorithm: Algorithm, question: Question, values: dict) -> Analysis:
    """A question with many answers: the count at numbers, and the potential."""
    only = {"unknown": "known for questions with two answers only"}
    counted: Entry = {"unknown": "give pi_ref and beta to count the solutions at numbers"}
    if values:
        found = policy.solutions(**values)
        counted = {"at": _at(found)}
    return Analysis(
        algorithm,
        question,
        str(policy.domain),
        "; ".join(f"{sstr(e.lhs)} = {sstr(e.rhs)}" for e in policy.equations),
        policy.status,
        counted,
        only,
        only,
        only,
        only,
        _Budget()(_objective, algorithm, question),
    )


class _Budget:
    """A limit of work for each entry: a slow one does not take it all."""

    def __call__(self, work: Callable[..., Entry], *arguments: Any) -> Entry:
        try:
            return limited(work, *arguments, steps=_STEPS)
        except Exhausted:
            return {"unknown": f"not found within {_STEPS:,} steps"}
        except ValueError as reason:
            return {"unknown": str(reason)}


# -- sections --------------------------------------------------------------------------


def _counted(policy: StationaryPolicy, point: dict[Symbol, Expr], attempt: _Budget) -> Entry:
    found = attempt(lambda: policy.count.as_dict())
    if {p.symbol for p in policy.inputs} <= set(point):
        found["at"] = _at(policy.solutions_at(point, 30))
    return found


def _at(found: Any) -> Entry:
    return {
        "number": len(found),
        "status": found.status,
        "solutions": [
            {
                "policy": s.decimals(_SHOWN),
                "stability": s.stability.value,
                "stage": s.stage.value,
            }
            for s in found
        ],
    }


def _thresholds(policy: StationaryPolicy, point: dict[Symbol, Expr], attempt: _Budget) -> Entry:
    curve = policy.curve
    found = {"escape": attempt(_escape, curve)}
    if attempt(lambda: {"unique": policy.count.unique}).get("unique"):
        found["folds"] = {"none": "the stationary policy is unique for all parameters"}
        return found
    given = {s: v for s, v in point.items() if s != curve.beta}
    if {p.symbol for p in policy.inputs} <= {*given, curve.beta}:
        found["folds"] = attempt(_folds, curve, given)
        found["maxwell"] = attempt(_maxwell, curve, given)
    else:
        found["folds"] = attempt(_fold_curve, curve)
    rest = {s: v for s, v in given.items() if s != symbols.pi_ref}
    found["cusp"] = attempt(_cusp, curve, rest)
    return found


def _escape(curve: Balance) -> Entry:
    return {
        "beta": sstr(escape_threshold(curve)),
        "meaning": "as pi_ref(a) -> 0+, the lowest stationary policy stays positive iff beta "
        "is less",
    }


def _folds(curve: Balance, point: dict[Symbol, Expr]) -> Entry:
    found = folds(curve, point)
    return {
        "beta": [
            {
                "beta": mp.nstr(fold.beta, 30),
                "pi": mp.nstr(fold.policy, 30),
                "as_beta_grows": fold.turn.value,
            }
            for fold in found
        ],
        "count_between": [
            {"from": mp.nstr(low, _SHOWN), "to": mp.nstr(high, _SHOWN), "number": number}
            for low, high, number in found.intervals
        ],
    }


def _fold_curve(curve: Balance) -> Entry:
    found = fold_curve(curve)
    if found.beta.count_ops() > _LEGIBLE:
        return {"parameter": "pi, the double solution", "see": "give pi_ref to locate the folds"}
    shown = {"beta": sstr(found.beta)}
    if found.log_odds is not None:
        shown["log_odds_of_pi_ref"] = sstr(found.log_odds)
    if found.reference is not None:
        shown["pi_ref"] = sstr(found.reference)
    shown["parameter"] = "pi, the double solution"
    return shown


def _maxwell(curve: Balance, point: dict[Symbol, Expr]) -> Entry:
    found = maxwell(curve, point)
    if found is None:
        return {"none": "no two attracting policies exchange the larger potential"}
    return {
        "beta": mp.nstr(found.beta, 30),
        "policies": [mp.nstr(p, _SHOWN) for p in found.policies],
        "meaning": "two attracting policies have one potential",
    }


def _cusp(curve: Balance, point: dict[Symbol, Expr]) -> Entry:
    found = cusp(curve, point or None)
    if found is None:
        return {"none": "no reference makes two folds meet"}
    shown = {
        "beta": mp.nstr(found.beta, 30),
        "pi": mp.nstr(found.policy, 30),
        "pi_ref": mp.nstr(found.reference, 30),
        "meaning": "for larger beta the stationary policy is unique whatever pi_ref(a)",
    }
    if found.exact is not None:
        shown["exact_beta"] = sstr(
            found.exact[0] if isinstance(found.exact, tuple) else found.exact
        )
    return shown


def _limits(policy: StationaryPolicy, attempt: _Budget) -> Iterator[tuple[str, Entry]]:
    curve = policy.curve
    places: list[tuple[str, Any, str]] = [
        ("beta", 0, "beta -> 0+"),
        ("beta", oo, "beta -> oo"),
        ("pi_ref", 0, "pi_ref -> 0+"),
        ("pi_ref", 1, "pi_ref -> 1-"),
    ]
    if curve.condition.preference.two_level is not None and not policy.question.margins:
        places.append(("G", oo, "G -> oo"))
    for name, value, title in places:
        if name == "beta" and not isinstance(curve.beta, Symbol):
            continue
        yield title, attempt(_limit, curve, name, value)


def _limit(curve: Balance, name: str, value: Any) -> Entry:
    found = explain_limit(curve, name, value)
    return {"value": sstr(found.value), "reason": found.reason}


def _variables(policy: StationaryPolicy) -> list[str]:
    names = [p.name for p in policy.inputs if p.name not in ("r_b",)]
    if policy.condition.preference.two_level is not None and "G" not in names:
        names.append("G")
    return [n for n in names if n != "gap" or policy.condition.contrast().has(symbols.gap)]


def _direction(curve: Balance, name: str) -> Entry:
    found = monotonicity(curve, name)
    return {
        "direction": found.direction,
        "strict": found.strict,
        "reason": found.reason,
        "branches": found.branches,
        "verdict": found.verify().status.value if found.claims else "UNKNOWN",
    }


def _bounded_by(curve: Balance, expression: Expr | None) -> Entry:
    found = bounds(curve, expression)
    return {**found.as_dict(), "verdict": found.verify().status.value}


def _objective(algorithm: Algorithm, question: Question) -> Entry:
    found = potential(algorithm, question)
    if isinstance(found, CurlCertificate):
        return {"conservative": False, "certificate": found.as_dict(), "reason": str(found)}
    return {
        "conservative": True,
        "expression": sstr(found.expression),
        "latex": found.latex(),
        "reason": "its gradient on the simplex is the stationarity condition",
    }


# -- input and output ------------------------------------------------------------------


def _point(policy: StationaryPolicy, values: dict[str, Any]) -> dict[Symbol, Expr]:
    known = {p.name: p for p in policy.inputs}
    for name in values:
        if name not in known:
            raise ValueError(f"unknown argument {name!r}: this question takes {', '.join(known)}")
    point = {p.symbol: parameter(p.role, p.default) for p in policy.inputs if p.default is not None}
    point |= {known[n].symbol: parameter(known[n].role, v, n) for n, v in values.items()}
    return point


def _indented(value: Any, depth: int = 1) -> list[str]:
    pad = "  " * depth
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines += [f"{pad}{key}:", *_indented(item, depth + 1)]
            elif item not in ("", [], {}):
                lines.append(f"{pad}{key}: {item}")
        return lines
    if isinstance(value, list):
        lines = []
        for item in value:
            if isinstance(item, (dict, list)):
                inner = _indented(item, depth + 1)
                lines += [pad + "- " + inner[0].lstrip(), *inner[1:]] if inner else []
            else:
                lines.append(f"{pad}- {item}")
        return lines
    return [f"{pad}{value}"]
