"""The evidence of a verdict as a certificate holds it: a proof that the kernel runs.

Whatever a method found, its certificate holds steps of the kernel's rules: those that read the
statement, and, for an identity certificate, the identity that the method found. Nothing else of
a method's evidence is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from grpo_symbolic.verify.elaboration import Elaboration, NotFound, Tree
from grpo_symbolic.verify.kernel.checks import charts, gap
from grpo_symbolic.verify.kernel.proof import Proof, Undefined
from grpo_symbolic.verify.kernel.statement import (
    SHOWN_BY,
    Rejected,
    Statement,
    Unchecked,
    ratio,
    statement_of,
)
from grpo_symbolic.verify.orthant import POSSIBLE
from grpo_symbolic.verify.sign_search import ratio as ratio_tree
from grpo_symbolic.verify.verdict import Status, Verdict

_WRONG = (Rejected, Unchecked, ArithmeticError, LookupError, TypeError, ValueError)
#: Methods of which nothing is to be checked in this way: samples and the word of solvers.
_OTHERS = ("real algebra (z3)", "real algebra (cvc5)")


def for_the_kernel(exact: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """The evidence of a verdict on the statement of an exact form, as a certificate holds it.

    Where no proof is found that the kernel accepts, ``proof`` is None and the evidence stays as
    the method gave it.
    """
    evidence = json.loads(json.dumps(verdict.evidence))
    if verdict.method in _OTHERS or verdict.status not in (Status.PROVED, Status.REFUTED):
        return evidence
    own = {}
    try:
        statement = statement_of(exact)
        if verdict.status is Status.REFUTED:
            own = {"counterexample": evidence["counterexample"]}
            proof = refutation_of(statement, own["counterexample"])
        else:
            signs = signs_of(statement, verdict.method, evidence)
            proof = proof_of(statement, evidence, signs)
    except _WRONG:
        return {**evidence, "by": verdict.method, "proof": None}
    return {"by": verdict.method, **own, "proof": proof}


def signs_of(statement: Statement, method: str, evidence: Mapping[str, Any]) -> set[int]:
    """The signs of left - right that a method has found."""
    found = set(SHOWN_BY[statement.relation])
    if method == "exact identity":
        return found & {0}
    return found & POSSIBLE.get(str(evidence.get("sign")), found)


def proof_of(statement: Statement, evidence: Mapping[str, Any], signs: set[int]) -> list[Any]:
    """The steps for each chart.

    Raises
    ------
    NotFound
        Where the sign is not shown.
    """
    found = []
    for chart in charts(statement):
        work = Elaboration(Proof(statement, chart)).begin()
        sides = [work.lower(side) for side in (statement.left, statement.right)]
        if not gap(work.proof) <= signs:
            if "multiplier" in evidence:
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


def refutation_of(statement: Statement, point: Mapping[str, str]) -> list[Any]:
    """The steps that show left - right at a point, for the only chart that it is."""
    at = Proof(
        statement._replace(where_defined=False),
        {name: ratio(text) for name, text in point.items()},
    )
    work = Elaboration(at).begin()
    with suppress(Undefined):  # which the kernel sees in the same way
        work.sign(at.plus(work.lower(statement.left), work.lower(statement.right), -1))
    return [work.steps]
