"""Large groups of any levels: the first correction to standard units."""

from sympy import Expr, Rational, S, Symbol, diff, series, sqrt

from derivations.headline import LARGE_GROUPS, Headline
from derivations.result import Result, equation, telling
from grpo_symbolic import Claim, Domain, symbols

# 1/G; the own reward in standard units; skewness and kurtosis of a drawn reward.
E = Symbol("e", positive=True)
Z = Symbol("z", real=True)
SKEW, KURT = Symbol("gamma_3", real=True), Symbol("kappa", positive=True)
A, W = Symbol("a", real=True), Symbol("w", positive=True)
P = symbols.pi


def advantage() -> Expr:
    """In standard units, from the mean a and the variance w of the others."""
    x = Z - A
    return sqrt(1 - E) * x / sqrt(W + E * x**2)


def correction() -> Expr:
    """The coefficient of 1/G: the rule's own, and what the others' moments add.

    The others' mean and variance have the means 0 and 1 - 1/G, the variances 1/G and
    (κ - 1)/G and the covariance γ/G, to this order.
    """
    rule = advantage()
    at = {A: S.Zero, W: S.One}
    own = series(rule.subs(at), E, 0, 2).removeO().coeff(E, 1)
    leading = (Z - A) / sqrt(W)
    moved = (
        -diff(leading, W)
        + diff(leading, A, 2) / 2
        + diff(leading, A, W) * SKEW
        + diff(leading, W, 2) / 2 * (KURT - 1)
    )
    return (own + moved.subs(at)).expand()


def result() -> Result:
    found = correction()
    published = SKEW / 2 + Rational(3, 8) * (KURT - 1) * Z - Z**3 / 2
    x = P * (1 - P)
    binary = {Z: (1 - P) / sqrt(x), SKEW: (1 - 2 * P) / sqrt(x), KURT: 1 / x - 3}
    worse = {Z: -P / sqrt(x), SKEW: (1 - 2 * P) / sqrt(x), KURT: 1 / x - 3}
    known = -1 / (8 * sqrt(x))
    return Result(
        r"Large groups of any levels: the term of order $1/G$",
        "new",
        r"Here $z$ is the reward in standard units, $\gamma_3$ and $\kappa$ the skewness and the "
        r"kurtosis of the reward of an answer drawn from $\pi$. Two levels give the known "
        r"$-\frac1{8G\sqrt x}$ in $h_G$, $x=p(1-p)$.",
        intuition="In a large group mean and deviation are almost those of the policy, and an "
        "answer is judged as in the limit. What the group size still changes comes from "
        "the answer's own share in both, which is one part in $G$.",
        argument="The term is the rule's own dependence on $G$, and the curvature of "
        r"$(z-a)/\sqrt w$ in the mean $a$ and the variance $w$ of the others.",
        headlines=(
            Headline(
                r"$G(V_G-z)\to\frac{\gamma_3}2+\frac38(\kappa-1)z-\frac{z^3}2$",
                ("infinity: *",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(Z, SKEW, KURT),
            ),
        ),
        setting=r"any rewards of which moments exist, $G\to\infty$",
        formulas=(equation(Symbol("c", real=True), found),),
        claims=tuple(
            telling(
                (
                    Claim("infinity: the term of order 1/G", found, "==", published),
                    Claim("infinity: its mean under pi vanishes", _mean(found), "==", S.Zero),
                    Claim(
                        "two levels: the better one",
                        found.subs(binary) * P,
                        "==",
                        known,
                        Domain.of(P),
                    ),
                    Claim(
                        "two levels: the worse one",
                        found.subs(worse) * (1 - P),
                        "==",
                        -known,
                        Domain.of(P),
                    ),
                )
            )
        ),
        domain=Domain.of(Z, SKEW, KURT),
    )


def _mean(value: Expr) -> Expr:
    """Under the law of a drawn reward: E z = 0, E z³ = γ."""
    return value.expand().subs(Z**3, SKEW).subs(Z, S.Zero)
