"""RLHF pools the reference and the rewards logarithmically."""

from sympy import Add, S, Symbol, exp

from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import binary_gradient, kl_divergence
from derivations.second_route.policies import along_logit, logit_weights, normalised
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
    p0, gap, low = symbols.pi_ref, symbols.gap, symbols.base_reward
    published = p0 * exp(gap / BETA) / (p0 * exp(gap / BETA) + 1 - p0)
    # the objective itself: expected reward less beta KL(pi || pi_ref), in the logits of pi
    weights, shares = logit_weights(3), logit_weights(3, "w")
    objective = Add(*(p * r for p, r in zip(normalised(weights), rewards, strict=True)))
    objective -= BETA * kl_divergence(normalised(weights), normalised(shares))
    gradient = along_logit(objective, weights[0])
    return Result(
        "RLHF: logarithmic pooling",
        f"{VY}, (4)",
        r"With expected reward and direct KL the stationary policy is "
        r"$\pi(o)\propto\pi_{\mathrm{ref}}(o)\,e^{r(o)/\beta}$.",
        setting=r"expected reward in place of the group preference, direct KL",
        references=("ouyang2022",),
        formulas=(equation(symbols.pi, policy.expression),),
        claims=(
            Claim(
                "three answers: the objective's gradient vanishes at pi_ref exp(r/beta)",
                gradient.xreplace(dict(zip(weights, found, strict=True))),
                "==",
                S.Zero,
            ),
            Claim(
                "three answers share one multiplier",
                rewards[0] - BETA * marginal[0],
                "==",
                rewards[1] - BETA * marginal[1],
            ),
            *compared("(4) for two answers", policy.expression, published),
            Claim(
                "(4) for two answers: the gradient with sampled k1 in the reward vanishes there",
                binary_gradient(
                    (low + gap, low), published, p0, BETA, estimator="k1", placement="reward"
                ),
                "==",
                S.Zero,
            ),
        ),
        derivation=policy.derivation,
    )
