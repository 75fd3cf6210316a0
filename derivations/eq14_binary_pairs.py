"""(14): a binary question, groups of two."""

from sympy import Expr, Rational, S, Symbol, oo, sqrt

from derivations.headline import REVERSE_KL, TWO, WITH_MARGIN, Headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols

BETA, GAMMA, P0, P = symbols.beta, symbols.gamma, symbols.pi_ref, symbols.pi


def policy():
    """The stationary policy for groups of two with a confidence margin."""
    return stationary_policy(GRPO(2), BinaryQuestion(margin=GAMMA))


def gradient(estimator: str = "k3", placement: str = "loss", margin: Expr = GAMMA) -> Expr:
    """The sampled objective's gradient in the logit of a, from the chance that a beats b."""
    half = Rational(1, 2)
    wins = [[half, half + margin / 2], [half - margin / 2, half]]
    return binary_gradient(
        pair_preferences(wins, (P, 1 - P)), P, P0, BETA, estimator=estimator, placement=placement
    )


def solves(published: Expr) -> tuple[Claim, ...]:
    """That (14) is the stationary policy, by the gradient of the sampled objective."""
    weight, found = GAMMA * P * (1 - P) / (P - P0), gradient()
    above, below = Domain.of(GAMMA, P0, (P, P0, S.One)), Domain.of(GAMMA, P0, (P, S.Zero, P0), BETA)
    return (
        Claim("(14): the gradient of the objective vanishes there", found.subs(P, published), "==",
              S.Zero),
        Claim("(14): pi > pi_ref is stationary at beta = gamma pi (1-pi)/(pi - pi_ref)",
              found.subs(BETA, weight), "==", S.Zero, above),
        Claim("(14): at that weight it is that pi", published.subs(BETA, weight), "==", P, above),
        Claim("(14): up to pi_ref the gradient is positive", found, ">", S.Zero, below),
    )  # fmt: skip


def result() -> Result:
    found = policy()
    expression = found.expression
    c = BETA / GAMMA
    scale = Symbol("k", positive=True)
    wide = Domain.of((GAMMA, S.Zero, oo))
    published = (1 - c + sqrt((1 - c) ** 2 + 4 * c * P0)) / 2
    return Result(
        "Binary question, groups of two",
        f"{VY}, (14)",
        "",
        intuition="The pull of the better answer is a parabola that vanishes at both ends, since "
        "a policy that is certain sees no differences. The penalty is a line through "
        "the reference, and the solution is where they cross.",
        checked_as="group_size=2 margin",
        headlines=(
            Headline(
                "there is exactly one stationary policy, it exceeds the reference, and it is (14)",
                ("(14)*", "the solution satisfies *", "up to pi_ref(a) *"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the polynomial is negative at pi_ref(a)",
                        upper_end="the polynomial is positive at 1",
                        shape="the leading coefficient is positive",
                    ),
                ),
            ),
            Headline(
                r"it falls with $\beta$, rises with $\gamma$ and $\pi_{\mathrm{ref}}(a)$, "
                r"depends on "
                r"$\beta/\gamma$ only, and is at least "
                r"$\max\{1-\beta/\gamma,\pi_{\mathrm{ref}}(a)\}$",
                ("it decreases in beta", "it increases in *", "it depends on *", "bound: *"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=WITH_MARGIN,
            ),
            Headline(
                r"at $\beta=\gamma$ it is the square root of $\pi_{\mathrm{ref}}(a)$",
                ("at beta = gamma it is the square root of pi_ref: *",),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P0),
                hypotheses=(r"$0<\beta=\gamma\le1$",),
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, the published "
        r"penalty",
        figure="fig1",
        formulas=(equation(symbols.pi, expression),),
        claims=(
            *compared("(14)", expression, published),
            *solves(expression),
            Claim(
                "it depends on beta and gamma only through beta/gamma: so does the gradient",
                gradient().subs({BETA: scale * BETA, GAMMA: scale * GAMMA}, simultaneous=True),
                "==",
                scale * gradient(),
                wide,
            ),
            Claim("it decreases in beta", expression.diff(BETA), "<", S.Zero),
            Claim("it increases in gamma", expression.diff(GAMMA), ">", S.Zero),
            Claim("it increases in pi_ref", expression.diff(P0), ">", S.Zero),
            Claim(
                "at beta = gamma it is the square root of pi_ref: the gradient there",
                gradient().subs(BETA, GAMMA),
                "==",
                GAMMA * (P0 - P**2),
            ),
            Claim("bound: at least 1 - beta/gamma", expression, ">=", 1 - c),
            Claim("bound: at least pi_ref", expression, ">=", P0),
        ),
        derivation=found.derivation,
        domain=found.parameters,
    )
