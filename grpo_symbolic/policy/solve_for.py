"""``policy.solve_for``: keywords to a target and numbers, and the answer as a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath as mp
from sympy import Expr, Rational, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.analysis.targets import Target, group_size_for, reference_for, weight_for
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import Number, one_of, parameter

__all__ = ["solved_for"]

_TARGETS = ("pi", "drift", "kl")
_UNKNOWNS = {"beta": weight_for, "group_size": group_size_for, "pi_ref": reference_for}


def solved_for(
    policy: Any,
    balance: Balance,
    unknown: str,
    digits: int | None,
    values: Mapping[str, Number | Expr],
) -> Expr | float | int | mp.mpf:
    """The value of one parameter at a target; see :meth:`Policy.solve_for`."""
    if digits is not None and not 1 <= digits <= 50:
        raise ValueError(f"digits must be an integer from 1 to 50, got {digits}")
    one_of("unknown", unknown, tuple(_UNKNOWNS))
    goals = {name: value for name, value in values.items() if name in _TARGETS}
    target = Target.of(goals or {"pi": symbols.pi})
    rest = {name: value for name, value in values.items() if name not in _TARGETS}
    known = _known(policy, rest)
    if unknown == "beta" and not isinstance(balance.beta, Symbol):
        raise ValueError(f"beta is the number {balance.beta} in this algorithm")
    if not isinstance(unknown_symbol := _symbol(balance, unknown), str) and unknown_symbol in known:
        raise ValueError(f"{unknown} is what is asked for: it cannot be given")
    found = _UNKNOWNS[unknown](balance, target, known)
    if isinstance(found, int) or found.free_symbols:
        return found
    with mp.workdps((digits or 17) + 10):
        number = mp.mpf(str(found.n((digits or 17) + 10)))
    return float(number) if digits is None else number


def _symbol(balance: Balance, unknown: str) -> Symbol | str:
    """The symbol of what is asked for; the group size may be a number."""
    if unknown == "beta":
        return S(balance.beta)  # type: ignore[return-value]
    return symbols.pi_ref if unknown == "pi_ref" else ""


def _known(policy: Any, values: Mapping[str, Number | Expr]) -> dict[Symbol, Expr]:
    """Numbers by symbol; a gap of 1 and an ε of the algorithm stay what they are."""
    inputs = {p.name: p for p in policy.inputs}
    found: dict[Symbol, Expr] = {}
    for name, value in values.items():
        if name not in inputs:
            raise ValueError(f"unknown argument {name!r}: this policy has {', '.join(inputs)}")
        if isinstance(value, Expr) and not value.is_number:
            found[inputs[name].symbol] = value
        else:
            found[inputs[name].symbol] = parameter(inputs[name].role, value, name)
    if values:
        for p in inputs.values():
            if p.default is not None and p.symbol not in found:
                found[p.symbol] = Rational(p.default)
    reference = found.get(symbols.pi_ref)
    if reference is not None and reference in (0, 1):
        raise ValueError(f"pi_ref must be a probability strictly between 0 and 1, got {reference}")
    return found
