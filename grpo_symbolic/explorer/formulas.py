"""The formulas of the page: both sides of the condition for every choice, and closed forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from sympy import Eq, Expr, Function, Mul, log, oo

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import definitions
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.explorer import choices
from grpo_symbolic.export.latex import formula
from grpo_symbolic.export.web import math_content
from grpo_symbolic.model.algorithm import GRPO, Algorithm
from grpo_symbolic.model.penalty import DirectKL, Penalty, ReverseKL
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.presets import lookup
from grpo_symbolic.stationarity import stationarity_condition

PI, G, SHARE = symbols.pi, symbols.G, symbols.share
# One line: {"tex": ..., "mathml": ...}.
Line = dict[str, str]


def formulas(penalties: Mapping[str, Penalty], levels: tuple[str, ...]) -> dict[str, Any]:
    """What a page shows, by the keys that it looks for.

    Parameters
    ----------
    penalties : dict of str to Penalty
    levels : tuple of str
        Presets whose drift no group enters.

    Returns
    -------
    dict
        ``force``: β π(a) (1 − π(a)) (d(a) − d(b)) by penalty. ``drift``: the other side, and what
        its names stand for, by rule, variant, "G" or "oo", and kind of rewards. ``closed``: lines
        of closed forms.
    """
    return {
        "force": {name: _force(penalty) for name, penalty in penalties.items()},
        "drift": _drifts() | _levels(levels),
        "closed": _closed_forms(),
    }


@cache
def _force(penalty: Penalty) -> Line:
    force = balance_of(GRPO(2, penalty), BinaryQuestion()).force
    if force.log_odds is None:
        return _line(symbols.beta * force.hill)
    reference = symbols.pi_ref
    gap = log(PI / (1 - PI)) - log(reference / (1 - reference))
    return _line(Mul(symbols.beta, force.log_odds, PI, 1 - PI, gap))


@cache
def _drifts() -> dict[str, tuple[Line, list[Line]]]:
    found = {}
    for name in choices.advantages():
        for variant, rule in choices.variants(name):
            key = f"{name}|{variant}"
            for size, called in ((G, "G"), (oo, "oo")):
                algorithm = GRPO(size, advantage=rule)
                found[f"{key}|{called}|sure"] = _sure(algorithm)
                found[f"{key}|{called}|rates"] = _noisy(algorithm)
            try:
                margin = balance_of(GRPO(2, advantage=rule), BinaryQuestion(margin=symbols.gamma))
            except ValueError:
                continue
            found[f"{key}|G|margin"] = _line(margin.drift.hill), []
    return found


def _sure(algorithm: GRPO) -> tuple[Line, list[Line]]:
    question = BinaryQuestion(success=(1, 0))
    try:
        hill = balance_of(algorithm, question).drift.hill
    except ValueError:  # a rule without one formula for every group size: by name
        return _line(PI * (1 - PI) * Function("D_G")(PI)), []
    return _line(hill), [_line(line) for line in definitions(hill)]


def _noisy(algorithm: GRPO) -> tuple[Line, list[Line]]:
    first, second = symbols.success
    share = Eq(SHARE, second + (first - second) * PI, evaluate=False)
    try:
        group = balance_of(algorithm, BinaryQuestion(success=symbols.success)).group
    except ValueError:
        drift: Expr = Function("D_G")(SHARE)
    else:
        assert group is not None
        drift = group.rule.drift(SHARE)
    where = [_line(share), *(_line(line) for line in definitions(drift))]
    return _line(PI * (1 - PI) * (first - second) * drift), where


def _levels(names: tuple[str, ...]) -> dict[str, tuple[Line, list[Line]]]:
    found = {}
    for name in names:
        algorithm = lookup(name).algorithm
        for kind, success in (("sure", (1, 0)), ("rates", symbols.success)):
            balance = balance_of(algorithm, BinaryQuestion(success=success))
            found[f"level:{name}|||{kind}"] = _line(balance.drift.hill), []
    return found


@cache
def _closed_forms() -> dict[str, list[list[Line]]]:
    """Of groups of two and of the large group under both KLs, and of RLHF."""
    margin = BinaryQuestion(margin=symbols.gamma)
    found = {}
    for penalty in (ReverseKL(), DirectKL()):
        name = choices.name_of(penalty)
        found[f"std|0,0|2|margin|{name}"] = _policy(GRPO(2, penalty), margin)
        found[f"std|0,0|2|sure|{name}"] = _policy(GRPO(2, penalty), BinaryQuestion())
        found[f"std|0,0|oo|sure|{name}"] = _policy(GRPO(oo, penalty), BinaryQuestion())
    pooling = lookup("rlhf").algorithm
    key = f"level:rlhf|||sure|{choices.name_of(pooling.penalty)}"
    found[key] = _policy(pooling, BinaryQuestion(success=(1, 0)))
    return found


def _policy(algorithm: Algorithm, question: BinaryQuestion) -> list[list[Line]]:
    policy = stationary_policy(algorithm, question)
    if policy.expression is None:
        equation = policy.equation
        return [[_line(equation.lhs), _line(equation.rhs)]]
    return [[_line(PI), _line(policy.expression)]]


def balance_of(algorithm: Algorithm, question: BinaryQuestion) -> Balance:
    """The equation of an algorithm on a question."""
    return Balance(stationarity_condition(algorithm, question))


@cache
def _line(expression: Expr) -> Line:
    tex = formula(expression)
    # Brackets that can stretch have room around them in browsers, around low formulas too much.
    low = re.sub(r"\\left\(((?:(?!\\(?:left|d?frac|sqrt|sum|binom)).)*?)\\right\)", r"(\1)", tex)
    shown = math_content(low.replace(r"\sum_", r"\sum\limits_"))
    spaced = '<mi>log</mi><mspace width="0.17em"/>'
    return {"tex": tex, "mathml": shown.replace("<mi>log</mi>", spaced)}
