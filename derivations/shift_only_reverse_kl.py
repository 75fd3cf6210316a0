"""Shift-only advantages with the published penalty."""

from sympy import Rational, S, oo, sqrt

from derivations.all_groups import gradient
from derivations.headline import (
    EVERY_SIZE,
    LARGE_GROUPS,
    binary_headline,
)
from derivations.result import Result, compared, equation
from derivations.second_route.groups import centred
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, ShiftOnly, stationary_policy, symbols

SIZES = (2, 4)


def every_size() -> Claim:
    """The same with G as a symbol."""
    size, p0 = symbols.G, symbols.pi_ref
    c = symbols.beta / (symbols.gap * (1 - 1 / size))
    found = stationary_policy(GRPO(size, advantage=ShiftOnly()), BinaryQuestion()).expression
    return Claim(
        "(14) with (1 - 1/G) gap in place of gamma, for every G",
        found,
        "==",
        (1 - c + sqrt((1 - c) ** 2 + 4 * c * p0)) / 2,
    )


def result() -> Result:
    question = BinaryQuestion()
    beta, p0, gap = symbols.beta, symbols.pi_ref, symbols.gap
    claims = []
    for size in SIZES:
        c = beta / (gap * (1 - Rational(1, size)))
        policy = stationary_policy(GRPO(size, advantage=ShiftOnly()), question)
        name = f"(14) with (1 - 1/G) gap in place of gamma, G = {size}"
        published = (1 - c + sqrt((1 - c) ** 2 + 4 * c * p0)) / 2
        claims += compared(f"{name}, as derived", policy.expression, published)
        slope = gradient(size, advantages=centred).subs(symbols.pi, published)
        claims.append(Claim(f"{name}: no gradient there, all groups", slope, "==", S.Zero))
    large = stationary_policy(GRPO(oo, advantage=ShiftOnly()), question)
    claims.append(Claim("it increases with the gap", large.expression.diff(gap), ">", S.Zero))
    return Result(
        "Shift-only normalisation with reverse KL",
        "follows from (11); used by Dr. GRPO",
        "So the size of the rewards matters. In the limit of large groups,",
        intuition="Rewards enter linearly, but the penalty is that of GRPO. The equation for two "
        "answers is the one of pairs, with the gap of the rewards, times $1-1/G$, for "
        "the margin.",
        checked_as="group_size=inf scale=none",
        headlines=(
            binary_headline(
                r"the stationary policy is (14) with $(1-1/G)\Delta$ in place of $\gamma$",
                ("(14) with (1 - 1/G) gap in place of gamma, for every G",),
                groups=EVERY_SIZE,
                parameters=Domain.of(beta, p0, gap),
            ),
            binary_headline(
                "it rises with the gap",
                ("it increases with the gap",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(beta, p0, gap),
            ),
        ),
        setting=r"a binary question, centred rewards without a scale, the published penalty",
        kind="Corollary",
        references=(
            "vojnovic2025",
            "liu2025",
        ),
        formulas=(equation(symbols.pi, large.expression),),
        claims=(*claims, every_size()),
        derivation=large.derivation,
        domain=large.parameters,
    )
