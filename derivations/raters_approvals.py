"""Approvals: in groups of two and three one rater and fresh raters come to the same."""

from sympy import Add, Integer, Symbol, sqrt

from derivations.headline import Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import per_answer, per_group
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question

MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2, 3))
#: Whom three kinds of raters approve of, and rewards that are no approvals.
APPROVED, SCORES = ((1, 0, 0), (1, 1, 0), (0, 1, 1)), ((2, 1, 0), (1, 2, 0), (0, 1, 2))
SIZES = (2, 3)
POLICY = normalised(logit_weights(3))


def drawn(rows) -> list:
    """Raters by share, with their rewards."""
    total = Add(*MASSES)
    return [(m / total, tuple(map(Integer, r))) for m, r in zip(MASSES, rows, strict=True)]


def result() -> Result:
    question = Question(raters=Electorate(list(zip(MASSES, APPROVED, strict=True))), per="answer")
    place = dict(zip(question.policy[:2], POLICY, strict=False))
    raters = drawn(APPROVED)
    support = [Add(*(m * row[o] for m, row in raters)) for o in range(3)]
    mean = Add(*(p * s for p, s in zip(POLICY, support, strict=True)))
    claims = []
    for size in SIZES:
        derived = [v.xreplace(place) for v in GRPO(size).preference(question)]
        fresh, one = per_answer(raters, POLICY, size), per_group(raters, POLICY, size)
        for o in range(3):
            claims += [
                *compared(f"P({o + 1}) as derived is that of all groups, G = {size}", derived[o],
                          fresh[o]),
                Claim(f"P({o + 1}) is that of one rater for each group, G = {size}", fresh[o],
                      "==", one[o]),
                Claim(f"P({o + 1}) is its support less that of the policy, G = {size}", one[o],
                      "==", sqrt(Integer(size - 1)) * (support[o] - mean)),
            ]  # fmt: skip
    even = dict.fromkeys(MASSES, Integer(1))
    four = [way(raters, POLICY, 4)[0].xreplace(even) for way in (per_answer, per_group)]
    scored = [way(drawn(SCORES), POLICY, 2)[0] for way in (per_answer, per_group)]
    return Result(
        "Approvals: small groups do not see whose they are",
        "new",
        r"With $s(o)$ the share of those who approve of $o$, "
        r"$P(o)=\sqrt{G-1}\,(s(o)-\sum_x\pi(x)s(x))$ in groups of two and three, for one rater a "
        r"group and for fresh raters alike. In groups of four, and for scores of more than two "
        r"levels, the two differ.",
        intuition="Who only says yes or no has no scale of its own. In a pair the yes of one "
        "rater then weighs as much against the no of another as against its own.",
        argument="A group of two or three that is not of one mind has one deviation, so that "
        "advantages are differences of approvals, and a difference has one mean whether both come "
        "from one rater or from two. Groups of four can be divided in two ways.",
        headlines=(
            Headline(
                r"$P$ is the same for one rater a group and for a fresh rater for each answer",
                ("P(?) is that of one rater for each group, G = {G}",
                 "P(?) is its support less that of the policy, G = {G}"),
                groups=Numbers.of(*SIZES),
                answers=Numbers.of(3),
                hypotheses=("rewards 0 and 1",),
            ),
        ),
        setting="three answers, three kinds of raters of any masses, groups of two and three, "
        "approvals",
        formulas=(equation(Symbol("P_1"), support[0] - mean),),
        claims=(
            *claims,
            Claim("control: groups of four", four[0], "==", four[1], expected="REFUTED"),
            Claim("control: scores of three levels", scored[0], "==", scored[1],
                  expected="REFUTED"),
        ),
        domain=Domain.of(*MASSES),
    )  # fmt: skip
