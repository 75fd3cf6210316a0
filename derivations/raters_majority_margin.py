"""One rater for each group of two: the majority margin, and who gains by it."""

from sympy import Add, Integer, S, Symbol, collect, fraction

from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.policies import logit_weights, normalised
from derivations.second_route.raters import beaten, per_group
from grpo_symbolic import GRPO, Claim, Electorate, Question, stationarity_condition, symbols

BETA = symbols.beta
MASSES = tuple(Symbol(f"m_{j}", positive=True) for j in (1, 2, 3))
#: Three raters whose rankings form a cycle.
ROWS = ((2, 1, 0), (0, 2, 1), (1, 0, 2))
ELECTORATE = Electorate(list(zip(MASSES, ROWS, strict=True)))
POLICY = normalised(logit_weights(3))


def result() -> Result:
    question = Question(raters=ELECTORATE, per="group")
    place = dict(zip(question.policy[:2], POLICY, strict=False))
    derived = [v.xreplace(place) for v in GRPO(2).preference(question)]
    total = Add(*MASSES)
    raters = [(m / total, tuple(map(Integer, row))) for m, row in zip(MASSES, ROWS, strict=True)]
    groups = per_group(raters, POLICY, 2)
    margins = beaten(ELECTORATE.margins, POLICY)
    condition = stationarity_condition(GRPO(2), question)
    force = condition.marginal[0]
    above, below = fraction(GRPO(2).preference(question)[0])
    return Result(
        "Raters who score pairs: the majority margin",
        "new",
        "So an answer gains exactly when it beats the policy on average: a Condorcet winner "
        "always gains and a Condorcet loser always loses. The condition reads "
        r"$1-\pi_{\mathrm{ref}}/\pi=P/\beta$.",
        intuition="In a duel only the verdict of the rater who sees it counts, and raters are "
        "drawn by mass. An answer therefore gains exactly when a majority, weighted "
        "like this, prefers it to what the policy would say instead.",
        argument="In a group of two the answer that its rater prefers has the advantage $1$ and "
        r"the other one $-1$. Hence $P(o)$ is the majority margin of $o$ over an answer drawn from "
        r"the policy, $\sum_x\gamma(o,x)\pi(x)$. As $\sum_o\pi(o)P(o)=0$, the multiplier is $0$.",
        headlines=(
            Headline(
                r"$\pi(o)>\pi_{\mathrm{ref}}(o)$ if and only if $\sum_x\gamma(o,x)\pi(x)>0$",
                (
                    "P(?) is the margin over the policy",
                    "E P = 0 over all groups",
                    "the force has the sign of pi - pi_ref",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("one rater for each group",),
            ),
        ),
        setting="three answers, one rater for each group, any masses $m_1$, $m_2$, $m_3$ of raters "
        r"who rank them $1\succ2\succ3$, $2\succ3\succ1$ and $3\succ1\succ2$",
        formulas=(equation(Symbol("P(1)"), collect(above.expand(), MASSES) / below),),
        claims=(
            *(
                Claim(f"P({o + 1}) as derived is that of all groups, each rater drawn", d, "==", g)
                for o, (d, g) in enumerate(zip(derived, groups, strict=True))
            ),
            *(
                Claim(f"P({o + 1}) is the margin over the policy", g, "==", m)
                for o, (g, m) in enumerate(zip(groups, margins, strict=True))
            ),
            Claim(
                "E P = 0 over all groups",
                Add(*(p * v for p, v in zip(POLICY, groups, strict=True))),
                "==",
                S.Zero,
            ),
            Claim(
                "the force has the sign of pi - pi_ref",
                force * question.policy[0],
                "==",
                question.policy[0] - question.reference[0],
                condition.domain,
            ),
            Claim(
                "control: the first answer beats the policy whatever the masses",
                margins[0],
                ">",
                S.Zero,
                expected="REFUTED",
            ),
        ),
        domain=ELECTORATE.domain,
    )
