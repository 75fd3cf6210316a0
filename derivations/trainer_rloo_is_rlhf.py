"""A log-ratio inside the reward: RLHF exactly, whatever the baseline and the scale."""

from sympy import Expr, Integer, Symbol, log

from derivations.all_groups import drift as all_groups
from derivations.headline import EVERY_SIZE, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import certain, group_preferences, leave_one_out
from derivations.trainer_drift_std import EPS, GAP, P, T, two_level
from grpo_symbolic import (
    GRPO,
    RLHF,
    BinaryQuestion,
    Claim,
    Domain,
    Estimator,
    LeaveOneOut,
    ShiftAndScale,
    stationary_policy,
)
from grpo_symbolic import symbols as s

G, P0, BETA = s.G, s.pi_ref, s.beta
INSIDE = Estimator("k1", "reward-before-baseline")
SIZES = (2, 3, 4, 8)


def penalised_gap(better: Expr) -> Expr:
    """The difference of the penalised rewards r - beta k1 at pi(a) = ``better``."""
    first, second = BinaryQuestion().rewards
    k1 = INSIDE.marginal
    gap = (first - second).expand()
    return gap - BETA * (k1(P0 / better) - k1((1 - P0) / (1 - better)))


def at_rest(size: int, pooled: Expr) -> Claim:
    """P_G(a) of the penalised rewards, from all groups, at the policy of RLHF."""
    low, policy = s.base_reward, (pooled, 1 - pooled)
    references, rewards = (P0, 1 - P0), (low + GAP, low)
    inside = [
        r - BETA * (-log(reference / w))
        for r, reference, w in zip(rewards, references, policy, strict=True)
    ]
    found = group_preferences(certain(*inside), policy, size, leave_one_out)[0]
    return Claim(
        f"leave one out, G = {size}: at the policy of RLHF the preference is 0, all groups",
        found,
        "==",
        Integer(0),
    )


def result() -> Result:
    question = BinaryQuestion()
    pooled = stationary_policy(RLHF(), question).expression
    standardised = ShiftAndScale(ddof=1, epsilon=EPS)
    model = two_level(standardised)
    fraction = Domain.of(G, GAP, EPS, T)
    high, low = (
        standardised(reward, model.law(T), G, fraction) for reward in (model.high, model.low)
    )
    claims = []
    for size in SIZES:
        name = f"with leave-one-out advantages the drift is the difference of rewards, G = {size}"
        derived = GRPO(size, advantage=LeaveOneOut()).preference(question).difference(0, 1)
        claims += [
            *compared(f"{name}, as derived", derived, GAP),
            Claim(name, all_groups(size, leave_one_out), "==", GAP),
        ]
    claims += [
        *compared("the same for every G", two_level(LeaveOneOut()).drift(P), GAP),
        *(at_rest(size, pooled) for size in (2, 3)),
        Claim(
            "at pi proportional to pi_ref exp(r/beta) the penalised rewards are equal",
            penalised_gap(pooled),
            "==",
            Integer(0),
        ),
        Claim("their difference falls with pi(a): one zero", penalised_gap(P).diff(P), "<",
              Integer(0)),
        Claim("standardised: the better one has a positive advantage in every mixed group", high,
              ">", Integer(0), fraction),
        Claim("standardised: the worse one a negative one", low, "<", Integer(0), fraction),
    ]  # fmt: skip
    for name, rule in (("leave one out", LeaveOneOut()), ("standardised", standardised)):
        for size in (2, 4, G):
            found = stationary_policy(GRPO(size, INSIDE, rule), question).expression
            claims += compared(f"{name}, G = {size}: the policy of RLHF", found, pooled)
    after = stationary_policy(GRPO(2, Estimator("k1", "reward"), ShiftAndScale()), question)
    claims.append(
        Claim(
            "subtracted after the scale has been taken it gives the same",
            after.expression,
            "==",
            pooled,
            expected="REFUTED",
        )
    )
    return Result(
        "The log-ratio inside the reward: RLHF at every group size",
        "new; RLOO of Ahmadian et al., arXiv 2402.14740, and verl with the penalty in the reward",
        r"So $\pi\propto\pi_{\mathrm{ref}}e^{r/\beta}$, with the same $\beta$ for every $G$, "
        "scale and epsilon. There every group has equal penalised rewards and all advantages "
        "vanish.",
        intuition="Inside the reward the penalty is centred with it, and the baseline cancels in "
        "expectation. What is left is RLHF at every group size.",
        checked_as=("skip", "group_size=4 scale=rloo penalty=k1 placement=reward-before-baseline"),
        argument=r"With $\tilde r=r-\beta\log(\pi/\pi_{\mathrm{ref}})$ in place of the reward, "
        r"before mean and scale are taken. Leave one out: $P(o)=\tilde "
        r"r(o)-\mathrm{E}_\pi\tilde r$ for every $G$. Standardised: $P(a)-P(b)$ has the "
        r"sign of $\tilde r(a)-\tilde r(b)$, because it is positive in every mixed "
        r"group. Either way $\pi$ is stationary if and only if the penalised rewards are "
        "equal.",
        headlines=(
            Headline(
                "with standardised advantages the stationary policy is that of RLHF at the same "
                r"$\beta$",
                (
                    "standardised: the *",
                    "at pi proportional to *",
                    "their difference falls *",
                ),
                groups=EVERY_SIZE,
                answers=TWO,
                parameters=Domain.of(GAP),
                hypotheses=(
                    "the log-ratio inside the reward",
                    r"$\beta>0$, $0<\pi_{\mathrm{ref}}(a)<1$",
                ),
            ),
            Headline(
                "with leave-one-out advantages the drift is the difference of the rewards, and "
                "so that of RLHF",
                (
                    "with leave-one-out advantages the drift is *, G = {G}",
                    "at pi proportional to *",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                parameters=Domain.of(GAP),
                hypotheses=("the log-ratio inside the reward",),
            ),
        ),
        setting=r"the penalty as $k_1$ inside the reward, any group size, standardised or "
        r"leave-one-out advantages",
        formulas=(
            equation(Symbol("gap_penalised"), penalised_gap(P)),
            equation(P, pooled),
        ),
        claims=tuple(claims),
        domain=Domain.of(G, BETA, P0, GAP),
    )
