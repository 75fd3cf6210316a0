"""Groups of three: the condition of pairs with the margin sqrt(2)."""

from sympy import Rational, S, Symbol, oo, sqrt

from derivations import all_groups
from derivations.bernstein_form import P0, P
from derivations.eq14_binary_pairs import gradient
from derivations.headline import BINARY, Numbers, binary_headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import Result, compared, equation
from derivations.second_route.groups import (
    pair_preferences,
    standard_units,
)
from derivations.second_route.policies import normalised
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols

BETA, GAMMA = symbols.beta, symbols.gamma


def one_and_two() -> Claim:
    """Groups with one and with two of the better reward, both rewards symbols."""
    high, low = (Symbol(f"r_{i}", real=True) for i in (1, 2))
    one, two = (standard_units(group)[0] for group in ((high, low, low), (high, high, low)))
    return Claim("f(1/3) = f(2/3)", one / 3, "==", 2 * two / 3, Domain.of(low, (high, low, oo)))


def drifts() -> list[Claim]:
    """All groups of three, for weights of the answers, and all pairs."""
    policy, half = normalised(all_groups.WEIGHTS), Rational(1, 2)
    drift = all_groups.drift(3)
    one, other = pair_preferences([[half, half + GAMMA / 2], [half - GAMMA / 2, half]], policy)
    return [
        Claim("the drift is sqrt(2)", drift, "==", sqrt(2)),
        Claim(
            "it is the drift of pairs times sqrt(2)/gamma",
            drift * GAMMA,
            "==",
            (one - other) * sqrt(2),
        ),
    ]


def result() -> Result:
    three = stationary_policy(GRPO(3), BinaryQuestion())
    pairs = stationary_policy(GRPO(2), BinaryQuestion(margin=GAMMA))
    c = BETA / sqrt(2)
    published = (1 - c + sqrt((1 - c) ** 2 + 4 * c * P0)) / 2
    return Result(
        r"Groups of three: pairs with $\sqrt2$ for the margin",
        "new",
        "This is formal, as no margin exceeds $1$: groups of three act like pairs at "
        r"$\beta/\sqrt2$.",
        intuition="A mixed group of three has one odd member out, whichever way it is mixed, and "
        "its standard deviation is always the same. Three is therefore two with another "
        "margin.",
        checked_as="group_size=3",
        argument="In a mixed group of three $f(1/3)=f(2/3)$, so that the drift does not depend "
        r"on $\pi$, as for $G=2$.",
        headlines=(
            binary_headline(
                r"the drift is $\sqrt2$ at every policy, and the one stationary policy is (14) "
                r"with $\sqrt2$ for "
                r"$\gamma$",
                ("the drift is sqrt(2)", "(14) at gamma = sqrt(2)*", "the solution satisfies *"),
                groups=Numbers.of(3),
                parameters=BINARY,
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
            one_and_two(),
            *drifts(),
            Claim(
                "the gradient is that of pairs at gamma = sqrt(2)",
                all_groups.gradient(3),
                "==",
                gradient(margin=sqrt(2)),
            ),
            *compared(
                "the policy is that of pairs at gamma = sqrt(2)",
                three.expression,
                pairs.expression.subs(GAMMA, sqrt(2)),
            ),
            *compared("(14) at gamma = sqrt(2)", three.expression, published),
            *compared(
                "the policy is that of pairs with gamma = 1 at beta/sqrt(2)",
                three.expression,
                pairs.expression.subs({GAMMA: 1, BETA: c}, simultaneous=True),
            ),
            Claim(
                "(14) at gamma = sqrt(2): the gradient vanishes there",
                all_groups.gradient(3).subs(P, published),
                "==",
                S.Zero,
            ),
            Claim(
                "(14) at gamma = sqrt(2): at the weight that makes pi stationary it is pi",
                published.subs(BETA, sqrt(2) * P * (1 - P) / (P - P0)),
                "==",
                P,
                Domain.of(P0, (P, P0, S.One)),
            ),
            Claim("sqrt(2) is no margin", sqrt(2), ">", GAMMA),
        ),
        derivation=three.derivation,
        domain=three.parameters,
    )
