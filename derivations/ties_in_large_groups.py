"""Large groups: equal rewards leave the reference, and (15) does not tend to it."""

from sympy import S, oo

from derivations.eq15_large_group import policy
from derivations.headline import BINARY, LARGE_GROUPS, REVERSE_KL, TWO, Headline
from derivations.lemmas import INTERMEDIATE_VALUE
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, Question, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.stationarity import stationarity_condition

BETA, P, P0 = symbols.beta, symbols.pi, symbols.pi_ref
#: The common reward of both answers.
REWARD = symbols.base_reward


def balance():
    """p(1-p) times the penalty's pull less the drift, when both answers have one reward."""
    tied = BinaryQuestion.of(Question(rewards=(REWARD, REWARD)))
    found = stationarity_condition(GRPO(oo), tied).contrast()
    return tidy((found.lhs - found.rhs) * P * (1 - P), Domain.of(BETA, P0, P)).expand()


def result() -> Result:
    pull = balance()
    closed = policy().expression
    return Result(
        "Large groups: the tie case",
        f"{VY}, after (15): the tie",
        "The tie is a jump. The condition in a tie is",
        intuition="Equal rewards leave nothing to compare, and the penalty alone decides. The "
        "smallest gap is divided by its own standard deviation, and counts as much as a large one.",
        argument="For $r(a)=r(b)$ every group is constant and every advantage is $0$. (15) does "
        "not depend on the gap of the rewards.",
        headlines=(
            Headline(
                r"there is exactly one stationary policy, $\pi_{\mathrm{ref}}$",
                ("a tie: the balance is beta (p - p0)",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
                hypotheses=("$r(a)=r(b)$",),
                by=(
                    INTERMEDIATE_VALUE(
                        lower_end="a tie: the balance is negative at p = 0",
                        upper_end="a tie: it is positive at p = 1",
                        shape="a tie: it rises",
                    ),
                ),
            ),
            Headline(
                r"(15) stays above $\pi_{\mathrm{ref}}(a)$ however small the gap of the rewards",
                ("(15) is above the reference",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=BINARY,
                hypotheses=("$r(a)>r(b)$",),
            ),
        ),
        setting="a binary question with deterministic rewards, large groups, the published penalty",
        kind="Corollary",
        formulas=(equation(pull, S.Zero),),
        claims=(
            Claim("a tie: the balance is beta (p - p0)", pull, "==", BETA * (P - P0)),
            Claim("a tie: the balance is negative at p = 0", pull.subs(P, 0), "<", S.Zero),
            Claim("a tie: it is positive at p = 1", pull.subs(P, 1), ">", S.Zero),
            Claim("a tie: it rises", pull.diff(P), ">", S.Zero),
            Claim("(15) is above the reference", closed, ">", P0),
            Claim(
                "(15) tends to the reference with the gap: it is within the gap of it",
                closed - P0,
                "<=",
                symbols.gap,
                expected="REFUTED",
            ),
        ),
    )
