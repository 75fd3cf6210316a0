"""Unscaled advantages: pairs with a rescaled weight, at every group size."""

from sympy import Integer, oo

from derivations.all_groups import gradient
from derivations.headline import EVERY_SIZE, binary_headline
from derivations.result import Result, compared, equation
from derivations.second_route.groups import centred
from derivations.trainer_drift_std import GAP, P, two_level
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, ShiftOnly, stationary_policy
from grpo_symbolic import symbols as s

G, P0, BETA = s.G, s.pi_ref, s.beta
SIZES = (2, 3, 4, 8, 64)
WRITTEN_OUT = (2, 3, 4)


def result() -> Result:
    question = BinaryQuestion()
    pairs = stationary_policy(GRPO(2), question).expression
    found = stationary_policy(GRPO(G, advantage=ShiftOnly()), question)
    weight = BETA * G / ((G - 1) * GAP)
    sizes = {
        n: stationary_policy(GRPO(n, advantage=ShiftOnly()), question).expression for n in SIZES
    }
    large = stationary_policy(GRPO(oo, advantage=ShiftOnly()), question).expression
    return Result(
        "Dr. GRPO: pairs with a rescaled weight",
        "new; the convention of Dr. GRPO, Liu et al., arXiv 2503.20783",
        "",
        intuition="Leaving out the standard deviation of a pair is a division by half of the gap "
        "that is not made. On two answers it is a weight in other units.",
        checked_as="group_size=G scale=none",
        lines_checked_as="",
        argument=r"Without division by the standard deviation the drift is $(1-1/G)\Delta$, "
                 "whatever the policy.",
        headlines=(
binary_headline(
    r"the stationary policy is (14) with $\gamma=1$ and $\beta G/((G-1)\Delta)$ in place of "
    r"$\beta$",
    ("the policy, for every G", "the drift, for every G"),
    groups=EVERY_SIZE,
    parameters=Domain.of(BETA, P0, GAP),
),
),
setting=r"a binary question, centred rewards without a scale, any $G$, the published "
                r"penalty",
        kind="Corollary",
        formulas=(equation(P, pairs.subs(BETA, weight)),),
        claims=(
            Claim(
                "the drift, for every G",
                two_level(ShiftOnly()).drift(P),
                "==",
                (1 - Integer(1) / G) * GAP,
            ),
            Claim(
                "the policy, for every G",
                found.expression,
                "==",
                pairs.subs(BETA, weight),
            ),
            *(
                claim
                for n in SIZES
                for claim in compared(
                    f"the policy, as derived, G = {n}", sizes[n],
                    pairs.subs(BETA, weight.subs(G, n))
                )
            ),
            *(
                Claim(f"the policy, G = {n}: no gradient there, all groups",
                      gradient(n, advantages=centred).subs(P, pairs.subs(BETA, weight.subs(G, n))),
                      "==", Integer(0))
                for n in WRITTEN_OUT
            ),
            *compared("large groups, as derived", large, pairs.subs(BETA, BETA / GAP)),
            Claim("large groups: for G members the weight is larger by 1/(G-1) of it",
                  weight - BETA / GAP, "==", BETA / GAP / (G - 1)),
            Claim("it grows with the rewards", pairs.subs(BETA, BETA / GAP).diff(GAP), ">",
                  Integer(0)),
        ),
        domain=Domain.of(G, BETA, P0, GAP),
    )  # fmt: skip
