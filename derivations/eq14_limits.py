"""Limits of (14): small and large beta, and a vanishing reference probability."""

from sympy import Expr, S, Symbol, limit, oo

from derivations.eq14_binary_pairs import BETA, GAMMA, P0, policy
from derivations.headline import REVERSE_KL, TWO, Headline
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import Claim, Domain
from grpo_symbolic.domain import Range
from grpo_symbolic.work import limited

STEPS = 5_000_000


def weight_limits(expression: Expr) -> tuple[Expr, Expr]:
    """The limits beta -> 0+ and beta -> oo (as beta = 1/t with t -> 0+)."""
    t = Symbol("t", positive=True)
    small = limited(limit, expression, BETA, 0, "+", steps=STEPS)
    large = limited(limit, expression.subs(BETA, 1 / t), t, 0, "+", steps=STEPS)
    return small, large


def result() -> Result:
    expression = policy().expression
    small, large = weight_limits(expression)
    rare = expression.subs(P0, 0)  # continuous in pi_ref at 0
    below = Domain.of(GAMMA, (BETA, S.Zero, GAMMA))
    above = Domain.of(GAMMA, Range(BETA, GAMMA, oo, True))
    rarely = Domain.of(GAMMA, (BETA, S.Zero, GAMMA), P0)
    return Result(
        "Limits of (14)",
        f"{VY}, after (14)",
        "An answer that the reference never gives stays at $0$, so that the policy is continuous "
        r"there if and only if $\beta\ge\gamma$.",
        intuition="Without a penalty the better answer takes everything, and with a heavy one "
        "nothing moves. In between, an answer that the reference hardly knows survives "
        "only while the weight is below the margin.",
        checked_as="group_size=2 margin",
        lines_checked_as="",
        argument="The formula lies between two bounds that meet in the limit.",
        headlines=(
            Headline(
                r"(14) tends to 1 as $\beta\to0+$ and to $\pi_{\mathrm{ref}}(a)$ as "
                r"$\beta\to\infty$",
                ("limit beta -> 0*", "limit beta -> oo*"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(GAMMA, P0),
            ),
            Headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ (14) tends to $1-\beta/\gamma>0$: a jump",
                ("limit pi_ref -> 0+ when beta < gamma*", "a jump at pi_ref = 0 when beta < gamma"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=below,
            ),
            Headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ (14) tends to 0: no jump",
                ("no jump at pi_ref = 0 when beta >= gamma",),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=above,
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, the published "
        r"penalty",
        kind="Corollary",
        formulas=(equation(Symbol("pi_0"), rare),),
        claims=(
            *compared("limit beta -> 0 of the closed form", small, S.One),
            Claim("limit beta -> 0: it is below 1", expression, "<", S.One),
            Claim("limit beta -> 0: by at most beta/gamma", 1 - expression, "<=", BETA / GAMMA),
            *compared("limit beta -> oo of the closed form", large, P0),
            Claim("limit beta -> oo: it is above pi_ref", expression, ">", P0),
            Claim(
                "limit beta -> oo: by at most gamma/(4 beta)",
                expression - P0,
                "<=",
                GAMMA / (4 * BETA),
            ),
            Claim("limit pi_ref -> 0+ when beta < gamma", rare, "==", 1 - BETA / GAMMA, below),
            Claim(
                "limit pi_ref -> 0+ when beta < gamma: it is above 1 - beta/gamma",
                expression,
                ">",
                1 - BETA / GAMMA,
                rarely,
            ),
            Claim(
                "limit pi_ref -> 0+ when beta < gamma: by at most pi_ref/(1 - beta/gamma)",
                expression - (1 - BETA / GAMMA),
                "<=",
                P0 / (1 - BETA / GAMMA),
                rarely,
            ),
            Claim("a jump at pi_ref = 0 when beta < gamma", rare, ">", S.Zero, below),
            Claim("no jump at pi_ref = 0 when beta >= gamma", rare, "==", S.Zero, above),
        ),
        domain=Domain.of(BETA, GAMMA, P0),
    )
