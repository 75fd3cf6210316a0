r"""Bounds of the stationary policy of a binary question, each one proved.

Write the condition as F(p) = drift − β·force = 0 with p = π(a). L is a lower bound of every
stationary p when F > 0 on (0, L), and U an upper bound when F < 0 on (U, 1). The bounds are
found by solving the condition with one part replaced by a bound of that part:

* the force by 0 (the reference), or by its limit as π_ref(a) → 0;
* the drift by its least or its greatest value, or by the drift of another group size;
* p(1 − p)·drift by its greatest value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from sympy import Expr, Max, Min, Piecewise, S, Symbol, oo, sstr

from grpo_symbolic import symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.drift_extremes import greatest_drift, highest_hill, least_drift
from grpo_symbolic.analysis.limits import explain_limit
from grpo_symbolic.analysis.series import closed_policy
from grpo_symbolic.display import Html, cut, grid, legible, math, short, typeset
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import NOT_NEGATIVE, Argued, Claims, joined, signed_claim
from grpo_symbolic.export.latex import formula
from grpo_symbolic.implicit_root import ImplicitRoot
from grpo_symbolic.model.preference import PreferenceModel
from grpo_symbolic.stationarity import StationarityCondition
from grpo_symbolic.verify.claim import Claim

PI, REFERENCE = symbols.pi, symbols.pi_ref
# A drift that does not depend on the policy, for whatever value it has.
_LEVEL = Symbol("D", positive=True)


@dataclass(frozen=True, repr=False)
class Bound:
    """One bound of every stationary policy, with its proof.

    Attributes
    ----------
    expression : Expr
        In the parameters of the condition.
    side : {"lower", "upper"}
    reason : str
        The argument in a sentence.
    claims : tuple of Claim
        What it rests on.
    mass : Expr
        What is bounded: π(a), or the probability of the answers above a cut.
    """

    expression: Expr
    side: str
    reason: str
    claims: tuple[Claim, ...] = ()
    mass: Expr = PI

    @property
    def _left(self) -> str:
        """What is bounded, and the relation."""
        relation = ">=" if self.side == "lower" else "<="
        return f"{'pi(a)' if self.mass == PI else short(self.mass)} {relation}"

    def __str__(self) -> str:
        return f"{self._left} {sstr(self.expression)}: {self.reason}"

    def __repr__(self) -> str:
        return f"Bound({self._left} {short(self.expression)}: {cut(self.reason)})"

    def latex(self) -> str:
        """``pi(a) >= expression``."""
        relation = r"\ge" if self.side == "lower" else r"\le"
        return rf"{formula(self.mass)} {relation} {formula(self.expression)}"

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(self.expression) else None


@dataclass(frozen=True, repr=False)
class Bounds(Argued):
    """Bounds that every stationary policy obeys, for all parameters.

    Attributes
    ----------
    found : tuple of Bound
        Of π(a), or of many answers: of the probability of those above each cut.
    """

    found: tuple[Bound, ...]

    @property
    def masses(self) -> tuple[Expr, ...]:
        """What is bounded."""
        return tuple(dict.fromkeys(b.mass for b in self.found))

    def of(self, mass: Expr) -> Bounds:
        """The bounds of one mass.

        Raises
        ------
        ValueError
            For a mass that is not one of :attr:`masses`.
        """
        if mass not in self.masses:
            raise ValueError(f"there are bounds of {self._named}, not of {mass}")
        return Bounds(tuple(b for b in self.found if b.mass == mass))

    @property
    def _named(self) -> str:
        return ", ".join(map(short, self.masses))

    def _one(self) -> None:
        if len(self.masses) > 1:
            raise ValueError(f"several masses are bounded: of(mass) takes one of {self._named}")

    @property
    def lower(self) -> tuple[Expr, ...]:
        return tuple(b.expression for b in self.found if b.side == "lower")

    @property
    def upper(self) -> tuple[Expr, ...]:
        return tuple(b.expression for b in self.found if b.side == "upper")

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence a bound, in the order of :attr:`found`."""
        return tuple(str(b) for b in self.found)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(dict.fromkeys(claim for b in self.found for claim in b.claims))

    @property
    def lower_bound(self) -> Expr:
        """The largest of the lower bounds; a ValueError where several masses are bounded."""
        self._one()
        return Max(*self.lower)

    @property
    def upper_bound(self) -> Expr:
        """The smallest of the upper bounds; a ValueError where several masses are bounded."""
        self._one()
        return Min(*self.upper)

    def as_dict(self) -> dict[str, Any]:
        """The bounds as plain data, for JSON."""
        return {
            side: [
                {
                    **({} if b.mass == PI else {"of": sstr(b.mass)}),
                    "bound": sstr(b.expression),
                    "reason": b.reason,
                }
                for b in self.found
                if b.side == side
            ]
            for side in ("lower", "upper")
        }

    def latex(self) -> str:
        """``max{...} <= pi(a) <= min{...}``, line by line where several masses are bounded."""
        if len(self.masses) > 1:
            lines = (self.of(mass).latex() for mass in self.masses)
            return r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"
        left, right = (
            _outermost(name, side) for name, side in ((r"\max", self.lower), (r"\min", self.upper))
        )
        return rf"{left} \le {formula(*self.masses)} \le {right}"

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if legible(*self.lower, *self.upper) else None

    def _repr_html_(self) -> Html:
        rows = (
            (math(b.latex()) if legible(b.expression) else short(b.expression), b.reason)
            for b in self.found
        )
        return grid("Bounds of every stationary policy", ("bound", "reason"), rows)

    def __repr__(self) -> str:
        sides = (
            f"{name}: {', '.join(short(b, 80) for b in kept[:2])}"
            + (f" and {len(kept) - 2} more" if len(kept) > 2 else "")
            for name, kept in (("lower", self.lower), ("upper", self.upper))
        )
        return f"Bounds({'; '.join(sides)})"

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def _outermost(name: str, values: tuple[Expr, ...]) -> str:
    written = [formula(value) for value in values]
    if len(written) == 1:
        return written[0]
    listed = r",\ ".join(written)
    return rf"{name}\left\{{{listed}\right\}}"


