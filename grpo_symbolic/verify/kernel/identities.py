"""Identity certificates: an equation between polynomials, and that it is about the claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grpo_symbolic.verify.kernel.lowering import Lowering
from grpo_symbolic.verify.kernel.quotients import Quotient, constant
from grpo_symbolic.verify.kernel.ring import Poly, Ring
from grpo_symbolic.verify.kernel.statement import Statement, ratio, require

#: What has to hold on a chart, of the two sides.
Test = Callable[[Lowering, Quotient, Quotient], None]


def identity_certificate(statement: Statement, evidence: Mapping[str, Any]) -> Test:
    """multiplier x goal = sum of products + cofactors x equations, and what these stand for."""
    names, relation = evidence["generators"], evidence["relation"]
    require(all(isinstance(n, str) for n in names), "a type is wrong")
    require(relation == statement.relation.replace("<", ">"), "it shows another relation")
    known, equations = evidence["hypotheses"], [_poly(e, names) for e in evidence["equations"]]
    require(all(type(strict) is bool for _, strict in known), "a type is wrong")
    values, goal = [_poly(h, names) for h, _ in known], _poly(evidence["goal"], names)
    roots = [_poly(r, names) for r in evidence["squares"]]
    strict = [s for _, s in known] + [False] * len(roots)
    plain = Ring()
    require(len(set(names)) == len(names), "a name stands twice")
    for name in names:
        plain.generator("free", name)
    factors = [*values, *(plain.times(r, r) for r in roots)]

    def total(products: Any) -> tuple[Poly, list[bool]]:
        found: Poly = {}
        positive = []
        for text, powers in products:
            require(len(powers) == len(factors) and ratio(text) > 0, "a product is not positive")
            require(all(type(k) is int and k >= 0 for k in powers), "an exponent is none")
            part: Poly = {(): ratio(text)}
            for f, k in zip(factors, powers, strict=True):
                for _ in range(k):
                    part = plain.times(part, f)
            found = plain.plus(found, part)
            positive.append(all(s for s, k in zip(strict, powers, strict=True) if k))
        return found, positive

    multiplier, all_strict = total(evidence["multiplier"])
    terms, any_strict = total(evidence["terms"])
    require(multiplier and all(all_strict), "the multiplier is not positive")
    require(relation != ">" or any(any_strict), "it shows no strict inequality")
    require(relation in (">", ">=") or (relation == "==" and not terms), "it shows no equation")
    require(len(evidence["cofactors"]) == len(equations), "the cofactors are of other equations")
    rest = plain.plus(plain.times(multiplier, goal), terms, -1)
    for q, e in zip(evidence["cofactors"], equations, strict=True):
        rest = plain.plus(rest, plain.times(_poly(q, names), e), -1)
    require(not rest, "the two sides of the identity differ")

    def test(at: Lowering, left: Quotient, right: Quotient) -> None:
        meanings = evidence["meanings"]
        require(not set(meanings) & set(at.values), "a name has two meanings")
        for name, tree in meanings.items():
            at.values[name] = at.lower(tree)
        for value, (_, positive) in zip(values, known, strict=True):
            s = at.sign_of(_put(at, value, names))
            require(s in ((2,) if positive else (2, 1, 0)), "a hypothesis is not shown")
        for e in equations:
            require(not _put(at, e, names)[0], "an equation is not shown")
        gap = at.minus(left, right) if "<" not in statement.relation else at.minus(right, left)
        scale = at.lower(evidence["scale"])
        require(at.sign_of(scale) == 2, "the scale is not shown to be positive")
        same = at.minus(_put(at, goal, names), at.times_q(scale, gap))
        require(not same[0], "the goal is not the claim")

    return test


def _put(at: Lowering, p: Poly, names: list[str]) -> Quotient:
    total = constant(0)
    for m, c in p.items():
        part = constant(c)
        for g, e in m:
            part = at.times_q(part, at.power_q(at.values[names[g]], e))
        total = at.plus_q(total, part)
    return total


def _poly(data: Any, names: list[str]) -> Poly:
    """A polynomial in names, its generators the places in their list."""
    found: Poly = {}
    for text, powers in data:
        require(len(powers) == len(names), "a monomial has other names")
        require(all(type(k) is int and 0 <= k < 100 for k in powers), "an exponent is none")
        found[tuple((g, k) for g, k in enumerate(powers) if k)] = ratio(text)
    require(all(found.values()) and len(found) == len(data), "a monomial stands twice")
    return found
