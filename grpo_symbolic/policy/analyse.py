"""Everything that is known of one configuration before numbers are put in, and after.

One entry for every question a reader asks first: how many stationary policies, where their
number changes, what happens in the limits, which way they move, what bounds them, and which
objective they are critical points of. Each is bounded in work; what is not found, or not known
for a question of many answers, comes with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath as mp
from sympy import Eq, Expr, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.analysis.curl import CurlCertificate
from grpo_symbolic.analysis.fold_curve import fold_curve
from grpo_symbolic.analysis.folds import cusp, folds
from grpo_symbolic.analysis.limits import escape_threshold, explain_limit
from grpo_symbolic.analysis.maxwell import maxwell
from grpo_symbolic.analysis.potential import potential
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.display import Html, cut, legible, nested, record, short
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.policy.proof_of_many import rows_by_name
from grpo_symbolic.policy.solve_many_answers import written_out
from grpo_symbolic.policy.solved import Value
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.progress import steps
from grpo_symbolic.question import Question
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.work import Exhausted, limited

if TYPE_CHECKING:
    from grpo_symbolic.presets.preset import Preset

# For one entry.
_STEPS = 3_000_000
_SHOWN = 20
# Ranges and equations that are written out.
_WRITTEN = 24
# An equation with more nodes is not: pages that nobody reads.
_NODES = 2_000
# A curve with more operations is not printed.
_LEGIBLE = 60

Entry = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Analysis:
    """What is known of the stationary policies of an algorithm on a question.

    Source: Vojnovic & Yun, arXiv 2502.18548, (11), asked for all of it at once. β is in advantage
    units, policies are probabilities.

    Attributes
    ----------
    algorithm, question
    count, thresholds, limits, monotonicity, bounds, potential : dict
        Plain data. An entry that could not be had is ``{"unknown": reason}``.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> found = gs.analyse(gs.GRPO(2), gs.BinaryQuestion())
    >>> found.limits["beta -> 0+"]["value"], found.thresholds["folds"]["none"]
    ('1', 'the stationary policy is unique for all parameters')
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


def analyse(algorithm: Algorithm | Preset, question: Question, **values: Value) -> Analysis:
    """Count, thresholds, limits, monotonicity, bounds and potential of a configuration.

    Source: Vojnovic & Yun, arXiv 2502.18548, (11), and what is new of it. β is in advantage units.

    Parameters
    ----------
    algorithm : Algorithm or Preset
    question : BinaryQuestion or Question
    **values
        Numbers for parameters, if any: with ``pi_ref`` (and all others but ``beta``) the folds
        of two answers are located, with ``beta`` too the solutions are counted at that point.

    Raises
    ------
    ValueError
        For an unknown parameter or a value out of range.

    Examples
    --------
    >>> from grpo_symbolic.model.algorithm import GRPO
    >>> from grpo_symbolic.binary_question import BinaryQuestion
    >>> found = analyse(GRPO(2), BinaryQuestion())
    >>> found.count["possible"], found.thresholds["escape"]["beta"]
    ([1], '1')
    """
    policy = stationary_policy(algorithm, question)
    if not isinstance(policy, StationaryPolicy):
        written_out(policy)
    point = policy.point(values, partial=True)
    given = {p.name for p in policy.inputs if p.default is not None} | values.keys()
    at = point if {p.name for p in policy.inputs} <= given else None
    with steps(len(_SECTIONS), label="analysis", unit="entry") as step:
        # The cheap ones first: a rule with many radicals leaves no time for all.
        step("monotonicity")
        directions = _section(_directions, policy)
        step("limits")
        limits = _section(_limits, policy)
        step("count")
        counted = _counted(policy, at)
        step("thresholds")
        thresholds = _section(_thresholds, policy, point)
        step("bounds")
        bounded_by = _entry(_bounded_by, policy)
        step("potential")
        objective = _entry(_objective, policy.algorithm, question)
    return Analysis(
        policy.algorithm,
        question,
        str(policy.domain),
        _first(policy),
        policy.status,
        counted,
        thresholds,
        limits,
        directions,
        bounded_by,
        objective,
    )


