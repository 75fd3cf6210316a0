"""Groups of two: from three reward levels on, the preference is no gradient."""

from collections.abc import Sequence

from sympy import Expr, Integer, Mul, S, Symbol

from derivations.headline import TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.objectives import divergence_gradient, kl_divergence
from derivations.second_route.policies import (
    along_logit,
    logit_weights,
    normalised,
    projected,
)
from derivations.uniqueness_pairs import PENALTIES, margins
from grpo_symbolic import GRPO, RLHF, Claim, Question, stationarity_condition

FIRST, SECOND = Question.symbolic(3).policy[:2]
WEIGHTS = logit_weights(3)
POLICY = normalised(WEIGHTS)


def curl(values: Sequence[Expr]) -> Expr:
    """The curl of a field of three answers in the coordinates pi(1), pi(2) of the simplex."""
    one, two, three = values
    return ((one - three).diff(SECOND) - (two - three).diff(FIRST)).expand()


def logit_curl(values: Sequence[Expr]) -> Expr:
    """The curl of what slopes come to in the first two logits: times pi(1) pi(2) pi(3)."""
    one, two = (projected(POLICY, values, answer) for answer in (0, 1))
    return along_logit(one, WEIGHTS[1]) - along_logit(two, WEIGHTS[0])


def margin_table(above: Expr, between: Expr, across: Expr) -> list[list[Expr]]:
    """How often each of three answers wins, from the margins of 1, 2 and of 2, 3 and of 1, 3."""
    half = S.Half
    return [
        [half, half + above / 2, half + across / 2],
        [half - above / 2, half, half + between / 2],
        [half - across / 2, half - between / 2, half],
    ]


def in_logits() -> list[Claim]:
    """The curls once more, from preferences written out and in the logits of three answers."""
    names = ((f"g_{pair}", pair) for pair in ("12", "23", "13"))
    g12, g23, g13 = (Symbol(name, real=True) for name, _ in names)
    rewards = [Symbol(f"r_{o}", real=True) for o in (1, 2, 3)]
    unit, one, zero = Mul(*POLICY), S.One, S.Zero
    given = normalised(logit_weights(3, "y"))
    claims = [
        Claim(name, logit_curl(pair_preferences(margin_table(*table), POLICY)), "==", value * unit)
        for name, table, value in (
            ("three levels: the curl is the constant 2", (one, one, one), Integer(2)),
            ("any margins: the curl is twice their sum around the triangle", (g12, g23, g13),
             2 * (g12 + g23 - g13)),
            ("two levels: no curl", (zero, one, one), zero),
        )
    ]  # fmt: skip
    claims.append(Claim("RLHF has no curl", logit_curl(rewards), "==", S.Zero))
    for name, divergence in (
        ("reverse KL", kl_divergence(given, POLICY)),
        ("direct KL", kl_divergence(POLICY, given)),
    ):
        one, two = (divergence_gradient(WEIGHTS, divergence, answer) for answer in (0, 1))
        claims.append(
            Claim(f"{name}: the penalty has no curl", along_logit(one, WEIGHTS[1]), "==",
                  along_logit(two, WEIGHTS[0]))
        )  # fmt: skip
    return claims


def result() -> Result:
    ordered, general = Question.symbolic(3), margins(3)
    found = curl(tuple(GRPO(2).preference(ordered)))
    any_margins = curl(tuple(GRPO(2).preference(general)))
    gamma = {(o, q): general.confidence(o, q) for o in range(3) for q in range(3)}
    cycle = gamma[0, 1] + gamma[1, 2] + gamma[2, 0]
    claims = [
        *compared("three levels: the curl, as derived", found, Integer(2)),
        *compared("any margins: the curl, as derived", any_margins, 2 * cycle),
        *compared("RLHF: the curl, as derived", curl(tuple(RLHF().preference(ordered))), S.Zero),
        *in_logits(),
    ]
    for name, penalty in PENALTIES.items():
        marginal = stationarity_condition(GRPO(2, penalty), ordered).marginal
        claims += compared(f"{name}: the curl of the penalty, as derived", curl(marginal), S.Zero)
    return Result(
        "Groups of two, three levels: no objective",
        "new",
        r"So with three levels no function of the policy has $P_2-\beta d$ as its gradient along "
        r"the simplex, whatever $\beta$: the stationary policy is an equilibrium, but not the "
        "maximum of an objective with that gradient.",
        intuition="With three levels the duel of two answers depends on what else is drawn, and "
        "going round in a circle need not come back to the same value. What has a curl "
        "is the gradient of nothing.",
        argument=r"A function $\Phi$ on the simplex with the gradient $P_2$ up to $\lambda$ would "
        r"need $\partial_2(P(1)-P(3))=\partial_1(P(2)-P(3))$ in the coordinates "
        r"$\pi(1),\pi(2)$. The difference of the sides is "
        r"$2(\Gamma_{12}+\Gamma_{23}+\Gamma_{31})$: 2 for three reward levels, 0 exactly "
        "where the margins add up along a path, as with two levels. Neither penalty has "
        "a curl.",
        headlines=(
            Headline(
                r"the curl of $P_2$ is $2(\Gamma_{12}+\Gamma_{23}+\Gamma_{31})$, which is 2: "
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
