"""Two answers, one rater for each group: every group size sees the majority margin alone."""

from sympy import Add, Integer, Symbol, oo

from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.raters import per_group
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, Electorate, Question, symbols

BETA, P, P0 = symbols.beta, symbols.pi, symbols.pi_ref
#: For the first answer, for the second one, and indifferent; rewards of any size.
MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2, 3))
ROWS = ((3, 1), (0, 5), (2, 2))
SIZES = (2, 3, 4, 6, oo)
RANGES = Domain.of((P, Integer(0), Integer(1)), *MASSES)
#: Two of three prefer the first answer by 1, the third one the second by less, and by more.
AVERAGED = {1: ((2, (1, 0)), (1, (0, 1))), -1: ((2, (1, 0)), (1, (0, 6)))}


def result() -> Result:
    question = Question(
        raters=Electorate(list(zip(MASSES, ROWS, strict=True))),
        per="group",
    )
    total = Add(*MASSES)
    margin = (MASSES[0] - MASSES[1]) / total
    # Groups of an indifferent rater have no deviation: 0/0 = 0.
    raters = [
        (m / total, tuple(map(Integer, row)))
        for m, row in zip(MASSES, ROWS, strict=True)
        if len(set(row)) > 1
    ]
    binary = BinaryQuestion()
    claims = []
    for size in SIZES:
        name = "oo" if size == oo else str(size)
        derived = GRPO(size).preference(question)[0].xreplace({question.policy[0]: P})
        alone = GRPO(size).preference(binary)[0].xreplace({binary.policy[0]: P})
        written = per_group(raters, (P, 1 - P), None if size == oo else int(size))[0]
        claims += compared(f"P(1) by all groups, G = {name}", derived, written, domain=RANGES)
        claims.append(
            Claim(f"P(1) is the margin times that of a better answer, G = {name}", written, "==",
                  margin * alone, RANGES)
        )  # fmt: skip
        for sign, rows in AVERAGED.items():
            mean = Question(raters=Electorate(rows), per="mean")
            found = GRPO(size).preference(mean)[0].xreplace({mean.policy[0]: P})
            word = "first" if sign > 0 else "second"
            claims.append(Claim(f"averaged, the {word} is better, G = {name}", margin * found,
                                "==", sign * written, RANGES))  # fmt: skip
    return Result(
        "Two answers and raters who score whole groups: the margin at every group size",
        "new",
        r"With $\gamma$ the share of those who prefer the first answer less the share of those who "
        r"prefer the second, the condition is that of a binary question with $\gamma$ before the "
        r"drift: $\beta(\pi-\pi_{\mathrm{ref}})=\gamma\,h_G(\pi)$. By how much raters prefer an "
        r"answer does not count, whatever the group size.",
        intuition="Between two answers a rater can only say which is better: dividing by the "
        "deviation of the group takes away by how much. Every group of a rater is then "
        "one of a right and a wrong answer, and raters who disagree cancel.",
        headlines=(
            Headline(
                r"$P(1)$ is $\gamma$ times the preference of a better answer over a worse one",
                ("P(1) by all groups, G = {G}",
                 "P(1) is the margin times that of a better answer, G = {G}"),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("one rater for each group",),
            ),
            Headline(
                "where rewards are averaged first, the sign of the difference of the means stands "
                r"in place of $\gamma$",
                ("averaged, the first is better, G = {G}",
                 "averaged, the second is better, G = {G}"),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=RANGES,
                hypotheses=("two raters reward (1, 0), a third one (0, 1) or (0, 6)",),
            ),
        ),
        setting="two answers, one rater for each group, any masses $m_1$, $m_2$, $m_3$ of raters "
        "who prefer the first answer, the second and neither; groups of 2, 3, 4, 6, large",
        argument="Of a rater who prefers neither all advantages are $0$. The advantages of another "
        "rater do not depend on how far the two rewards are apart, and change their sign where the "
        "second answer is the preferred one. The mean over raters is $\\gamma$.",
        formulas=(equation(Symbol("gamma"), margin),),
        claims=(
            *claims,
            Claim("control: the first answer is preferred whatever the masses", margin, ">",
                  Integer(0), RANGES, expected="REFUTED"),
        ),
        domain=RANGES,
    )  # fmt: skip
