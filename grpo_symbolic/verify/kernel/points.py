"""Claims at a point, or on numbers: exactly, or in intervals that part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from grpo_symbolic.verify.kernel.balls import enclosed, intervals
from grpo_symbolic.verify.kernel.lowering import Lowering
from grpo_symbolic.verify.kernel.quotients import Quotient, Undefined, constant
from grpo_symbolic.verify.kernel.statement import RELATIONS, SHOWN_BY, Statement, ratio, require


def at_point(statement: Statement, point: Any) -> Lowering:
    """Expressions at an exact point, which has to lie in the range."""
    names = {r.name for r in statement.ranges}
    require(isinstance(point, dict) and set(point) == names, "it is no point of the range")
    at = Lowering(replace(statement, ranges=(), where_defined=False))
    for r in statement.ranges:
        at.values[r.name] = constant(ratio(point[r.name]))
        held = statement.symbols[r.name]
        require("integer" not in held or "/" not in point[r.name], "it is no integer")
        for end, closed, way in ((r.lower, r.lower_closed, 1), (r.upper, r.upper_closed, -1)):
            if not (isinstance(end, list) and end[0].endswith("Infinity")):
                s = at.sign_of(at.minus(at.values[r.name], at.lower(end)))
                inside = s is not None and (s * way > 0 or (s == 0 and closed))
                require(inside, "the point is outside the range")
    return at


def refuted(statement: Statement, evidence: Mapping[str, Any]) -> None:
    require(set(evidence) == {"counterexample", "left", "right"}, "the evidence has other fields")
    at = at_point(statement, evidence["counterexample"])
    sides = []
    for name in ("left", "right"):
        try:
            sides.append(at.lower(getattr(statement, name)))
            require(not at.missing, "it is not told whether it is defined there")
            _shown(at, sides[-1], evidence[name])
        except Undefined:
            require(not statement.where_defined, "the claim is not made where it is undefined")
            require(not re.match(r"-?[\d.]+(e|$)", evidence[name]), "that side has no value")
    if len(sides) == 2:
        s = at.sign_of(at.minus(*sides))
        require(s is not None and s not in SHOWN_BY[statement.relation], "it does not fail there")


def _shown(at: Lowering, value: Quotient, text: str) -> None:
    """That a decimal number is the value, as far as it is written."""
    iv = intervals(256)
    found = enclosed(at.generators, value[0], iv)
    for f, e in value[1].values():
        found /= enclosed(at.generators, f, iv) ** e
    given = iv.mpf(Fraction(text).numerator) / Fraction(text).denominator
    require(abs(found - given) < (abs(found) + iv.mpf(10) ** -9) * iv.mpf(10) ** -20,
            "the value shown is another")  # fmt: skip


def numbers(statement: Statement, verdict: Any, evidence: Mapping[str, Any]) -> None:
    fields = {"bits", "sign"} if verdict == "PROVED" else {"bits", "sign", "counterexample"}
    require(set(evidence) == fields and evidence.get("counterexample", {}) == {}, "other fields")
    require(evidence["sign"] in (1, -1) and type(evidence["bits"]) is int, "a type is wrong")
    at = Lowering(replace(statement, ranges=()))
    s = at.sign_of(at.minus(at.lower(statement.left), at.lower(statement.right)))
    require(not at.missing and s == 2 * evidence["sign"], "the difference has not that sign")
    holds = s in SHOWN_BY[statement.relation]
    require(verdict == ("PROVED" if holds else "REFUTED"), "the sign does not show the verdict")


def negates(negation: Statement, statement: Statement, evidence: Mapping[str, Any]) -> None:
    """That a statement is the opposite of another one at its counterexample."""
    opposite = RELATIONS[statement.relation]
    allowed = (">", "<") if opposite == "!=" else (opposite,)
    require(negation.relation in allowed and not negation.ranges, "it is not the opposite")
    at = at_point(statement, evidence["counterexample"])
    for name in ("left", "right"):
        there, here = (at.lower(getattr(s, name)) for s in (statement, negation))
        require(not at.minus(there, here)[0], f"the {name} side is not that of the counterexample")
