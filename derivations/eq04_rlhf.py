"""RLHF pools the reference and the rewards logarithmically."""

from sympy import Symbol, exp

from derivations.result import VY, Result, equation
from grpo_symbolic import RLHF, BinaryQuestion, Claim, DirectKL, stationary_policy, symbols

BETA = symbols.beta


def pooled(preferences, references):
    """Normalised policies pi_ref * g(P / beta) with the link g of direct KL."""
    weights = [w * DirectKL().link(p / BETA) for p, w in zip(preferences, references, strict=True)]
    return [w / sum(weights) for w in weights]


def result() -> Result:
    policy = stationary_policy(RLHF(), BinaryQuestion())
    rewards = [Symbol(f"r_{i}", real=True) for i in (1, 2, 3)]
    references = [Symbol(f"w_{i}", positive=True) for i in (1, 2, 3)]
    found = pooled(rewards, references)
    marginal = [DirectKL().marginal(w / p) for w, p in zip(references, found, strict=True)]
    ratio = references[0] * exp(rewards[0] / BETA) / (references[1] * exp(rewards[1] / BETA))
    p0, gap = symbols.pi_ref, symbols.gap
    return Result(
        "RLHF: logarithmic pooling",
        f"{VY}, (4)",
        r"With expected reward and direct KL the stationary policy is "
        r"$\pi(o)\propto\pi_{\mathrm{ref}}(o)\,e^{r(o)/\beta}$.",
        setting=r"expected reward in place of the group preference, direct KL",
        references=("ouyang2022",),
        formulas=(equation(symbols.pi, policy.expression),),
        claims=(
            Claim("odds of two answers out of three", found[0] / found[1], "==", ratio),
            Claim(
                "three answers share one multiplier",
                rewards[0] - BETA * marginal[0],
                "==",
                rewards[1] - BETA * marginal[1],
            ),
            Claim(
                "(4) for two answers",
                policy.expression,
                "==",
                p0 * exp(gap / BETA) / (p0 * exp(gap / BETA) + 1 - p0),
            ),
        ),
        derivation=policy.derivation,
    )
