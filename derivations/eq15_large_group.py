"""(15): a binary question, large groups."""

from sympy import Expr, Integer, Rational, S, oo, sqrt

from derivations import eq14_binary_pairs
from derivations.all_groups import gradient
from derivations.headline import BINARY, LARGE_GROUPS, binary_headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi


def policy():
    """The stationary policy for large groups, deterministic rewards."""
    return stationary_policy(GRPO(oo), BinaryQuestion())


def solves(published: Expr) -> tuple[Claim, ...]:
    """That (15) is the stationary policy, by the gradient of the sampled objective."""
    weight, found = sqrt(P * (1 - P)) / (P - P0), gradient(oo)
    above, below = Domain.of(P0, (P, P0, S.One)), Domain.of(P0, (P, S.Zero, P0), BETA)
    return (
        Claim("(15): the gradient of the objective", found, "==",
              sqrt(P * (1 - P)) - BETA * (P - P0)),
        Claim("(15): it vanishes there, both terms squared", BETA**2 * (published - P0) ** 2, "==",
              published * (1 - published)),
        Claim("(15): pi > pi_ref is stationary at beta = sqrt(pi (1-pi))/(pi - pi_ref)",
              found.subs(BETA, weight), "==", S.Zero, above),
        Claim("(15): at that weight it is that pi", published.subs(BETA, weight), "==", P, above),
        Claim("(15): up to pi_ref the gradient is positive", found, ">", S.Zero, below),
    )  # fmt: skip


def result() -> Result:
    found = policy()
    expression = found.expression
    pairs = eq14_binary_pairs.policy().expression.subs(symbols.gamma, 1)
    weight, curve = found.curve.weight, found.curve.domain
    published = (2 * BETA**2 * P0 + 1 + sqrt(1 + 4 * BETA**2 * P0 * (1 - P0))) / (2 * (1 + BETA**2))
    small = Rational(1, 25)
    return Result(
        "Binary question, large groups",
        f"{VY}, (15)",
        "It depends on the rewards only through their order.",
        intuition="The pull of a large group is a half circle over the unit interval, vertical at "
        "both ends. However rare the better answer is, it is pulled up faster than a "
        "penalty of finite weight can hold it.",
        checked_as="group_size=inf",
        headlines=(
            binary_headline(
                "there is exactly one stationary policy, it exceeds the reference, and it is (15)",
                ("(15)*", "the solution satisfies *", "up to pi_ref(a) *"),
                groups=LARGE_GROUPS,
                parameters=BINARY,
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the polynomial is negative at pi_ref(a)",
                        upper_end="the polynomial is positive at 1",
                        shape="the leading coefficient is positive",
                    ),
                ),
            ),
            binary_headline(
                r"it falls with $\beta$, rises with $\pi_{\mathrm{ref}}(a)$, exceeds (14) with "
                r"$\gamma=1$, and "
                r"is at least $\max\{1/(1+\beta^2),\pi_{\mathrm{ref}}(a)\}$",
                (
                    "it decreases in beta",
                    "it increases in pi_ref",
                    "it exceeds (14)*",
                    "bound: at least pi_ref",
                ),
                groups=LARGE_GROUPS,
                parameters=BINARY,
                uses=("bounds_every_group",),
            ),
            binary_headline(
                r"its bound $1/(1+\beta^2)$ exceeds $1-\beta$, that of (14) with $\gamma=1$",
                ("its bound exceeds that of (14)",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(BETA),
            ),
            binary_headline(
                r"at $\beta=0.04$ (14) with $\gamma=1$ is above 0.96, and the bound of (15) is "
                "0.9984 to four decimals",
                ("beta = 0.04: *",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
            ),
        ),
        setting="a binary question with deterministic rewards, large groups, the published penalty",
        figure="fig2",
        formulas=(equation(P, expression),),
        claims=(
            *compared("(15)", expression, published),
            *solves(expression),
            Claim("it decreases in beta", expression.diff(BETA), "<", S.Zero),
            Claim("it increases in pi_ref", expression.diff(P0), ">", S.Zero),
            Claim("bound: at least pi_ref", expression, ">=", P0),
            Claim(
                "bound: at least 1/(1 + beta^2) (on the curve of stationary policies)",
                P,
                ">=",
                1 / (1 + weight**2),
                curve,
            ),
            Claim("it exceeds (14) with margin 1", expression, ">", pairs),
            Claim("its bound exceeds that of (14)", 1 / (1 + BETA**2), ">", 1 - BETA),
            Claim(
                "beta = 0.04: (14) exceeds 0.96, its bound",
                pairs.subs(BETA, small),
                ">",
                Rational(96, 100),
            ),
            Claim(
                "beta = 0.04: the bound of (15) rounds to 0.9984",
                abs(1 / (1 + small**2) - Rational(9984, 10000)),
                "<",
                Rational(5, 10**5) * Integer(1),
            ),
        ),
        derivation=found.derivation,
        domain=found.parameters,
    )
