"""Claims over the reals as SMT-LIB 2: the negation, with radicals and quotients cleared.

A square root √X becomes an auxiliary s with s ≥ 0 and s² = X, a quotient 1/X an auxiliary i
with i X = 1: both are determined wherever the claim is defined, so the claim holds on its
domain iff the script is unsatisfiable. A script is plain text that any solver can be given.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Symbol,
    expand,
    fraction,
    oo,
    together,
)

from grpo_symbolic.algebra import Sign, sign
from grpo_symbolic.domain import Domain
from grpo_symbolic.normal_form import expansion
from grpo_symbolic.verify.claim import Claim

__all__ = ["NotAlgebraic", "Script", "script"]

_NEGATED = {"==": "!=", "!=": "==", ">=": "<", ">": "<=", "<": ">=", "<=": ">"}
_MAX_TERMS = 4000


class NotAlgebraic(Exception):
    """The claim is not a statement about real algebraic functions."""


@dataclass
class Script:
    """SMT-LIB 2 text that is satisfiable iff the claim fails (or its control claim does)."""

    symbols: tuple[Symbol, ...]
    lines: list[str] = field(default_factory=list)
    auxiliary: dict[tuple[str, Expr], str] = field(default_factory=dict)

    def text(self, *, comment: str = "") -> str:
        declared = [f"(declare-fun {_name(s)} () Real)" for s in self.symbols]
        declared += [f"(declare-fun {name} () Real)" for name in self.auxiliary.values()]
        head = [f"; {line}" for line in comment.splitlines()]
        return "\n".join([*head, "(set-logic QF_NRA)", *declared, *self.lines, "(check-sat)", ""])

    @property
    def number_roots(self) -> int:
        """How many roots of numbers it has."""
        return sum(kind.startswith("root") and inner.is_number for kind, inner in self.auxiliary)

    # -- expressions --------------------------------------------------------------------

    def term(self, expr: Expr) -> str:
        """The prefix form of ``expr``; auxiliary variables are defined on the way."""
        if isinstance(expr, Symbol):
            return _name(expr)
        if expr.is_Rational:
            return _number(expr)
        if isinstance(expr, Add):
            return f"(+ {' '.join(self.term(a) for a in expr.args)})"
        if isinstance(expr, Mul):
            return f"(* {' '.join(self.term(a) for a in expr.args)})"
        if isinstance(expr, Pow):
            return self._power(expr.base, expr.exp)
        if isinstance(expr, Abs):
            return self._defined("abs", expr.args[0])
        if isinstance(expr, (Max, Min)):
            return self._extreme(expr)
        raise NotAlgebraic(f"{type(expr).__name__} is not algebraic")

    def _power(self, base: Expr, power: Expr) -> str:
        if not power.is_Rational:
            raise NotAlgebraic(f"the exponent {power} is not a rational number")
        if power < 0:
            inner = self._defined("inverse", base if power == -1 else Pow(base, -power))
            return inner
        root = base if power.q == 1 else None
        name = self.term(base) if root is not None else self._root(base, int(power.q))
        if power.p == 1:
            return name
        if power.p > 64:
            raise NotAlgebraic(f"the exponent {power} is large")
        return f"(* {' '.join([name] * int(power.p))})"

    def _root(self, base: Expr, order: int) -> str:
        return self._defined(f"root{order}", base)

    def _defined(self, kind: str, inner: Expr) -> str:
        """The auxiliary variable for a root, an inverse or an absolute value."""
        key = (kind, inner)
        if key not in self.auxiliary:
            value = self.term(inner)
            name = self.auxiliary[key] = f"aux{len(self.auxiliary)}"
            if kind == "inverse":
                self.lines.append(f"(assert (= (* {name} {value}) 1))")
            elif kind == "abs":
                self.lines.append(f"(assert (= {name} (ite (>= {value} 0) {value} (- {value}))))")
            else:
                powers = " ".join([name] * int(kind.removeprefix("root")))
                self.lines.append(f"(assert (and (>= {name} 0) (= (* {powers}) {value})))")
        return self.auxiliary[key]

    def _extreme(self, expr: Expr) -> str:
        first, *rest = (self.term(a) for a in expr.args)
        for other in rest:
            compare = ">=" if isinstance(expr, Max) else "<="
            first = f"(ite ({compare} {first} {other}) {first} {other})"
        return first

    # -- statements ---------------------------------------------------------------------

    def demand(self, left: Expr, relation: str, right: Expr) -> None:
        a, b = self.term(left), self.term(right)
        if relation == "!=":
            self.lines.append(f"(assert (not (= {a} {b})))")
        else:
            self.lines.append(f"(assert ({'=' if relation == '==' else relation} {a} {b}))")

    def restrict(self, domain: Domain) -> None:
        for r in domain.ranges:
            if r.lower != -oo:
                self.demand(r.symbol, ">=" if r.lower_closed else ">", r.lower)
            if r.upper != oo:
                self.demand(r.symbol, "<=" if r.upper_closed else "<", r.upper)


def script(claim: Claim, *, control: bool = False) -> Script:
    """The script that is satisfiable iff the claim fails.

    With ``control`` the claim is replaced by its opposite (``<`` for ``>=``, ``>`` for ``==``):
    false wherever the claim holds, so that a solver which cannot find that out, because the
    domain is empty or a definition contradicts itself, is not believed.

    Raises
    ------
    NotAlgebraic
        For transcendental functions, symbolic exponents, sums.
    """
    names = claim.domain.symbols
    extra = sorted((claim.left.free_symbols | claim.right.free_symbols) - set(names), key=str)
    sides = claim.left, claim.right
    if sum(side.count_ops() for side in sides) > _MAX_TERMS or expansion(*sides) > _MAX_TERMS:
        raise NotAlgebraic("the claim is too large")
    made = Script((*names, *extra))
    made.restrict(claim.domain)
    relation = _NEGATED[claim.relation]
    if control:
        relation = {"==": "<=", "!=": "!="}.get(claim.relation, claim.relation)
    made.demand(*_cleared(claim, relation))
    return made


def _cleared(claim: Claim, relation: str) -> tuple[Expr, str, Expr]:
    """The relation without its denominators, where their sign is known on the domain."""
    roots: dict[Expr, Dummy] = {}
    opaque = (claim.left - claim.right).replace(
        lambda e: isinstance(e, Pow) and e.exp.is_Rational and e.exp.q != 1,
        lambda e: (
            roots.setdefault(Pow(e.base, Rational(1, e.exp.q)), Dummy("r", nonnegative=True))
            ** e.exp.p
        ),
    )
    top, bottom = fraction(together(opaque))
    side = sign(_with_roots(bottom, roots), claim.domain)
    if side is None or side not in (Sign.POSITIVE, Sign.NEGATIVE):
        return claim.left, relation, claim.right
    turned = expand(top if side > 0 else -top)
    return _with_roots(turned, roots), relation, Integer(0)


def _with_roots(expr: Expr, roots: dict[Expr, Dummy]) -> Expr:
    """The expression with its roots in place of their symbols, the outer ones first."""
    for root, dummy in reversed(roots.items()):
        expr = expr.xreplace({dummy: root})
    return expr


def _name(symbol: Symbol) -> str:
    return f"|{symbol.name}|"


def _number(value: Rational | Integer) -> str:
    size = abs(value)
    text = str(size.p) if size.q == 1 else f"(/ {size.p} {size.q})"
    return f"(- {text})" if value < 0 else text
