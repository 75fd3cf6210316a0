"""``grpo-symbolic derive``: the stationary policy of a question, as a formula."""

from __future__ import annotations

import argparse
import json
from typing import Any

from sympy import sstr

from grpo_symbolic.cli.options import choice, chosen_algorithm, margin_option, question_with_margin
from grpo_symbolic.policy.binary import StationaryPolicy
from grpo_symbolic.policy.many import SimplexPolicy, stationary_policy
from grpo_symbolic.verify.verdict import Verdict

__all__ = ["register", "run"]


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    derive = commands.add_parser(
        "derive", parents=[model], help="the stationary policy of a question, as a formula"
    )
    margin_option(derive)
    derive.add_argument("--format", default="text", metavar="NAME", help="text|latex|json|python")
    derive.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    formats = {"text": _text, "latex": _latex, "json": _json, "python": StationaryPolicy.python}
    write = choice("--format", arguments.format, formats)
    question = question_with_margin(arguments)
    policy = stationary_policy(chosen_algorithm(arguments), question)
    if isinstance(policy, SimplexPolicy):
        return _many(policy, arguments.format)
    return write(policy)


def _many(policy: SimplexPolicy, form: str) -> str:
    """A question with many answers in one of the formats."""
    if form == "python":
        raise ValueError("--format python needs a question with two answers")
    if form == "latex":
        return f"% assumptions: {policy.domain}\n{policy.latex()}"
    report = policy.verify()
    if form == "json":
        return json.dumps(
            {
                "algorithm": str(policy.algorithm),
                "assumptions": str(policy.domain),
                "preference": [sstr(v) for v in policy.condition.preference],
                "equations": [f"{sstr(e.lhs)} = {sstr(e.rhs)}" for e in policy.equations],
                "closed_form": None
                if policy.expressions is None
                else [sstr(e) for e in policy.expressions],
                "latex": policy.latex(),
                "status": policy.status,
                "verdicts": [_verdict(v) for v in report],
            },
            indent=2,
        )
    lines = [f"{policy.algorithm}   [{policy.domain}]", "", str(policy.condition.preference), ""]
    lines += [f"{sstr(e.lhs)} = {sstr(e.rhs)}" for e in policy.equations]
    if policy.expressions is not None:
        names = policy.question.answers
        lines += [
            "",
            *(f"pi({o}) = {sstr(e)}" for o, e in zip(names, policy.expressions, strict=True)),
        ]
    return "\n".join([*lines, "", f"status: {policy.status}", "", "checks:", str(report)])


def _verdict(verdict: Verdict) -> dict[str, str]:
    return {
        "claim": verdict.claim,
        "status": verdict.status.value,
        "method": verdict.method,
        "detail": verdict.detail,
    }


def _text(policy: StationaryPolicy) -> str:
    lines = [str(policy.derivation), "", f"status: {policy.status}", "", "checks:"]
    return "\n".join([*lines, str(policy.verify())])


def _latex(policy: StationaryPolicy) -> str:
    return f"% assumptions: {policy.domain}\n{policy.derivation.latex()}\n\n{policy.latex()}"


def _json(policy: StationaryPolicy) -> str:
    equation = policy.equation
    return json.dumps(
        {
            "algorithm": str(policy.algorithm),
            "assumptions": str(policy.domain),
            "equation": f"{sstr(equation.lhs)} = {sstr(equation.rhs)}",
            "closed_form": None if policy.expression is None else sstr(policy.expression),
            "latex": policy.latex(),
            "status": policy.status,
            "derivation": [
                {
                    "equation": f"{sstr(s.equation.lhs)} = {sstr(s.equation.rhs)}",
                    "latex": s.latex(),
                    "justification": s.justification,
                }
                for s in policy.derivation
            ],
            "verdicts": [_verdict(verdict) for verdict in policy.verify()],
        },
        indent=2,
    )