def bounds(curve: Balance | StationarityCondition, expression: Expr | None = None) -> Bounds:
    """Lower and upper bounds of every stationary π(a), computed from the condition.

    Parameters
    ----------
    curve : Balance or StationarityCondition
        Of a binary question.
    expression : Expr, optional
        The stationary π(a) in closed form, where there is one: only bounds simpler than it
        are then given.

    Raises
    ------
    ValueError
        For a question with other than two answers.

    Notes
    -----
    Published: max{1 − β/γ, π_ref(a)} for pairs and max{1/(1 + β²), π_ref(a)} for large groups,
    Vojnovic & Yun, arXiv 2502.18548, after (14) and (15).
    """
    balance = Balance(curve) if isinstance(curve, StationarityCondition) else curve
    beta = balance.beta
    if not isinstance(beta, Symbol):
        # For every weight first, then for this one.
        domain = balance.condition.domain.extended(symbols.beta)
        balance = Balance(replace(balance.condition, beta=symbols.beta, domain=domain))
    rare = tuple(_rare(balance))
    # The exact limit is above that of the least drift, and needs no formula of its own.
    exact = any(not bound.expression.has(ImplicitRoot) for bound in rare)
    makers = (_large_groups, _height)
    candidates = chain(
        _reference(balance),
        _extreme_drifts(balance, not exact),
        rare,
        *(m(balance) for m in makers),
        [Bound(S.One, "upper", "a probability")],
    )
    found: list[Bound] = []
    for bound in candidates:
        if expression is None or bound.expression.count_ops() < expression.count_ops():
            if beta != balance.beta:
                bound = replace(bound, expression=bound.expression.subs(balance.beta, beta))
            if all((bound.side, bound.expression) != (b.side, b.expression) for b in found):
                found.append(bound)
    return Bounds(tuple(sorted(found, key=lambda b: b.side)))


# -- one maker for each argument -----------------------------------------------------------


def _reference(balance: Balance) -> Iterator[Bound]:
    """F > 0 up to π_ref(a)."""
    claims = balance.above_reference()
    reference = balance.condition.reference[0]
    if claims is None:
        yield Bound(S.Zero, "lower", "a probability")
        return
    yield Bound(
        reference,
        "lower",
        "up to pi_ref(a) the drift is positive and the force is not",
        claims,
    )


def _rare(balance: Balance) -> Iterator[Bound]:
    """The solution as π_ref(a) → 0, which every other one is above."""
    level = balance.drift.expression
    constant = not level.has(PI)
    positive = balance.drift.positive() if constant else ()
    solved = _limit_policy(_constant(balance) if constant else balance)
    if solved is None or positive is None:
        return
    yield Bound(
        solved[0].xreplace({_LEVEL: level}),
        "lower",
        "the limit of the stationary policy as pi_ref(a) -> 0: the force falls with pi_ref(a)",
        (*solved[1], *positive),
    )


