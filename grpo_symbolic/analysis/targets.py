r"""The inverse question: which weight, reference or group size gives a wanted policy.

The equation β · force = drift is explicit in β, and for the two KL divergences in π_ref(a), so that
for those the answer is a formula; under the reverse KL it reads
:math:`\beta = h_G(p)/(p - \pi_{\mathrm{ref}}(a))`. Group sizes are searched.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import mpmath as mp
from sympy import Expr, Integer, Rational, S, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.enclosures.conversion import middle
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.inputs import Number, exact_number, one_of, parameter, within
from grpo_symbolic.numeric.arguments import Parameter
from grpo_symbolic.solve.scalar import ScalarField

#: Group sizes are looked for up to here, and one by one up to there.
LARGEST, SCANNED = 1024, 64
#: Digits of what is no formula.
_DIGITS = 60
_KINDS = ("pi", "drift", "kl")


class NotReached(UserWarning):
    """The wanted policy attracts at the value that was found, but not from the reference."""


@dataclass(frozen=True)
class Target:
    """What is wanted of π(a): itself, its distance from the reference, or a KL divergence.

    Parameters
    ----------
    kind : {"pi", "drift", "kl"}
        π(a); π(a) − π_ref(a); KL(π‖π_ref) in nats, on the side of the better answer.
    value : Expr
    """

    kind: str
    value: Expr

    @classmethod
    def of(cls, given: Mapping[str, Number | Expr]) -> Target:
        """The one target among keywords.

        Raises
        ------
        ValueError
            For none or several, or a value out of range.
        """
        kinds = [kind for kind in _KINDS if given.get(kind) is not None]
        if len(kinds) != 1:
            raise ValueError(
                f"give one target, {', '.join(_KINDS)}, got {', '.join(kinds) or 'none'}"
            )
        (kind,) = kinds
        value = given[kind]
        if isinstance(value, Expr) and not value.is_number:
            return cls(kind, value)
        if kind == "kl":
            return cls(kind, within("kl", value, "a positive number of nats", 0, mp.inf))
        lower = 0 if kind == "pi" else -1
        return cls(kind, within(kind, value, f"a number in ({lower}, 1)", lower, 1))

    def policy(self, reference: Expr) -> Expr:
        """π(a), exactly for the first two kinds; for a divergence to 60 digits.

        Raises
        ------
        ValueError
            For a policy outside (0, 1), a divergence that no policy has, or one in symbols.
        """
        if self.kind == "pi":
            return self.value
        if self.kind == "drift":
            found = reference + self.value
            if found.is_number and not 0 < found < 1:
                raise ValueError(f"drift must leave pi(a) in (0, 1), got {found}")
            return found
        if not (self.value.is_number and reference.is_number):
            raise ValueError("kl needs numbers for itself and for pi_ref")
        return _at_divergence(self.value, reference)


def _at_divergence(budget: Expr, reference: Expr) -> Expr:
    """π(a) > π_ref(a) with KL(π‖π_ref) = budget: the divergence rises there."""
    with mp.workdps(_DIGITS + 10):
        p0, wanted = mp.mpf(reference.p) / reference.q, _real(budget)
        most = -mp.log(p0)
        if wanted >= most:
            raise ValueError(
                f"kl must be below -log(pi_ref) = {mp.nstr(most, 6)}, all that pi(a) -> 1 costs, "
                f"got {budget}"
            )

        def excess(x: mp.mpf) -> mp.mpf:
            p, q = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
            return p * mp.log(p / p0) + q * mp.log(q / (1 - p0)) - wanted

        low = high = mp.log(p0 / (1 - p0))
        while excess(high) < 0:
            low, high = high, high + max(1, abs(high))
        for _ in range(300):
            half = (low + high) / 2
            low, high = (half, high) if excess(half) < 0 else (low, half)
        return Rational(mp.nstr(1 / (1 + mp.exp(-high)), _DIGITS))


def solved_for(
    inputs: Sequence[Parameter],
    balance: Balance,
    unknown: str,
    digits: int | None,
    values: Mapping[str, Number | Expr],
) -> Expr | float | int | mp.mpf:
    """The value of one parameter at a target.

    Parameters
    ----------
    inputs : sequence of Parameter
        Of the policy.
    balance : Balance
    unknown : {"beta", "group_size", "pi_ref"}
    digits : int or None
    values : mapping
        The target, and numbers or symbols for parameters.

    Raises
    ------
    ValueError
        For digits out of range, and as for the targets.
    """
    unknowns = {"beta": weight_for, "group_size": group_size_for, "pi_ref": reference_for}
    if digits is not None and not 1 <= digits <= 50:
        raise ValueError(f"digits must be an integer from 1 to 50, got {digits}")
    one_of("unknown", unknown, tuple(unknowns))
    goals = {name: value for name, value in values.items() if name in _KINDS}
    target = Target.of(goals or {"pi": symbols.pi})
    rest = {name: value for name, value in values.items() if name not in _KINDS}
    known = _known(inputs, rest)
    if unknown == "beta" and not isinstance(balance.beta, Symbol):
        raise ValueError(f"beta is the number {balance.beta} in this algorithm")
    # The group size may be a number.
    if {"beta": balance.beta, "pi_ref": symbols.pi_ref}.get(unknown) in known:
        raise ValueError(f"{unknown} is what is asked for: it cannot be given")
    found = unknowns[unknown](balance, target, known)
    if isinstance(found, int) or found.free_symbols:
        return found
    with mp.workdps((digits or 17) + 10):
        number = mp.mpf(str(found.n((digits or 17) + 10)))
    return float(number) if digits is None else number


def _known(inputs: Sequence[Parameter], values: Mapping[str, Number | Expr]) -> dict[Symbol, Expr]:
    """Numbers by symbol; a gap of 1 and an ε of the algorithm stay what they are."""
    parameters = {p.name: p for p in inputs}
    found: dict[Symbol, Expr] = {}
    for name, value in values.items():
        if name not in parameters:
            raise ValueError(f"unknown argument {name!r}: this policy has {', '.join(parameters)}")
        p, written = parameters[name], isinstance(value, Expr) and not value.is_number
        found[p.symbol] = value if written else parameter(p.role, value, name)
    if values:
        for p in inputs:
            if p.default is not None and p.symbol not in found:
                found[p.symbol] = Rational(p.default)
    reference = found.get(symbols.pi_ref)
    if reference is not None and reference in (0, 1):
        raise ValueError(f"pi_ref must be a probability strictly between 0 and 1, got {reference}")
    return found


def weight_for(balance: Balance, target: Target, known: Mapping[Symbol, Expr]) -> Expr:
    """β at which the target is stationary: a formula, or a number where all is known.

    Raises
    ------
    ValueError
        Where no positive weight does that, or where the policy repels at the one that does.
    """
    if balance.force.expression == 0:
        raise ValueError("the penalty has no gradient: no weight of it holds a policy")
    policy = target.policy(known.get(symbols.pi_ref, symbols.pi_ref))
    found = balance.weight.subs(symbols.pi, policy) if policy != symbols.pi else balance.weight
    found = found.subs(known)
    if found.free_symbols:
        return tidy(found, balance.domain.extended(found))
    point = {**known, symbols.pi: policy}
    field = ScalarField(balance.condition, {**known, **_weight_symbol(balance, S.One)})
    value = _weight_at(field, policy)
    if value is None or value <= 0:
        raise ValueError(_no_weight(policy, known))
    _check_stability(balance, field, point, value)
    return found.doit() if found.count_ops() < 400 else Rational(mp.nstr(value, _DIGITS))


def _weight_symbol(balance: Balance, value: Expr) -> dict[Symbol, Expr]:
    return {balance.beta: value} if isinstance(balance.beta, Symbol) else {}


def _weight_at(field: ScalarField, policy: Expr) -> mp.mpf | None:
    """Drift over force, the force at weight 1."""
    with mp.workdps(_DIGITS + 20):
        drift, force = (jet.value for jet in field.at(_log_odds(policy)))
        return None if force.contains(0) else middle(drift) / middle(force)


def _check_stability(
    balance: Balance, field: ScalarField, point: Mapping[Symbol, Expr], weight: mp.mpf
) -> None:
    """The wanted policy must attract; a warning where the flow from the reference stops before."""
    with mp.workdps(_DIGITS + 20):
        x, start = _log_odds(point[symbols.pi]), _log_odds(point[symbols.pi_ref])
        drift, force = field.at(x)
        if middle(drift.slope) >= weight * middle(force.slope):
            raise ValueError(
                f"at the weight {mp.nstr(weight, 8)} that policy is stationary, but it repels: "
                "training does not rest there at any weight"
            )
        for k in range(1, 64):
            place = start + (x - start) * k / 64
            own, pull = (middle(jet.value) for jet in field.at(place))
            if (own - weight * pull) * (x - start) < 0:
                warnings.warn(
                    f"at the weight {mp.nstr(weight, 8)} that policy attracts, but training from "
                    "the reference rests before it",
                    NotReached,
                    stacklevel=4,
                )
                return


def _no_weight(policy: Expr, known: Mapping[Symbol, Expr]) -> str:
    reference = known[symbols.pi_ref]
    why = "the advantage moves the policy to the other side"
    if policy == reference:
        why = "only an infinite one leaves the policy at the reference"
    return (
        f"no positive weight holds pi(a) at {float(policy):.6g} with pi_ref = "
        f"{float(reference):.6g}: {why}"
    )


def reference_for(balance: Balance, target: Target, known: Mapping[Symbol, Expr]) -> Expr:
    """π_ref(a) at which the target is stationary, where the equation is explicit in it.

    Raises
    ------
    ValueError
        Where it is not explicit, for another target than π(a), or where no reference does that.
    """
    if target.kind != "pi" or balance.reference is None:
        raise ValueError("pi_ref is solved for from pi, beside one of the KL divergences")
    found = balance.reference.subs(symbols.pi, target.value).subs(known)
    if found.free_symbols:
        return tidy(found, balance.domain.extended(found))
    value = found.doit()
    if not 0 < value < 1:
        raise ValueError(
            f"no reference probability gives pi(a) = {float(target.value):.6g} at this weight: the "
            "advantage alone moves it further"
        )
    return value


def group_size_for(balance: Balance, target: Target, known: Mapping[Symbol, Expr]) -> int:
    """The smallest group with which π(a) comes to the target or beyond.

    By halving where it is proved that the policy rises with the size, else one by one up to 64.

    Raises
    ------
    ValueError
        For symbols, and where no group of up to 1024 does (of 64, for rules that are not known to
        rise with the size): with the weight at which the largest would.
    """
    missing = sorted(
        str(s) for s in (symbols.pi_ref, balance.beta) if s.free_symbols - known.keys()
    )
    if missing:
        raise ValueError(f"group_size needs a number for {', '.join(missing)}")
    policy = target.policy(known[symbols.pi_ref])
    weight = _real(S(balance.beta).subs(known))

    def at_size(size: int) -> mp.mpf | None:
        numbers = {s: v for s, v in known.items() if s != symbols.G}
        try:
            condition = balance.of_size(Integer(size)).condition
            field = ScalarField(condition, {**numbers, **_weight_symbol(balance, S.One)})
            return _weight_at(field, policy)
        except ValueError:
            return None

    def enough(size: int) -> bool:
        held = at_size(size)
        return held is not None and held >= weight

    if _rises(balance):
        found = _bisected(enough)
    else:
        found = next((size for size in range(2, SCANNED + 1) if enough(size)), None)
    if found is None:
        most = LARGEST if _rises(balance) else SCANNED
        held = at_size(most)
        weight_of = "" if held is None or held <= 0 else f" of {mp.nstr(held, 6)} or less"
        raise ValueError(
            f"groups of up to {most} do not bring pi(a) to {float(policy):.6g} at this weight: "
            f"it takes a smaller weight{weight_of}"
        )
    return found


def _rises(balance: Balance) -> bool:
    """Whether it is proved that the lowest stationary policy rises with the group size."""
    try:
        return monotonicity(balance.of_size(symbols.G), "G").direction == "increasing"
    except ValueError:  # the rule has no form in a symbol for the size
        return False


def _bisected(enough: Callable[[int], bool]) -> int | None:
    low, high = 1, 2
    while not enough(high):
        if high >= LARGEST:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if enough(half) else (half, high)
    return high


def _real(value: Expr) -> mp.mpf:
    exact = exact_number("value", value, "a number")
    return mp.mpf(str(exact.n(_DIGITS + 20)))


def _log_odds(policy: Expr) -> mp.mpf:
    p = _real(policy)
    return mp.log(p) - mp.log(_real(1 - policy))
