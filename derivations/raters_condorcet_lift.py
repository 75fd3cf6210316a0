"""Below which weight a Condorcet winner has the largest lift."""

from sympy import Rational, S, Symbol, log

from derivations.headline import DIRECT_KL, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.raters import beaten
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Question, stationarity_condition, symbols
from grpo_symbolic.algebra import tidy

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
    written = beaten(margins, (half, half, 1 - 2 * half))
    contrast = (values[0] - values[1]).expand()
    mass = -contrast.subs(half, 0) / contrast.coeff(half, 1)
    weight = tidy(mass * values[0].subs(half, mass) / (mass - THIRD), RANGES)
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
        r"There the first two have the probability $(1-\delta)/2$ each. Under the reverse KL it "
        "is the one weight above which the second has the largest lift. The winner always gains, "
        "but need not gain the most.",
        intuition="To beat everybody by a little is less than to beat one answer by a lot, as "
        "long as that one is still often drawn. With a small enough penalty the policy "
        "has moved, and the answer that beats everybody is ahead.",
        argument="With a uniform reference equal lifts are equal probabilities, and then "
        r"$P(1)=P(2)$ at $(1-\delta)/2$ alone; the condition of either answer gives the weight. "
        "The stationary policy is one for each weight, and continuous in it, since margins are "
        "skew. So its first two probabilities change their order at this weight only. For "
        r"$\beta\to\infty$ the lifts are in the order of $P$ at the reference, where $P(1)<P(2)$; "
        r"for $\beta\to0$ the winner takes all.",
        headlines=(
            Headline(
                r"the lifts of the first two answers are equal at "
                r"$\beta=3\delta(1-\delta^2)/(2(1-3\delta))$",
                (
                    "the weight",
                    "the condition of answer ? at this weight",
                    "a positive weight",
                    "P(1) - P(2) at equal probabilities*",
                    "at the reference the second is preferred",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("uniform reference",),
            ),
            Headline(
                r"the lifts of the first two answers are equal at "
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
        setting=r"three answers with the margins $\gamma(1,2)=\gamma(1,3)=\delta$ and "
        r"$\gamma(2,3)=1$, groups of two",
        formulas=(equation(BETA, weight),),
        claims=(
            Claim("the weight", weight, "==", expected, RANGES),
            *(
                Claim(f"the condition of answer {o + 1} at this weight", side, "==", S.Zero, RANGES)
                for o, side in enumerate(sides)
            ),
            Claim("a positive weight", weight, ">", S.Zero, RANGES),
            Claim("P(1) - P(2) at equal probabilities", written[0] - written[1], "==",
                  2 * half - 1 + DELTA, Domain.of((half, S.Zero, S.Half), *RANGES.ranges)),
            Claim("P(1) - P(2) at equal probabilities as derived", values[0] - values[1], "==",
                  written[0] - written[1], Domain.of((half, S.Zero, S.Half), *RANGES.ranges)),
            Claim("at the reference the second is preferred", contrast.subs(half, THIRD), "<",
                  S.Zero, RANGES),
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
            Claim("control: the weight is below 1", weight, "<", S.One, RANGES, expected="REFUTED"),
        ),
        domain=RANGES,
    )  # fmt: skip
