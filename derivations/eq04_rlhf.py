"""RLHF pools the reference and the rewards logarithmically."""

from sympy import Add, S, Symbol, exp, log

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, DIRECT_KL, TWO, Headline
from derivations.lemmas import CONCAVE_MAXIMUM, IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import binary_gradient, kl_divergence
from derivations.second_route.policies import along_logit, logit_weights, normalised
from grpo_symbolic import RLHF, BinaryQuestion, Claim, DirectKL, Domain, stationary_policy, symbols

BETA = symbols.beta


def pooled(preferences, references):
    """Normalised policies pi_ref * g(P / beta) with the link g of direct KL."""
    weights = [w * DirectKL().link(p / BETA) for p, w in zip(preferences, references, strict=True)]
    return [w / sum(weights) for w in weights]


def any_number() -> tuple[Claim, Claim]:
    """One answer of a policy pi_ref exp(r/beta)/Z, with a symbol for Z: any of any number."""
    reward, total = Symbol("r_o", real=True), Symbol("Z", positive=True)
    found = REF * exp(reward / BETA) / total
    term = NEW * reward - BETA * NEW * log(NEW / REF)
    return (
        Claim(
            "any number of answers: one multiplier, beta (log Z - 1), with Z for the sum of all",
            term.diff(NEW).subs(NEW, found),
            "==",
            BETA * (log(total) - 1),
        ),
        Claim(
            "any number of answers: the objective is strictly concave",
            term.diff(NEW, 2),
            "<",
            S.Zero,
        ),
    )


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
        "",
        intuition="Expected reward with a direct penalty is linear in the policy plus its "
        "entropy, and the optimum weighs the reference by an exponential of the reward. "
        "Certainty is never reached at a positive weight.",
        checked_as="preset=rlhf",
        headlines=(
            Headline(
                r"$\pi(o)=\pi_{\mathrm{ref}}(o)e^{r(o)/\beta}/Z$ is the only maximiser of "
                r"$\mathrm{E}_\pi r-\beta"
                r"\,\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$",
                ("any number of answers: *",),
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                by=(
                    IDENTITY_IN_SYMBOLS(statement="any number of answers: one multiplier*"),
                    CONCAVE_MAXIMUM(
                        condition="any number of answers: one multiplier*",
                        concave="any number of answers: the objective is strictly concave*",
                    ),
                ),
            ),
            Headline(
                "it is logistic in the reward gap",
                ("(4) for two answers*",),
                answers=TWO,
                parameters=Domain.of(BETA, p0, gap),
            ),
        ),
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
            *any_number(),
        ),
        derivation=policy.derivation,
    )
