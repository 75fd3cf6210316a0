"""Factorings that the kernel needs: found here, expanded and compared there.

The kernel looks up whether a polynomial is a product, and never searches. Whatever it looked up
on a claim is factored here, until its check of the evidence succeeds or nothing new is found.
"""

from __future__ import annotations

import json
from fractions import Fraction
from math import lcm
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from grpo_symbolic.verify.kernel.checks import TESTS, charts, on_chart, test_of
from grpo_symbolic.verify.kernel.lowering import Lowering
from grpo_symbolic.verify.kernel.ring import Poly
from grpo_symbolic.verify.kernel.statement import Rejected, Statement, Unchecked
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["for_the_kernel"]

_ROUNDS = 5
_MAX_TERMS = 3000


def for_the_kernel(statement: Statement, verdict: Verdict) -> dict[str, Any]:
    """The evidence of a verdict as a certificate holds it.

    What the kernel looks at, with factorings under ``kernel``, and nothing else. Where it does
    not confirm the evidence, ``kernel`` is None and the evidence stays as the method gave it.
    """
    evidence = json.loads(json.dumps(verdict.evidence))
    if verdict.status is not Status.PROVED or verdict.method not in TESTS:
        return evidence
    fields, _ = TESTS[verdict.method]
    wanted = {key: evidence[key] for key in sorted(fields)}
    try:
        test = test_of(statement, verdict.method, wanted)
        lemmas = [_on(statement, flipped, test) for flipped in charts(statement)]
    except (Rejected, Unchecked, ArithmeticError, LookupError, TypeError, ValueError):
        return {**evidence, "kernel": None}
    return {**wanted, "kernel": lemmas}


def _on(statement: Statement, flipped: frozenset[str], test: Any) -> list[Any]:
    found: list[Any] = []
    tried: set[frozenset] = set()
    for _ in range(_ROUNDS):
        lowering = Lowering(statement, flipped)
        try:
            on_chart(lowering.placed(found), test)
            return found
        except (Rejected, Unchecked) as wrong:
            failure = wrong
        new = [p for key, p in lowering.asked.items() if key not in tried]
        tried |= set(lowering.asked)
        more = [f for f in (_factoring(lowering, p) for p in new) if f is not None]
        if not more:
            break
        found += more
    raise failure


def _factoring(ring: Lowering, p: Poly) -> list[Any] | None:
    """The factors of a polynomial as trees with their exponents, if there are any."""
    if not 1 < len(p) <= _MAX_TERMS:
        return None
    used = sorted({g for m in p for g, _ in m})
    common = {g: lcm(*(Fraction(dict(m).get(g, 0)).denominator for m in p)) for g in used}
    trees = [_tree_of(ring, g) for g in used]
    if None in trees:
        return None
    context = fmpq_mpoly_ctx.get([f"x{g}" for g in used], Ordering.lex)
    terms = {
        tuple(int(dict(m).get(g, 0) * common[g]) for g in used): fmpq(int(c)) for m, c in p.items()
    }
    _, parts = context.from_dict(terms).factor()
    if len(parts) == 1 and parts[0][1] == 1:
        return None
    scales = [common[g] for g in used]
    return [[_written(f, trees, scales), int(e)] for f, e in parts]


def _written(f: fmpq_mpoly, trees: list[Any], scales: list[int]) -> Any:
    terms = []
    for powers, c in f.terms():
        parts = [_ratio(Fraction(int(c.p), int(c.q)))]
        for tree, k, scale in zip(trees, powers, scales, strict=True):
            e = Fraction(int(k), scale)
            if e:
                parts.append(tree if e == 1 else ["Pow", tree, _ratio(e)])
        terms.append(["Mul", *parts] if len(parts) > 1 else parts[0])
    return ["Add", *terms] if len(terms) > 1 else terms[0]


def _tree_of(ring: Lowering, g: int) -> Any:
    made = ring.generators[g]
    if made.kind in ("coordinate", "free"):
        return made.name
    if made.kind == "pi":
        return ["Pi"]
    if made.kind == "exp" and made.name:
        return None
    base = _tree_of_poly(ring, dict(made.base))
    if base is None or made.kind == "root":
        return base
    return [made.kind, base]


def _tree_of_poly(ring: Lowering, p: Poly) -> Any:
    terms = []
    for m, c in p.items():
        parts = [_ratio(Fraction(c))]
        for g, e in m:
            tree = _tree_of(ring, g)
            if tree is None:
                return None
            parts.append(tree if e == 1 else ["Pow", tree, _ratio(Fraction(e))])
        terms.append(["Mul", *parts] if len(parts) > 1 else parts[0])
    return ["Add", *terms] if len(terms) > 1 else terms[0]


def _ratio(number: Fraction) -> Any:
    return number.numerator if number.denominator == 1 else ["Rational", *number.as_integer_ratio()]
