"""The evidence of a verdict as a certificate holds it: a proof that the kernel runs.

Whatever a method found, its certificate holds steps of the kernel's rules: those that read the
statement, and, for an identity certificate, the identity that the method found. Nothing else of
a method's evidence is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grpo_symbolic.verify.elaboration import Elaboration, NotFound, Tree
from grpo_symbolic.verify.kernel.algebra import Poly
from grpo_symbolic.verify.kernel.checks import charts, gap
from grpo_symbolic.verify.kernel.proof import Proof, Undefined
from grpo_symbolic.verify.kernel.statement import (
    SHOWN_BY,
    Rejected,
    Statement,
    Unchecked,
    infinite,
    ratio,
)
from grpo_symbolic.verify.sign_search import ratio as ratio_tree
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["for_the_kernel", "proof_of", "refutation_of"]

_WRONG = (Rejected, Unchecked, ArithmeticError, LookupError, TypeError, ValueError)
_SIGNS = {
    "POSITIVE": {1},
    "NONNEGATIVE": {0, 1},
    "ZERO": {0},
    "NONPOSITIVE": {-1, 0},
    "NEGATIVE": {-1},
}
#: Methods of which nothing is to be checked in this way: samples and the word of solvers.
_OTHERS = ("real algebra (z3)", "real algebra (cvc5)")


def for_the_kernel(
    statement: Statement, verdict: Verdict, also: Sequence[Tree] = ()
) -> dict[str, Any]:
    """The evidence of a verdict as a certificate holds it.

    Where no proof is found that the kernel accepts, ``proof`` is None and the evidence stays as
    the method gave it.

    Parameters
    ----------
    statement : Statement
    verdict : Verdict
    also : sequence of Tree
        Of a refutation: expressions in numbers that are to have values at its point.
    """
    evidence = json.loads(json.dumps(verdict.evidence))
    if verdict.method in _OTHERS or verdict.status not in (Status.PROVED, Status.REFUTED):
        return evidence
    try:
        if verdict.status is Status.REFUTED:
            return {"by": verdict.method, **refutation_of(statement, evidence, also)}
        signs = signs_of(statement, verdict.method, evidence)
        proof = proof_of(statement, evidence, signs)
    except _WRONG:
        return {**evidence, "by": verdict.method, "proof": None}
    return {"by": verdict.method, "signs": sorted(signs), "proof": proof}


def signs_of(statement: Statement, method: str, evidence: Mapping[str, Any]) -> set[int]:
    """The signs of left - right that a method has found."""
    found = set(SHOWN_BY[statement.relation])
    if method == "exact identity":
        return found & {0}
    return found & _SIGNS.get(str(evidence.get("sign")), found)


def proof_of(statement: Statement, evidence: Mapping[str, Any], signs: set[int]) -> list[Any]:
    """The steps for each chart.

    Raises
    ------
    NotFound
        Where the sign is not shown.
    """
    found = []
    for flipped in charts(statement):
        work = Elaboration(Proof(statement, flipped)).begin()
        sides = [work.lower(side) for side in (statement.left, statement.right)]
        if evidence.get("by") == "squares" and not gap(work.proof) <= signs:
            squares = [work.proof.times(side, side) for side in sides]
            for p in (*sides, work.proof.plus(*squares, -1)):
                work.sign(p)
            work.do("squares", statement.left, statement.right)
        if "multiplier" in evidence and not gap(work.proof) <= signs:
            _identity(work, evidence)
        work.sign(work.proof.plus(*sides, -1))
        if not gap(work.proof) <= signs:
            raise NotFound("the sign is not shown")
        found.append(work.steps)
    return found


def _identity(work: Elaboration, evidence: Mapping[str, Any]) -> None:
    """The step of an identity certificate: multiplier x scale x gap is the sum of its terms."""
    statement, meanings = work.proof.statement, evidence["meanings"]
    names = [meanings.get(name, name) for name in evidence["generators"]]
    factors = [(_tree(h, names), 1) for h, _ in evidence["hypotheses"]]
    factors += [(_tree(r, names), 2) for r in evidence["squares"]]

    def total(products: Any, *first: Any) -> list[Any]:
        found = []
        for number, powers in products:
            part = [[ratio_tree(ratio(number)), 1], *first]
            for (f, e), k in zip(factors, powers, strict=True):
                if k:
                    work.sign(work.lower(f))
                    part.append([f, e * k])
            found.append(part)
        return found

    work.sign(work.lower(evidence["scale"]))
    turned = [[-1, 1]] if "<" in statement.relation else [[1, 1]]
    work.do(
        "sign",
        ["Add", statement.left, ["Mul", -1, statement.right]],
        total(evidence["multiplier"], [evidence["scale"], 1]),
        total(evidence["terms"], *turned),
    )


def _tree(poly: Any, names: Sequence[Tree]) -> Tree:
    """A polynomial in generators as an expression."""
    terms = []
    for number, powers in poly:
        part = [["Pow", n, k] for n, k in zip(names, powers, strict=True) if k]
        terms.append(["Mul", ratio_tree(ratio(number)), 1, *part])
    return ["Add", 0, *terms]


def refutation_of(
    statement: Statement, evidence: Mapping[str, Any], also: Sequence[Tree] = ()
) -> dict[str, Any]:
    """A counterexample, the sign of left - right there, none where a side has no value, and the
    steps that show it.
    """
    point = evidence.get("counterexample", {})
    at = Proof(statement._replace(ranges=(), where_defined=False))
    for name, text in point.items():
        at.values[name] = at.plus({}, {(): ratio(text)})
    work = Elaboration(at)
    ends = [end for r in statement.ranges for end in (r.lower, r.upper) if not infinite(end)]
    values: list[Poly | None] = []
    for tree in (statement.left, statement.right, *ends, *also):
        try:
            values.append(work.lower(tree))
        except Undefined:
            values.append(None)
    for r in statement.ranges:
        for end in (r.lower, r.upper):
            if not infinite(end):
                work.sign(at.plus(at.values[r.symbol], at.lower(end), -1))
    left, right = values[:2]
    signs: set[int] = set()
    if left is not None and right is not None:
        work.sign(at.plus(left, right, -1))
        signs = set(gap(at))
    return {"counterexample": dict(point), "signs": sorted(signs), "proof": work.steps}
