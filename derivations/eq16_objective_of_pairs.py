"""(16): the reward term of a binary question in groups of two."""

from sympy import Add, Integer, S, Symbol

from derivations.eq06_reward_preference import OLD
from derivations.headline import TWO, Headline
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, symbols
from grpo_symbolic.model.preference import expected_preference

P, GAMMA = symbols.pi, symbols.gamma


def reward_term():
    """E_{o ~ pi} P_2(o | pi_old) of the preference model."""
    question = BinaryQuestion(margin=GAMMA)
    frozen = [v.subs(P, OLD) for v in GRPO(2).preference(question)]
    return expected_preference(tuple(frozen), question.policy)


def pair_by_pair():
    """The same from the pairs: the own answer from pi, the other one from pi_old."""
    win = {(0, 1): GAMMA, (1, 0): -GAMMA, (0, 0): S.Zero, (1, 1): S.Zero}
    own, other = (P, 1 - P), (OLD, 1 - OLD)
    return Add(*(own[i] * other[j] * win[i, j] for i in range(2) for j in range(2)))


def result() -> Result:
    domain = Domain.of((OLD, Integer(0), Integer(1)), P, GAMMA)
    published = GAMMA * (P - OLD)
    return Result(
        "The reward term of pairs on a binary question",
        f"{VY}, (16)",
        "It is linear in the new policy.",
        intuition="An answer of the new policy meets one of the old, and wins by the margin where "
        "the two differ. Chances to win and to lose cancel but for the change in $p$.",
        argument="An answer of the new policy has the expected advantage "
        r"$P_2(o\mid\pi_{\mathrm{old}})$; its mean under the new policy is the reward term.",
        headlines=(
            Headline(
                r"the reward term is $\gamma(\pi(a)-\pi_{\mathrm{old}}(a))$",
                ("(16)", "pair by pair"),
                groups=TWO,
                answers=TWO,
                parameters=Domain.of(GAMMA),
            ),
        ),
        setting=r"a binary question with confidence margin $\gamma$, groups of two",
        kind="Proposition",
        formulas=(equation(Symbol("R_2"), reward_term().factor()),),
        claims=(
            Claim("(16)", reward_term(), "==", published, domain),
            Claim("pair by pair", pair_by_pair(), "==", published, domain),
        ),
        domain=domain,
    )
