"""A stationary policy in the format that an author needs: TeX, Markdown, MathML, code, data."""

from __future__ import annotations

import json
from typing import Any

from sympy import Eq, Expr, Symbol, sstr

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.assumptions import assumptions
from grpo_symbolic.export.exhibit import Exhibit
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.export.sympy_source import assumed, exact, identifier
from grpo_symbolic.policy.setting import setting
from grpo_symbolic.registry import FORMATS
from grpo_symbolic.verify.verdict import Verdict

__all__ = ["FORMATS", "binary_exhibit", "exported", "simplex_exhibit"]

#: Version of the JSON format: changes when a reader would have to.
JSON_VERSION = 1


def binary_exhibit(policy: Any) -> Exhibit:
    """What a policy of two answers shows: its closed form, or its equation."""
    closed = policy.closed
    if closed is None:
        formulas, where = (policy.shown.equation,), policy.shown.where
    elif closed.short is None:
        formulas, where = (Eq(symbols.pi, closed.expression, evaluate=False),), ()
    else:
        formulas = (Eq(symbols.pi, closed.short, evaluate=False),)
        where = tuple(Eq(s, e, evaluate=False) for s, e in reversed(closed.abbreviations))
    solution = () if closed is None else ((symbols.pi, closed.expression),)
    used = [e for _, e in solution] or [e for eq in formulas for e in eq.args]
    return Exhibit(
        title="Stationary policy of a binary question"
        if closed is not None
        else "Stationarity condition of a binary question",
        setting=setting(policy.algorithm, policy.question),
        domain=policy.domain.relevant(*used),
        formulas=formulas,
        solved=closed is not None,
        status=policy.status,
        where=where,
        expressions=solution,
        steps=tuple((s.equation, s.justification) for s in policy.derivation),
        source=_source(policy),
    )


def simplex_exhibit(policy: Any) -> Exhibit:
    """What a policy of many answers shows: closed forms, or one equation an answer."""
    count = len(policy.question)
    names = [symbols.policy(o) for o in range(1, count + 1)]
    solution: tuple[tuple[Symbol, Expr], ...] = ()
    if policy.expressions is not None:
        solution = tuple(zip(names, policy.expressions, strict=True))
    formulas = tuple(Eq(s, e, evaluate=False) for s, e in solution) or policy.equations
    used = [e for _, e in solution] or [e for eq in formulas for e in eq.args]
    unknowns = [formula(s) for s in policy.question.policy[:-1]]
    shown = unknowns if len(unknowns) <= 3 else [unknowns[0], r"\dots", unknowns[-1]]
    return Exhibit(
        title=f"Stationary policy of a question with {count} answers"
        if solution
        else f"Stationarity conditions of a question with {count} answers",
        setting=setting(policy.algorithm, policy.question),
        domain=policy.domain.relevant(*used),
        formulas=formulas,
        solved=bool(solution),
        status=policy.status,
        expressions=solution,
        unknown=", ".join(shown),
        source=_source(policy),
    )


def _source(policy: Any) -> str:
    return f"stationary_policy({policy.algorithm!r}, {policy.question!r})"


# -- formats of a policy itself ---------------------------------------------------------------


def latex(policy: Any, notation: Notation) -> str:
    """The formula, ready to paste."""
    return policy.latex(notation)


def python(policy: Any, notation: Notation) -> str:
    """A function in NumPy."""
    return _code(policy, "python")


def jax(policy: Any, notation: Notation) -> str:
    """A function in JAX."""
    return _code(policy, "jax")


def torch(policy: Any, notation: Notation) -> str:
    """A function in PyTorch."""
    return _code(policy, "torch")


def _code(policy: Any, library: str) -> str:
    # Code needs the numerical side of the package, which no other format does.
    from grpo_symbolic.policy.code import code

    return code(policy, library)


def record(policy: Any, notation: Notation) -> str:
    """Everything as data; expressions are Python, in SymPy's names and the identifiers given."""
    return json.dumps(_record(policy, notation), indent=2)


def _record(policy: Any, notation: Notation) -> dict[str, Any]:
    shown = policy.exhibit
    equations = getattr(policy, "equations", None) or (policy.equation,)
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
        "preference": [exact(v) for v in policy.condition.preference],
        "equations": [{"left": exact(e.lhs), "right": exact(e.rhs)} for e in equations],
        "closed_form": None if not closed else closed[0] if one else closed,
        "abbreviations": [[identifier(e.lhs), exact(e.rhs)] for e in shown.where],
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


def exported(policy: Any, form: str, notation: Notation | None = None) -> str:
    """A policy in one of the formats of the registry.

    Raises
    ------
    ValueError
        For an unknown format, or one that needs a package that is not installed.
    """
    write = FORMATS[FORMATS.checked("format", form)]
    if notation is not None and not isinstance(notation, Notation):
        raise ValueError(f"notation must be a Notation, got {notation!r}")
    return write(policy, notation or Notation())
