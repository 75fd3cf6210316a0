"""The command line: ``grpo-symbolic derive``, ``solve`` and ``presets``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import mpmath as mp
from sympy import Expr, Integer, Symbol, sstr

from grpo_symbolic import presets, symbols
from grpo_symbolic.inputs import exact_number, group_size, parameter
from grpo_symbolic.model.advantage import Advantage, LeaveOneOut, ShiftAndScale, ShiftOnly
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import (
    ESTIMATORS,
    PLACEMENTS,
    DirectKL,
    Divergence,
    Estimator,
    Penalty,
    ReverseKL,
)
from grpo_symbolic.question import BinaryQuestion, Question
from grpo_symbolic.solve.policy import StationaryPolicy
from grpo_symbolic.solve.simplex import SimplexPolicy, stationary_policy
from grpo_symbolic.solve.solutions import Solutions
from grpo_symbolic.verify.verdict import Verdict

__all__ = ["main"]

PENALTIES: dict[str, Callable[[], Penalty]] = {
    ReverseKL.name: ReverseKL,
    DirectKL.name: DirectKL,
    "chi2": Divergence.chi_squared,
    "js": Divergence.jensen_shannon,
    "hellinger": Divergence.hellinger,
}
SCALES = ("std", "none", "rloo")
MAX_DIGITS = 10_000
MAX_FILE = 1_000_000


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
    model.add_argument("--group-size", metavar="G", help="2, 3, ... or inf (default 2)")
    penalties = "|".join([*PENALTIES, "alpha:A", *ESTIMATORS])
    model.add_argument("--penalty", metavar="NAME", help=f"{penalties} (default reverse-kl)")
    model.add_argument(
        "--placement", metavar="NAME", help="|".join(PLACEMENTS) + ": of an estimator (k1, k2, ...)"
    )
    model.add_argument("--scale", metavar="NAME", help="std|none|rloo: the advantage (default std)")
    model.add_argument("--ddof", metavar="N", help="0 (default) or 1: sample standard deviation")
    model.add_argument("--epsilon", metavar="X", help="added to the standard deviation (default 0)")
    model.add_argument("--preset", metavar="NAME", help="a trainer's conventions: see presets")
    rewards = model.add_mutually_exclusive_group()
    rewards.add_argument("--rewards", metavar="R,R,...", help="deterministic rewards")
    rewards.add_argument("--success", metavar="S,S,...", help="success rates of a verifier")
    rewards.add_argument("--preferences", metavar="FILE", help="CSV matrix of margins (G = 2)")

    derive = commands.add_parser(
        "derive", parents=[model], help="the stationary policy of a question, as a formula"
    )
    derive.add_argument(
        "--margin",
        nargs="?",
        const=True,
        metavar="X",
        help="random rewards with this confidence margin, gamma without a number (G = 2)",
    )
    derive.add_argument("--format", default="text", metavar="NAME", help="text|latex|json|python")

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

    table = commands.add_parser("presets", help="trainers and papers, with what they assume")
    table.add_argument("names", nargs="*", metavar="NAME", help="such as trl or trl@1.9")
    table.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _choice(name: str, value: str, table: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if value not in table:
        raise ValueError(f"{name} must be one of {', '.join(table)}, got {value!r}")
    return table[value]


def _algorithm(arguments: argparse.Namespace) -> Algorithm:
    """The algorithm of the options, or a preset with the group size that was asked for."""
    if arguments.preset is None:
        size = _named("--group-size", group_size, arguments.group_size or "2")
        return GRPO(group_size=size, penalty=_penalty(arguments), advantage=_advantage(arguments))
    for option in ("penalty", "placement", "scale", "ddof", "epsilon"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} cannot be given with --preset, which fixes it")
    preset = _named("--preset", presets.lookup, arguments.preset)
    if arguments.group_size is None:
        return preset.algorithm
    return preset.with_group_size(
        _named("--group-size", group_size, arguments.group_size)
    ).algorithm


def _penalty(arguments: argparse.Namespace) -> Penalty:
    name, placement = arguments.penalty or ReverseKL.name, arguments.placement
    if placement is not None and placement not in PLACEMENTS:
        raise ValueError(f"--placement must be one of {', '.join(PLACEMENTS)}, got {placement!r}")
    if name in ESTIMATORS:
        return Estimator(name, placement or "loss")
    if placement is not None:
        raise ValueError(
            f"--placement goes with an estimator ({', '.join(ESTIMATORS)}), got --penalty {name}"
        )
    if name.startswith("alpha:"):
        order = name.removeprefix("alpha:")
        return _named("--penalty", Divergence.alpha, order, "alpha:A with a number A")
    if name not in PENALTIES:
        known = ", ".join([*PENALTIES, "alpha:A", *ESTIMATORS])
        raise ValueError(f"--penalty must be one of {known}, got {name!r}")
    return PENALTIES[name]()


def _advantage(arguments: argparse.Namespace) -> Advantage:
    scale = arguments.scale or "std"
    if scale not in SCALES:
        raise ValueError(f"--scale must be one of {', '.join(SCALES)}, got {scale!r}")
    if scale == "std":
        ddof = arguments.ddof or "0"
        if ddof not in ("0", "1"):
            raise ValueError(f"--ddof must be 0 or 1, got {ddof}")
        epsilon = _named("--epsilon", lambda v: parameter("epsilon", v), arguments.epsilon or "0")
        return ShiftAndScale(int(ddof), epsilon)
    for option in ("ddof", "epsilon"):
        if getattr(arguments, option) is not None:
            raise ValueError(f"--{option} goes with --scale std, got --scale {scale}")
    return ShiftOnly() if scale == "none" else LeaveOneOut()


def _question(arguments: argparse.Namespace) -> Question | None:
    """The question of --rewards, --success or --preferences; None for the binary default."""
    if arguments.rewards is not None:
        return _named("--rewards", lambda v: Question(rewards=_listed(v)), arguments.rewards)
    if arguments.success is not None:
        return _named("--success", lambda v: Question(success=_listed(v)), arguments.success)
    if arguments.preferences is not None:
        matrix = _matrix(arguments.preferences)
        return _named("--preferences", lambda v: Question(preferences=v), matrix)
    return None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _matrix(name: str) -> tuple[tuple[str, ...], ...]:
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read(MAX_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"--preferences must be a readable CSV file, got {name}: {error}"
        ) from None
    if len(text) > MAX_FILE:
        raise ValueError(f"--preferences must be a file of at most {MAX_FILE} characters")
    return tuple(_listed(line) for line in text.splitlines() if line.strip())


def _named(option: str, read: Callable[[Any], Any], value: Any, allowed: str = "") -> Any:
    """Errors name the option as it is typed."""
    try:
        return read(value)
    except ValueError as error:
        _, must, rest = str(error).partition(" must be ")
        if not must:
            raise ValueError(f"{option}: {error}") from None
        if allowed:
            rest = f"{allowed}, got {value}"
        raise ValueError(f"{option} must be {rest}") from None


def derive(arguments: argparse.Namespace) -> str:
    formats = {"text": _text, "latex": _latex, "json": _json, "python": StationaryPolicy.python}
    write = _choice("--format", arguments.format, formats)
    question = _question(arguments)
    if question is not None and arguments.margin is not None:
        raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
    if question is None and arguments.margin is not None:
        margin = symbols.gamma
        if arguments.margin is not True:
            margin = _named("--margin", lambda v: parameter("margin", v), arguments.margin)
        question = BinaryQuestion(margin=margin)
    question = question or BinaryQuestion()
    if len(question) == 2 and question.reward_laws and question.rewards[0] > question.rewards[1]:
        question = BinaryQuestion.of(question)
    policy = stationary_policy(_algorithm(arguments), question)
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


def solve(arguments: argparse.Namespace) -> str:
    digits = _named("--dps", _digits, arguments.dps)
    beta = _named("--beta", lambda v: parameter("beta", v), arguments.beta)
    algorithm = _algorithm(arguments)
    question = _question(arguments)
    if question is None and "," in arguments.pi_ref and arguments.margin is None:
        raise ValueError(
            "--pi-ref with several numbers needs --rewards, --success or --preferences"
        )
    if question is not None:
        if arguments.margin is not None:
            raise ValueError("--margin cannot be given with --rewards, --success or --preferences")
        return _solve_many(arguments, algorithm, question, beta, digits)
    reference = _binary_reference(arguments.pi_ref)
    values = {"beta": beta, "pi_ref": reference}
    if arguments.margin is not None:
        question = BinaryQuestion(margin=symbols.gamma)
        values["gamma"] = _named("--margin", lambda v: parameter("margin", v), arguments.margin)
    else:
        question = BinaryQuestion()
        values["gap"] = _named("--gap", lambda v: parameter("gap", v), arguments.gap)
    policy = stationary_policy(algorithm, question)
    for name in _needed(policy) - values.keys():
        values[name] = _FILLED[name]
    found = policy.solutions(digits=digits, **values)
    closed = None if policy.expression is None else {"a": sstr(policy.expression)}
    return _shown(arguments, policy, found, digits, "ab", closed)


#: Values for symbols that no option names: presets with a fixed scale, rewards measured from 0.
_FILLED = {"sigma": 1, "r_b": 0}


def _needed(policy: StationaryPolicy) -> set[str]:
    return {p.name for p in policy.inputs if p.default is None}


def _binary_reference(text: str) -> Expr:
    """π_ref(a) from one number, or from two that sum to 1."""
    parts = _listed(text)
    first = _named("--pi-ref", lambda v: parameter("pi_ref", v), parts[0])
    if len(parts) == 1:
        return first
    rest = [_named("--pi-ref", lambda v: parameter("pi_ref", v), v) for v in parts[1:]]
    if len(rest) != 1 or first + rest[0] != 1:
        raise ValueError(f"--pi-ref must be 2 probabilities that sum to 1, got {text}")
    return first


def _solve_many(
    arguments: argparse.Namespace,
    algorithm: Algorithm,
    question: Question,
    beta: Expr,
    digits: int,
) -> str:
    parts: tuple[Any, ...] = _listed(arguments.pi_ref)
    if len(parts) == 1 and len(question) == 2:
        first = _named("--pi-ref", lambda v: parameter("pi_ref", v), parts[0])
        parts = (first, 1 - first)
    policy = stationary_policy(algorithm, question)
    values = {"beta": beta, **({"sigma": 1} if _fixed(algorithm) else {})}
    found = _named("--pi-ref", lambda v: policy.solutions(pi_ref=v, digits=digits, **values), parts)
    closed = None
    if policy.expressions is not None:
        closed = dict(zip(question.answers, map(sstr, policy.expressions), strict=True))
    return _shown(arguments, policy, found, digits, question.answers, closed)


def _fixed(algorithm: Algorithm) -> bool:
    return isinstance(getattr(algorithm.advantage, "sigma", None), Symbol)


def _shown(
    arguments: argparse.Namespace,
    policy: StationaryPolicy | SimplexPolicy,
    found: Solutions,
    digits: int,
    names: Sequence[str],
    closed: dict[str, str] | None,
) -> str:
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
        lines.append(f"{solution.stability.value}, residual {mp.nstr(solution.residual, 3)}")
    lines.append(found.status)
    for name, form in (closed or {}).items():
        lines.append(f"closed form: pi({name}) = {form}")
    lines += [f"warning: {sentence}" for sentence in warnings]
    return "\n".join(lines)


def _reference_numbers(text: str, count: int) -> list[mp.mpf]:
    numbers = [parameter("pi_ref", part) for part in _listed(text)]
    if len(numbers) == 1 and count == 2:
        numbers.append(1 - numbers[0])
    return [mp.mpf(n.p) / n.q for n in numbers]


def show_presets(arguments: argparse.Namespace) -> str:
    chosen = [presets.lookup(name) for name in arguments.names] or presets.all_presets()
    if not arguments.json:
        return "\n\n".join(str(preset) for preset in chosen)
    return json.dumps(
        [
            {
                "name": preset.name,
                "source": preset.source,
                "acts_as": preset.acts_as,
                "defaults": {key: str(value) for key, value in preset.defaults},
                "conventions": dict(preset.conventions),
                "warnings": list(preset.warnings),
            }
            for preset in chosen
        ],
        indent=2,
    )


def _digits(value: str) -> int:
    allowed = f"an integer from 1 to {MAX_DIGITS}"
    number = exact_number("digits", value, allowed)
    if number != Integer(int(number)) or not 1 <= number <= MAX_DIGITS:
        raise ValueError(f"digits must be {allowed}, got {value}")
    return int(number)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 2 for bad input."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    commands = {"derive": derive, "solve": solve, "presets": show_presets}
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
