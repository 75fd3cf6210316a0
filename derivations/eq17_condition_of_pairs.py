"""(17): the first-order condition of a binary question in groups of two, and its quadratic."""

from sympy import Add, S, oo

from derivations.eq06_reward_preference import OLD
from derivations.eq14_binary_pairs import BETA, GAMMA, P0, policy
from derivations.eq16_objective_of_pairs import reward_term
from derivations.headline import REVERSE_KL, TWO, WITH_MARGIN, Headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, Domain, ReverseKL, symbols
from grpo_symbolic.domain import Range

P = symbols.pi


def penalty():
    """The sampled k3 of two answers, pi_old frozen."""
    return Add(
        ReverseKL().expected_term(P, OLD, P0), ReverseKL().expected_term(1 - P, 1 - OLD, 1 - P0)
    )


def on_policy(objective):
    """The derivative in pi(a) with pi_old frozen, then at pi_old = pi."""
    return objective.diff(P).subs(OLD, P)


def result() -> Result:
    slope = on_policy(reward_term() - BETA * penalty())
    quadratic = P**2 - (1 - BETA / GAMMA) * P - BETA / GAMMA * P0
    force = BETA * (P - P0) / (P * (1 - P))
    domain = Domain.of(BETA, GAMMA, P0, P)
    return Result(
        "The first-order condition of pairs on a binary question",
        f"{VY}, (17)",
        "The condition is the quadratic below, whose non-negative root is (14) and is less than 1.",
        intuition="The chance of a mixed group is a parabola in $p$, and half of it, times the "
        "margin, is the pull. The penalty is a line through the reference: they cross once, above "
        "it.",
        checked_as="group_size=2 margin",
        argument=r"On policy the stage objective has the slope $\gamma-\beta\,(p-p_0)/(p(1-p))$.",
        headlines=(
            Headline(
                r"the slope on policy vanishes where $\beta\,(p-p_0)/(p(1-p))="
                r"\gamma$, at exactly one non-negative $\pi(a)$",
                ("(17): *", "the quadratic of (17)", "(14) is that root"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the quadratic is negative at 0",
                        upper_end="it is positive from 1 on",
                        shape="it is convex",
                    ),
                ),
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, the published "
        r"penalty",
        kind="Proposition",
        formulas=(equation(force, GAMMA), equation(quadratic, S.Zero)),
        claims=(
            Claim("(17): the slope on policy", slope, "==", GAMMA - force, domain),
            Claim("the quadratic of (17)", -slope * P * (1 - P) / GAMMA, "==", quadratic, domain),
            Claim("the quadratic is negative at 0", quadratic.subs(P, 0), "<", S.Zero),
            Claim(
                "it is positive from 1 on",
                quadratic,
                ">",
                S.Zero,
                Domain.of(BETA, GAMMA, P0, Range(P, S.One, oo, True)),
            ),
            Claim("it is convex", quadratic.diff(P, 2) * BETA, ">", S.Zero),
            Claim("(14) is that root", quadratic.subs(P, policy().expression), "==", S.Zero),
        ),
        domain=domain,
    )
