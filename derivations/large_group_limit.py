"""Every group size: the distance to the large-group limit is at most a constant over G."""

from functools import cache

from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Poly,
    Rational,
    S,
    Symbol,
    expand,
    oo,
    rem,
    series,
    sqrt,
)
from sympy.functions.combinatorial.numbers import stirling

from derivations.bernstein_form import (
    P0,
    SHARE,
    G,
    K,
    P,
    bernstein,
    curve,
)
from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline
from derivations.lemmas import BINOMIAL_MOMENTS
from derivations.result import Result, compared, equation
from derivations.second_route.groups import certain, large_group_preferences
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Range

#: x = p(1-p); z - 1 = y/x - 1, relative to it; s = sqrt(z).
X = Symbol("x", positive=True)
W = Symbol("w", real=True)
ROOT = Symbol("s", nonnegative=True)
Y = SHARE * (1 - SHARE)
VARIANCES = Domain.of(G, Range(X, S.Zero, Rational(1, 4), False, True))
ROOTS = Domain.of(Range(ROOT, S.Zero, oo, True))


def falling(number: Expr, order: int) -> Expr:
    """number (number - 1) ... with ``order`` factors."""
    return Mul(*(number - i for i in range(order)))


def in_falling_factorials(number: Expr, order: int) -> Expr:
    """``number**order`` by Stirling numbers of the second kind."""
    return Add(*(stirling(order, j) * falling(number, j) for j in range(order + 1)))


def expectation(polynomial: Expr) -> Expr:
    """E of a polynomial in tau = K/G, K ~ Bin(G, p), from E K(K-1)...(K-j+1) = G(G-1)... p^j."""
    total: Expr = Integer(0)
    for (order,), coefficient in Poly(polynomial, SHARE).terms():
        powers = Add(*(stirling(order, j) * falling(G, j) * P**j for j in range(order + 1)))
        total += coefficient * powers / G**order
    return expand(total)


@cache
def central(order: int) -> Expr:
    """E (y - x)^order as a function of x and G: what is left of p modulo p(1-p) = x."""
    moment = expectation(expand((Y - X) ** order))
    return expand(rem(moment, P**2 - P + X, P))


def taylor(order: int) -> tuple[Expr, Expr]:
    """sqrt(1 + w) to an odd ``order``, and what it exceeds the root by at w = -1."""
    polynomial = series(sqrt(1 + W), W, 0, order + 1).removeO()
    return polynomial, polynomial.subs(W, -1)


def averaged(polynomial: Expr) -> Expr:
    """sqrt(x) times the mean of a polynomial in w = y/x - 1."""
    terms = Poly(polynomial, W).terms()
    return sqrt(X) * Add(*(c * (central(n) / X**n if n else S.One) for (n,), c in terms))


def factorial_moments(*orders: int) -> list[Claim]:
    """E K(K-1)...(K-j+1) = G(G-1)...(G-j+1) p^j, by induction over the members of a group.

    One more member adds 1 to K with the chance p, and n(n-1)...(n-j+1) grows by j times
    (n-1+1)...(n-j+2) as n does by 1. That holds for the number K and for the size G alike.
    """
    return [
        Claim(
            f"E K(K-1)... of order {j} is G(G-1)... p^{j}, from G members to G + 1",
            falling(G, j) * P**j + P * j * falling(G, j - 1) * P ** (j - 1),
            "==",
            falling(G + 1, j) * P**j,
        )
        for j in orders
    ]


def powers(*orders: int) -> list[Claim]:
    """The conversions of powers that the moments use."""
    return [
        Claim(f"k^{n} in falling factorials", in_falling_factorials(K, n), "==", K**n)
        for n in orders
    ]


def reduced(order: int) -> Claim:
    """The central moment in x is the one in p."""
    x = P * (1 - P)
    return Claim(
        f"E (y-x)^{order} in p: nothing lost modulo p(1-p) = x",
        expectation(expand((Y - x) ** order)),
        "==",
        central(order).subs(X, x),
    )


