"""One rater for each group: what is stationary for two electorates is so for both together."""

from sympy import Add, Integer, Symbol, oo

from derivations.headline import ANY_NUMBER, EVERY_SIZE, REVERSE_KL, Headline, Numbers
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import Result, compared, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import per_answer, per_group
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question, symbols

BETA = symbols.beta
MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2))
#: One electorate of two raters, and one of a third rater.
ROWS, OTHER = ((2, 1, 0), (0, 3, 1)), (1, 0, 1)
SIZES = (2, 3, oo)
SHARE, ONE, TWO, FORCE = (Symbol(n, real=True) for n in ("t", "P_1", "P_2", "d"))


def result() -> Result:
    policy = normalised(logit_weights(3))
    known = list(zip(MASSES, ROWS, strict=True))
    question = Question(raters=Electorate([*known, (1, OTHER)]), per="group")
    place = dict(zip(question.policy[:2], policy, strict=False))
    whole = Add(*MASSES)
    first = [(m / whole, tuple(map(Integer, row))) for m, row in known]
    second = [(Integer(1), tuple(map(Integer, OTHER)))]
    claims = []
    for size in SIZES:
        members = None if size == oo else int(size)
        derived = [v.xreplace(place) for v in GRPO(size).preference(question)]
        parts = zip(per_group(first, policy, members), per_group(second, policy, members),
                    strict=True)  # fmt: skip
        for o, (d, (p, q)) in enumerate(zip(derived, parts, strict=True)):
            mixed = (whole * p + q) / (whole + 1)
            claims += compared(f"P({o + 1}) of the union is the mean of both, G = {size}", d, mixed)
    together = SHARE * ONE + (1 - SHARE) * TWO
    both = [(m / (whole + 1), row) for m, row in (*known, (Integer(1), OTHER))]
    fresh = [per_answer(raters, policy, 2)[0] for raters in (both, first, second)]
    return Result(
        "A policy of two electorates is one of their union",
        "new",
        r"With the share $t$ of the mass in the first electorate, the union's condition is the "
        r"mean of both conditions. So a policy that is stationary for both is stationary for the "
        r"union, at every group size, at the same weight. Where the union has other stationary "
        r"policies too, the path from the reference may end at one of those; with fresh raters "
        r"the mean is another one already in pairs, since two raters of one group may come from "
        r"different electorates.",
        intuition="Each group belongs to one rater, so two electorates train on two heaps of "
        "groups that never mix. What neither heap moves, both together do not move "
        "either.",
        argument="The rater of a group is drawn by mass, and nothing else of it depends on the "
        "electorate: $P$ is a mean over raters.",
        headlines=(
            Headline(
                r"$P_{E+E'}-\beta d=t(P_E-\beta d)+(1-t)(P_{E'}-\beta d)$",
                ("the condition of the union",),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=REVERSE_KL,
                hypotheses=("one rater scores each group",),
                by=(IDENTITY_IN_SYMBOLS(statement="the condition of the union"),),
            ),
            Headline(
                r"$P_{E+E'}$ is the mean of $P_E$ and $P_{E'}$ by mass",
                ("P(?) of the union is the mean of both, G = {G}",),
                groups=Numbers.of(*SIZES),
                answers=Numbers.of(3),
                hypotheses=("one rater scores each group",),
            ),
        ),
        setting="three answers, one rater for each group; groups of 2, 3 and large",
        formulas=(equation(Symbol("P"), together),),
        claims=(
            *claims,
            Claim("the condition of the union", together - BETA * FORCE, "==",
                  SHARE * (ONE - BETA * FORCE) + (1 - SHARE) * (TWO - BETA * FORCE)),
            Claim("control: fresh raters in pairs", fresh[0], "==",
                  (whole * fresh[1] + fresh[2]) / (whole + 1), expected="REFUTED"),
        ),
        domain=Domain.of(BETA, *MASSES),
    )  # fmt: skip
