"""Clones: groups of two with the published penalty see a set of alike answers as one."""

from sympy import S, Symbol

from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.raters import beaten
from grpo_symbolic import GRPO, Claim, Domain, Question, stationarity_condition, symbols

BETA = symbols.beta
INSIDE, OUTSIDE = Symbol("k", real=True), Symbol("g", real=True)
#: Masses of the clones and of the third answer, and their references.
P1, P2, P3, R1, R2 = (Symbol(f"p_{o}", positive=True) for o in (1, 2, 3, 4, 5))
MARGINS = [[0, INSIDE, OUTSIDE], [-INSIDE, 0, OUTSIDE], [-OUTSIDE, -OUTSIDE, 0]]


def result() -> Result:
    question = Question(
        preferences=MARGINS, domain=Domain.of((INSIDE, -S.One, S.One), (OUTSIDE, -S.One, S.One))
    )
    condition = stationarity_condition(GRPO(2), question)
    one, two = beaten(MARGINS, (P1, P2, P3))[:2]
    left = P1 * (BETA - one) + P2 * (BETA - two)
    total = P1 + P2
    # What is left of a clone's condition once the whole set's is known.
    scale = BETA * (R1 + R2) / total
    inside = BETA * (R1 + R2) / total**2
    share = P1 / total
    place = dict(zip(question.policy[:2], (P1, P2), strict=False))
    place |= dict(zip(question.reference[:2], (R1, R2), strict=False))
    shown = (condition.preference[0] - BETA * condition.marginal[0]).xreplace(place)
    third = 1 - P1 - P2
    return Result(
        "Clones count as one answer, at every weight",
        "new",
        "So clones share the mass of one answer. With the probabilities $p_1$ and $p_2$ of the "
        "clones under the policy, $p_4$ and $p_5$ under the reference, the weight inside of the "
        "set $C$ of clones is",
        intuition="Answers that nobody can tell apart from outside are beaten, and beat, as one. "
        "Together they get what one of them would get alone, and how they share it is a "
        "game of their own with another weight.",
        argument="Let a set $C$ of answers have equal margins to everything outside, and any "
        r"margins inside. The conditions $\pi(\beta-P)=\beta\pi_{\mathrm{ref}}$ of its "
        "members add up, and margins inside cancel: "
        r"$\pi(C)(\beta-P_{\mathrm{out}})=\beta\pi_{\mathrm{ref}}(C)$, the condition of "
        "one answer.",
        headlines=(
            Headline(
                r"the mass of two clones is that of one answer with their reference, and their "
                r"shares have the condition of pairs with $\beta\pi_{\mathrm{ref}}(C)/\pi(C)^2$",
                (
                    "the condition of a clone is P - beta (1 - pi_ref/pi)",
                    "margins inside cancel",
                    "inside, the weight is beta pi_ref(C)/pi(C)^2",
                ),
                groups=TWO,
                answers=Numbers.of(3),
                penalties=REVERSE_KL,
                hypotheses=("equal margins to the third answer",),
            ),
        ),
        setting="two clones and a third answer, margins $k$ of the first clone over the second and "
        "$g$ of both over the third answer, groups of two, the published penalty",
        formulas=(equation(Symbol("beta_C"), inside),),
        claims=(
            Claim(
                "the condition of a clone is P - beta (1 - pi_ref/pi)",
                shown,
                "==",
                one.subs(P3, third) - BETA * (1 - R1 / P1),
            ),
            Claim("margins inside cancel", left, "==", total * (BETA - OUTSIDE * P3)),
            Claim(
                "inside, the weight is beta pi_ref(C)/pi(C)^2",
                # π₁(β − P₁) with β − g π₃ = β ρ(C)/π(C), divided by π(C)².
                (P1 * (scale - INSIDE * P2)) / total**2,
                "==",
                share * (inside - INSIDE * (1 - share)),
            ),
            Claim(
                "control: margins inside cancel for a clone alone",
                P1 * (BETA - one.subs(P3, third)),
                "==",
                P1 * (BETA - OUTSIDE * third),
                Domain.of(
                    *((p, S.Zero, S.Half) for p in (P1, P2)),
                    *((m, -S.One, S.One) for m in (INSIDE, OUTSIDE)),
                ),
                expected="REFUTED",
            ),
        ),
        domain=Domain.of(BETA),
    )