def result() -> Result:
    function = curve().subs(SHARE, P)
    x = P * (1 - P)
    line, least = taylor(1)
    below = line - least * W**2
    bound = (1 + X) / (2 * G * sqrt(X))
    tangent = function + function.diff(P) * (SHARE - P)
    segment = Domain.of(Range(SHARE, S.Zero, S.One, True, True), P)
    above = Domain.of(P0, (P, P0, S.One))
    derived, low = GRPO(oo).preference(BinaryQuestion()), symbols.base_reward
    large = large_group_preferences(certain(low + symbols.gap, low), (P, 1 - P))
    published = (P - P0) * (1 + x) / (2 * P0 * (1 - P))
    along = function / (P - P0)  # beta along the policies of large groups
    rate = (P * bound * G).subs(X, x) / (along * P0)
    four = {G: Integer(4)}
    return Result(
        "Every group size: the distance to large groups",
        "new; a rate for R_infinity",
        "Both preferences converge with rate $1/G$, and so does the stationary policy. With "
        r"$y=\frac KG(1-\frac KG)$ and $C(x)=(1+x)/(2\sqrt x)$,",
        intuition="A Bernstein polynomial approaches its function at the rate one over $G$ times "
        "its curvature. The half circle is infinitely curved at its ends, where the "
        "rate is lost.",
        argument=r"Left: $f$ lies below its tangent at $p=\mathrm{E}K/G$. Right: $f(K/G)=\sqrt "
        r"y$, and $\sqrt z\ge1+\frac12(z-1)-\frac12(z-1)^2$ at $z=y/x$, averaged with "
        "the exact moments of $y$. The preferences are $P_G(a)=h_G/p$ and "
        r"$P_G(b)=-h_G/(1-p)$. For the policy: $h_G-\beta(p-p_0)$ is concave, $\beta "
        r"p_0$ at $0$ and $0$ at $p_G$, so at $p_\infty$ it is at most $-\beta "
        r"p_0(p_\infty-p_G)/p_G$, hence $0<p_\infty-p_G\le p_\infty(\sqrt x-h_G)/(\beta "
        r"p_0)$ at $p_\infty$, at most $C'/G$ with $p=p_\infty$ in the last formula.",
        headlines=(
            Headline(
                r"$0\le\sqrt x-h_G(p)\le(1+x)/(2G\sqrt x)$ with $x=p(1-p)$, and "
                r"$0<p_\infty-p_G\le C'/G$",
                (
                    "right: the averaged bound",
                    "left: f lies below its tangents",
                    "E (y-x)^2 <= x/G",
                    "E y = (1 - 1/G) x",
                    "s >= 1 + *",
                    "the constant of the policy, *",
                ),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(X),
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                by=(BINOMIAL_MOMENTS(moments=("*K(K-1)...*", "k^? in falling factorials")),),
                uses=("monotone_in_group_size",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        formulas=(
            equation(Symbol("Ey"), X + central(1)),
            equation(Symbol("Vy"), tidy(central(2), VARIANCES)),
            equation(Symbol("C"), bound * G),
            equation(Symbol("C_policy"), tidy(rate, above)),
        ),
        claims=(
            *factorial_moments(1, 2, 3, 4),
            *powers(2, 3, 4),
            Claim("E y = (1 - 1/G) x", X + central(1), "==", (1 - 1 / G) * X, VARIANCES),
            Claim(
                "E y in p: nothing lost modulo p(1-p) = x",
                expectation(Y),
                "==",
                (X + central(1)).subs(X, x),
            ),
            reduced(2),
            Claim(
                "E y is the Bernstein polynomial of y, G = 4",
                bernstein(4, Y),
                "==",
                expectation(Y).subs(four),
            ),
            Claim("E (y-x)^2 <= x/G", central(2), "<=", X / G, VARIANCES),
            Claim(
                "s >= 1 + (z-1)/2 - (z-1)^2/2 for s = sqrt(z)",
                ROOT,
                ">=",
                below.subs(W, ROOT**2 - 1),
                ROOTS,
            ),
            Claim("right: the averaged bound", sqrt(X) - averaged(below), "<=", bound, VARIANCES),
            Claim("left: f lies below its tangents", curve(), "<=", tangent, segment),
            *compared("P_oo(a) = f/p, as derived", derived[0], function / P),
            *compared("P_oo(b) = -f/(1-p), as derived", derived[1], -function / (1 - P)),
            Claim("P_oo(a) = f/p", large[0], "==", function / P),
            Claim("P_oo(b) = -f/(1-p)", large[1], "==", -function / (1 - P)),
            *compared("the constant of the policy, as derived", rate, published, domain=above),
            Claim(
                "the constant of the policy, beta eliminated",
                (P * (sqrt(X) - averaged(below))).subs(X, x) / (along * P0),
                "<=",
                published / G,
                above.extended(G),
            ),
        ),
        domain=Domain.of(G, P, P0),
    )
