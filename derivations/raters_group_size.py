"""Fresh raters for each answer: the group size decides which of two answers wins."""

from sympy import Add, Integer, Rational, S, Symbol, oo, sign, sqrt

from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.raters import per_answer
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question
from grpo_symbolic.algebra import tidy

P = Symbol("pi_1", positive=True)
RANGES = Domain.of((P, S.Zero, S.One))
MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2))
#: Two raters of three prefer the first answer by 1, the third one the second by 6.
RATERS = [(2, (1, 0)), (1, (0, 6))]


def result() -> Result:
    question = Question(raters=Electorate(RATERS), per="answer")
    policy = (P, 1 - P)
    shares = [(Rational(m, 3), tuple(map(Integer, row))) for m, row in RATERS]
    claims, gaps = [], {}
    for size, name in ((2, "2"), (oo, "oo")):
        derived = [v.xreplace({question.policy[0]: P}) for v in GRPO(size).preference(question)]
        written = per_answer(shares, policy, None if size == oo else int(size))
        for o, (d, w) in enumerate(zip(derived, written, strict=True)):
            label = f"P({o + 1}) as derived is that of all groups, G = {name}"
            claims += compared(label, d, w, domain=RANGES)
        gaps[name] = written[0] - written[1]
    # Two raters drawn, of any masses: who wins more often.
    some = [(m / Add(*MASSES), row) for m, (_, row) in zip(MASSES, shares, strict=True)]
    duels = Add(*(m * n * sign(one[0] - two[1]) for m, one in some for n, two in some))
    pairs = Add(*(v * s for v, s in zip(per_answer(some, policy, 2), (1, -1), strict=True)))
    # All rewards of a group: their means and deviation.
    means = [Add(*(m * row[o] for m, row in shares)) for o in (0, 1)]
    drawn = [(m * p, row[o]) for m, row in shares for o, p in enumerate(policy)]
    mean = Add(*(w * r for w, r in drawn))
    deviation = sqrt(Add(*(w * (r - mean) ** 2 for w, r in drawn)))
    return Result(
        "The group size decides the winner",
        "new",
        r"$P(1)-P(2)$ is, for groups of two and for large groups,",
        intuition="In groups of two it matters who wins more often, in large ones who wins by "
        "more. With fresh raters a minority with strong feelings therefore loses the "
        "small groups and wins the large ones.",
        argument="Groups of two ask which of two draws is larger; large groups ask for the mean.",
        headlines=(
            Headline(
                "groups of two prefer the first answer at every policy",
                ("the first is preferred, G = {G}", "G = 2: how much more often the first wins"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=RANGES,
            ),
            Headline(
                "large groups prefer the second answer at every policy",
                ("the second is preferred, G = {G}",
                 "G = oo: the difference of the means over the deviation"),
                groups=Numbers.of(oo),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=RANGES,
            ),
        ),
        setting="two answers, three raters, of whom two reward them with $(1,0)$ and one with "
        "$(0,6)$, a fresh rater for each answer",
        formulas=(
            equation(Symbol("P_2"), gaps["2"]),
            equation(Symbol("P_oo"), tidy(gaps["oo"], RANGES)),
        ),
        claims=(
            *claims,
            Claim("G = 2: how much more often the first wins", pairs, "==", duels,
                  Domain.of((P, S.Zero, S.One), *MASSES)),
            Claim("G = oo: the difference of the means over the deviation",
                  gaps["oo"] * deviation, "==", means[0] - means[1], RANGES),
            Claim("the first is preferred, G = 2", gaps["2"], ">", S.Zero, RANGES),
            Claim("the second is preferred, G = oo", gaps["oo"], "<", S.Zero, RANGES),
            Claim("control: the first is preferred by large groups", gaps["oo"], ">", S.Zero,
                  RANGES, expected="REFUTED"),
        ),
        domain=RANGES,
    )  # fmt: skip
