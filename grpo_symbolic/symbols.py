"""Every symbol of the project, once: ASCII name, TeX, range and meaning.

Each symbol carries SymPy assumptions, and :data:`CATALOGUE` its full range and
meaning, so that simplification, sampling and proof all start from one record.
ASCII names keep ``lambdify`` arguments readable; TeX is put on at the edge.

Source: Vojnovic & Yun, arXiv 2502.18548, whose letters these are. Units stand in the meaning; what
has none is a ratio or probability.

>>> import grpo_symbolic as gs
>>> gs.symbols.describe(gs.symbols.beta).meaning
'weight of the penalty'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sympy import Expr, Integer, Symbol, oo


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
epsilon = Symbol("epsilon", nonnegative=True)
sigma = Symbol("sigma", positive=True)
success = (Symbol("s_a", positive=True), Symbol("s_b", nonnegative=True))
x = Symbol("x", positive=True)
t = Symbol("t", positive=True)
k = Symbol("k", integer=True, positive=True)
share = Symbol("m", positive=True)
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
    Quantity(
        epsilon, r"\varepsilon", ZERO, oo, "added to the standard deviation, reward units", True
    ),
    Quantity(sigma, r"\sigma", ZERO, oo, "fixed scale of the advantage, reward units"),
    Quantity(success[1], "s_b", ZERO, ONE, "success rate of the worse answer b", True, False),
    Quantity(
        success[0], "s_a", success[1], ONE, "success rate of the better answer a", False, True
    ),
    Quantity(x, "x", ZERO, Integer(1) / 4, "p (1 - p)", False, True),
    Quantity(t, "t", ZERO, ONE, "fraction of better answers in a group"),
    Quantity(share, "m", ZERO, ONE, "probability that a draw has the higher reward"),
    Quantity(k, "k", ONE, oo, "number of better answers in a group", True, False),
)

# Families of symbols, one for each answer 1, 2, ... of a question with many answers.
_FAMILIES: dict[str, tuple[dict[str, bool], str, Expr, Expr, str]] = {
    "pi_ref": (
        {"positive": True},
        r"\pi_{{\mathrm{{ref}}}}({})",
        ZERO,
        ONE,
        "reference probability of answer {}",
    ),
    "pi": ({"positive": True}, r"\pi({})", ZERO, ONE, "probability of answer {}"),
    "r": ({"real": True}, "r({})", -oo, oo, "reward of answer {}"),
}
_MEMBER = re.compile(r"(pi_ref|pi|r)_([1-9]\d*|o)\Z")


@cache
def _member(family: str, answer: int | str) -> Symbol:
    return Symbol(f"{family}_{answer}", **_FAMILIES[family][0])


def policy(answer: int | str) -> Symbol:
    """π of the answer numbered ``answer`` (from 1); of any answer o for ``"o"``."""
    return _member("pi", answer)


def reference(answer: int | str) -> Symbol:
    """π_ref of the answer numbered ``answer`` (from 1); of any answer o for ``"o"``."""
    return _member("pi_ref", answer)


def reward(answer: int) -> Symbol:
    """The reward of the answer numbered ``answer`` (from 1)."""
    return _member("r", answer)


def describe(symbol: Symbol) -> Quantity | None:
    """The catalogue entry of ``symbol``, or None for a symbol of the caller's own."""
    known = next((entry for entry in CATALOGUE if entry.symbol == symbol), None)
    match = _MEMBER.match(symbol.name)
    if (
        known is not None
        or match is None
        or symbol != _member(match[1], match[2] if match[2] == "o" else int(match[2]))
    ):
        return known
    _, tex, lower, upper, meaning = _FAMILIES[match[1]]
    number = match[2]
    return Quantity(symbol, tex.format(number), lower, upper, meaning.format(number))
