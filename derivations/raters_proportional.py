"""The weight at which a pair is answered in proportion to its supporters."""

from sympy import Rational, Symbol

from derivations.headline import REVERSE_KL, TWO, Headline
from derivations.result import Result, equation
from grpo_symbolic import (
    GRPO,
    Claim,
    Domain,
    Electorate,
    Question,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.algebra import tidy

BETA = symbols.beta
#: The masses of those who prefer the first answer and of those who prefer the second.
FOR, AGAINST = Symbol("m_1", positive=True), Symbol("m_2", positive=True)
HALF = Rational(1, 2)
RANGES = Domain.of(FOR, AGAINST)


def result() -> Result:
    question = Question(raters=Electorate([(FOR, (1, 0)), (AGAINST, (0, 1))]), per="group")
    condition = stationarity_condition(GRPO(2), question)
    share = FOR / (FOR + AGAINST)
    expected = 2 * share * (1 - share)
    at = {question.policy[0]: share, question.reference[0]: HALF}
    contrast = condition.contrast(0, 1)
    left, right = (side.subs(at, simultaneous=True) for side in contrast.args)
    slope = left.diff(BETA)
    return Result(
        "Proportional answers need a weight of their own",
        "new",
        r"No single weight answers every question in proportion. With the masses $m_1$ and $m_2$ "
        r"of both kinds of raters, $s=m_1/(m_1+m_2)$, it is",
        intuition="To give an answer just the share of those who want it, the pull towards it has "
        "to be as strong as the penalty at that point. Both depend on the share, so one "
        "weight cannot do it for every share.",
        headlines=(
            Headline(
                r"$\pi(1)=s$ satisfies the condition if and only if $\beta=2s(1-s)$, for "
                r"$s\ne\frac12$",
                (
                    "the condition holds at the weight",
                    "the penalty's side is a multiple of the weight: it has one solution",
                ),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("one rater for each group", "uniform reference"),
            ),
        ),
        setting="two answers, one rater for each group of two, uniform reference",
        argument=r"At $\pi(1)=s$ the drift is the margin of the first answer, $2s-1$, and the side "
        r"of the penalty is $\beta(2s-1)/(2s(1-s))$.",
        formulas=(equation(BETA, tidy(expected, RANGES)),),
        claims=(
            Claim("the condition holds at the weight", left.subs(BETA, expected), "==", right,
                  RANGES),
            Claim("the penalty's side is a multiple of the weight: it has one solution",
                  slope * share * (1 - share) * 2, "==", (2 * share - 1), RANGES),
            Claim("control: one weight serves every share", left.subs(BETA, HALF), "==", right,
                  RANGES, expected="REFUTED"),
            Claim("the weight is at most one half", expected, "<=", HALF, RANGES),
        ),
        domain=RANGES,
    )  # fmt: skip
