"""Shift-only advantages with direct KL are RLHF with a rescaled weight."""

from sympy import Expr, Rational, S, Symbol, exp, expand_log, log, oo

from derivations.all_groups import gradient
from derivations.eq08_frozen_gradient import REF
from derivations.headline import (
    ANY_NUMBER,
    BINARY,
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    TWO,
    Headline,
)
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import centred
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import (
    GRPO,
    RLHF,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    ShiftOnly,
    stationary_policy,
    symbols,
)

SIZES = (2, 3, 4, 8)


def every_size(rlhf: Expr) -> tuple[Claim, Claim]:
    """Two answers with G as a symbol, and one answer of any number."""
    beta, size = symbols.beta, symbols.G
    weight = beta * size / (size - 1)
    found = stationary_policy(GRPO(size, DirectKL(), ShiftOnly()), BinaryQuestion()).expression
    reward, mean, total = (
        Symbol("r_o", real=True),
        Symbol("E_r", real=True),
        Symbol("Z", positive=True),
    )
    pooled = REF * exp(reward / weight) / total
    preference = (1 - 1 / size) * (reward - mean)
    return (
        Claim("RLHF with beta G/(G - 1), for every G", found, "==", rlhf.subs(beta, weight)),
        Claim(
            "any number of answers: at pi_ref exp((1 - 1/G) r/beta)/Z the multiplier has no r "
            "in it",
            expand_log(preference - beta * DirectKL().marginal(REF / pooled)),
            "==",
            beta * log(total) - (1 - 1 / size) * mean,
        ),
    )


def result() -> Result:
    question, beta = BinaryQuestion(), symbols.beta
    rlhf = stationary_policy(RLHF(), question).expression
    found = {
        size: stationary_policy(GRPO(size, DirectKL(), ShiftOnly()), question)
        for size in (*SIZES, oo)
    }
    claims: list[Claim] = []
    for size in SIZES:
        name = f"RLHF with beta G/(G - 1), G = {size}"
        pooled = rlhf.subs(beta, beta * Rational(size, size - 1))
        claims += compared(f"{name}, as derived", found[size].expression, pooled)
        # for a gap of G/(G - 1) times symbols.gap: any gap is one, and this is RLHF at its own
        wide = {symbols.gap: symbols.gap * Rational(size, size - 1)}
        slope = gradient(size, "k1", "reward", centred).subs(wide).subs(symbols.pi, rlhf)
        claims.append(Claim(f"{name}: no gradient there, all groups", slope, "==", S.Zero))
    name, low, p = "RLHF itself for large groups, (4)", symbols.base_reward, symbols.pi
    rewards = (low + symbols.gap, low)
    mean = p * rewards[0] + (1 - p) * rewards[1]
    slope = binary_gradient(
        [r - mean for r in rewards], p, symbols.pi_ref, beta, estimator="k1", placement="reward"
    )
    claims += compared(f"{name}, as derived", found[oo].expression, rlhf)
    claims.append(Claim(f"{name}: no gradient there", slope.subs(p, rlhf), "==", S.Zero))
    claims.append(
        Claim(
            "at G = 2 the weight is beta itself",
            found[2].expression,
            "==",
            rlhf,
            expected="REFUTED",
        )
    )
    return Result(
        "Shift-only and direct KL recover RLHF",
        f"{VY}, (4) and Appendix B",
        "",
        intuition="Without the division the advantage is the reward less a baseline, and its "
        "expectation is linear in rewards. With the direct penalty this is RLHF at "
        "another weight.",
        checked_as="group_size=inf penalty=direct-kl scale=none",
        headlines=(
            Headline(
                r"the stationary policy is that of RLHF with the weight $\beta G/(G-1)$",
                ("RLHF with beta G/(G - 1), for every G", "any number of answers: *"),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                parameters=Domain.of(beta),
                by=(IDENTITY_IN_SYMBOLS(statement="any number of answers: *"),),
                uses=("shift_only_factor", "eq04_rlhf"),
            ),
            Headline(
                "it is (4)",
                ("RLHF itself for large groups, (4)*",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
        ),
        setting=r"centred rewards without a scale, any $G$, direct KL",
        references=("ouyang2022",),
        formulas=(equation(symbols.pi, found[oo].expression),),
        claims=(*claims, *every_size(rlhf)),
        derivation=found[oo].derivation,
    )
