"""``grpo-symbolic solve``: every stationary policy at given numbers."""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from grpo_symbolic.cli.options import QUESTIONS, chosen_question, read_algorithm, refuse_margin
from grpo_symbolic.cli.screen import Copied, Screen, Table
from grpo_symbolic.cli.values import decimal_digits, listed, named, read_number, read_numbers
from grpo_symbolic.inputs import STANDARD_VALUES

if TYPE_CHECKING:
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.policy.two_answers import StationaryPolicy
    from grpo_symbolic.presets.preset import Preset
    from grpo_symbolic.question import Question
    from grpo_symbolic.solve.solutions import NumericSolution, Solutions

_ROWS = ("policy gradient", "stage objective", "best-response slope", "residual")


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    solve = commands.add_parser(
        "solve",
        parents=[model],
        help="every stationary policy at given numbers",
        epilog="Example: grpo-symbolic solve --preset trl@1.9 --success 0.8,0.3 --pi-ref 0.2 "
        "--beta 0.04",
    )
    solve.add_argument("--beta", metavar="X", help="weight of the penalty, > 0")
    solve.add_argument(
        "--pi-ref",
        metavar="X",
        help="reference probability of a, or one for each answer, comma-separated",
    )
    solve.add_argument("--margin", metavar="X", help="confidence margin in (0, 1] (G = 2)")
    solve.add_argument(
        "--gap",
        default="1",
        metavar="X",
        help="reward gap, which matters where nothing divides by it (default 1)",
    )
    solve.add_argument("--dps", default="30", metavar="N", help="decimal digits (default 30)")
    solve.add_argument("--json", action="store_true", help="print JSON")
    solve.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str | Screen:
    digits = named("--dps", decimal_digits, arguments.dps)
    algorithm = read_algorithm(arguments)
    preset = algorithm.built_preset()
    _refuse_missing(arguments, preset)
    values: dict[str, Any] = {"beta": _weight(arguments)}
    described = any(getattr(arguments, kind) is not None for kind in (*QUESTIONS, "per"))
    question = _described_question(arguments, values) if described else _binary(arguments, values)

    from sympy import sstr

    from grpo_symbolic.policy.stationary import stationary_policy

    built = algorithm.build() if preset is None else preset.algorithm
    if preset is not None:
        if values["beta"] == 0 or preset.without_effect:
            return _unpenalised(arguments, preset, values)
        _take_up_entropy(preset, values)
    policy = stationary_policy(built, question)
    for name in {p.name for p in policy.inputs if p.default is None} - values.keys():
        values[name] = STANDARD_VALUES[name]

    def solve(reference: Any) -> Solutions:
        return policy.solutions(digits=digits, **values | {"pi_ref": reference})

    reference = values["pi_ref"]
    found = named("--pi-ref", solve, reference) if described else solve(reference)
    closed: dict[str, str] = {}
    if policy.expressions is not None:
        kept = question.answers if described else question.answers[:1]
        closed = dict(zip(kept, map(sstr, policy.expressions), strict=False))
    warnings = _warnings(arguments, preset, found, len(question))
    if arguments.json:
        return _as_json(arguments, policy, found, digits, closed, warnings)
    lines = [found.status]
    lines += [Copied(f"closed form: pi({name}) = {form}") for name, form in closed.items()]
    lines += [f"warning: {sentence}" for sentence in warnings]
    table = (_table(tuple(found), question.answers, digits),) if len(found) else ()
    return Screen((*table, *lines))


def _table(found: tuple[NumericSolution, ...], answers: tuple[str, ...], digits: int) -> Table:
    """A column for each stationary policy."""
    import mpmath as mp

    columns = [
        (
            *s.decimals(digits),
            s.stability.value,
            s.stage.value,
            "" if s.slope is None else mp.nstr(s.slope, 4),
            mp.nstr(s.residual, 3),
        )
        for s in found
    ]
    names = [*(f"pi({name})" for name in answers), *_ROWS]
    lines = []
    for solution, column in zip(found, columns, strict=True):
        lines += [f"{name} = {v}" for name, v in zip(names, column[: len(answers)], strict=False)]
        lines.append(_described(solution))
    rows = tuple(zip(names, *columns, strict=True))
    head = () if len(found) == 1 else ("", *(str(k + 1) for k in range(len(found))))
    return Table(rows, head, "\n".join(lines), numbers=True)


def _weight(arguments: argparse.Namespace) -> Fraction:
    """The weight; a preset may have none, as trainers have by default."""
    if arguments.beta is None:  # of a preset whose penalty has no gradient
        return Fraction(1)
    if arguments.preset is not None and read_number("--beta", "epsilon", arguments.beta) == 0:
        return Fraction(0)
    return read_number("--beta", "beta", arguments.beta)


def _refuse_missing(arguments: argparse.Namespace, preset: Preset | None) -> None:
    """Weight and reference must be given; a penalty without a gradient needs no weight."""
    idle = preset is not None and preset.without_effect
    asked = {"--beta": arguments.beta or idle, "--pi-ref": arguments.pi_ref}
    missing = [option for option, value in asked.items() if not value]
    if missing:
        why = f"the penalty of {preset.name} has no gradient, at any weight; " if idle else ""
        raise ValueError(f"{why}the following arguments are required: {', '.join(missing)}")


