"""``grpo-symbolic derive``: the stationary policy of a question, as a formula."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from grpo_symbolic.cli.options import (
    document_options,
    margin_option,
    question_with_margin,
    read_algorithm,
    read_document,
)
from grpo_symbolic.cli.values import named
from grpo_symbolic.registry import FORMATS

if TYPE_CHECKING:
    from grpo_symbolic.export.exhibit import Exhibit
    from grpo_symbolic.policy.many_answers import SimplexPolicy
    from grpo_symbolic.policy.two_answers import StationaryPolicy


def register(commands: Any, model: argparse.ArgumentParser) -> None:
    """Declare the command and its options."""
    derive = commands.add_parser(
        "derive",
        parents=[model],
        help="the stationary policy of a question, as a formula",
        epilog="Example: grpo-symbolic derive --group-size 2 --margin --format latex",
    )
    margin_option(derive)
    names = ", ".join(("text", *FORMATS))
    derive.add_argument("--format", default="text", metavar="NAME", help=f"{names} (default text)")
    derive.add_argument(
        "--json",
        action="store_const",
        const="json",
        dest="format",
        help="the same as --format json",
    )
    derive.add_argument(
        "--of",
        metavar="WHAT",
        help="a statement about the policy, to be written as it is: 'limit beta 0', "
        "'series 1/beta 2', escape_threshold, bounds, 'folds pi_ref=1/2', 'sensitivity beta', "
        "'monotonicity beta', count",
    )
    document_options(derive)
    derive.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> str:
    form = arguments.format
    if form != "text" and form not in FORMATS:
        raise ValueError(f"--format must be one of text, {', '.join(FORMATS)}, got {form!r}")
    algorithm = read_algorithm(arguments)
    options = read_document(arguments)
    if arguments.of and form == "text":
        raise ValueError("--of needs a --format other than text, such as latex-theorem")
    question = question_with_margin(arguments)

    from grpo_symbolic.policy.stationary import stationary_policy
    from grpo_symbolic.policy.two_answers import StationaryPolicy

    policy = stationary_policy(algorithm.build(), question)
    if arguments.of:
        return named("--of", lambda text: _statement(policy, text), arguments.of).export(
            form, **options()
        )
    if form == "text":
        return _text(policy) if isinstance(policy, StationaryPolicy) else _many(policy)
    return policy.export(form, **options())


def _statement(policy: StationaryPolicy | SimplexPolicy, text: str) -> Exhibit:
    """The statement that is meant: a name, and what the method of that name takes."""
    what, *rest = text.split()
    arguments = [int(word) if word.lstrip("-").isdigit() else word for word in rest]
    given = [a for a in arguments if not isinstance(a, str) or "=" not in a]
    pairs = [a.split("=", 1) for a in arguments if isinstance(a, str) and "=" in a]
    try:
        return policy.statement(what, *given, **dict(pairs))
    except TypeError:
        raise ValueError(f"{what} does not take {' '.join(rest) or 'nothing'}") from None


def _text(policy: StationaryPolicy) -> str:
    lines = [str(policy.derivation), "", f"status: {policy.status}", "", "checks:"]
    return "\n".join([*lines, str(policy.verify())])


def _many(policy: SimplexPolicy) -> str:
    """A question with many answers."""
    from sympy import sstr

    lines = [f"{policy.algorithm}   [{policy.domain}]", "", str(policy.condition.preference), ""]
    lines += [f"{sstr(e.lhs)} = {sstr(e.rhs)}" for e in policy.equations]
    if policy.expressions is not None:
        names = policy.question.answers
        lines += [
            "",
            *(f"pi({o}) = {sstr(e)}" for o, e in zip(names, policy.expressions, strict=True)),
        ]
    return "\n".join([*lines, "", f"status: {policy.status}", "", "checks:", str(policy.verify())])
