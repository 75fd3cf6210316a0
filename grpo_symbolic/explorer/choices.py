"""What the controls of the explorer offer: what the registry has, group sizes, stabilisers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sympy import Expr, S

from grpo_symbolic import symbols
from grpo_symbolic.inputs import one_of
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.penalty import Estimator, Penalty, every_penalty
from grpo_symbolic.registry import ADVANTAGES, ESTIMATORS, PLACEMENTS

GROUP_SIZES = ("2", "3", "4", "5", "8", "16", "64", "256", "1024", "oo")
DDOFS = (0, 1)
EPSILONS = ("0", "1e-6", "1e-4", "1e-2", "0.1")

# What a rule can be given by the controls.
_CONTROLLED = {"ddof", "epsilon"}


@cache
def penalties() -> dict[str, Penalty]:
    """The penalties that can be chosen, by the name under which they are."""
    found: dict[str, Penalty] = {known.title: known for known in every_penalty()}
    for placement in ("loss", "loss-with-ratio", "reward"):
        for k in ESTIMATORS:
            found[f"{k} {PLACEMENTS[placement]}"] = Estimator(k, placement)
    return found


def penalty(choice: str | Penalty) -> Penalty:
    """The penalty of that name; a penalty is its own.

    Raises
    ------
    ValueError
        For a name that is not offered.
    """
    if isinstance(choice, Penalty):
        return choice
    full = choice.replace(", with ratio", " with the importance ratio")  # as it was once offered
    return penalties()[full if full in penalties() else one_of("penalty", choice, (*penalties(),))]


def name_of(choice: str | Penalty) -> str:
    """The name under which a penalty is offered, or what it calls itself."""
    if not isinstance(choice, Penalty):
        choice = penalty(choice)
    return next((name for name, known in penalties().items() if known == choice), str(choice))


@cache
def advantages() -> dict[str, str]:
    """The rules that can be chosen, by name: each as its formula without a stabiliser."""
    return {name: str(advantage(name, 0, 0)).partition(",")[0] for name in _offered_rules()}


def advantage(name: str, ddof: int, epsilon: Expr | int) -> Advantage:
    """The rule of that name, with those of the two options that it takes.

    Raises
    ------
    ValueError
        For a name that is not offered.
    """
    one_of("advantage", name, _offered_rules())
    values = {"ddof": ddof, "epsilon": epsilon}
    return ADVANTAGES[name](**{key: values[key] for key in ADVANTAGES.options(name)})


def variants(name: str) -> Iterator[tuple[str, Advantage]]:
    """A rule for each ``ddof``, and without and with a stabiliser ε, by its key: ddof, ε ≠ 0."""
    taken = ADVANTAGES.options(name)
    for ddof in DDOFS if "ddof" in taken else (0,):
        for epsilon in (S.Zero, symbols.epsilon) if "epsilon" in taken else (S.Zero,):
            yield f"{ddof},{int(epsilon != 0)}", advantage(name, ddof, epsilon)


@cache
def _offered_rules() -> tuple[str, ...]:
    """Those that the controls can build and that have a drift in every group they offer."""
    offered = []
    for name in ADVANTAGES:
        taken = ADVANTAGES.options(name)
        if _CONTROLLED.issuperset(taken) and ADVANTAGES[name](**dict.fromkeys(taken, 0)).has_limit:
            offered.append(name)
    return tuple(offered)