def _take_up_entropy(preset: Preset, values: dict[str, Any]) -> None:
    """The weight and the reference at which there is no bonus of entropy left."""
    if preset.entropy == 0:
        return
    reference = values["pi_ref"]
    shares = reference if isinstance(reference, tuple) else (reference, 1 - reference)
    values["beta"], moved = preset.with_entropy(values["beta"], shares)
    values["pi_ref"] = moved if isinstance(reference, tuple) else moved[0]


def _unpenalised(arguments: argparse.Namespace, preset: Preset, values: dict[str, Any]) -> str:
    """Where training goes when nothing holds it near the reference."""
    from grpo_symbolic.prediction.predict import TrainerRun

    if arguments.margin is not None or arguments.preferences is not None:
        raise ValueError("--margin and --preferences need a penalty and a weight --beta above 0")
    run = TrainerRun("", "", preset, values["beta"])
    asked: dict[str, Any] = {}
    for kind in ("rewards", "success"):
        if getattr(arguments, kind) is not None:
            asked[kind] = listed(getattr(arguments, kind))
    found = run.predict(values["pi_ref"], **(asked or {"rewards": (values["gap"], 0)}))
    if not arguments.json:
        lines = [line for line in str(found).splitlines()[1:] if not line.startswith("last")]
        return "\n".join(lines)
    shown = [
        {"policy": [str(w) for w in r.policy], "stability": r.stability} for r in found.rest_points
    ]
    return json.dumps(
        {"solutions": shown, "count": len(shown), "status": "nothing holds the policy near the "
         "reference", "warnings": list(found.warnings)}, indent=2,
    )  # fmt: skip


def _binary(arguments: argparse.Namespace, values: dict[str, Any]) -> Question:
    """The question of two answers, and the values of its parameters."""
    values["pi_ref"] = _binary_reference(arguments.pi_ref)
    if arguments.margin is not None:
        values["gamma"] = read_number("--margin", "margin", arguments.margin)
    else:
        values["gap"] = read_number("--gap", "gap", arguments.gap)

    from grpo_symbolic import symbols
    from grpo_symbolic.binary_question import BinaryQuestion

    return BinaryQuestion(margin=symbols.gamma) if "gamma" in values else BinaryQuestion()


def _described_question(arguments: argparse.Namespace, values: dict[str, Any]) -> Question:
    """The question of --rewards, --success or --preferences, and a reference for each answer."""
    if arguments.margin is not None:
        refuse_margin()
    question = chosen_question(arguments)
    assert question is not None
    values["pi_ref"] = listed(arguments.pi_ref)
    if len(values["pi_ref"]) == 1 and len(question) == 2:
        first = read_number("--pi-ref", "pi_ref", arguments.pi_ref)
        values["pi_ref"] = (first, 1 - first)
    return question


def _binary_reference(text: str) -> Fraction:
    """π_ref(a) from one number, or from two that sum to 1."""
    shares = listed(text)
    if len(shares) == 1:
        return read_number("--pi-ref", "pi_ref", text)
    if len(shares) > 2:
        raise ValueError(
            f"--pi-ref with {len(shares)} numbers needs --rewards, --success, --preferences or "
            "--raters"
        )
    first, second = read_numbers("--pi-ref", "reward", text)
    if first + second != 1 or not 0 <= first <= 1:
        raise ValueError(
            f"--pi-ref must be one probability, or two that sum to 1, got {text}: a decimal has a "
            "point"
        )
    return first


def _warnings(
    arguments: argparse.Namespace, preset: Preset | None, found: Solutions, answers: int
) -> list[str]:
    """What a preset warns of at these policies, each once."""
    if preset is None:
        return []
    reference = read_numbers("--pi-ref", "pi_ref", arguments.pi_ref)
    if len(reference) == 1 and answers == 2:
        reference.append(1 - reference[0])
    return list(dict.fromkeys(w for s in found for w in preset.warnings_at(s.policy, reference)))


def _as_json(
    arguments: argparse.Namespace,
    policy: StationaryPolicy | SimplexPolicy,
    found: Solutions,
    digits: int,
    closed: dict[str, str],
    warnings: list[str],
) -> str:
    import mpmath as mp

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
        "closed_form": closed.get("a", closed or None),
        "latex": policy.latex(),
        "status": f"{found.status}; {policy.status}",
    }
    if arguments.preset is not None:
        shown["warnings"] = warnings
    return json.dumps(shown, indent=2)


def _described(solution: NumericSolution) -> str:
    import mpmath as mp

    parts = [solution.stability.value, f"{solution.stage.value} of the stage objective"]
    if solution.slope is not None:
        parts.append(f"best-response slope {mp.nstr(solution.slope, 4)}")
    return ", ".join([*parts, f"residual {mp.nstr(solution.residual, 3)}"])
