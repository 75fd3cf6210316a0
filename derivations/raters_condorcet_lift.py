"""Below which weight a Condorcet winner has the largest lift."""

from sympy import Rational, S, Symbol, log

from derivations.headline import DIRECT_KL, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Question, stationarity_condition, symbols

BETA = symbols.beta
DELTA = Symbol("delta", positive=True)
RANGES = Domain.of((DELTA, S.Zero, Rational(1, 3)))
THIRD = Rational(1, 3)


def result() -> Result:
    margins = [[0, DELTA, DELTA], [-DELTA, 0, 1], [-DELTA, -1, 0]]
    question = Question(preferences=margins, domain=Domain.of((DELTA, S.Zero, S.One)))
    condition = stationarity_condition(GRPO(2), question)
    # The two lifts are equal where P(1) = P(2); then the condition of either gives the weight.
    half = Symbol("x", positive=True)
    tied = {question.policy[0]: half, question.policy[1]: half}
    values = [v.xreplace(tied) for v in condition.preference]
    contrast = (values[0] - values[1]).expand()
    mass = -contrast.subs(half, 0) / contrast.coeff(half, 1)
    weight = (mass * values[0].subs(half, mass) / (mass - THIRD)).factor()
    at = {question.policy[0]: mass, question.policy[1]: mass}
    at |= dict.fromkeys(question.reference[:2], THIRD) | {BETA: weight}
    sides = [
        (p - condition.beta * d).subs(at, simultaneous=True)
        for p, d in zip(condition.preference, condition.marginal, strict=True)
    ]
    # Under the direct KL the tie is at the same policy, and the weight is a ratio of contrasts.
    direct = stationarity_condition(GRPO(2, DirectKL()), question)
    lifts = [
        d.subs(
            dict.fromkeys(question.policy[:2], mass) | dict.fromkeys(question.reference[:2], THIRD),
            simultaneous=True,
        )
        for d in direct.marginal
    ]
    drives = [v.subs(dict.fromkeys(question.policy[:2], mass)) for v in direct.preference]
    odds = (1 - DELTA) / (2 * DELTA)
    expected = 3 * DELTA * (1 - DELTA**2) / (2 * (1 - 3 * DELTA))
    wide = Domain.of((DELTA, THIRD, S.One))
    return Result(
        "Where a Condorcet winner loses the largest lift",
        "new",
        "It is the weight at which the second overtakes the winner: there the first two have the "
        r"policy $(1-\delta)/2$ each. The winner always gains, but need not gain the most: it does "
        r"below that weight, where the path leads to it, and not above, where Borda scores count.",
        headlines=(
            Headline(
                r"the lifts of the first two answers are equal at "
                r"$\beta=3\delta(1-\delta^2)/(2(1-3\delta))$",
                ("the weight", "the condition of answer ? at this weight", "a positive weight"),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("uniform reference",),
            ),
            Headline(
                r"under the direct KL they are equal at "
                r"$\beta=(1+\delta)/(2\log\frac{1-\delta}{2\delta})$",
                (
                    "direct KL: the weight",
                    "direct KL: its logarithm is not 0",
                    "direct KL: the first two are level",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=DIRECT_KL,
                parameters=RANGES,
                hypotheses=("uniform reference",),
            ),
            Headline(
                r"for $\delta\ge\frac13$ they are equal at no weight: there the winner beats the "
                "policy on average without having gained",
                ("from a third on, *",),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("uniform reference",),
            ),
        ),
        setting="three answers, one beats the others by a small margin, groups of two",
        formulas=(equation(BETA, weight),),
        claims=(
            Claim("the weight", weight, "==", expected, RANGES),
            *(
                Claim(f"the condition of answer {o + 1} at this weight", side, "==", S.Zero, RANGES)
                for o, side in enumerate(sides)
            ),
            Claim("a positive weight", weight, ">", S.Zero, RANGES),
            Claim(
                "direct KL: the weight",
                (drives[0] - drives[2]) * 2 * log(odds),
                "==",
                (1 + DELTA) * (lifts[0] - lifts[2]),
                RANGES,
            ),
            Claim("direct KL: its logarithm is not 0", odds, ">", S.One, RANGES),
            Claim(
                "direct KL: the first two are level", drives[0] - drives[1], "==", S.Zero, RANGES
            ),
            Claim(
                "from a third on, the tie has no more than the reference", mass, "<=", THIRD, wide
            ),
            Claim(
                "from a third on, the winner still beats it on average",
                values[0].subs(half, mass),
                ">",
                S.Zero,
                wide,
            ),
            Claim("large weights: Borda scores", 2 * DELTA, "<", 1 - DELTA, RANGES),
            Claim("control: the weight is below 1", weight, "<", S.One, RANGES, expected="REFUTED"),
        ),
        domain=RANGES,
    )
