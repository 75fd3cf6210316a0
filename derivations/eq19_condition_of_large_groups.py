"""(19): the first-order condition of a binary question in large groups, and its quadratic."""

from sympy import S, sqrt

from derivations.eq15_large_group import BETA, P0, policy
from derivations.eq17_condition_of_pairs import P, on_policy, penalty
from derivations.eq18_objective_of_large_groups import reward_term
from derivations.headline import BINARY, LARGE_GROUPS, REVERSE_KL, TWO, Headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, equation
from grpo_symbolic import BinaryQuestion, Claim, Domain
from grpo_symbolic.domain import Range


def result() -> Result:
    slope = on_policy(reward_term(BinaryQuestion()) - BETA * penalty())
    height = sqrt(P * (1 - P))
    quadratic = (1 + BETA**2) * P**2 - (2 * BETA**2 * P0 + 1) * P + BETA**2 * P0**2
    domain = Domain.of(BETA, P0, P)
    below = Domain.of(BETA, P0, Range(P, S.Zero, P0, upper_closed=True))
    return Result(
        "The first-order condition of large groups on a binary question",
        f"{VY}, (19)",
        "Squared, the condition is the quadratic below, which has exactly one root above $p_0$, "
        "(15).",
        intuition="The drift is now a half circle and the penalty a line through the reference. "
        "They cross once, above the reference.",
        checked_as="group_size=inf",
        headlines=(
            Headline(
                r"the slope on policy vanishes where "
                r"$\beta(p-p_0)=\sqrt{p(1-p)}$, "
                r"at exactly one $\pi(a)$, above $\pi_{\mathrm{ref}}(a)$",
                ("(19): *", "the quadratic is (19) squared", "(15) is that root", "at or below *"),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
                hypotheses=("deterministic rewards, $r(a)>r(b)$",),
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the quadratic is negative at pi_ref",
                        upper_end="it is positive at 1",
                        shape="it is convex",
                    ),
                ),
            ),
        ),
        setting="a binary question with deterministic rewards, large groups, the published penalty",
        kind="Proposition",
        formulas=(equation(BETA * (P - P0), height), equation(quadratic, S.Zero)),
        claims=(
            Claim(
                "(19): the slope on policy, times pi*(1 - pi)",
                slope * P * (1 - P),
                "==",
                height - BETA * (P - P0),
                domain,
            ),
            Claim(
                "the quadratic is (19) squared",
                (BETA * (P - P0)) ** 2 - height**2,
                "==",
                quadratic,
                domain,
            ),
            Claim("the quadratic is negative at pi_ref", quadratic.subs(P, P0), "<", S.Zero),
            Claim("it is positive at 1", quadratic.subs(P, 1), ">", S.Zero),
            Claim("it is convex", quadratic.diff(P, 2), ">", S.Zero),
            Claim("(15) is that root", quadratic.subs(P, policy().expression), "==", S.Zero),
            Claim("at or below pi_ref the slope is positive", slope, ">", S.Zero, below),
        ),
        domain=domain,
    )
