"""``grpo-symbolic solve-for``: the weight or group size for a wanted policy."""

from __future__ import annotations

import argparse
import json
import warnings
from typing import TYPE_CHECKING, Any

from grpo_symbolic.cli.options import margin_option, question_with_margin, read_algorithm
from grpo_symbolic.cli.values import read_number
from grpo_symbolic.inputs import one_of

if TYPE_CHECKING:
    from grpo_symbolic.presets.preset import Preset

_UNKNOWNS = ("beta", "group-size", "pi-ref")
_TARGETS = {"pi": "pi_ref", "drift": "reward", "kl": "epsilon"}


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    command = commands.add_parser(
        "solve-for",
        parents=[model],
        help="the weight, group size or reference that gives a wanted policy",
        epilog="Example: grpo-symbolic solve-for beta --pi 0.9 --pi-ref 0.2 --group-size 8. What "
        "is left out stays a symbol: without --pi and --pi-ref it prints the closed form.",
    )
    command.add_argument("unknown", metavar="WHAT", help=", ".join(_UNKNOWNS))
    margin_option(command)
    target = command.add_mutually_exclusive_group()
    target.add_argument("--pi", metavar="X", help="wanted probability of a")
    target.add_argument("--drift", metavar="X", help="wanted pi(a) - pi_ref(a)")
    target.add_argument("--kl", metavar="X", help="wanted KL(pi || pi_ref) in nats")
    command.add_argument("--pi-ref", metavar="X", help="reference probability of a")
    command.add_argument("--beta", metavar="X", help="weight of the penalty")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    unknown = one_of("WHAT", arguments.unknown.replace("_", "-"), _UNKNOWNS)
    values: dict[str, Any] = {
        name: read_number(f"--{name}", role, getattr(arguments, name))
        for name, role in _TARGETS.items()
        if getattr(arguments, name) is not None
    }
    if arguments.pi_ref is not None:
        values["pi_ref"] = read_number("--pi-ref", "pi_ref", arguments.pi_ref)
    if arguments.beta is not None:
        values["beta"] = read_number("--beta", "beta", arguments.beta)
    algorithm, question = read_algorithm(arguments), question_with_margin(arguments)

    from sympy import Expr, sstr

    from grpo_symbolic.policy.stationary import stationary_policy

    policy = stationary_policy(algorithm.build(), question)
    name = unknown.replace("-", "_")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = policy.solve_for(name, **values)
    shown = sstr(found) if isinstance(found, Expr) else found
    formula = None
    if arguments.json and name != "group_size" and not isinstance(found, Expr):
        formula = sstr(policy.solve_for(name))
    said = [str(warning.message) for warning in caught]
    preset = algorithm.built_preset()
    if preset is not None and not isinstance(found, Expr):
        said += _of_preset(preset, {"pi_ref": found, **values})
    if arguments.json:
        return json.dumps({name: shown, "closed_form": formula, "warnings": said}, indent=2)
    return "\n".join([f"{name} = {shown}", *(f"warning: {sentence}" for sentence in said)])


def _of_preset(preset: Preset, values: dict[str, Any]) -> tuple[str, ...]:
    """What a preset warns of at the wanted policy: where the trainer cuts its penalty off."""
    from sympy import Rational

    from grpo_symbolic.analysis.targets import Target

    reference = Rational(str(values["pi_ref"]))
    policy = Target.of({k: v for k, v in values.items() if k in _TARGETS}).policy(reference)
    return preset.warnings_at((policy, 1 - policy), (reference, 1 - reference))
