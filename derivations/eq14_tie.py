"""The tie case of (14): without a preferred answer the reference stays."""

from sympy import S, oo

from derivations.eq14_binary_pairs import BETA, GAMMA, P0, P, policy
from derivations.headline import REVERSE_KL, TWO, WITH_MARGIN, Headline
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols


def result() -> Result:
    tied = stationary_policy(GRPO(2), BinaryQuestion(margin=0))
    distance = policy().expression - P0
    return Result(
        "The tie case",
        f"{VY}, (14), tie",
        "",
        intuition="Where the two answers tie with some probability the margin is smaller, and "
        "nothing else changes. A tie acts as a larger weight of the penalty.",
        checked_as="group_size=2 margin=0",
        headlines=(
            Headline(
                r"the stationary policy is $\pi_{\mathrm{ref}}$",
                ("margin 0 gives the reference*",),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P0),
                hypotheses=(r"$\gamma=0$",),
            ),
            Headline(
                r"(14) exceeds it by at most $\gamma/(4\beta)$",
                ("(14) is above the reference", "(14) less the reference is at most *"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
            ),
        ),
        setting=r"a binary question, groups of two, the published penalty, margin $\gamma=0$",
        kind="Corollary",
        formulas=(equation(symbols.pi, tied.expression),),
        claims=(
            *compared("margin 0 gives the reference, as derived", tied.expression, P0),
            Claim(
                "margin 0 gives the reference: the gradient of the objective is beta (pi_ref - pi)",
                binary_gradient((S.Zero, S.Zero), P, P0, BETA),
                "==",
                BETA * (P0 - P),
            ),
            Claim("(14) is above the reference", distance, ">", S.Zero),
            Claim(
                "(14) less the reference is at most gamma/(4 beta) (so it tends to 0)",
                distance,
                "<=",
                GAMMA / (4 * BETA),
                Domain.of(GAMMA, P0, (BETA, S.Zero, oo)),
            ),
        ),
        derivation=tied.derivation,
        domain=Domain.of(P0),
    )
