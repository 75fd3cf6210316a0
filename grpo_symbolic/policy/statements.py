r"""Statements about a stationary policy as exhibits: limits, thresholds, series, bounds, folds, ….

Each is what the analysis of that name found, with its setting, its argument and the claims that
prove it, ready for every format that a stationary policy has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import mpmath as mp
from sympy import Add, Expr, Piecewise, S, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.bernstein_mean import definitions
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.shown import Shown
from grpo_symbolic.export.assumptions import listed
from grpo_symbolic.export.exhibit import Exhibit, Judged, Passage, Table
from grpo_symbolic.export.latex import Line, Written, formula
from grpo_symbolic.export.notation import Notation
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.implicit_root import ImplicitRoot
from grpo_symbolic.policy.proof import sentence
from grpo_symbolic.verify.claim import Claim

if TYPE_CHECKING:
    from grpo_symbolic.analysis.bounds import Bounds
    from grpo_symbolic.analysis.count import Count
    from grpo_symbolic.analysis.folds import Folds
    from grpo_symbolic.analysis.statics import Monotonicity

PI = symbols.pi
_SHOWN_DIGITS = 12
Reported = Callable[[], Iterable[Judged]]


class Analysed(Protocol):
    """A stationary policy of two answers, as far as statements ask it."""

    def exhibited(self, unfold: object = 0) -> Exhibit: ...
    def shown_as(self, unfold: object) -> Shown: ...
    def balance_for(self, purpose: str) -> Balance: ...
    def series(self, variable: Expr | str, order: int) -> Expr: ...
    def bounds(self) -> Bounds: ...
    def folds(self, **values: Any) -> Folds: ...
    def monotonicity(self, variable: Expr | str) -> Monotonicity: ...
    def sensitivity(self, variable: Expr | str) -> Any: ...
    def point(self, values: Any, *, partial: bool = False) -> dict[Symbol, Expr]: ...
    @property
    def curve(self) -> Balance: ...
    @property
    def count(self) -> Count: ...
    @property
    def parameters(self) -> Domain: ...
    @property
    def escape_threshold(self) -> Expr: ...


def statement(policy: Analysed, what: str, *arguments: Any, **values: Any) -> Exhibit:
    """A statement about a stationary policy of two answers, to be exported.

    Parameters
    ----------
    policy : StationaryPolicy
    what : str
        ``limit``, ``escape_threshold``, ``series``, ``bounds``, ``folds``, ``sensitivity``,
        ``monotonicity`` or ``count``.
    *arguments, **values
        What the method of that name takes.

    Raises
    ------
    ValueError
        For another name, and as the method.
    """
    if what not in STATEMENTS:
        raise ValueError(f"a statement must be one of {', '.join(STATEMENTS)}, got {what!r}")
    policy.balance_for("such a statement")
    return STATEMENTS[what](policy, *arguments, **values)


def _exhibit(
    policy: Analysed,
    title: str,
    says: str,
    formulas: Sequence[Line],
    source: str,
    *,
    reason: str = "",
    claims: Sequence[Claim] = (),
    report: Reported | None = None,
    **more: Any,
) -> Exhibit:
    """The statement in its setting; the argument, and what it rests on, as its proof."""
    whole = policy.exhibited()
    text = f"{_terms(reason)}{sentence(escape(reason))}." if reason else ""
    resting = "; ".join(escape(c.title) for c in claims)
    text += f" The argument rests on the following, each proved by itself: {resting}." * bool(
        claims
    )
    about = r" Throughout, $\pi(a)$ is the stationary probability of the better answer."
    domain = Domain(tuple(r for r in whole.domain.ranges if r.symbol != PI))
    return Exhibit(
        title=title,
        setting=whole.setting + about,
        domain=domain,
        formulas=tuple(formulas),
        says=says,
        source=f"{whole.source}.{source}",
        proof=(Passage(text),) if text else (Passage(_DERIVED),),
        report=report or (lambda: _verdicts(claims)),
        **more,
    )


_DERIVED = (
    "It follows from the stationarity condition, by the computation that is named in the comment."
)


def _verdicts(claims: Sequence[Claim]) -> Iterable[Judged]:
    from grpo_symbolic.verify.methods import prove_all

    return prove_all(tuple(claims))


def _call(name: str, *arguments: Any, **values: Any) -> str:
    shown = [repr(str(a)) if isinstance(a, Expr) else repr(a) for a in arguments]
    return f"{name}({', '.join([*shown, *(f'{k}={v!r}' for k, v in values.items())])})"


_ROOT = Symbol("p_star")
_WITH_ROOT = Notation(extra={_ROOT: "p_{*}"})


def _cases(left: str, relation: str, value: Expr) -> tuple[list[Line], list[Line]]:
    """One line for each case of a value; its implicit root by name, with what it is."""
    roots = sorted(value.atoms(ImplicitRoot), key=str)
    named = value.xreplace({roots[0]: _ROOT}) if len(roots) == 1 else value
    where: list[Line] = []
    if len(roots) == 1:
        line = roots[0].equation.subs(PI, _ROOT)
        first, second = (formula(side, _WITH_ROOT) for side in line.args)
        inside = r"\quad\text{with } 0 < p_{*} < 1"
        where = [Written(first, f"{second} {inside}"), *definitions(line)]
    parts = named.args if isinstance(named, Piecewise) else ((named, S.true),)
    lines: list[Line] = []
    for part, condition in parts:
        case = (
            r"\text{otherwise}"
            if condition == S.true
            else (rf"\text{{if }} {formula(condition, _WITH_ROOT)}")
        )
        beside = rf" \quad {case}" if len(parts) > 1 else ""
        lines.append(Written(left, formula(part, _WITH_ROOT) + beside, relation))
    return lines, where


#: What the arguments of analyses speak of.
_TERMS = {
    "W_0": r"$W_0(p)$ the limit of $W(p)$ for a vanishing reference probability",
    "W": "$W(p)$ the weight at which $p$ is stationary, the drift over the penalty's force",
    "F": r"$F(p)$ the drift less $\beta$ times the penalty's force",
    "psi": r"$\psi$ the derivative of the drift over that of the force",
}


def _terms(reason: str) -> str:
    """What the letters of an argument stand for."""
    used = [text for name, text in _TERMS.items() if re.search(rf"(?<!\w){name}(?!\w)", reason)]
    if not used:
        return ""
    drift = r"the drift is $P(a \mid \pi) - P(b \mid \pi)$ and the force $d(a) - d(b)$; let "
    return f"As functions of $p = \\pi(a)$, {drift}{listed([f'{u}' for u in used])}. "


# -- limits, thresholds, series ----------------------------------------------------------------


def _limit(policy: Analysed, variable: Any, value: Any, direction: str = "+") -> Exhibit:
    from grpo_symbolic.analysis.limits import explain_limit
    from grpo_symbolic.analysis.series import variable_of

    balance = policy.balance_for("a limit")
    found = explain_limit(balance, variable, value, direction)
    symbol, inverse = variable_of(balance, variable)
    end = S(value)
    if inverse:
        end, direction = (S.Zero, "+") if end == oo else (oo, "") if end == 0 else (1 / end, "")
    side = f"^{{{direction}}}" if end.is_finite and direction else ""
    left = rf"\lim_{{{formula(symbol)} \to {formula(end)}{side}}} {formula(PI)}"
    lines, where = _cases(left, "=", found.value)
    return _exhibit(
        policy,
        "Limit of the stationary policy",
        "the stationary policy has the limit",
        lines,
        _call("limit", variable, value),
        reason=found.reason,
        claims=found.claims,
        where=tuple(where),
    )


def _threshold(policy: Analysed) -> Exhibit:
    value = policy.escape_threshold
    name = policy.curve.beta if isinstance(policy.curve.beta, Symbol) else symbols.beta
    left = rf"{formula(name)}_{{\mathrm{{esc}}}}"
    return _exhibit(
        policy,
        "Escape threshold",
        r"let $\pi_{\mathrm{ref}}(a) \to 0^{+}$. The stationary $\pi(a)$ stays away from $0$ for "
        "every weight below",
        (Written(left, formula(value)),),
        "escape_threshold",
        reason="it is the largest weight at which the curve of stationary policies for a vanishing "
        "reference has a point with pi(a) > 0",
    )


def _series(policy: Analysed, variable: Any, order: int) -> Exhibit:
    from grpo_symbolic.analysis.series import variable_of

    found = policy.series(variable, order)
    symbol, inverse = variable_of(policy.balance_for("a series"), variable)
    domain = policy.parameters.extended(symbol)
    left, right = ascending(found, symbol, order, domain, inverse=inverse)
    end = r"\infty" if inverse else "0^{+}"
    power = rf"1/{formula(symbol)}" if inverse else formula(symbol)
    text = (
        r"A stationary policy solves the equation below. Both sides are expanded in powers of "
        rf"${power}$ at the branch that this limit belongs to, and the coefficients of the "
        r"stationary policy follow one by one from equal powers, as in the formula of Lagrange and "
        r"B\"urmann"
    )
    whole = _exhibit(
        policy,
        "Series of the stationary policy",
        rf"as ${formula(symbol)} \to {end}$,",
        (Written(left, right),),
        _call("series", variable, order),
    )
    return replace(whole, proof=(Passage(f"{text}:", (("", policy.shown_as(0).formulas[0]),)),))


def ascending(
    found: Expr, symbol: Symbol, order: int, domain: Domain, *, inverse: bool
) -> tuple[str, str]:
    """Both sides of an expansion: powers in ascending order, and the order of what is left."""
    x = symbols.x
    own = found.expand().subs(symbol, 1 / x if inverse else x).expand()
    parts: dict[Expr, list[Expr]] = {}
    for term in Add.make_args(own):
        coefficient, power = term.as_coeff_exponent(x)
        parts.setdefault(power, []).append(coefficient)
    plain = all(power.is_Integer and not Add(*c).has(x) for power, c in parts.items())
    if not plain:
        return formula(PI), rf"{formula(found)} + \dots"
    shown = ""
    for power in sorted(parts):
        factor = tidy(Add(*parts[power]), domain)
        tex = formula(factor * (symbol ** (-power if inverse else power)))
        shown += tex if not shown else f" - {tex[1:].lstrip()}" if tex[0] == "-" else f" + {tex}"
    name, beyond = formula(symbol), order + 1
    raised = name if beyond == 1 else f"{name}^{{{beyond}}}"
    rest = rf"\frac{{1}}{{{raised}}}" if inverse else raised
    return formula(PI), rf"{shown} + O\left({rest}\right)"


# -- bounds, directions, numbers ---------------------------------------------------------------


def _bounds(policy: Analysed) -> Exhibit:
    found = policy.bounds()
    kept = [b for b in found.found if b.expression not in (0, 1)]
    signs = {"lower": r"\ge", "upper": r"\le"}
    pairs = [_cases(formula(b.mass), signs[b.side], b.expression) for b in kept]
    lines = [line for own, _ in pairs for line in own]
    reasons = [f"$({k})$ {escape(b.reason)}" for k, b in enumerate(kept, start=1)]
    whole = _exhibit(
        policy,
        "Bounds of the stationary policy",
        "every stationary policy satisfies",
        lines,
        "bounds()",
        report=found.verify,
        where=tuple(dict.fromkeys(e for _, where in pairs for e in where)),
    )
    text = "In the order of the theorem: " + "; ".join(reasons) + "."
    return replace(whole, proof=(Passage(text),))


def _sensitivity(policy: Analysed, variable: Any) -> Exhibit:
    found = policy.sensitivity(variable)
    left, _, right = found.latex().partition(" = ")
    lines: list[Line] = [Written(left, right)]
    if found.closed is not None:
        lines.append(Written(left, formula(found.closed)))
    condition = policy.curve.beta * policy.curve.force.hill - policy.curve.drift.hill
    name = formula(found.variable)
    text = (
        r"The stationarity condition $F = 0$ holds along a branch of stationary policies, so that "
        rf"$\partial \pi(a) / \partial {name}$ is $-F_{{{name}}}"
        r"/F_{\pi(a)}$ wherever the divisor is not $0$, with"
    )
    whole = _exhibit(
        policy,
        "Sensitivity of the stationary policy",
        "along a branch of stationary policies",
        lines,
        _call("sensitivity", variable),
    )
    return replace(whole, proof=(Passage(text, (("", Written("F", formula(condition))),)),))


def _monotonicity(policy: Analysed, variable: Any) -> Exhibit:
    found = policy.monotonicity(variable)
    if found.direction not in ("increasing", "decreasing", "constant"):
        raise ValueError(f"there is nothing to state: {found}")
    relation = {"increasing": ">", "decreasing": "<", "constant": "="}[found.direction]
    if not found.strict and relation != "=":
        relation = {">": r"\ge", "<": r"\le"}[relation]
    left = rf"\frac{{\partial {formula(PI)}}}{{\partial {formula(found.variable)}}}"
    return _exhibit(
        policy,
        "Direction of the stationary policy",
        escape(found.branches or "the stationary policy") + " satisfies",
        (Written(left, "0", relation),),
        _call("monotonicity", variable),
        reason=found.reason,
        claims=found.claims,
    )


def _count(policy: Analysed) -> Exhibit:
    found = policy.count
    if not found.possible:
        raise ValueError(f"there is nothing to state: {found}")
    numbers = ", ".join(map(str, found.possible))
    inside = rf"0 < {formula(PI)} < 1"
    return _exhibit(
        policy,
        "Number of stationary policies",
        "the number of stationary policies in the interior is",
        (Written(rf"\#\{{{formula(PI)} : {inside}\}}", rf"\{{{numbers}\}}", r"\in"),),
        "count",
        reason=found.reason,
        claims=found.claims,
    )


def _folds(policy: Analysed, **values: Any) -> Exhibit:
    found = policy.folds(**values)
    given = ", ".join(
        f"${formula(s)} = {formula(v)}$" for s, v in policy.point(values, partial=True).items()
    )
    rows = tuple((_number(f.beta), _number(f.policy), f.turn.value) for f in found.found)
    beta = formula(policy.curve.beta)
    between = "; ".join(
        f"{count} for ${_end(low)} < {beta} < {_end(high)}$" for low, high, count in found.intervals
    )
    where = f"At {given}, " if given else ""
    whole = _exhibit(
        policy,
        "Folds of the stationary policy",
        f"{where[:1].lower()}{where[1:]}the stationary policies fold at",
        (),
        _call("folds", **values),
        reason="folds are the zeros of D' f - D f' on the curve of stationary policies, isolated "
        "in ball arithmetic in the log-odds, tails included; the digits shown are proved",
        table=Table((f"${beta}$", f"${formula(PI)}$", rf"as ${beta}$ grows"), rows),
        more=(f"The number of interior stationary policies is {between}.",),
    )
    return whole if rows else replace(whole, table=None, says=f"{where}there is no fold.")


def _number(value: mp.mpf) -> str:
    """The first digits of a number, cut off and not rounded."""
    digits = mp.nstr(value, _SHOWN_DIGITS + 8, strip_zeros=False, min_fixed=-9, max_fixed=9)
    return f"${str(digits)[:-8]}\\ldots$"


def _end(value: mp.mpf) -> str:
    return r"\infty" if value == mp.inf else "0" if value == 0 else mp.nstr(value, 6)


STATEMENTS: dict[str, Callable[..., Exhibit]] = {
    "limit": _limit,
    "escape_threshold": _threshold,
    "series": _series,
    "bounds": _bounds,
    "folds": _folds,
    "sensitivity": _sensitivity,
    "monotonicity": _monotonicity,
    "count": _count,
}
