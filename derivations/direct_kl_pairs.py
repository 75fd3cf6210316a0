"""Direct KL, groups of two: logistic in gamma/beta."""

from sympy import S, Symbol, exp, log, oo, tanh

from derivations.eq14_binary_pairs import gradient
from derivations.headline import DIRECT_KL, TWO, WITH_MARGIN, Headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import (
    GRPO,
    NLHF,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    stationary_policy,
    symbols,
)

BETA, GAMMA, P0 = symbols.beta, symbols.gamma, symbols.pi_ref


def logistic(exponent):
    """The reference odds times exp(exponent), as a probability."""
    return P0 * exp(exponent) / (P0 * exp(exponent) + 1 - P0)


def printed(b=False):
    """As printed: the reference times exp(gamma/(2 beta)) or its inverse, over their sum Z."""
    a, other = P0 * exp(GAMMA / (2 * BETA)), (1 - P0) * exp(-GAMMA / (2 * BETA))
    return (other if b else a) / (a + other)


def result() -> Result:
    question = BinaryQuestion(margin=GAMMA)
    found = stationary_policy(GRPO(2, DirectKL()), question)
    expression = found.expression
    nash = stationary_policy(NLHF(), question).expression
    half = GAMMA / (2 * BETA)
    argument = Symbol("t", positive=True)  # gamma/(2 beta)
    even = expression.subs(P0, S.Half)
    return Result(
        "Direct KL, groups of two",
        f"{VY}, Appendix B.2",
        r"The exponent $\gamma/(2\beta)$ belongs to the half-sized preferences of NLHF (and to "
        r"the argument of $\tanh$ when the logistic is written with it), not to GRPO's $P_2$.",
        intuition="The drift is constant, and the direct penalty is a difference of log-odds. The "
        "policy of pairs is then that of RLHF with the margin for a reward.",
        checked_as="group_size=2 penalty=direct-kl margin",
        headlines=(
            Headline(
                r"the one stationary policy has the log-odds of the reference plus $\gamma/\beta$",
                (
                    "logistic with exponent gamma/beta*",
                    "the log-odds move by gamma/beta",
                    "it decreases in beta",
                ),
                groups=TWO,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=WITH_MARGIN,
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="the polynomial is negative at 0",
                        upper_end="the polynomial is positive at 1",
                        shape="the leading coefficient is positive",
                    ),
                ),
            ),
            Headline(
                r"as printed, $e^{\gamma/(2\beta)}$ over a $Z$ with both signs, it is that policy",
                ("as printed, with both signs in Z: *", "logistic with exponent gamma/beta: *"),
                groups=TWO,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=WITH_MARGIN,
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two, direct KL",
        figure="fig3",
        formulas=(equation(symbols.pi, expression),),
        claims=(
            *compared(
                "logistic with exponent gamma/beta, as derived", expression, logistic(GAMMA / BETA)
            ),
            Claim(
                "logistic with exponent gamma/beta: the gradient with sampled k1 vanishes there",
                gradient("k1", "loss-with-ratio").subs(symbols.pi, logistic(GAMMA / BETA)),
                "==",
                S.Zero,
            ),
            *compared("as printed, with both signs in Z, as derived", expression, printed()),
            *compared(
                "as printed, with both signs in Z, the other answer",
                1 - expression,
                printed(b=True),
            ),
            Claim(
                "as printed, with both signs in Z: the odds move by exp(gamma/beta)",
                printed() / (1 - printed()),
                "==",
                exp(GAMMA / BETA) * P0 / (1 - P0),
            ),
            Claim(
                "the log-odds move by gamma/beta",
                log(expression / (1 - expression)) - log(P0 / (1 - P0)),
                "==",
                GAMMA / BETA,
            ),
            Claim(
                "logistic with exponent gamma/(2 beta)",
                expression,
                "==",
                logistic(half),
                source=f"a reading of {VY}, Appendix B.2, without its Z",
                expected="REFUTED",
            ),
            *compared("that exponent is NLHF's, as derived", nash, logistic(half)),
            Claim(
                "that exponent is NLHF's: its preference of a over b is half as strong",
                gradient("k1", "reward", symbols.gamma / 2).subs(symbols.pi, logistic(half)),
                "==",
                S.Zero,
            ),
            Claim(
                "in tanh form, at pi_ref = 1/2, the argument is gamma/(2 beta)",
                even.subs(BETA, GAMMA / (2 * argument)),
                "==",
                (1 + tanh(argument).rewrite(exp)) / 2,
                Domain.of((argument, S.Zero, oo)),
            ),
            Claim("it decreases in beta", expression.diff(BETA), "<", S.Zero),
        ),
        derivation=found.derivation,
        domain=found.parameters,
    )
