"""A checked formula as a statement: proved, or refuted by a counterexample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sympy import Rational, Symbol
from sympy.core.relational import Rel

from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.export.exhibit import Exhibit, Passage
from grpo_symbolic.export.latex import Line, Written, formula
from grpo_symbolic.export.plain_text import escape
from grpo_symbolic.grammar.statement import Comparison, LimitValue, Statement
from grpo_symbolic.policy.policy import Policy
from grpo_symbolic.verify.verdict import Status

_RELATIONS = {"==": "=", "<=": r"\le", ">=": r"\ge", "!=": r"\ne"}


class Decided(Protocol):
    """A checked formula, as far as it is stated."""

    formula: str
    verdict: Status
    method: str
    sentence: str
    counterexample: dict[str, str] | None
    theirs: str
    ours: str
    statement: Statement | None
    parts: Sequence[Decided]
    policy: Policy | None
    interior: bool
    within: tuple[Range, ...]


@dataclass(frozen=True)
class _Judged:
    """One entry of the report on a formula."""

    claim: str
    method: str
    status: str
    evidence: dict[str, object] = field(default_factory=dict)


def stated(checked: Decided) -> Exhibit:
    """The exhibit of a verdict.

    Raises
    ------
    ValueError
        For a formula that is neither proved nor refuted.
    """
    if checked.verdict not in (Status.PROVED, Status.REFUTED) or checked.policy is None:
        raise ValueError(
            f"a formula that is proved or refuted can be stated, this one is {checked.verdict}: "
            f"{checked.sentence}"
        )
    parts = checked.parts or (checked,)
    proved = checked.verdict is Status.PROVED
    narrower = {_narrower(part) for part in parts}
    if len(narrower) > 1:
        raise ValueError("its parts hold for different parameters: state them one by one")
    (conditions,) = narrower
    whole = checked.policy.exhibited()
    unknowns = {*checked.policy.unknowns, symbols.pi}
    ranges = whole.domain.narrowed(conditions).ranges
    domain = Domain(tuple(r for r in ranges if r.symbol not in unknowns))
    lines = [_line(part.statement) for part in parts if part.statement is not None]
    inside = " with positive probabilities" if checked.interior else ""
    made = f", where={', '.join(map(str, conditions))!r}" * bool(conditions)
    told = " and ".join(_without_values(part) for part in parts)
    says = f"every stationary policy{inside} satisfies"
    says = says if proved else f"it is not true that {says}"
    return Exhibit(
        title="Proved formula" if proved else "Refuted formula",
        setting=whole.setting,
        domain=domain,
        formulas=tuple(lines),
        says=says,
        given="" if conditions else whole.given,
        source=f"check({told!r}{made}) against {whole.source}",
        more=() if proved else (_counterexample(checked),),
        proof=tuple(
            Passage(f"By {escape(part.method)}: {escape(part.sentence.rstrip('.'))}.")
            for part in parts
        ),
        report=lambda: [_Judged(p.formula, p.method, str(p.verdict)) for p in parts],
    )


def _narrower(checked: Decided) -> tuple[Range, ...]:
    """The ranges of parameters that have a condition or a value."""
    said = checked.statement
    values = said.given if isinstance(said, Comparison) else ()
    return (*checked.within, *(Range(s, value, value, True, True) for s, value in values))


def _without_values(checked: Decided) -> str:
    said = checked.statement
    return str(replace(said, given=())) if isinstance(said, Comparison) else checked.formula


def _line(statement: Statement) -> Line:
    relation = _RELATIONS.get(statement.relation, statement.relation)
    if isinstance(statement, Comparison):
        if statement.relation == "==":
            return Rel(statement.left, statement.right, "==", evaluate=False)
        return Written(formula(statement.left), formula(statement.right), relation)
    if isinstance(statement, LimitValue):
        side = f"^{{{statement.side}}}" if statement.side and statement.end.is_finite else ""
        to = rf"{formula(statement.variable)} \to {formula(statement.end)}{side}"
        quantity = formula(statement.quantity)
        return Written(rf"\lim_{{{to}}} {quantity}", formula(statement.value), relation)
    change = formula(statement.quantity)
    variable = formula(statement.variable)
    weak = {">": r"\ge", "<": r"\le"}.get(relation, relation)
    sign = relation if statement.strict else weak
    return Written(rf"\frac{{\partial}}{{\partial {variable}}} {change}", "0", sign)


def _counterexample(checked: Decided) -> str:
    """Where it fails, and both values there."""
    place = ", ".join(
        f"${formula(Symbol(name) if name not in _KNOWN else _KNOWN[name])} = "
        f"{formula(Rational(value)) if _plain(value) else value}$"
        for name, value in (checked.counterexample or {}).items()
    )
    values = {"the formula has": checked.theirs, "the stationary policy": checked.ours}
    shown = " and ".join(f"{what} ${value[:14]}$" for what, value in values.items() if value)
    return f"It fails at {place}" + (f", where {shown}." if shown else ".") if place else ""


_KNOWN = {entry.symbol.name: entry.symbol for entry in symbols.CATALOGUE}


def _plain(value: str) -> bool:
    return value.replace("/", "").replace("-", "").isdigit()
