"""The sampled reward term has expectation E_{o ~ pi} P_G(o | pi_old)."""

from itertools import product

from sympy import Add, Integer, Mul, Rational, Symbol

from derivations.bernstein_form import COUNTS, G, K, P, relative, weight
from derivations.headline import EVERY_SIZE, binary_headline
from derivations.lemmas import TOWER
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, ShiftAndScale, symbols
from grpo_symbolic.model.preference import expected_preference

OLD = Symbol("pi_old", positive=True)
SIZES = (2, 3, 4)


def sampled_reward_term(size: int):
    """E over groups from pi_old of (1/G) sum_i (pi(o_i)/pi_old(o_i)) A_i, group by group."""
    question = BinaryQuestion()
    new, old = question.policy, (OLD, 1 - OLD)
    total = Integer(0)
    for answers in product(range(2), repeat=size):
        law = tuple((question.rewards[o], Rational(1, size)) for o in answers)
        probability = Mul(*(old[o] for o in answers))
        advantages = [ShiftAndScale()(reward, law, Integer(size)) for reward, _ in law]
        total += (
            probability
            * Add(*(new[o] / old[o] * a for o, a in zip(answers, advantages, strict=True)))
            / size
        )
    return total


def reward_preference(size: int):
    """R_G = E_{o ~ pi} P_G(o | pi_old)."""
    question = BinaryQuestion()
    preferences = GRPO(size).preference(question)
    frozen = [p.subs(symbols.pi, OLD) for p in preferences]
    return expected_preference(tuple(frozen), question.policy)


def any_size() -> Claim:
    """Over groups with k answers a: the mean over the members is that of the first one.

    The chance of the group times the mean, against the chances of the first member and of the
    others; both in units of the chance of k answers a among G.
    """
    first, second = Symbol("A_a", real=True), Symbol("A_b", real=True)  # pi/pi_old times A
    own = relative(P * weight(G - 1, K - 1)) * first
    other = relative((1 - P) * weight(G - 1, K)) * second
    return Claim(
        "the mean over the members of a group is that of its first one, with the same others",
        (K * first + (G - K) * second) / G,
        "==",
        own + other,
        COUNTS,
    )


def result() -> Result:
    domain = Domain.of((OLD, Integer(0), Integer(1)), symbols.pi)
    two = reward_preference(2)
    return Result(
        "The reward preference model",
        f"{VY}, (6)",
        "For groups of two,",
        intuition="An answer is judged by what it gains on average against the others that happen "
        "to be drawn with it. This average is a preference between answers that depends "
        "on the policy, and it takes the place of the reward.",
        argument="For every $G$ a member of the group, averaged over its members, is drawn as "
        "the first one is. For $G=2,3,4$ every group is enumerated on one side, and the "
        "preference model is used on the other.",
        headlines=(
            binary_headline(
                r"the sampled reward term has the expectation "
                r"$\mathrm{E}_{o\sim\pi}P_G(o\mid\pi_{\mathrm{old}})$",
                ("the mean over the members of a group is *",),
                groups=EVERY_SIZE,
                penalties=(),
                by=(TOWER(instances="enumeration of all groups of *"),),
            ),
        ),
        setting=r"a binary question, groups of $G$ drawn from $\pi_{\mathrm{old}}$",
        formulas=(equation(Symbol("R_2"), two.factor()),),
        claims=(
            any_size(),
            *(
                Claim(
                    f"enumeration of all groups of {size} gives R_{size}",
                    sampled_reward_term(size),
                    "==",
                    reward_preference(size),
                    domain,
                )
                for size in SIZES
            ),
        ),
        domain=domain,
    )
