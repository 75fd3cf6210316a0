"""(18): the reward term of a binary question in large groups."""

from sympy import Add, Integer, Symbol, oo, sqrt

from derivations.eq06_reward_preference import OLD
from derivations.headline import LARGE_GROUPS, TWO, Headline
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, Question, symbols
from grpo_symbolic.model.preference import expected_preference
from grpo_symbolic.reward import mean, variance

P, GAP = symbols.pi, symbols.gap


def reward_term(question: Question):
    """E_{o ~ pi} P_oo(o | pi_old) of the preference model, in pi(a)."""
    own = question.policy[0]
    frozen = [v.subs(own, OLD) for v in GRPO(oo).preference(question)]
    return expected_preference(tuple(frozen), question.policy).subs(own, P)


def in_standard_units(rewards):
    """(E_pi r - E_old r)/sigma_old, from the two laws of the reward."""
    laws = [((rewards[0], p), (rewards[1], 1 - p)) for p in (P, OLD)]
    return (mean(laws[0]) - mean(laws[1])) / sqrt(variance(laws[1]))


def result() -> Result:
    domain = Domain.of((OLD, Integer(0), Integer(1)), P)
    better, worse = BinaryQuestion(), Question(rewards=(0, 1))
    published = P / sqrt(OLD * (1 - OLD)) - sqrt(OLD / (1 - OLD))
    rewards = (symbols.base_reward + GAP, symbols.base_reward)
    low = (symbols.base_reward, symbols.base_reward + GAP)
    center = Add(*(w * r for w, r in zip((OLD, 1 - OLD), rewards, strict=True)))
    return Result(
        "The reward term of large groups on a binary question",
        f"{VY}, (18)",
        "It is linear in the new policy, whatever the gap of the rewards.",
        intuition="In a large group the advantage is a standard unit, whose size is the root of "
        "$p(1-p)$. The reward term is steep near certainty, where pairs see nothing.",
        argument="The mean and the standard deviation of a large group are those of the rewards "
        r"under $\pi_{\mathrm{old}}$, so that the reward term is $(\mathrm{E}_\pi "
        r"r-\mathrm{E}_{\mathrm{old}}r)/\sigma_{\mathrm{old}}$ with "
        r"$\sigma_{\mathrm{old}}=|r(a)-r(b)|\sqrt{p_{\mathrm{old}}(1-p_{\mathrm{old}})}$.",
        headlines=(
            Headline(
                r"the reward term is "
                r"$\pm\bigl(p/\sqrt{p_{\mathrm{old}}(1-p_{\mathrm{old}})}"
                r"-\sqrt{p_{\mathrm{old}}/(1-p_{\mathrm{old}})}\bigr)$, the sign that of "
                r"$r(a)-r(b)$",
                ("(18), *", "from the laws of the reward, *", "r(a) - E_old r *"),
                groups=LARGE_GROUPS,
                answers=TWO,
                parameters=Domain.of(GAP),
                hypotheses=("deterministic rewards, not equal",),
            ),
        ),
        setting="a binary question with deterministic rewards, large groups",
        kind="Proposition",
        formulas=(equation(Symbol("R_oo"), published),),
        claims=(
            Claim("(18), r(a) > r(b)", reward_term(better), "==", published, domain),
            Claim("(18), r(a) < r(b)", reward_term(worse), "==", -published, domain),
            Claim(
                "from the laws of the reward, r(a) > r(b)",
                in_standard_units(rewards),
                "==",
                published,
                domain,
            ),
            Claim(
                "from the laws of the reward, r(a) < r(b)",
                in_standard_units(low),
                "==",
                -published,
                domain,
            ),
            Claim(
                "r(a) - E_old r is the gap times 1 - pi_old",
                rewards[0] - center,
                "==",
                GAP * (1 - OLD),
                domain,
            ),
        ),
        domain=domain,
    )
