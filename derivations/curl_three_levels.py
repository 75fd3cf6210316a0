"""Groups of two: from three reward levels on, the preference is no gradient."""

from collections.abc import Sequence

from sympy import Expr, Integer, S, Symbol

from derivations.headline import TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.uniqueness_pairs import PENALTIES, margins
from grpo_symbolic import GRPO, RLHF, Claim, Question, stationarity_condition

FIRST, SECOND = Question.symbolic(3).policy[:2]


def curl(values: Sequence[Expr]) -> Expr:
    """The curl of a field of three answers in the coordinates pi(1), pi(2) of the simplex."""
    one, two, three = values
    return ((one - three).diff(SECOND) - (two - three).diff(FIRST)).expand()


def result() -> Result:
    ordered, general = Question.symbolic(3), margins(3)
    found = curl(tuple(GRPO(2).preference(ordered)))
    any_margins = curl(tuple(GRPO(2).preference(general)))
    gamma = {(o, q): general.confidence(o, q) for o in range(3) for q in range(3)}
    cycle = gamma[0, 1] + gamma[1, 2] + gamma[2, 0]
    claims = [
        Claim("three levels: the curl is the constant 2", found, "==", Integer(2)),
        Claim("any margins: the curl is twice their sum around the triangle", any_margins, "==",
              2 * cycle),
        Claim("RLHF has no curl", curl(tuple(RLHF().preference(ordered))), "==", S.Zero),
    ]  # fmt: skip
    for name, penalty in PENALTIES.items():
        marginal = stationarity_condition(GRPO(2, penalty), ordered).marginal
        claims.append(Claim(f"{name}: the penalty has no curl", curl(marginal), "==", S.Zero))
    tied = Question(rewards=(1, 1, 0))
    claims.append(
        Claim("two levels: no curl", curl(tuple(GRPO(2).preference(tied))), "==", S.Zero)
    )  # fmt: skip
    return Result(
        "Groups of two, three levels: no objective",
        "new",
        r"$G=2$, three answers. A function $\Phi$ on the simplex with the gradient $P_2$ up to "
        r"$\lambda$ would need $\partial_2(P(1)-P(3))=\partial_1(P(2)-P(3))$ in the coordinates "
        r"$\pi(1),\pi(2)$. The difference of the sides is "
        r"$2(\Gamma_{12}+\Gamma_{23}+\Gamma_{31})$: 2 for three reward levels, 0 exactly where "
        r"the margins add up along a path, as with two levels. Neither penalty has a curl. So with "
        r"three levels no function of the policy has $P_2-\beta d$ as its gradient along the "
        r"simplex, whatever $\beta$: the stationary policy is an equilibrium, but not the maximum "
        r"of an objective with that gradient.",
        headlines=(
            Headline(
                r"the curl of $P_2$ is $2(\Gamma_{12}+\Gamma_{23}+\Gamma_{31})$, which is 2 for "
                r"three reward levels: "
                "there is no objective",
                ("three levels: *", "any margins: *", "{penalty}: the penalty has no curl"),
                groups=TWO,
                answers=Numbers.of(3),
                levels=Numbers.of(3),
                penalties=tuple(PENALTIES),
            ),
        ),
        setting=r"three answers, groups of two, reverse or direct KL",
        kind="Counterexample",
        formulas=(equation(Symbol("curl"), any_margins),),
        claims=tuple(claims),
    )
