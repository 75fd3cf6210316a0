"""Shift-only advantages with direct KL are RLHF with a rescaled weight."""

from sympy import Rational, oo

from derivations.result import VY, Result, equation
from grpo_symbolic import (
    GRPO,
    RLHF,
    BinaryQuestion,
    Claim,
    DirectKL,
    ShiftOnly,
    stationary_policy,
    symbols,
)

SIZES = (2, 3, 4, 8)


def result() -> Result:
    question, beta = BinaryQuestion(), symbols.beta
    rlhf = stationary_policy(RLHF(), question).expression
    found = {
        size: stationary_policy(GRPO(size, DirectKL(), ShiftOnly()), question)
        for size in (*SIZES, oo)
    }
    claims = [
        Claim(
            f"RLHF with beta G/(G - 1), G = {size}",
            found[size].expression,
            "==",
            rlhf.subs(beta, beta * Rational(size, size - 1)),
        )
        for size in SIZES
    ]
    claims.append(Claim("RLHF itself for large groups, (4)", found[oo].expression, "==", rlhf))
    claims.append(
        Claim(
            "at G = 2 the weight is not beta itself",
            found[2].expression,
            "==",
            rlhf,
            expected="REFUTED",
        )
    )
    return Result(
        "Shift-only and direct KL recover RLHF",
        f"{VY}, (4) and Appendix B",
        r"Without scale normalisation and with direct KL the stationary policy is RLHF's "
        r"logarithmic pooling with $\beta\,G/(G-1)$ in place of $\beta$; exactly (4) for large "
        r"groups.",
        setting=r"centred rewards without a scale, any $G$, direct KL",
        references=("ouyang2022",),
        formulas=(equation(symbols.pi, found[oo].expression),),
        claims=tuple(claims),
        derivation=found[oo].derivation,
    )
