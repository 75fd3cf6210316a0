"""The command line: ``grpo-symbolic derive`` and ``grpo-symbolic solve``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from sympy import Integer, sstr

from grpo_symbolic import symbols
from grpo_symbolic.inputs import exact_number, group_size, parameter
from grpo_symbolic.model.advantage import ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import DirectKL, ReverseKL
from grpo_symbolic.question import BinaryQuestion
from grpo_symbolic.solve.policy import StationaryPolicy, stationary_policy
from grpo_symbolic.solve.solutions import Solutions

__all__ = ["main"]

PENALTIES = {penalty.name: penalty for penalty in (ReverseKL, DirectKL)}
SCALES = {"std": ShiftAndScale, "none": ShiftOnly}
MAX_DIGITS = 10_000


class _Parser(argparse.ArgumentParser):
    """Bad input is one sentence on standard error and exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="grpo-symbolic",
        description="Derive and solve for the stationary policies of GRPO.",
        epilog="Example: grpo-symbolic solve --group-size 2 --beta 1/2 --pi-ref 0.2 --margin 0.6",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    model = _Parser(add_help=False)
    model.add_argument("--group-size", default="2", metavar="G", help="2, 3, ... or inf")
    model.add_argument("--penalty", default="reverse-kl", metavar="NAME", help="|".join(PENALTIES))
    model.add_argument("--scale", default="std", metavar="NAME", help="std|none: the advantage")

    derive = commands.add_parser(
        "derive", parents=[model], help="the stationary policy of a binary question, as a formula"
    )
    derive.add_argument(
        "--margin", action="store_true", help="random rewards with confidence margin gamma (G = 2)"
    )
    derive.add_argument("--format", default="text", metavar="NAME", help="text|latex|json|python")

    solve = commands.add_parser(
        "solve", parents=[model], help="every stationary policy at given numbers"
    )
    solve.add_argument("--beta", required=True, metavar="X", help="weight of the penalty, > 0")
    solve.add_argument("--pi-ref", required=True, metavar="X", help="reference probability of a")
    solve.add_argument("--margin", metavar="X", help="confidence margin in (0, 1] (G = 2)")
    solve.add_argument("--gap", default="1", metavar="X", help="reward gap (matters unscaled)")
    solve.add_argument("--dps", default="30", metavar="N", help="decimal digits")
    solve.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _choice(name: str, value: str, table: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, got {value!r}")
    return table[value]


def _algorithm(arguments: argparse.Namespace) -> GRPO:
    return GRPO(
        group_size=_named("--group-size", group_size, arguments.group_size),
        penalty=_choice("--penalty", arguments.penalty, PENALTIES)(),
        advantage=_choice("--scale", arguments.scale, SCALES)(),
    )


def _named(option: str, read: Callable[[str], Any], value: str) -> Any:
    """Errors name the option as it is typed."""
    try:
        return read(value)
    except ValueError as error:
        _, _, rest = str(error).partition(" must be ")
        raise ValueError(f"{option} must be {rest}") from None


def derive(arguments: argparse.Namespace) -> str:
    formats = {"text": _text, "latex": _latex, "json": _json, "python": StationaryPolicy.python}
    write = _choice("--format", arguments.format, formats)
    question = BinaryQuestion(margin=symbols.gamma) if arguments.margin else BinaryQuestion()
    return write(stationary_policy(_algorithm(arguments), question))


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
            "verdicts": [
                {
                    "claim": verdict.claim,
                    "status": verdict.status.value,
                    "method": verdict.method,
                    "detail": verdict.detail,
                }
                for verdict in policy.verify()
            ],
        },
        indent=2,
    )


def solve(arguments: argparse.Namespace) -> str:
    digits = _named("--dps", _digits, arguments.dps)
    values = {
        "beta": _named("--beta", lambda v: parameter("beta", v), arguments.beta),
        "pi_ref": _named("--pi-ref", lambda v: parameter("pi_ref", v), arguments.pi_ref),
    }
    if arguments.margin is not None:
        question = BinaryQuestion(margin=symbols.gamma)
        values["gamma"] = _named("--margin", lambda v: parameter("margin", v), arguments.margin)
    else:
        question = BinaryQuestion()
        values["gap"] = _named("--gap", lambda v: parameter("gap", v), arguments.gap)
    policy = stationary_policy(_algorithm(arguments), question)
    found = policy.solutions(digits=digits, **values)
    return (
        _solved_json(policy, found, digits)
        if arguments.json
        else _solved_text(policy, found, digits)
    )


def _digits(value: str) -> int:
    allowed = f"an integer from 1 to {MAX_DIGITS}"
    number = exact_number("digits", value, allowed)
    if number != Integer(int(number)) or not 1 <= number <= MAX_DIGITS:
        raise ValueError(f"digits must be {allowed}, got {value}")
    return int(number)


def _solved_json(policy: StationaryPolicy, found: Solutions, digits: int) -> str:
    return json.dumps(
        {
            "solutions": [{"policy": s.decimals(digits)} for s in found],
            "count": len(found),
            "closed_form": None if policy.expression is None else sstr(policy.expression),
            "latex": policy.latex(),
            "status": f"{found.status}; {policy.status}",
        },
        indent=2,
    )


def _solved_text(policy: StationaryPolicy, found: Solutions, digits: int) -> str:
    lines = []
    for solution in found:
        a, b = solution.decimals(digits)
        lines.append(f"pi(a) = {a}\npi(b) = {b}")
    lines.append(found.status)
    if policy.expression is not None:
        lines.append(f"closed form: pi(a) = {sstr(policy.expression)}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 2 for bad input."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    commands = {"derive": derive, "solve": solve}
    try:
        print(commands[arguments.command](arguments), flush=True)
    except ValueError as error:
        print(f"grpo-symbolic {arguments.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has gone: nothing is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
