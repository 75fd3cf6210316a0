"""A stationary policy in the format that an author needs: TeX, Markdown, MathML, code, data."""

from __future__ import annotations

import json
from typing import Any

from sympy import Eq, Symbol, sstr

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.assumptions import assumptions
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.layout import Layout
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.export.sympy_source import assumed, exact, identifier
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.verify.verdict import Verdict

#: Version of the JSON format: changes when a reader would have to.
JSON_VERSION = 1


def latex(policy: Policy, layout: Layout) -> str:
    """The formula, ready to paste."""
    return policy.latex(layout.notation, layout.width)


def python(policy: Policy, layout: Layout) -> str:
    """A function in NumPy."""
    return policy.code("python")


def jax(policy: Policy, layout: Layout) -> str:
    """A function in JAX."""
    return policy.code("jax")


def torch(policy: Policy, layout: Layout) -> str:
    """A function in PyTorch."""
    return policy.code("torch")


def record(policy: Policy, layout: Layout) -> str:
    """Everything as data; expressions are Python, in SymPy's names and the identifiers given."""
    return json.dumps(_record(policy, layout.notation), indent=2)


def _record(policy: Policy, notation: Notation) -> dict[str, Any]:
    shown = policy.exhibit
    equations = policy.equations
    closed = [exact(e) for _, e in shown.expressions]
    one = len(equations) == 1
    used = {s for e in equations for s in e.free_symbols} | set(policy.domain.symbols)
    data: dict[str, Any] = {
        "format": "grpo_symbolic.stationary_policy",
        "version": JSON_VERSION,
        "title": shown.title,
        "call": shown.source,
        "algorithm": str(policy.algorithm),
        "question": str(policy.question),
        "assumptions": str(policy.domain),
        "assumptions_latex": assumptions(shown.domain, notation),
        "symbols": [_symbol(s, notation) for s in sorted(used, key=str)],
        "domain": _domain(policy.domain),
        "preference": [exact(unfolded(v)) for v in policy.condition.preference],
        "equations": [
            {"left": exact(unfolded(e.lhs)), "right": exact(unfolded(e.rhs))} for e in equations
        ],
        "closed_form": None if not closed else closed[0] if one else closed,
        "abbreviations": [
            [identifier(e.lhs), exact(e.rhs)]
            for e in (shown.where if closed else ())
            if isinstance(e, Eq)
        ],
        "latex": policy.latex(notation),
        "status": policy.status,
        "derivation": [
            {
                "equation": f"{sstr(e.lhs)} = {sstr(e.rhs)}",
                "latex": formula(e, notation),
                "justification": notation.rewritten_text(reason),
            }
            for e, reason in shown.steps
        ],
        "verdicts": [_verdict(v) for v in policy.verify()],
    }
    if one:
        data["equation"] = f"{sstr(equations[0].lhs)} = {sstr(equations[0].rhs)}"
    return data


def _symbol(symbol: Symbol, notation: Notation) -> dict[str, Any]:
    known = symbols.describe(symbol)
    return {
        "name": symbol.name,
        "identifier": identifier(symbol),
        "assumptions": assumed(symbol),
        "latex": formula(symbol, notation),
        "meaning": None if known is None else known.meaning,
    }


def _domain(domain: Domain) -> list[dict[str, Any]]:
    return [
        {
            "symbol": identifier(r.symbol),
            "lower": exact(r.lower),
            "upper": exact(r.upper),
            "lower_closed": r.lower_closed,
            "upper_closed": r.upper_closed,
        }
        for r in domain.ranges
    ]


def _verdict(verdict: Verdict) -> dict[str, str]:
    return {
        "claim": verdict.claim,
        "status": verdict.status.value,
        "method": verdict.method,
        "detail": verdict.detail,
    }
