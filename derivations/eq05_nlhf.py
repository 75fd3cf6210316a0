"""NLHF: the fixed point against the policy itself."""

from sympy import S, exp

from derivations.eq04_rlhf import pooled
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import NLHF, BinaryQuestion, Claim, stationary_policy, symbols


def result() -> Result:
    question = BinaryQuestion(margin=symbols.gamma)
    policy = stationary_policy(NLHF(), question)
    beta, gamma, p0 = symbols.beta, symbols.gamma, symbols.pi_ref
    preferences = NLHF().preference(question)
    fixed_point = pooled(preferences, question.reference)[0]
    half = exp(gamma / (2 * beta))
    published = p0 * half / (p0 * half + 1 - p0)
    return Result(
        "NLHF: fixed point of pairwise preferences",
        f"{VY}, (5)",
        r"With $P(o\succ o')$ averaged over $o'\sim\pi$ and direct KL, "
        r"$\pi(o)\propto\pi_{\mathrm{ref}}(o)\exp(\mathrm{E}_{o'\sim\pi}P(o\succ o')/\beta)$; for "
        r"a binary question the fixed point is explicit, and its exponent is $\gamma/(2\beta)$.",
        setting=r"pairwise preferences averaged over the policy, direct KL",
        references=("munos2023",),
        formulas=(equation(symbols.pi, policy.expression),),
        claims=(
            Claim(
                "the solution is a fixed point of (5)",
                fixed_point.subs(symbols.pi, policy.expression),
                "==",
                policy.expression,
            ),
            *compared("logistic with exponent gamma/(2 beta)", policy.expression, published),
            Claim(
                "logistic with exponent gamma/(2 beta): the gradient against itself vanishes there",
                binary_gradient(
                    [
                        wins[0] * published + wins[1] * (1 - published)
                        for wins in ((S.Half, (1 + gamma) / 2), ((1 - gamma) / 2, S.Half))
                    ],
                    published,
                    p0,
                    beta,
                    estimator="k1",
                    placement="reward",
                ),
                "==",
                S.Zero,
            ),
        ),
        derivation=policy.derivation,
    )
