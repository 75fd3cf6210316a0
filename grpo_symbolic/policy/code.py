"""A stationary policy as source code that needs nothing of this package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb
from typing import Any

from sympy import Expr, Sum, Symbol, diff, sstr

from grpo_symbolic import symbols
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.export.code_array import (
    LIBRARIES,
    CodeText,
    closed_code,
    rank_code,
    residual_code,
    solver_code,
)
from grpo_symbolic.export.code_program import LargerRoot, array_program
from grpo_symbolic.export.code_solver import DRIFT, LARGEST, SLOPE, GroupDrift, Implicit, P, Q, T
from grpo_symbolic.inputs import PARAMETERS
from grpo_symbolic.model.two_level import TwoLevel

PI = symbols.pi


def binary_code(policy: Any, form: str) -> str:
    """A policy of two answers as a function in NumPy, JAX or PyTorch.

    A closed form is evaluated in a shape that keeps its digits. Without one, the condition is
    solved where it has one solution for all parameters; otherwise its residual is returned.

    Parameters
    ----------
    policy : StationaryPolicy
    form : {"python", "jax", "torch"}

    Raises
    ------
    ValueError
        For another format, or a group that is too large to write out.
    """
    library = _library(form)
    try:
        return _function(policy, library)
    except ValueError as failure:
        # Said of a number of solutions, it is why there is no solver.
        number = policy.count
        reason = str(failure) if number.unique else f"no solver: {number.reason}"
        return _residual(policy, [p.symbol for p in policy.inputs], library, reason)


def compilable(policy: Any, form: str) -> str:
    """As :func:`binary_code`, of a policy that code can compute.

    Raises
    ------
    ValueError
        Also where there may be several solutions, or no solver is written.
    """
    return _function(policy, _library(form))


def _library(form: str) -> str:
    if form not in LIBRARIES:
        raise ValueError(f"format must be one of {', '.join(LIBRARIES)}, got {form!r}")
    return LIBRARIES[form]


def _function(policy: Any, library: str) -> str:
    """The closed form, or a solver for a condition with one solution."""
    names = [p.symbol for p in policy.inputs]
    if policy.closed is not None:
        stable = policy.closed.stable
        program = array_program(stable.form, stable.stages, names)
        text = _text(policy, program.names, (_formula(policy),), _SOLUTION)
        return closed_code(program, text, library, "stationary_policy")
    if not policy.count.unique:
        raise ValueError(
            "without a closed form the number of stationary policies must be established to "
            f"be one for all parameters: {policy.count.reason}"
        )
    found = _implicit_form(policy.curve, names)
    note = f"There is one solution for all parameters: {policy.count.reason}."
    text = _text(policy, found.names, (_condition(found),), _SOLUTION, (note,))
    return solver_code(found, text, library, "stationary_policy")


_SOLUTION = (
    "Stationary probability pi = pi(a) of the better answer.",
    "pi(a), of the broadcast shape. At pi_ref = 0 it is the limit pi_ref -> 0+.",
)
_ZERO = (
    "Zero where pi = pi(a) is stationary.",
    "Penalty minus drift, of the broadcast shape: negative where the policy gradient raises pi.",
)


def _formula(policy: Any) -> str:
    closed = policy.closed
    if closed.short is None:
        return f"  pi = {sstr(closed.expression)}"
    lines = [(PI, closed.short), *reversed(closed.abbreviations)]
    return "\n".join(f"  {s} = {sstr(e)}" for s, e in lines)


def _condition(form: Implicit) -> str:
    """The condition in plain text, with a drift of a finite group as its sum."""
    back = {P: PI, Q: 1 - PI}
    push, pull = form.value.as_independent(DRIFT) if form.drift else (None, None)
    if form.drift is None:
        return f"  {sstr(form.value.subs(back))} = 0"
    lines = [f"  {sstr(-push.subs(back))} = {sstr(pull.subs(back))}"]
    last = form.drift.size - 1
    lines.append(
        f"  drift = sum of C({last + 1}, k) * f(k/{last + 1}) * pi**(k - 1) * "
        f"(1 - pi)**({last} - k), k = 1 ... {last}"
    )
    if form.drift.spread is not None:
        lines.append(f"  f(t) = {sstr(form.drift.spread)}")
    return "\n".join(lines)


def _implicit_form(curve: Balance, names: Sequence[Symbol]) -> Implicit:
    """The condition times π(a) π(b), and its slope in π(a).

    Parameters
    ----------
    curve : Balance
    names : sequence of Symbol
        The parameters; the result has plain symbols of their names.

    Raises
    ------
    ValueError
        For a penalty whose force is not smooth after that, or a group that is too large.
    """
    line = curve.force.hill
    if not line.is_polynomial(PI):
        raise ValueError(
            "a solver is written for penalties whose force is rational in pi(a); "
            "use solutions() for this one"
        )
    model = curve.condition.preference
    group = None
    if model.weights == (1, 0) and model.factor == 1 and model.two_level is not None:
        group = _group_drift(model.two_level, names)
    drift: Expr = DRIFT
    slope: Expr = SLOPE
    if group is None:
        written = unfolded(curve.drift.expression)
        if written.has(Sum):
            raise ValueError(
                f"a solver is written for a group size that is a number up to {LARGEST}; "
                "use solutions() for this one"
            )
        drift, slope = written, diff(written, PI)
    pull = curve.beta * line
    value = P * Q * drift - pull
    change = (Q - P) * drift + P * Q * slope - diff(pull, PI)
    plain = {s: Symbol(str(s), real=True) for s in names}
    value, change = (e.xreplace({1 - PI: Q}).xreplace({PI: P, **plain}) for e in (value, change))
    used = {str(s) for s in value.free_symbols | change.free_symbols}
    needed = used | set(group.names if group is not None else ())
    return Implicit(value, change, group, tuple(str(s) for s in names if str(s) in needed))


def _group_drift(rule: TwoLevel, names: Sequence[Symbol]) -> GroupDrift | None:
    """The Bernstein sum of a finite group, or None where there is none to write out."""
    if not (rule.size.is_Integer and rule.degree.is_Integer) or rule.degree > LARGEST:
        return None
    plain = {s: Symbol(str(s), real=True) for s in names}
    spread = None
    if rule.zero_sum and rule.spread is not None:
        spread = rule.spread.xreplace({symbols.t: T, **plain})
    if rule.exact_drift is not None:
        n = rule.exact_drift.degree
        weights = tuple(
            float((comb(n, k) * c.to_sympy()).evalf(25))
            for k, c in enumerate(rule.exact_drift.coefficients)
        )
        return GroupDrift(n + 2, weights, spread)
    if spread is None:
        return None
    used = tuple(str(s) for s in names if plain[s] in spread.free_symbols)
    return GroupDrift(int(rule.degree), None, spread, used)


def _residual(policy: Any, names: list[Symbol], library: str, reason: str) -> str:
    plain = {s: Symbol(str(s), real=True) for s in (PI, *names)}
    model = policy.condition.preference
    drift: GroupDrift | None = None
    share: Expr = PI
    value = policy.equation.lhs - policy.equation.rhs
    if model.two_level is not None and model.two_level.size.is_Integer:
        drift = _group_drift(model.two_level, names)
    if drift is not None:
        # In powers of pi a drift loses digits: it is left as the sum over the group that it is.
        first, second = model.weights
        share = (first * PI + second * (1 - PI)).expand()
        push = DRIFT * (first - second) * model.factor
        if policy.condition.penalty.logarithmic:
            value = policy.equation.lhs - push
        else:
            smooth = PI * (1 - PI)
            value = policy.curve.beta * policy.curve.force.hill - push * smooth
    value = unfolded(value)
    if value.has(Sum):
        raise ValueError(
            f"code is written for a group size that is a number up to {LARGEST}; "
            "use solutions() for this one"
        )
    value, share = value.xreplace(plain), share.xreplace(plain)
    used = {str(s) for s in value.free_symbols | share.free_symbols} | set(
        drift.names if drift is not None else ()
    )
    text = _text(policy, used - {str(DRIFT)}, (), _ZERO, (f"{reason[0].upper()}{reason[1:]}.",))
    return residual_code(value, drift, share, text, library, "stationarity")


def _text(
    policy: Any,
    used: Iterable[str],
    formula: tuple[str, ...],
    words: tuple[str, str],
    notes: tuple[str, ...] = (),
    reference: str = "",
) -> CodeText:
    """``reference`` is what pi_ref means where it is an array of many answers."""
    used = set(used)
    inputs = [p for p in policy.inputs if p.name in used]
    parameters = [
        (
            p.name,
            "" if p.default is None else f"{p.default:g}",
            reference
            if reference and p.role == "pi_ref"
            else f"{_described(p.symbol)}: {PARAMETERS[p.role].allowed}.",
        )
        for p in inputs
    ]
    if PI.name in used:
        parameters.insert(0, (PI.name, "", f"{_described(PI)}, in (0, 1)."))
    status = policy.status.removeprefix("closed form: ")
    return CodeText(
        words[0],
        (
            f"{policy.algorithm} on {policy.question}.",
            *formula,
            f"Assumptions: {policy.domain}.",
        ),
        tuple(parameters),
        words[1],
        notes or (f"{status[0].upper()}{status[1:]}.",),
    )


def _described(symbol: Symbol) -> str:
    known = symbols.describe(symbol)
    meaning = symbol.name if known is None else known.meaning
    return meaning[0].upper() + meaning[1:]


def simplex_code(policy: Any, form: str) -> str:
    """The rank distortion as a function of an array of reference probabilities.

    With φ(R) = κ (linear + root(R)), the mass of a class between the cumulative reference masses
    S and R is κ (root(R)² − root(S)²) / (root(R) + root(S)): root² is linear in R, so that nothing
    cancels, and each answer's share is its own reference probability. The best class has φ(R): φ(0)
    need not be 0.

    Raises
    ------
    ValueError
        For a policy without a closed form, or another format.
    """
    library = _library(form)
    found = policy.distortion
    if found is None:
        raise ValueError(f"code for many answers needs a closed form; {policy.status}")
    ranked, closed = found.ranked, found.closed
    names = sorted(closed.expression.free_symbols, key=str)
    program = array_program(closed.stable.form, closed.stable.stages, names)
    if not isinstance(program.value, LargerRoot):
        raise ValueError("code for many answers is written for a distortion of one square root")
    _, rest, _, leading = program.value.args
    factor = rest.diff(Symbol(symbols.pi_ref.name, real=True)) / leading
    place = {o: k for k, c in enumerate(ranked) for o in policy.question.classes[c]}
    ranks = [place[o] for o in range(len(policy.question))]
    words = (
        "Stationary probabilities of all answers.",
        "Probabilities of the answers along the last axis.",
    )
    formula = (
        "In plain text, with R the reference mass of an answer's rank and of those above it,",
        f"  phi(R) = {sstr(closed.expression.subs(symbols.pi_ref, Symbol('R')))}",
        "the best rank has phi(R), the others phi(R) - phi(S), S the mass of the ranks above; "
        "answers of one rank share in proportion to pi_ref.",
    )
    reference = (
        f"Reference probabilities of the {len(ranks)} answers along the last axis; they sum to 1."
    )
    text = _text(policy, map(str, names), formula, words, reference=reference)
    return rank_code(program, factor, ranks, text, library)
