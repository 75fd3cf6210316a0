"""Every group size: exactly one stationary policy, above the reference."""

from sympy import Expr, S, Symbol

from derivations.bernstein_form import (
    COUNTS,
    P0,
    PAIRS,
    SHARE,
    UNIT,
    G,
    K,
    M,
    P,
    advantages,
    curve,
    relative,
    weight,
)
from derivations.headline import (
    BINARY,
    EVERY_SIZE,
    LARGE_GROUPS,
    binary_headline,
)
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import Result, equation
from grpo_symbolic import Claim, Domain, symbols
from grpo_symbolic.domain import Range
from grpo_symbolic.group_sum import GroupSum

BETA = symbols.beta


def coefficients(function: Expr, *steps: int) -> list[Expr]:
    """The function at the shares (k + step)/G, with G = k + m + 2."""
    return [function.subs(SHARE, (K + step) / (K + M + 2)) for step in steps]


def over_groups(function: Expr, size: Expr = G) -> Expr:
    """h_G for a symbol as size: the mean of f(k/G) over the groups with both answers."""
    count = symbols.k
    return GroupSum(weight(size, count) * function.subs(SHARE, count / size), (count, 1, size - 1))


def result() -> Result:
    function = curve()
    whole = over_groups(function)
    first, second, third = coefficients(function, 0, 1, 2)
    at_zero, at_one = (function.subs(SHARE, end) for end in (S.Zero, S.One))
    chord = coefficients(advantages()[0], 1)[0]
    slope = (K + M + 2) * (second - first)
    below = Domain.of(P0, Range(P, S.Zero, P0, False, True))
    outer = G * (G - 1) * (weight(G - 2, K - 2) - 2 * weight(G - 2, K - 1) + weight(G - 2, K))
    return Result(
        "Every group size: one stationary policy",
        "new",
        r"The flow is $\dot p=v(p)$ with $v(p)=h_G(p)-\beta(p-p_0)$. For $f(t)=\sqrt{t(1-t)}$,",
        intuition="The mean of a concave function over a binomial count is concave, so that the "
        "drift is a hill over the unit interval for every group size. A line through "
        "the reference leaves such a hill exactly once.",
        argument="The second differences of the coefficients $f(k/G)$ are negative, so "
        "$h_G''<0$; and $h_G(0)=h_G(1)=0$. So $v$ is concave with $v(0)>0>v(1)$: it has "
        r"one zero. At or below $p_0$, $h_G>0\ge\beta(p-p_0)$: none there. The same "
        r"holds for $h_\infty=f$. At the zero, $\beta-h_G'(p)\ge\beta p_0/p>0$, because "
        r"$h_G(p)/p\ge h_G'(p)$ coefficient by coefficient: $v$ crosses zero downwards, "
        "and the flow is attracted.",
        headlines=(
            binary_headline(
                "there is exactly one stationary policy, it lies above the reference, and the "
                "flow is attracted to it",
                (
                    "h_G > 0 for every G",
                    "no root at or below p0, for every G",
                    "h_G(p)/p > h_G'(p) for every G",
                ),
                groups=EVERY_SIZE,
                parameters=BINARY,
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="v(0) > 0", upper_end="v(1) < 0", shape="h_G'' < 0 for every G"
                    ),
                ),
            ),
            binary_headline(
                "there is exactly one stationary policy, it lies above the reference, and the "
                "flow is attracted to it",
                ("beta(p - p0) <= 0 at or below p0", "f(p)/p > f'(p)"),
                groups=LARGE_GROUPS,
                parameters=BINARY,
                by=(
                    INTERMEDIATE_VALUE(lower_end="v(0) > 0", upper_end="v(1) < 0", shape="f'' < 0"),
                ),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        formulas=(equation(Symbol("f_second"), function.diff(SHARE, 2).factor()),),
        claims=(
            Claim(
                "second derivative of the weights",
                relative(weight(G, K).diff(P, 2)),
                "==",
                relative(outer),
                COUNTS,
            ),
            Claim("f'' < 0", function.diff(SHARE, 2), "<", S.Zero, UNIT),
            Claim(
                "second differences of f(k/G), directly",
                third - 2 * second + first,
                "<",
                S.Zero,
                PAIRS,
            ),
            Claim("f(k/G) > 0 for 0 < k < G", second, ">", S.Zero, PAIRS),
            Claim("v(0) > 0", at_zero - BETA * (0 - P0), ">", S.Zero),
            Claim("v(1) < 0", at_one - BETA * (1 - P0), "<", S.Zero),
            Claim("beta(p - p0) <= 0 at or below p0", BETA * (P - P0), "<=", S.Zero, below),
            Claim("h_G(p)/p >= h_G'(p), coefficient by coefficient", chord, ">=", slope, PAIRS),
            Claim("h_G > 0 for every G", whole, ">", S.Zero),
            Claim("h_G'' < 0 for every G", whole.diff(P, 2), "<", S.Zero),
            Claim("no root at or below p0, for every G", whole, ">", BETA * (P - P0), below),
            Claim("h_G(p)/p > h_G'(p) for every G", whole / P, ">", whole.diff(P)),
            Claim("f(p)/p > f'(p)", function / SHARE, ">", function.diff(SHARE), UNIT),
        ),
        domain=Domain.of(G, BETA, P0),
    )
