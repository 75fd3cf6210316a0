"""``grpo-symbolic solve``: every stationary policy at given numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from grpo_symbolic import presets
from grpo_symbolic.cli.options import (
    chosen_question,
    decimal_digits,
    listed,
    named,
    read_algorithm,
    read_number,
)
from grpo_symbolic.inputs import STANDARD_VALUES

if TYPE_CHECKING:
    from grpo_symbolic.model.algorithm import Algorithm
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.policy.two_answers import StationaryPolicy
    from grpo_symbolic.question import Question
    from grpo_symbolic.solve.solutions import NumericSolution, Solutions

__all__ = ["register", "run"]


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    solve = commands.add_parser(
        "solve", parents=[model], help="every stationary policy at given numbers"
    )
    solve.add_argument("--beta", required=True, metavar="X", help="weight of the penalty, > 0")
    solve.add_argument(
        "--pi-ref",
        required=True,
        metavar="X",
        help="reference probability of a, or one for each answer, comma-separated",
    )
    solve.add_argument("--margin", metavar="X", help="confidence margin in (0, 1] (G = 2)")
    solve.add_argument("--gap", default="1", metavar="X", help="reward gap (matters unscaled)")
    solve.add_argument("--dps", default="30", metavar="N", help="decimal digits")
    solve.add_argument("--json", action="store_true", help="print JSON")
    solve.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    digits = named("--dps", decimal_digits, arguments.dps)
    values: dict[str, Any] = {"beta": read_number("--beta", "beta", arguments.beta)}
    algorithm = read_algorithm(arguments)
    described = any((arguments.rewards, arguments.success, arguments.preferences))
    if described and arguments.margin is not None:
        raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
    if described:
        question = chosen_question(arguments)
        return _solve_many(arguments, algorithm.build(), question, values, digits)
    if "," in arguments.pi_ref and arguments.margin is None:
        raise ValueError(
            "--pi-ref with several numbers needs --rewards, --success or --preferences"
        )
    values["pi_ref"] = _binary_reference(arguments.pi_ref)
    if arguments.margin is not None:
        values["gamma"] = read_number("--margin", "margin", arguments.margin)
    else:
        values["gap"] = read_number("--gap", "gap", arguments.gap)

    from sympy import sstr

    from grpo_symbolic import symbols
    from grpo_symbolic.policy.stationary import stationary_policy
    from grpo_symbolic.question import BinaryQuestion

    question = BinaryQuestion(margin=symbols.gamma) if "gamma" in values else BinaryQuestion()
    policy = stationary_policy(algorithm.build(), question)
    for name in _needed(policy) - values.keys():
        values[name] = STANDARD_VALUES[name]
    found = policy.solutions(digits=digits, **values)
    closed = None if policy.expression is None else {"a": sstr(policy.expression)}
    return _shown(arguments, policy, found, digits, "ab", closed)


def _needed(policy: StationaryPolicy) -> set[str]:
    return {p.name for p in policy.inputs if p.default is None}


def _binary_reference(text: str) -> Fraction:
    """π_ref(a) from one number, or from two that sum to 1."""
    parts = listed(text)
    first = read_number("--pi-ref", "pi_ref", parts[0])
    if len(parts) == 1:
        return first
    rest = [read_number("--pi-ref", "pi_ref", v) for v in parts[1:]]
    if len(rest) != 1 or first + rest[0] != 1:
        raise ValueError(f"--pi-ref must be 2 probabilities that sum to 1, got {text}")
    return first


def _solve_many(
    arguments: argparse.Namespace,
    algorithm: Algorithm,
    question: Question,
    values: dict[str, Any],
    digits: int,
) -> str:
    from sympy import sstr

    from grpo_symbolic.policy.stationary import stationary_policy

    parts: tuple[Any, ...] = listed(arguments.pi_ref)
    if len(parts) == 1 and len(question) == 2:
        first = read_number("--pi-ref", "pi_ref", parts[0])
        parts = (first, 1 - first)
    policy = stationary_policy(algorithm, question)
    if algorithm.advantage is not None and algorithm.advantage.sigma in policy.domain.symbols:
        values["sigma"] = STANDARD_VALUES["sigma"]
    found = named("--pi-ref", lambda v: policy.solutions(pi_ref=v, digits=digits, **values), parts)
    closed = None
    if policy.expressions is not None:
        closed = dict(zip(question.answers, map(sstr, policy.expressions), strict=True))
    return _shown(arguments, policy, found, digits, question.answers, closed)


def _shown(
    arguments: argparse.Namespace,
    policy: StationaryPolicy | SimplexPolicy,
    found: Solutions,
    digits: int,
    names: Sequence[str],
    closed: dict[str, str] | None,
) -> str:
    import mpmath as mp

    status = f"{found.status}; {policy.status}"
    warnings: list[str] = []
    if arguments.preset is not None:
        preset = presets.lookup(arguments.preset)
        reference = _reference_numbers(arguments.pi_ref, len(names))
        for solution in found:
            warnings += preset.warnings_at(solution.policy, reference)
        warnings = list(dict.fromkeys(warnings))
    if arguments.json:
        shown = {
            "solutions": [
                {
                    "policy": s.decimals(digits),
                    "stability": s.stability.value,
                    "stage": s.stage.value,
                    "best_response_slope": None if s.slope is None else mp.nstr(s.slope, 15),
                    "first_order": s.first_order,
                    "residual": mp.nstr(s.residual, 5),
                }
                for s in found
            ],
            "count": len(found),
            "closed_form": closed["a"] if closed is not None and "a" in closed else closed,
            "latex": policy.latex(),
            "status": status,
        }
        if arguments.preset is not None:
            shown["warnings"] = warnings
        return json.dumps(shown, indent=2)
    lines = []
    for solution in found:
        for name, value in zip(names, solution.decimals(digits), strict=True):
            lines.append(f"pi({name}) = {value}")
        lines.append(_described(solution))
    lines.append(found.status)
    for name, form in (closed or {}).items():
        lines.append(f"closed form: pi({name}) = {form}")
    lines += [f"warning: {sentence}" for sentence in warnings]
    return "\n".join(lines)


def _described(solution: NumericSolution) -> str:
    import mpmath as mp

    parts = [solution.stability.value, f"{solution.stage.value} of the stage objective"]
    if solution.slope is not None:
        parts.append(f"best-response slope {mp.nstr(solution.slope, 4)}")
    return ", ".join([*parts, f"residual {mp.nstr(solution.residual, 3)}"])


def _reference_numbers(text: str, count: int) -> list[Fraction]:
    numbers = [read_number("--pi-ref", "pi_ref", part) for part in listed(text)]
    if len(numbers) == 1 and count == 2:
        numbers.append(1 - numbers[0])
    return numbers
