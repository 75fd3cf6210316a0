"""The advantage written in pairwise differences, for every group size.

Averages over a group are linear in the empirical moments m_k = (1/G) sum r^k, so
averaging a polynomial in two members r_j, r_k replaces each monomial by a product of
moments: an identity between moments holds for every G and every group.
"""

from sympy import Add, Expr, Poly, Symbol, oo, sqrt

from derivations.headline import EVERY_SIZE, Headline
from derivations.lemmas import GROUP_MOMENTS
from derivations.result import VY, Result, equation
from derivations.second_route.groups import standard_units
from grpo_symbolic import Claim, Domain

R, X, Y = (Symbol(name, real=True) for name in ("r_i", "r_j", "r_k"))
M1, M2 = Symbol("m_1", real=True), Symbol("m_2", real=True)
MOMENTS = (1, M1, M2)
SIZES = (2, 3, 4)


def group_average(expression: Expr) -> Expr:
    """(1/G^2) sum over j, k of a polynomial in r_j, r_k, in empirical moments."""
    terms = Poly(expression.expand(), X, Y).terms()
    return Add(*(c * MOMENTS[j] * MOMENTS[k] for (j, k), c in terms))


def written_out(size: int, pairwise: Expr, pairwise_spread: Expr) -> list[Claim]:
    """The same for a group of this size, every reward a symbol of its own."""
    rewards = [Symbol(f"r_{i}", real=True) for i in range(1, size + 1)]
    mean = Add(*rewards) / size
    moments = {R: rewards[0], M1: mean, M2: Add(*(r**2 for r in rewards)) / size}
    differences = Add(*((r - q) ** 2 for r in rewards for q in rewards)) / size**2
    return [
        Claim(
            f"half the mean squared difference is the variance, G = {size}",
            differences / 2,
            "==",
            Add(*((r - mean) ** 2 for r in rewards)) / size,
        ),
        Claim(
            f"it is that of the moments, G = {size}",
            differences / 2,
            "==",
            pairwise_spread.subs(moments, simultaneous=True),
        ),
        Claim(
            f"both forms of the advantage agree, G = {size} (groups of unequal rewards)",
            pairwise.subs(moments, simultaneous=True),
            "==",
            standard_units(rewards)[0],
            where_defined=True,
        ),
    ]


def one_more_member() -> Claim:
    """Both sides grow by the same when a reward joins a group: induction over the size."""
    size = Symbol("G", integer=True, positive=True)
    total, squares = Symbol("S_1", real=True), Symbol("S_2", real=True)
    # sum over j, k of (r_j - r_k)^2 / 2 is G S_2 - S_1^2, with S_n the sum of r_j^n
    added = size * R**2 - 2 * R * total + squares  # sum over j of (r - r_j)^2
    return Claim(
        "half the mean squared difference is the variance, from G members to G + 1",
        size * squares - total**2 + added,
        "==",
        (size + 1) * (squares + R**2) - (total + R) ** 2,
    )


def result() -> Result:
    spread = group_average(X**2) - group_average(X) ** 2
    shift = group_average(R - X)
    pairwise_spread = group_average((X - Y) ** 2) / 2
    pairwise = shift / sqrt(pairwise_spread)
    return Result(
        "The advantage in pairwise differences",
        f"{VY}, pairwise-difference form of (2)",
        r"Here $\overline{\,\cdot\,}$ is the average over the group: $A_i = "
        r"\overline{(r_i-r_j)}\,\big/\sqrt{\tfrac12\overline{(r_j-r_k)^2}}$, the mean of the "
        "differences to the others over the root of half their mean square. With $m_1,m_2$ for "
        "the first two moments of the group,",
        intuition="Subtracting a mean is the same as comparing with every member of the group in "
        "turn. The standard deviation is a mean of squared differences too, so the "
        "advantage is made of comparisons alone.",
        headlines=(
            Headline(
                r"the advantage is the mean difference to the group over the root of half its "
                r"mean square",
                ("half the mean squared difference*", "both forms*"),
                groups=EVERY_SIZE,
                hypotheses=("rewards that are not all equal",),
                by=(GROUP_MOMENTS(identity="half the mean squared difference*"),),
            ),
        ),
        setting=r"a group of any size $G$ with rewards that are not all equal, in standard units",
        kind="Proposition",
        formulas=(equation(Symbol("A_i"), pairwise),),
        claims=(
            one_more_member(),
            *(c for size in SIZES for c in written_out(size, pairwise, pairwise_spread)),
            Claim(
                "the factor 1/2 is not needed",
                group_average((X - Y) ** 2),
                "==",
                spread,
                Domain.of(M1, (M2, M1**2, oo)),
                expected="REFUTED",
            ),
        ),
        domain=Domain.of(M1, (M2, M1**2, oo), R),
    )
