"""Every symbol of the project, once: ASCII name, TeX, range and meaning.

Each symbol carries SymPy assumptions, and :data:`CATALOGUE` its full range and
meaning, so that simplification, sampling and proof all start from one record.
ASCII names keep ``lambdify`` arguments readable; TeX is put on at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Symbol, oo

__all__ = ["CATALOGUE", "Quantity", "describe"]


@dataclass(frozen=True)
class Quantity:
    """A symbol with its TeX form, its interval and its meaning."""

    symbol: Symbol
    tex: str
    lower: Expr
    upper: Expr
    meaning: str
    lower_closed: bool = False
    upper_closed: bool = False


ZERO, ONE = Integer(0), Integer(1)

beta = Symbol("beta", positive=True)
gamma = Symbol("gamma", positive=True)
pi = Symbol("pi", positive=True)
pi_ref = Symbol("pi_ref", positive=True)
G = Symbol("G", integer=True, positive=True)
gap = Symbol("gap", positive=True)
tie = Symbol("tie", positive=True)
u = Symbol("u", positive=True)
base_reward = Symbol("r_b", real=True)
multiplier = Symbol("lambda", real=True)
# P(o) and d(o) of the two answers, as unknowns of a derivation's first lines.
preferences = (Symbol("P_a", real=True), Symbol("P_b", real=True))
marginals = (Symbol("d_a", real=True), Symbol("d_b", real=True))

CATALOGUE: tuple[Quantity, ...] = (
    Quantity(beta, r"\beta", ZERO, oo, "weight of the penalty"),
    Quantity(
        gamma, r"\gamma", ZERO, ONE, "confidence margin P(a beats b) - P(b beats a)", False, True
    ),
    Quantity(pi_ref, r"\pi_{\mathrm{ref}}(a)", ZERO, ONE, "reference probability of answer a"),
    Quantity(pi, r"\pi(a)", ZERO, ONE, "probability of the better answer a"),
    Quantity(G, "G", Integer(2), oo, "group size", True, False),
    Quantity(gap, r"\Delta", ZERO, oo, "reward gap r(a) - r(b)"),
    Quantity(tie, "t", ZERO, ONE, "probability that a comparison is a tie"),
    Quantity(u, "u", ZERO, oo, "likelihood ratio pi_ref(o) / pi(o)"),
    Quantity(base_reward, "r(b)", -oo, oo, "reward of the worse answer b"),
    Quantity(multiplier, r"\lambda", -oo, oo, "multiplier of the constraint sum pi = 1"),
    Quantity(preferences[0], r"P(a \mid \pi)", -oo, oo, "preference of the answer a"),
    Quantity(preferences[1], r"P(b \mid \pi)", -oo, oo, "preference of the answer b"),
    Quantity(marginals[0], "d(a)", -oo, oo, "marginal penalty of the answer a"),
    Quantity(marginals[1], "d(b)", -oo, oo, "marginal penalty of the answer b"),
)


def describe(symbol: Symbol) -> Quantity | None:
    """The catalogue entry of ``symbol``, or None for a symbol of the caller's own."""
    return next((entry for entry in CATALOGUE if entry.symbol == symbol), None)
