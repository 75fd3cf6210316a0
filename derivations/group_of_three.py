"""Groups of three: the condition of pairs with the margin sqrt(2)."""

from sympy import Rational, sqrt

from derivations.bernstein_form import P0, SHARE, P, curve
from derivations.headline import BINARY, REVERSE_KL, TWO, Headline, Numbers
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, stationary_policy, symbols

BETA, GAMMA = symbols.beta, symbols.gamma


def result() -> Result:
    third = Rational(1, 3)
    three = stationary_policy(GRPO(3), BinaryQuestion())
    pairs = stationary_policy(GRPO(2), BinaryQuestion(margin=GAMMA))
    contrasts = [found.condition.contrast().rhs for found in (three, pairs)]
    function = curve()
    c = BETA / sqrt(2)
    return Result(
        r"Groups of three: pairs with $\sqrt2$ for the margin",
        "new",
        r"With deterministic rewards and $G=3$ the drift $P_3(a)-P_3(b)=\sqrt2$ does not depend on "
        r"$\pi$, as for $G=2$: $f(1/3)=f(2/3)$. The stationary policy is (14) with $\sqrt2$ in "
        r"place of $\gamma$. This is formal, no margin exceeds $1$: groups of three act like "
        r"pairs at $\beta/\sqrt2$.",
        headlines=(
            Headline(
                r"the drift is $\sqrt2$ at every policy, and the one stationary policy is (14) "
                r"with $\sqrt2$ for "
                r"$\gamma$",
                ("the drift is sqrt(2)", "(14) at gamma = sqrt(2)*", "the solution satisfies *"),
                groups=Numbers.of(3),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
                hypotheses=("deterministic rewards",),
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the polynomial is negative at pi_ref(a)",
                        upper_end="the polynomial is positive at 1",
                        shape="the leading coefficient is positive",
                    ),
                ),
            ),
        ),
        setting=r"a binary question with deterministic rewards, groups of three, the published "
        r"penalty",
        formulas=(equation(P, three.expression),),
        claims=(
            Claim(
                "f(1/3) = f(2/3)",
                function.subs(SHARE, third),
                "==",
                function.subs(SHARE, 2 * third),
            ),
            Claim("the drift is sqrt(2)", contrasts[0], "==", sqrt(2)),
            Claim(
                "it is the drift of pairs times sqrt(2)/gamma",
                contrasts[0],
                "==",
                contrasts[1] * sqrt(2) / GAMMA,
            ),
            Claim("penalty side: the same", three.equation.lhs, "==", pairs.equation.lhs),
            Claim(
                "drift side: the one of pairs at gamma = sqrt(2)",
                three.equation.rhs,
                "==",
                pairs.equation.rhs.subs(GAMMA, sqrt(2)),
            ),
            Claim(
                "the policy is that of pairs at gamma = sqrt(2)",
                three.expression,
                "==",
                pairs.expression.subs(GAMMA, sqrt(2)),
            ),
            Claim(
                "(14) at gamma = sqrt(2)",
                three.expression,
                "==",
                (1 - c + sqrt((1 - c) ** 2 + 4 * c * P0)) / 2,
            ),
            Claim(
                "the policy is that of pairs with gamma = 1 at beta/sqrt(2)",
                three.expression,
                "==",
                pairs.expression.subs({GAMMA: 1, BETA: c}, simultaneous=True),
            ),
            Claim("sqrt(2) is no margin", sqrt(2), ">", GAMMA),
        ),
        derivation=three.derivation,
        domain=three.parameters,
    )