def _first(policy: Any) -> str:
    """The first conditions: those of hundreds of answers take long, and nobody reads them."""
    if len(policy.question) > _WRITTEN and (named := rows_by_name(policy)):
        return "; ".join(named)
    equations: Sequence[Eq] = policy.equations
    shown = [_equation(e) for e in equations[:_WRITTEN]]
    more = len(equations) - len(shown)
    return "; ".join((*shown, f"and {more} more") if more else shown)


def _equation(equation: Eq) -> str:
    whole = legible(equation, most=_NODES)
    return f"{sstr(equation.lhs)} = {sstr(equation.rhs)}" if whole else short(equation)


def _section(work: Callable[..., Entry], *arguments: Any) -> Entry:
    """Several entries, or why they are known for other questions only."""
    try:
        return work(*arguments)
    except ValueError as reason:
        return {"unknown": str(reason)}


def _entry(work: Callable[..., Entry], *arguments: Any) -> Entry:
    """One entry within a limit of work: a slow one does not hold up the others."""
    try:
        return limited(work, *arguments, steps=_STEPS)
    except Exhausted:
        return {"unknown": f"not found within {_STEPS:,} steps"}
    except ValueError as reason:
        return {"unknown": str(reason)}


# -- sections --------------------------------------------------------------------------


def _counted(policy: Policy, at: dict[Symbol, Expr] | None) -> Entry:
    found = _entry(lambda: policy.count.as_dict())
    if at is not None:
        found["at"] = _at(policy.solutions_at(at, 30))
    return found


def _at(found: Solutions) -> Entry:
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


def _thresholds(policy: Policy, point: dict[Symbol, Expr]) -> Entry:
    curve = policy.balance_for("a threshold")
    found = {"escape": _entry(_escape, curve)}
    if _entry(lambda: {"unique": policy.count.unique}).get("unique"):
        found["folds"] = {"none": "the stationary policy is unique for all parameters"}
        return found
    given = {s: v for s, v in point.items() if s != curve.beta}
    if {p.symbol for p in policy.inputs} <= {*given, curve.beta}:
        found["folds"] = _entry(_folds, curve, given)
        found["maxwell"] = _entry(_maxwell, curve, given)
    else:
        found["folds"] = _entry(_fold_curve, curve)
    rest = {s: v for s, v in given.items() if s != symbols.pi_ref}
    found["cusp"] = _entry(_cusp, curve, rest)
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


def _limits(policy: Policy) -> Entry:
    if not isinstance(policy, StationaryPolicy) and isinstance(policy.algorithm.beta, Symbol):
        return {
            f"beta -> {place}": _entry(
                lambda at: {"value": sstr(policy.limit(str(policy.algorithm.beta), at))}, value
            )
            for place, value in (("0+", 0), ("oo", oo))
        }
    curve = policy.balance_for("a limit")
    places: list[tuple[str, Any, str]] = [
        ("beta", 0, "beta -> 0+"),
        ("beta", oo, "beta -> oo"),
        ("pi_ref", 0, "pi_ref -> 0+"),
        ("pi_ref", 1, "pi_ref -> 1-"),
    ]
    if curve.condition.preference.two_level is not None and not policy.question.margins:
        places.append(("G", oo, "G -> oo"))
    return {
        title: _entry(_limit, curve, name, value)
        for name, value, title in places
        if name != "beta" or isinstance(curve.beta, Symbol)
    }


def _limit(curve: Balance, name: str, value: Any) -> Entry:
    found = explain_limit(curve, name, value)
    return {"value": sstr(found.value), "reason": found.reason}


def _directions(policy: Policy) -> Entry:
    curve = policy.balance_for("monotonicity")
    return {name: _entry(_direction, curve, name) for name in _variables(policy)}


def _variables(policy: Policy) -> list[str]:
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


def _bounded_by(policy: Policy) -> Entry:
    found = policy.bounds()
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


# -- print ------------------------------------------------------------------------------


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
