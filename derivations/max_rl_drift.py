"""Division by the mean reward: the drift of maximum-likelihood reinforcement learning."""

from sympy import Add, Expr, S, Symbol, binomial, combsimp, log

from derivations.headline import TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import certain, group_preferences, mean_scaled
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import GRPO, Claim, Domain, MeanScale, Question
from grpo_symbolic import symbols as s
from grpo_symbolic.domain import Range
from grpo_symbolic.model.two_level import TwoLevel

G, T = s.G, s.t
P = s.policy(1)
K = Symbol("k", integer=True, nonnegative=True)
SIZES = (2, 3, 4, 5, 6)
WEIGHTS = logit_weights(2)
AT = {P: first_share(WEIGHTS)}


def drift(size: int) -> Expr:
    """P(a) - P(b) for the rewards 1 and 0."""
    model = GRPO(size, advantage=MeanScale()).preference(Question(rewards=(1, 0)))
    return model.two_level.unfolded_drift(P)


def potential(size: int) -> Expr:
    """log p cut off after G - 1 terms of its series in 1 - p."""
    return -Add(*((1 - P) ** k / k for k in range(1, size)))


def all_groups(size: int) -> Expr:
    """The same from every group, in the weights of the two answers."""
    first, second = group_preferences(
        certain(S.One, S.Zero), normalised(WEIGHTS), size, mean_scaled
    )
    return first - second


def result() -> Result:
    model = TwoLevel(MeanScale(), G, S.One, S.Zero, Domain())
    none_right = MeanScale()(S.Zero, ((S.Zero, S.One),), G)
    own = combsimp((1 - K / G) * binomial(G, K) / binomial(G - 1, K))
    counts = Domain.of(G, Range(K, S.Zero, G - 1, True, True))
    claims = [
        *compared("a fraction t > 0 of right answers: f(t) = 1 - t", model.spread, 1 - T),
        *compared("no right answer: 0, not the value f(0) = 1", none_right, S.Zero),
        *compared("(1 - k/G) times the weight of k of G, over that of k of G-1", own, S.One,
                  domain=counts),
    ]  # fmt: skip
    for size in SIZES:
        found, written_out = drift(size), all_groups(size)
        claims += [
            Claim(
                f"drift (1-p) - (1-p)^G, G = {size}",
                P * (1 - P) * found,
                "==",
                (1 - P) - (1 - P) ** size,
            ),
            Claim(f"drift of all groups, G = {size}", written_out, "==", found.xreplace(AT)),
            Claim(
                f"it is the slope of log p cut off after G - 1 terms, G = {size}",
                written_out,
                "==",
                potential(size).diff(P).xreplace(AT),
            ),
            Claim(f"below the slope of log p, G = {size}", found, "<", log(P).diff(P)),
        ]
    claims.append(
        Claim(
            "rewards 2 and 1 have the same drift, G = 3",
            GRPO(3, advantage=MeanScale()).preference(Question(rewards=(2, 1))).difference(0, 1),
            "==",
            drift(3),
            expected="REFUTED",
        )
    )
    return Result(
        "Division by the mean reward: the drift",
        "new; the maximum-likelihood rule of prime-rl",
        r"The advantages are $A_i=(r_i-\mathrm{mean})/\mathrm{mean}$, $0/0=0$, and $p$ is the "
        "probability of the right answer: "
        "$p(1-p)D_G=(1-p)-(1-p)^G$. The rule depends on where the rewards' zero lies. For $G=4$,",
        intuition="Division by the mean reward makes a rare success count for more. A success "
        "among many says little that is new.",
        argument="A group with the fraction $t>0$ of right answers contributes $f(t)=1-t$, one "
        r"without any 0, hence $p(1-p)D_G=\mathrm{E}(1-K/G)-(1-p)^G=(1-p)-(1-p)^G$ for "
        r"every $G$, since $(1-k/G)\binom Gk=\binom{G-1}k$. $D_G$ is the derivative of "
        r"$-\sum_{k=1}^{G-1}(1-p)^k/k$: the log-likelihood of a right answer, cut off "
        "after $G-1$ terms.",
        headlines=(
            Headline(
                r"$D_G$ is the slope of the series of $\log p$ in $1-p$, cut off after $G-1$ "
                r"terms, and below that of $\log p$",
                (
                    "drift (1-p) - (1-p)^G, G = {G}",
                    "it is the slope of log p cut off*, G = {G}",
                    "below the slope of log p, G = {G}",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
                hypotheses=("rewards 1 and 0",),
            ),
        ),
        setting=r"rewards $1$ and $0$, advantages over the mean reward of the group",
        formulas=(equation(Symbol("D_4"), drift(4).subs(P, s.pi)),),
        claims=tuple(claims),
        domain=Domain.of(G, P),
    )
