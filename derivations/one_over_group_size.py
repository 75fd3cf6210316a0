"""Every group size: the first correction to the large-group limit, with its remainder."""

from sympy import Expr, Rational, S, Symbol, cancel, expand, limit, oo, solve, sqrt

from derivations.bernstein_form import P0, SHARE, G, P, curve
from derivations.headline import (
    EVERY_SIZE,
    LARGE_GROUPS,
    binary_headline,
)
from derivations.large_group_limit import (
    ROOT,
    ROOTS,
    VARIANCES,
    W,
    X,
    averaged,
    factorial_moments,
    powers,
    taylor,
)
from derivations.lemmas import BINOMIAL_MOMENTS
from derivations.result import Result, compared, equation
from grpo_symbolic import Claim, Domain, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Range

BETA = symbols.beta
E = Symbol("e", positive=True)  # 1/G
BOX = Domain.of(
    Range(E, S.Zero, S.Half, upper_closed=True),
    Range(X, S.Zero, Rational(1, 4), upper_closed=True),
)


def first_order(bound: Expr) -> Expr:
    """The limit of G (bound - sqrt(x)) as G -> oo."""
    return sqrt(X) * limit(cancel(G * expand(bound / sqrt(X) - 1)), G, oo)


def correction(coefficient: Expr) -> Expr:
    """dp/d(1/G) at 1/G = 0 along beta (p - p0) = f(p) + coefficient/G."""
    x = P * (1 - P)
    drift = curve().subs(SHARE, P) + E * coefficient.subs(X, x)
    change, by_p, by_e = Symbol("change"), Symbol("by_p"), Symbol("by_e")
    (found,) = solve(BETA * change - (by_p * change + by_e), change, simplify=False)
    at = {E: S.Zero}
    partial = {by_p: drift.diff(P).subs(at), by_e: drift.diff(E).subs(at)}
    return tidy(found.subs({s: tidy(value, Domain.of(P)) for s, value in partial.items()}))


def result() -> Result:
    cubic, least = taylor(3)
    above, below = cubic, cubic - least * W**4
    upper, lower = averaged(above), averaged(below)
    coefficient = tidy(first_order(upper), VARIANCES)
    first = sqrt(X) - 1 / (8 * sqrt(X)) / G
    most = Rational(1, 12)
    scaled = [
        expand(expand(G**2 * X ** Rational(5, 2) * (side - first)).subs(G, 1 / E))
        for side in (upper, lower)
    ]
    x = P * (1 - P)
    along = curve().subs(SHARE, P) / (P - P0)  # beta along the policies of large groups
    shift = correction(coefficient)
    eliminated = tidy(shift.subs(BETA, along), Domain.of(P0, (P, P0, S.One)))
    domain = Domain.of(P0, (P, P0, S.One))
    at = {W: ROOT**2 - 1}
    return Result(
        r"Every group size: the correction of order $1/G$",
        "new",
        r"Here $c_1=c$ is the second formula at $p=p_\infty$, where $\beta=f(p)/(p-p_0)$; with "
        r"$\beta$ in it, it is the third. With $R$ for the remainder,",
        intuition="The first correction is the variance of a share in the group times half of the "
        "curvature of the drift. It is negative, so that finite groups stay below the "
        "limit.",
        argument=r"The Taylor polynomial $T$ of $\sqrt z$ at $1$ of order 3 is an upper bound for "
        r"all $z\ge0$, and $T-\frac5{16}(z-1)^4$ a lower one; both are averaged at "
        r"$z=y/x$, $y=\frac KG(1-\frac KG)$, with the exact moments of $y$ of orders 1 "
        r"to 4. The stationary policies lie within a constant over $G$ of $p_\infty$, "
        r"where $R=O(G^{-2})$ uniformly and $\beta>f'(p_\infty)$.",
        headlines=(
            binary_headline(
                r"$|h_G-\sqrt x+\frac1{8G\sqrt x}|\le\frac1{12}G^{-2}x^{-5/2}$ with $x=p(1-p)$",
                ("*G^2 x^2 sqrt(x) R <= 1/12", "*G^2 x^2 sqrt(x) R >= -1/12"),
                groups=EVERY_SIZE,
                penalties=(),
                parameters=Domain.of(X),
                by=(BINOMIAL_MOMENTS(moments=("*K(K-1)...*", "k^? in falling factorials")),),
            ),
            binary_headline(
                r"$p_G=p_\infty+c_1/G+O(G^{-2})$ with $c_1<0$",
                (
                    "correction of the policy",
                    "it is negative",
                    "beta > f' at *",
                    "with beta eliminated",
                ),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
                uses=("large_group_limit",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        formulas=(
            equation(Symbol("h_G"), first + Symbol("R")),
            equation(Symbol("c_1"), eliminated),
            equation(Symbol("c_1"), shift),
        ),
        claims=(
            *factorial_moments(*range(1, 9)),
            *powers(5, 6, 7, 8),
            Claim("upper bound of s = sqrt(z), w = z-1", ROOT, "<=", above.subs(at), ROOTS),
            Claim("lower bound of s = sqrt(z), w = z-1", ROOT, ">=", below.subs(at), ROOTS),
            *(
                found
                for side, bound in (("above", upper), ("below", lower))
                for found in compared(
                    f"coefficient of 1/G from {side}, as derived",
                    first_order(bound),
                    -1 / (8 * sqrt(X)),
                    domain=VARIANCES,
                )
            ),
            Claim("coefficient of 1/G: G^2 x^2 sqrt(x) R <= 1/12", scaled[0], "<=", most, BOX),
            Claim("coefficient of 1/G: G^2 x^2 sqrt(x) R >= -1/12", scaled[1], ">=", -most, BOX),
            Claim(
                "beta > f' at the policy of large groups",
                along,
                ">",
                curve().subs(SHARE, P).diff(P),
                domain,
            ),
            Claim(
                "correction of the policy",
                shift.subs(BETA, along),
                "==",
                (-(1 / (8 * sqrt(x))) / (BETA - (1 - 2 * P) / (2 * sqrt(x)))).subs(BETA, along),
                domain,
            ),
            Claim(
                "with beta eliminated",
                eliminated,
                "==",
                -(P - P0) / (4 * (P + P0 - 2 * P * P0)),
                domain,
            ),
            Claim("it is negative", eliminated, "<", S.Zero, domain),
        ),
        domain=Domain.of(G, BETA, P0, P),
    )
