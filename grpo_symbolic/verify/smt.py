"""Claims over the reals as SMT-LIB 2: the negation, as a system of polynomials.

Roots and quotients are symbols of their own, determined wherever the claim is defined, so that the
claim holds on its domain iff the script is unsatisfiable. A script is plain text that any solver
can be given.
"""

from __future__ import annotations

from sympy import Add, Expr, Mul, Symbol

from grpo_symbolic.normal_form import expansion
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.limits import NUMBER_ROOTS, SCRIPT_LARGEST, within
from grpo_symbolic.verify.polynomial_system import Lowering, NotPolynomial

_NEGATED = {"==": "!=", "!=": "==", ">=": "<", ">": "<=", "<": ">=", "<=": ">"}


def script(claim: Claim, *, control: bool = False) -> str:
    """The script that is satisfiable iff the claim fails.

    With ``control`` the claim is replaced by its opposite (``<`` for ``>=``, ``>`` for ``==``):
    false wherever the claim holds, so that a solver which cannot find that out, because the
    domain is empty or a definition contradicts itself, is not believed.

    Raises
    ------
    NotPolynomial
        For transcendental functions, symbolic exponents, sums, and what is too large.
    """
    sides = claim.left, claim.right
    if not within(SCRIPT_LARGEST, sum(side.count_ops() for side in sides), expansion(*sides)):
        raise NotPolynomial("the claim is too large")
    relation = _NEGATED[claim.relation]
    if control:
        relation = {"==": "<=", "!=": "!="}.get(claim.relation, claim.relation)
    lowering = Lowering(claim.domain, inverses=True)
    goal = lowering.cleared(lowering.lower(claim.difference))
    known = [h for r in claim.domain.ranges for h in lowering.ends(r)] + lowering.hypotheses
    if not within(NUMBER_ROOTS, sum(radicand.is_number for radicand, _ in lowering.roots)):
        raise NotPolynomial("it has many roots of numbers")
    lines = [_asserted(h.value, ">" if h.strict else ">=") for h in known]
    lines += [_asserted(equation, "==") for equation in lowering.equations]
    lines.append(_asserted(goal, relation))
    names = dict.fromkeys((*claim.domain.symbols, *lowering.values))
    declared = [f"(declare-fun {_prefix(s)} () Real)" for s in names]
    return "\n".join(["(set-logic QF_NRA)", *declared, *lines, "(check-sat)", ""])


def _asserted(value: Expr, relation: str) -> str:
    if relation == "!=":
        return f"(assert (not (= {_prefix(value)} 0)))"
    return f"(assert ({'=' if relation == '==' else relation} {_prefix(value)} 0))"


def _prefix(expr: Expr) -> str:
    """A polynomial in prefix form."""
    if isinstance(expr, Symbol):
        return f"|{expr.name}|"
    if expr.is_Rational:
        size = abs(expr)
        text = str(size.p) if size.q == 1 else f"(/ {size.p} {size.q})"
        return f"(- {text})" if expr.is_negative else text
    if isinstance(expr, (Add, Mul)):
        return f"({'+' if expr.is_Add else '*'} {' '.join(map(_prefix, expr.args))})"
    base, power = expr.args
    return f"(* {' '.join([_prefix(base)] * int(power))})"
