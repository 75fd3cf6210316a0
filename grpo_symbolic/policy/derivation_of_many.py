"""The derivation of many answers, and its conditions in a few rows of text."""

from __future__ import annotations

from typing import Any

from sympy import Add, Eq, Expr, S, Symbol, sstr

from grpo_symbolic import symbols
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.levels.form import level_form
from grpo_symbolic.model.level_mean import LevelMean
from grpo_symbolic.model.level_values import WRITTEN_OUT
from grpo_symbolic.policy.proof_of_many import multiplier_vanishes
from grpo_symbolic.verify.claim import Claim

__all__ = ["checks_of_many", "derivation_of_many", "rows_by_name"]

# Rows that are listed, of conditions that are alike but for the reward.
_LISTED = 12
# Ranks whose conditions are checked one by one: those of the n-th have all masses up to it.
_EACH = 5


def derivation_of_many(policy: Any) -> Derivation:
    """The condition of every answer, then the closed forms, or the masses of levels."""
    found = Derivation(f"Stationary policy of {len(policy.question)} answers", policy.domain)
    kinds = _named(policy)
    listed = zip(policy.question.answers, policy.equations, strict=True)
    for place, (answer, equation) in enumerate(listed):
        if not kinds or place in kinds:
            found = found.then(equation, f"the condition of answer {answer}{kinds.get(place, '')}")
    if kinds:
        return _reduced(policy, found)
    if policy.expressions is None:
        return found
    reason = "the binary solution on the reference masses of all ranks up to this one"
    checks = checks_of_many(policy)
    for name, value, check in zip(policy.names, policy.expressions, checks, strict=True):
        found = found.then(Eq(name, value, evaluate=False), reason, check)
    return found


def checks_of_many(policy: Any) -> tuple[Claim, ...]:
    """The condition of every answer at the closed form; of many ranks, added up from the best."""
    distortion = policy.distortion
    if distortion is not None and len(distortion.ranked) > _EACH:
        left, right = (
            side.subs(symbols.pi, distortion.closed.expression) for side in distortion.equation.args
        )
        name = "the conditions of the answers down to a rank, added up, hold at the solution"
        check = Claim(name, left, "==", right, Domain.of(symbols.pi_ref).extended(left, right))
        return (check,) * len(policy.question)
    solved = dict(zip(policy.unknowns, policy.expressions or (), strict=False))
    condition, found = policy.condition, []
    parts = list(zip(condition.policy, condition.preference, condition.pulls, strict=True))
    # The multiplier by itself, where its terms cancel: each gradient would have all of them.
    multiplier = Add(*(w * p - condition.beta * pull for w, p, pull in parts)).expand()
    for answer, (w, p, pull) in zip(policy.question.answers, parts, strict=True):
        name = f"the gradient of answer {answer} vanishes at the solution"
        climb = w * (p.expand() - multiplier) - condition.beta * pull
        value = climb.subs(solved, simultaneous=True)
        found.append(Claim(name, value, "==", S.Zero, policy.parameters))
    return tuple(found)


def rows_by_name(policy: Any) -> list[str]:
    """One condition for each reward law, in V_G(r); none where they are written out."""
    if len(policy.question.classes) < 2:
        return []
    form = level_form(policy.algorithm, policy.question.lumped(), {})
    if form is None or form.terms <= WRITTEN_OUT or form.dropped:
        return []
    algorithm, rows = policy.algorithm, []
    classes, laws = policy.question.classes, policy.question.finite_laws
    rest = " + lambda" if multiplier_vanishes(algorithm) is None else ""
    for members in classes[:_LISTED]:
        answer, more = members[0] + 1, len(members) - 1
        ratio = Symbol(f"pi_ref({answer})") / Symbol(f"pi({answer})")
        value = Add(*(w * Symbol(f"V_{form.size}({r})") for r, w in laws[members[0]]))
        force = algorithm.beta * algorithm.penalty.marginal().subs(symbols.u, ratio)
        also = f"   (and {more} more of its rewards)" if more else ""
        rows.append(f"{sstr(value)} = {sstr(force)}{rest}{also}")
    if len(classes) > _LISTED:
        rows.append(f"and {len(classes) - _LISTED} more")
    return [*rows, f"V_{form.size}(r) = E[{form.rule}], the others' rewards drawn under pi"]


def _named(policy: Any) -> dict[int, str]:
    """One answer of each class and what else has its condition, where P stands by name."""
    if not any(v.has(LevelMean) for v in policy.condition.preference):
        return {}
    return {
        c[0]: f" and of {len(c) - 1} more of its rewards" if len(c) > 1 else ""
        for c in policy.question.classes
    }


def _reduced(policy: Any, found: Derivation) -> Derivation:
    """The lines from conditions in V_G(r) to masses of levels."""
    rule, penalty = policy.algorithm.advantage, policy.algorithm.penalty
    size, drawn = policy.algorithm.group_size, "the others' rewards drawn under the policy"
    level, mass = Symbol("V", real=True), Symbol("pi_o", positive=True)
    found = found.then(
        Eq(Symbol(f"V_{size}(r)"), Symbol("E[A(r)]"), evaluate=False),
        f"the expected advantage {rule} in a group of {size} with the reward r, {drawn}",
    )
    if rule is None or not rule.zero_sum:
        return found
    if (penalty.marginal() - 1 + symbols.u).expand() != 0:
        return found
    beta, given = policy.algorithm.beta, Symbol("pi_ref_o", positive=True)
    found = found.then(
        Eq(symbols.multiplier, S.Zero, evaluate=False),
        "the mean of the conditions under pi: advantages sum to 0 and the means of 1 and of "
        "pi_ref/pi are 1",
    )
    solved: Expr = given / (1 - level / beta)
    claim = Claim(
        "the line solves the condition of an answer",
        (level - beta * (1 - given / mass)).subs(mass, solved),
        "==",
        S.Zero,
        Domain.of(given, beta).extended(level) if isinstance(beta, Symbol) else None,
    )
    return found.then(
        Eq(mass, solved, evaluate=False),
        "solved for pi(o), V the value of its reward: answers of one reward keep their "
        "proportions, and the masses of rewards are the unknowns",
        claim,
    )