def _extreme_drifts(balance: Balance, lower: bool) -> Iterator[Bound]:
    """The policies under constant drifts: the greatest value of the drift, and the least."""
    least, greatest = least_drift(balance) if lower else None, greatest_drift(balance)
    level = _constant(balance)
    closed = None if least is greatest is None else closed_policy(level)
    if closed is None:
        return
    policy, plain = (closed.expression, closed.claims), "the policy with that constant drift"
    limiting = _limit_policy(level) if lower else None
    cases = (
        ("lower", least, limiting, f"the limit as pi_ref(a) -> 0 of {plain}"),
        ("lower", least, policy, plain),
        ("upper", greatest, policy, plain),
    )
    for side, extreme, solved, reason in cases:
        if extreme is not None and solved is not None:
            expression = solved[0].xreplace({_LEVEL: extreme.value})
            claims = (*extreme.claims, *solved[1])
            yield Bound(expression, side, f"{extreme.reason}; {reason}", claims)


def _large_groups(balance: Balance) -> Iterator[Bound]:
    """The stationary policy of the same rule in a large group, if it has a closed form."""
    group = balance.group
    if group is None or group.factor != 1 or group.rule.size == oo:
        return
    shape = group.spread.concave
    if shape is None:
        return
    large = group.of_size(oo)
    if group.rule.scale is not None and large.rule.scale is not None:
        name, gap = "the scale, less that of a large group", group.rule.scale - large.rule.scale
    elif large.spread.formula is not None and group.spread.formula is not None:
        name, gap = "f of a large group is not below f", large.spread.formula - group.spread.formula
    else:
        return
    above = signed_claim(name, gap, group.rule.domain, NOT_NEGATIVE)
    closed = None if above is None else closed_policy(balance.of_size(oo))
    if above is not None and closed is not None:
        yield Bound(
            closed.expression,
            "upper",
            "the policy of a large group: f is concave, so its Bernstein polynomials lie below it",
            (*shape, above, *closed.claims),
        )


def _height(balance: Balance) -> Iterator[Bound]:
    """p(1 − p)·force is a line where p(1 − p)·drift has its greatest value."""
    line, top = balance.force.line, highest_hill(balance)
    if line is not None and top is not None:
        yield Bound(
            REFERENCE + top.value / (balance.beta * line),
            "upper",
            "pi(a) pi(b) times the force is a line, and pi(a) pi(b) times the drift " + top.reason,
            top.claims,
        )


# -- solving ------------------------------------------------------------------------------


def _constant(balance: Balance) -> Balance:
    """The same penalty against a drift that does not depend on the policy."""
    condition = balance.condition
    policy = condition.policy
    values = (_LEVEL * policy[1], -_LEVEL * policy[0])
    domain = condition.domain.extended(_LEVEL)
    model = PreferenceModel(values, policy, domain, (S.One, S.Zero), _LEVEL)
    return Balance(replace(condition, preference=model, domain=domain))


def _limit_policy(balance: Balance) -> tuple[Expr, Claims] | None:
    """The solution as π_ref(a) → 0, of which F is positive below; and claims that show it.

    F at π_ref(a) is above F at 0, because the force falls with π_ref(a). A formula of the
    solution stands for all weights, if it is not positive beyond the threshold.
    """
    falls = balance.force.falls_with_reference()
    if balance.drift.expression.has(REFERENCE) or falls is None:
        return None
    try:
        found = explain_limit(balance, REFERENCE, 0)
    except ValueError:
        return None
    if found.value == 0 or found.value.has(ImplicitRoot):
        return None if found.value == 0 else (found.value, (*falls, *found.claims))
    rest = Domain(tuple(r for r in balance.parameters.ranges if r.symbol != REFERENCE))
    value, threshold = found.value, oo
    if isinstance(value, Piecewise):
        (value, below), *_ = value.args
        threshold = below.gts
    value = tidy(value, rest.extended(value))
    claims = joined(*falls, *found.claims)
    if balance.force.line is not None and value.is_rational_function(balance.beta):
        # One fraction less a number reads best: 1 - beta/gamma.
        split = (1 - tidy(1 - value, rest.extended(value))).expand()
        value = min(split, value, key=lambda e: e.count_ops())
    if threshold != oo:
        beyond = Domain((*rest.ranges, Range(balance.beta, threshold, oo, lower_closed=True)))
        name = "minus the bound for larger beta, where it is void"
        claims = joined(claims, signed_claim(name, -value, beyond, NOT_NEGATIVE))
    return None if claims is None else (value, claims)
