"""(11) for groups of two: pi = pi_ref / (1 - (P(o > pi) - P(pi > o))/beta)."""

from sympy import Expr, Rational

from derivations.eq11_stationary import fixed_point
from derivations.headline import REVERSE_KL, TWO, WITH_MARGIN, Headline
from derivations.result import VY, Result, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.objectives import sampled_gradient
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationary_policy, symbols
from grpo_symbolic.model.preference import expected_preference


def of_the_objective(answer: int, found: Expr, given: Expr) -> Claim:
    """The gradient of the sampled objective, against what (12) leaves of pi_ref."""
    gamma, half, weights = symbols.gamma, Rational(1, 2), logit_weights(2)
    wins = [[half, half + gamma / 2], [half - gamma / 2, half]]
    references = (symbols.pi_ref, 1 - symbols.pi_ref)
    policy = normalised(weights)
    gradient = sampled_gradient(
        weights, pair_preferences(wins, policy), references, symbols.beta, answer=answer
    )
    link = (found / given).xreplace({symbols.pi: first_share(weights)})
    return Claim(
        f"(12) for the answer {'ab'[answer]}: the gradient is beta (pi_ref - pi/g)",
        gradient,
        "==",
        symbols.beta * (references[answer] - policy[answer] / link),
        where_defined=True,
    )


def result() -> Result:
    question = BinaryQuestion(margin=symbols.gamma)
    p, p0 = symbols.pi, symbols.pi_ref
    preferences = GRPO(2).preference(question)
    mean = expected_preference(preferences, question.policy)
    a, b = (fixed_point(x, mean, r) for x, r in zip(preferences, question.reference, strict=True))
    solution = stationary_policy(GRPO(2), question).expression
    return Result(
        "Fixed point for groups of two",
        f"{VY}, (12)",
        r"With the margin $\gamma$ written out,",
        intuition="The duel of two answers is put into the fixed point, and the mean of the duel "
        "under the policy is zero. Each probability is then its reference divided by "
        "one minus a multiple of what it wins.",
        checked_as="group_size=2 margin",
        argument=r"For $G=2$ the preference $P_2$ has the mean zero under $\pi$.",
        headlines=(
            Headline(
                r"(11) reads $\pi(o)=\pi_{\mathrm{ref}}(o)/(1-(P(o\succ\pi)-P(\pi\succ o))/\beta)$",
                (
                    "(12) for the answer a*",
                    "(12) for the answer b*",
                    "the closed form is a fixed point, *",
                ),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, the published "
        r"penalty",
        kind="Corollary",
        formulas=(equation(p, a), equation(1 - p, b)),
        claims=(
            of_the_objective(0, a, p0),
            of_the_objective(1, b, 1 - p0),
            Claim("the closed form is a fixed point, a", a.subs(p, solution), "==", solution),
            Claim("the closed form is a fixed point, b", b.subs(p, solution), "==", 1 - solution),
        ),
    )
