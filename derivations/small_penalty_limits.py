"""Small penalties: how fast the wrong answer vanishes, for every group size and in the limit."""

from sympy import Expr, S, Symbol, limit, oo, sqrt

from derivations.bernstein_form import P0, SHARE, G, P, advantages, curve
from derivations.escape_threshold import near_the_end, only_one
from derivations.headline import (
    EVERY_SIZE,
    LARGE_GROUPS,
    binary_headline,
)
from derivations.result import Result, compared, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols
from grpo_symbolic.algebra import tidy

BETA = symbols.beta
SIZES = (2, 3, 4, 5)


def leading() -> Expr:
    """The limit of beta/(1 - p) along the stationary policies as p -> 1, for every G.

    beta = h_G/(p - p0), and h_G/(1 - p) = -P_G(b); at p = 1 all others are a.
    """
    only_b = advantages()[1].subs(SHARE, 1 - 1 / G)
    return tidy(-only_b / (1 - P0), Domain.of(G, P0))


def large_groups(wrong: Expr) -> tuple[Claim, ...]:
    """1 - (15) between two functions of the weight: the limits of its quotients by powers."""
    loss = BETA * (1 - P0)
    return (
        Claim("large groups: beta^2/(1-p) -> 1/(1-p0)^2: 1 - p is at most beta^2 (1-p0)^2",
              wrong, "<=", loss**2),
        Claim("large groups: beta^2/(1-p) -> 1/(1-p0)^2: less by at most 2 beta^4 (1-p0)^3",
              wrong, ">=", loss**2 - 2 * BETA * loss**3),
        Claim("large groups: (1-p)/beta tends to 0: at most beta (1-p0)^2", wrong / BETA, "<=",
              BETA * (1 - P0) ** 2),
    )  # fmt: skip


def result() -> Result:
    slope = G * (curve().subs(SHARE, S.One) - curve().subs(SHARE, 1 - 1 / G))
    along = curve().subs(SHARE, P) / (P - P0)  # beta along the policies of large groups
    meeting = 1 / ((1 - P0) * sqrt(G - 1))
    large = tidy(limit(along**2 / (1 - P), P, 1), Domain.of(P0))
    wrong = 1 - stationary_policy(GRPO(oo), BinaryQuestion()).expression
    law, large_law = BETA / leading(), BETA**2 / large
    expected = sqrt(G - 1) / (1 - P0)
    claims = [
        *compared("beta/(1-p) -> sqrt(G-1)/(1-p0), as derived", leading(), expected),
        # the only one that is not rewarded loses what the only one that is would gain
        Claim(
            "beta/(1-p) -> sqrt(G-1)/(1-p0): the only b of G, over p - p0 at p = 1",
            only_one("standard units") / (1 - P0),
            "==",
            expected,
        ),
        Claim("it is -h_G'(1)/(1-p0)", leading(), "==", -slope / (1 - P0)),
        *compared("large groups: beta^2/(1-p), as derived", large, 1 / (1 - P0) ** 2),
        *large_groups(wrong),
        Claim(
            "large groups: (15) gives the same",
            limit(wrong / BETA**2, BETA, 0, "+"),
            "==",
            1 / large,
            Domain.of(P0),
        ),
    ]
    claims += [claim for size in SIZES for claim in near_the_end(size, 1)]
    claims += [
        Claim("G fixed, beta -> 0: (1-p)/beta tends to a positive number", law / BETA, ">", S.Zero),
        Claim(
            "G -> oo in the law of fixed G gives 0, not the law of large groups",
            limit(law, G, oo),
            "<",
            large_law,
            Domain.of(BETA, P0),
        ),
        *(
            Claim(
                f"the two laws meet at beta (1-p0) sqrt(G-1) = 1: {where} it that of fixed G is "
                f"{which}",
                BETA * (1 - P0) / sqrt(G - 1),
                relation,
                BETA**2 * (1 - P0) ** 2,
                Domain.of(G, P0, (BETA, *ends)),
            )
            for where, which, relation, ends in (
                ("below", "larger", ">", (S.Zero, meeting)),
                ("above", "smaller", "<", (meeting, oo)),
            )
        ),
    ]
    return Result(
        "Small penalties: the limits in the weight and in the group size do not commute",
        "new",
        r"So $(1-p)/\beta$ has a positive limit for every $G$ and the limit $0$ at $G=\infty$; "
        r"the two laws meet at $\beta(1-p_0)\sqrt{G-1}=1$.",
        intuition="At a small weight the policy is near certainty, where a finite group no longer "
        "sees the worse answer. A large group still does, and so the two limits differ.",
        argument=r"As $\beta\to0$, $p\to1$, because $h_G>0$ on $[p_0,1)$. For fixed $G$, "
        r"$\beta/(1-p)=-P_G(b)/(p-p_0)$ along the stationary policies, and at $p=1$ the "
        r"only answer $b$ of its group has the advantage $-\sqrt{G-1}$.",
        headlines=(
            binary_headline(
                r"as $\beta\to0$, $1-p\simeq\beta(1-p_0)/\sqrt{G-1}$",
                (
                    "beta/(1-p) -> sqrt(G-1)/(1-p0)*",
                    "it is -h_G'(1)/(1-p0)",
                    "G fixed, beta -> 0: *",
                ),
                groups=EVERY_SIZE,
                parameters=Domain.of(P0),
            ),
            binary_headline(
                r"as $\beta\to0$, $1-p\simeq\beta^2(1-p_0)^2$",
                ("large groups: *",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
            ),
        ),
        setting=r"a binary question with deterministic rewards, $\beta\to0$, the published penalty",
        figure="small-weights",
        formulas=(
            equation(Symbol("loss_G"), 1 / leading()),
            equation(Symbol("loss_oo"), 1 / large),
        ),
        claims=tuple(claims),
        domain=Domain.of(G, BETA, P0),
    )
