"""Groups of two compare answers in pairs: R_2 = 2 E P(o > o') - 1."""

from sympy import Add, Integer, S, Symbol

from derivations.eq06_reward_preference import OLD
from derivations.headline import TWO, Headline
from derivations.result import VY, Result, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, symbols
from grpo_symbolic.model.preference import expected_preference


def result() -> Result:
    question = BinaryQuestion(margin=symbols.gamma)
    old = (OLD, 1 - OLD)
    preferences = GRPO(2).preference(question)
    frozen = [p.subs(symbols.pi, OLD) for p in preferences]
    reward = expected_preference(tuple(frozen), question.policy)
    winning = Add(
        *(
            question.policy[i] * old[j] * question.preference(i, j)
            for i in range(2)
            for j in range(2)
        )
    )
    domain = Domain.of((OLD, Integer(0), Integer(1)), symbols.pi, symbols.gamma)
    a, b = preferences
    p = symbols.pi
    # the chance that a beats b, ties counted one half each way
    wins, weights = Symbol("w", positive=True), logit_weights(2)
    known = {p: first_share(weights), symbols.gamma: 2 * wins - 1}
    table = [[S.Half, wins], [1 - wins, S.Half]]
    enumerated = pair_preferences(table, normalised(weights))
    derived = [value.xreplace(known) for value in preferences]
    mean = Add(*(w * v for w, v in zip(normalised(weights), derived, strict=True)))
    return Result(
        "Groups of two: pairwise comparison",
        f"{VY}, R_2",
        r"Ties are counted one half each way: $P_2(o\mid\pi)=\mathrm{E}_{o'\sim\pi}[P(o\succ "
        r"o')-P(o'\succ o)]$, in which the probability of a tie drops out.",
        intuition="With two answers a draw is a duel, and the advantage says who won. The "
        "preference is the chance of winning less the chance of losing against an "
        "answer of the policy.",
        argument="The advantage in a group of two is $1$ for the answer that wins, $-1$ for the "
        "one that loses, and $0$ for both in a tie, so that its mean is the chance of winning "
        "less that of losing.",
        headlines=(
            Headline(
                r"$P_2$ is the margin against the policy, and $R_2=2\,\mathrm{E}P(o\succ o')-1$",
                ("R_2 = 2 E P(o > o') - 1", "P_2(a)*", "P_2(b)*"),
                groups=TWO,
                answers=TWO,
                parameters=Domain.of(symbols.gamma),
            ),
        ),
        setting=r"a binary question, groups of two; comparisons may be ties",
        checked_as="group_size=2 margin",
        formulas=(
            equation(symbols.preferences[0], a),
            equation(symbols.preferences[1], b),
        ),
        claims=(
            Claim("R_2 = 2 E P(o > o') - 1", reward, "==", 2 * winning - 1, domain),
            Claim("P_2(a) is the margin against the policy", derived[0], "==", enumerated[0]),
            Claim("P_2(b) is the margin against the policy", derived[1], "==", enumerated[1]),
            Claim("mean zero: E P_2 = 0", mean, "==", Integer(0)),
        ),
        domain=domain,
    )
