"""Large groups scored by one rater each: a majority's winner fades, its loser is elected."""

from sympy import Add, Integer, Rational, S, Symbol, oo, sqrt

from derivations.headline import REVERSE_KL, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.raters import per_group
from grpo_symbolic import GRPO, Claim, Domain, Electorate, Question, symbols

BETA = symbols.beta
P = Symbol("p", positive=True)
THIRD, REST = Rational(1, 3), (1 - P) / 2
#: Four raters of seven prefer another answer to the first one, whichever the other one is.
LOSER = ((3, (2, 3, 0)), (3, (2, 0, 3)), (1, (2, 3, 3)))
#: Turned round: four of seven prefer the first answer to either other one.
WINNER = tuple((m, tuple(3 - v for v in row)) for m, row in LOSER)
ABOVE, INSIDE = Domain.of((P, THIRD, S.One)), Domain.of((P, S.Zero, S.One))


def drives(raters) -> tuple[list, list]:
    """P of the three answers at (p, q, q): as derived, and from the definition."""
    question = Question(raters=Electorate(raters), per="group")
    place = dict(zip(question.policy[:2], (P, REST), strict=False))
    derived = [v.xreplace(place) for v in GRPO(oo).preference(question)]
    total = sum(m for m, _ in raters)
    shares = [(Rational(m, total), tuple(map(Integer, row))) for m, row in raters]
    return derived, per_group(shares, (P, REST, REST), None)


def result() -> Result:
    (derived, written), (_, turned) = drives(LOSER), drives(WINNER)
    margins = Electorate(LOSER).margins
    reached = Rational(9, 35)
    # The sign of the winner's drive is that of what is left of it over this.
    positive = 7 * sqrt(P * (9 + P)) * (6 * sqrt(P) + sqrt(9 + P)) / sqrt(1 - P)
    shape = sqrt(1 - P) / 7 * (6 / sqrt(9 + P) - 1 / sqrt(P))
    return Result(
        "Large groups can elect a Condorcet loser",
        "new",
        "Four of seven prefer either other answer to the first. The second and the third answer "
        r"are alike, and a policy $(p,q,q)$ is stationary at the one weight $\beta$ with "
        r"$\beta(1-\frac{1}{3p})=P(1)$. Each rater divides by its own deviation: who dislikes the "
        "first answer less than it loves another one counts for little. $P(1)>0$ for all "
        r"$\frac13\le p<1$, so that from the uniform reference the loser of every vote takes all "
        r"the mass as $\beta\to0$. With rewards turned round, the winner of every vote has "
        r"$P(1)<0$ there, and the path from the reference ends at $p=\frac{9}{35}$.",
        intuition="A rater who sees large differences elsewhere in the group divides by them, and "
        "its vote between the other answers fades. A majority that is distracted in "
        "this way loses to a minority that is not.",
        headlines=(
            Headline(
                r"$P(1)>0$ at every policy $(p,q,q)$ with $p>\frac13$, for an answer that loses "
                r"against both others",
                ("the loser's drive as derived, answer ?", "the loser gains at every p above 1/3",
                 "the loser gains at the reference", "it is beaten by answer ?"),
                groups=Numbers.of(oo),
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                parameters=ABOVE,
                hypotheses=("one rater for each group", "uniform reference"),
            ),
            Headline(
                r"for rewards turned round $P(1)<0$ from $p=\frac13$ down to $\frac{9}{35}$, where "
                r"$P(1)=0$",
                ("the winner's drive vanishes at 9/35", "the winner loses between 9/35 and 1/3"),
                groups=Numbers.of(oo),
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("one rater for each group", "uniform reference"),
            ),
        ),
        setting="three answers, seven raters, of whom three reward them with $(2,3,0)$, three with "
        "$(2,0,3)$ and one with $(2,3,3)$, large groups, one rater for each group",
        argument=r"$P(1)$ is the mean over the raters of $(r(1)-\bar r)/\sigma$, with the mean and "
        "the deviation of a rater's rewards under the policy.",
        formulas=(equation(Symbol("P_1"), shape),),
        claims=(
            *(
                Claim(f"the loser's drive as derived, answer {o + 1}", d, "==", w, INSIDE)
                for o, (d, w) in enumerate(zip(derived, written, strict=True))
            ),
            Claim("in short", written[0], "==", shape, INSIDE),
            Claim("E P = 0", Add(P * written[0], REST * (written[1] + written[2])), "==", S.Zero,
                  INSIDE),
            Claim("the loser gains at every p above 1/3", written[0], ">", S.Zero, ABOVE),
            Claim("the loser gains at the reference", written[0].subs(P, THIRD), ">", S.Zero),
            *(Claim(f"it is beaten by answer {o + 1}", margins[0][o], "<", S.Zero) for o in (1, 2)),
            Claim("the winner's drive vanishes at 9/35", turned[0] * positive, "==", 9 - 35 * P,
                  INSIDE),
            Claim("the winner loses between 9/35 and 1/3", turned[0], "<", S.Zero,
                  Domain.of((P, reached, THIRD))),
            Claim("control: the winner of every vote gains", turned[0], ">", S.Zero,
                  Domain.of((P, reached, THIRD)), expected="REFUTED"),
        ),
        domain=INSIDE,
    )  # fmt: skip
