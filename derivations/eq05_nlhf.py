"""NLHF: the fixed point against the policy itself."""

from sympy import Add, Expr, S, Symbol, exp, expand_log, log

from derivations.eq04_rlhf import BETA, pooled
from derivations.headline import DIRECT_KL, TWO, WITH_MARGIN, Headline
from derivations.lemmas import CONCAVE_MAXIMUM
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import NLHF, BinaryQuestion, Claim, Domain, stationary_policy, symbols


def no_gain_in_the_game(question: BinaryQuestion, solution: Expr) -> tuple[Claim, Claim]:
    """(5) for the policy p against q, from its definition: no p gains where q is the solution."""
    other = Symbol("q", positive=True)
    own, theirs = question.policy, (other, 1 - other)
    ratios = [
        [log(w / ref) for w, ref in zip(law, question.reference, strict=True)]
        for law in (own, theirs)
    ]
    payoff = Add(
        *(
            own[o] * theirs[a] * (question.preference(o, a) - BETA * (ratios[0][o] - ratios[1][a]))
            for o in range(2)
            for a in range(2)
        )
    )
    slope = payoff.diff(symbols.pi)
    return (
        Claim(
            "(5): against itself the payoff is stationary at the solution",
            expand_log(slope.subs(other, symbols.pi).subs(symbols.pi, solution)),
            "==",
            S.Zero,
        ),
        Claim(
            "(5): the payoff is strictly concave in the own policy",
            payoff.diff(symbols.pi, 2),
            "<",
            S.Zero,
            Domain.of((other, S.Zero, S.One)),
        ),
    )


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
        "For a binary question,",
        intuition="The reward is the chance of beating the current policy, which moves as the "
        "policy does. The optimum is the fixed point of a game, not the maximum of a "
        "function.",
        checked_as="preset=nlhf margin",
        headlines=(
            Headline(
                r"$\pi\propto\pi_{\mathrm{ref}}\exp(\mathrm{E}_{o'\sim\pi}P(o\succ o')/\beta)$ "
                r"is explicit, with "
                r"the exponent $\gamma/(2\beta)$, and against itself no other policy gains in (5)",
                ("the solution is a fixed point of (5)", "logistic with exponent gamma/(2 beta)*"),
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=WITH_MARGIN,
                by=(
                    CONCAVE_MAXIMUM(
                        condition="(5): against itself the payoff is stationary at the solution",
                        concave="(5): the payoff is strictly concave in the own policy",
                    ),
                ),
            ),
        ),
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
            *no_gain_in_the_game(question, policy.expression),
        ),
        derivation=policy.derivation,
    )
