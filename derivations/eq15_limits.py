"""Limits of (15)."""

from sympy import S, Symbol

from derivations.eq14_limits import weight_limits
from derivations.eq15_large_group import BETA, P0, policy
from derivations.headline import LARGE_GROUPS, binary_headline
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import Claim, Domain
from grpo_symbolic.algebra import tidy


def result() -> Result:
    expression = policy().expression
    small, large = weight_limits(expression)
    rare = tidy(expression.subs(P0, 0))  # continuous in pi_ref at 0
    left = 1 / (1 + BETA**2)
    return Result(
        "Limits of (15)",
        f"{VY}, after (15)",
        r"At $p_0=0$ the policy jumps for every $\beta$.",
        intuition="The half circle has no tangent at its ends, so that a vanishing reference "
        "keeps a positive probability. A large group rescues a rare answer at every "
        "weight.",
        checked_as="group_size=inf",
        lines_checked_as="",
        argument="The formula lies between two bounds that meet in the limit.",
        headlines=(
            binary_headline(
                r"(15) tends to 1 as $\beta\to0+$ and to $\pi_{\mathrm{ref}}(a)$ as "
                r"$\beta\to\infty$",
                ("limit beta -> 0*", "limit beta -> oo*"),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
            ),
            binary_headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ (15) tends to $1/(1+\beta^2)>0$: a jump",
                ("limit pi_ref -> 0+*", "a jump at pi_ref = 0*"),
                groups=LARGE_GROUPS,
                parameters=Domain.of(BETA),
            ),
        ),
        setting="a binary question with deterministic rewards, large groups, the published penalty",
        kind="Corollary",
        formulas=(equation(Symbol("pi_0"), rare),),
        claims=(
            *compared("limit beta -> 0 of the closed form", small, S.One),
            Claim("limit beta -> 0: it is below 1", expression, "<", S.One),
            Claim("limit beta -> 0: by at most beta^2", 1 - expression, "<=", BETA**2),
            *compared("limit beta -> oo of the closed form", large, P0),
            Claim("limit beta -> oo: it is above pi_ref", expression, ">", P0),
            Claim("limit beta -> oo: by at most 1/(2 beta)", expression - P0, "<=", 1 / (2 * BETA)),
            *compared("limit pi_ref -> 0+ of the closed form", rare, left),
            Claim("limit pi_ref -> 0+: it is above 1/(1 + beta^2)", expression, ">", left),
            Claim(
                "limit pi_ref -> 0+: by at most 2 beta^2 pi_ref/(1 + beta^2)",
                expression - left,
                "<=",
                2 * BETA**2 * P0 * left,
            ),
            Claim("a jump at pi_ref = 0 for every beta", rare, ">", S.Zero),
        ),
        domain=Domain.of(BETA, P0),
    )
