"""An example with numbers: the formulas of a result at one rational point of its range."""

from __future__ import annotations

from sympy import Expr, Rational, Symbol
from sympy.core.relational import Relational

from derivations.book.names import SHORT
from derivations.result import Outcome
from grpo_symbolic import symbols
from grpo_symbolic.domain import Domain
from grpo_symbolic.export.latex import formula

__all__ = ["DIGITS", "example_of", "point_of", "valued"]

#: Significant digits that are printed; they are cut, not rounded.
DIGITS = 8
_OPERATIONS = 400
# Values that a reader can follow, where the range has them.
_PLAIN = {
    symbols.beta: Rational(1, 2),
    symbols.pi_ref: Rational(1, 4),
    symbols.gamma: Rational(3, 4),
    symbols.gap: Rational(1),
    symbols.success[0]: Rational(4, 5),
    symbols.success[1]: Rational(3, 10),
}
#: Of the policy: the first that is in the range.
_SHARES = (Rational(1, 3), Rational(3, 4))


def example_of(outcome: Outcome) -> str:
    """One sentence with numbers; empty where no formula has a value of its own."""
    for line in outcome.result.formulas:
        if str(line.lhs).startswith("pi_up_to"):  # a series has no value
            continue
        found = valued(line, outcome.result.assumptions)
        if found is None:
            continue
        point, value = found
        given = ", ".join(f"${formula(s, SHORT)} = {formula(v)}$" for s, v in point.items())
        left = formula(line.lhs, SHORT)
        return f"At {given} this gives ${left} = {digits(value)}$."
    return ""


def valued(line: Relational, domain: Domain) -> tuple[dict[Symbol, Expr], Expr] | None:
    """A point, and the right side there, of a line that says what a name is."""
    if not isinstance(line.lhs, Symbol) or line.rel_op != "==" or not line.rhs.free_symbols:
        return None
    if (
        line.rhs.is_Symbol
        or line.rhs.count_ops() > _OPERATIONS
        or line.lhs in line.rhs.free_symbols
    ):
        return None
    point = point_of(line.rhs, domain)
    if point is None:
        return None
    value = line.rhs.xreplace(point).doit()
    if not value.is_Rational:
        value = value.evalf(DIGITS + 12)
    return (point, value) if value.is_Rational or value.is_Float else None


def point_of(expr: Expr, domain: Domain) -> dict[Symbol, Expr] | None:
    """Plain values in the range of the symbols of an expression; None where there are none."""
    names = sorted(expr.free_symbols, key=str)
    if any(s not in _PLAIN and s != symbols.pi for s in names):
        return None
    inside = domain.extended(expr).relevant(expr)
    for share in _SHARES:
        point: dict[Symbol, Expr] = {s: _PLAIN.get(s, share) for s in names}
        try:
            if inside.contains(point):
                return point
        except (KeyError, TypeError, ValueError):
            return None
    return None


def digits(value: Expr) -> str:
    """A rational number as it is; of another one the first digits, cut off."""
    if value.is_Rational:
        return formula(value)
    text = str(value.n(DIGITS + 12))
    if "e" in text:
        return str(value.n(DIGITS))
    whole, _, rest = text.partition(".")
    lead = len(whole.lstrip("-").lstrip("0"))
    kept = DIGITS - lead if lead else DIGITS + len(rest) - len(rest.lstrip("0"))
    return rf"{whole}.{rest[:kept]}\ldots"
