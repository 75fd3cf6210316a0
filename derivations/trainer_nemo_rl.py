"""The drift of advantages scaled by mean and standard deviation of the others."""

from sympy import Expr, Integer, Mul, S, Symbol, sqrt

from derivations.all_groups import WEIGHTS, in_weights
from derivations.all_groups import drift as all_groups
from derivations.headline import TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import others_scaled
from derivations.second_route.policies import normalised
from derivations.trainer_drift_std import GAP, P, drift, expectation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, LeaveOneOut

RULE = LeaveOneOut(scaled=True)
SIZES = (3, 4, 5, 6)


def weight(size: int, count: int, ends: Expr) -> Expr:
    """sqrt((G-1)(G-2)/(k(G-1-k))) for mixed others; ``ends`` where the others are all equal."""
    others = Integer(size - 1)
    if count in (0, others):
        return ends
    return sqrt(others * (others - 1) / (count * (others - count)))


def shape(size: int, ends: Expr) -> Expr:
    """p (1-p) times the mean weight over k ~ Bin(G-1, p) better ones among the others."""
    return P * (1 - P) * expectation(size - 1, lambda k: weight(size, k, ends))


def result() -> Result:
    found = {size: drift(RULE, size) for size in SIZES}
    claims = []
    for size, derived in found.items():
        value = all_groups(size, others_scaled) * Mul(*normalised(WEIGHTS))
        name = f"the mean over the others, G = {size}"
        claims += [
            *compared(f"{name}, as derived", derived, shape(size, GAP)),
            Claim(name, value, "==", in_weights(shape(size, GAP))),
            Claim(
                f"weight 1 for equal others, G = {size}, gap 1",
                value.subs(GAP, 1),
                "==",
                in_weights(shape(size, S.One)),
            ),
            Claim(
                f"weight 1 for equal others, G = {size}, any gap",
                derived,
                "==",
                shape(size, S.One),
                expected="REFUTED",
            ),
            Claim(
                f"groups with equal others carry the gap, G = {size}",
                value.diff(GAP),
                "==",
                in_weights(P * (1 - P) * (P ** (size - 1) + (1 - P) ** (size - 1))),
            ),
        ]
    preference = GRPO(3, advantage=RULE).preference(BinaryQuestion())
    two = GRPO(2, advantage=RULE).preference(BinaryQuestion())
    claims += [
        *compared("G = 2: never scaled, as derived", two.difference(0, 1), GAP),
        Claim("G = 2: never scaled, the drift is the gap", all_groups(2, others_scaled), "==", GAP),
        Claim(
            "the advantages of a group sum to zero in the mean, G = 3",
            preference.expected,
            "==",
            S.Zero,
            expected="REFUTED",
        ),
    ]
    return Result(
        "Leave-one-out mean and standard deviation: the drift",
        "new; the convention of NeMo-RL, without its epsilon",
        "The advantages are $A_i=(r_i-b_i)/s_i$ with mean and sample standard deviation of the "
        r"other $G-1$ rewards, unscaled where $s_i=0$; $k\sim\mathrm{Bin}(G-1,p)$ is the number "
        r"of better ones among the others, $w_k=\sqrt{(G-1)(G-2)/(k(G-1-k))}$ for $0<k<G-1$ and "
        r"$w_0=w_{G-1}=\Delta$. So rescaled rewards move the stationary policy even without an "
        "epsilon. For $G=3$,",
        intuition="Each answer is measured against the others, without itself. Where the others "
        "are all equal their deviation is $0$, and the convention of the trainer "
        "decides.",
        argument="Of a member only its own reward and those of the others count. Given $k$ "
        r"better ones among the others, a better and a worse answer differ by $\Delta$ over their "
        "scale, whether or not the answer itself is better.",
        headlines=(
            Headline(
                r"$p(1-p)D=p(1-p)\,\mathrm{E}\,w_k$: groups whose other rewards are equal carry "
                r"the reward gap",
                (
                    "the mean over the others, G = {G}",
                    "groups with equal others carry the gap, G = {G}",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
            ),
        ),
        setting=r"a binary question with rewards a gap $\Delta$ apart, mean and scale of the "
        r"others in "
        r"the group, $G=3,\dots,6$",
        formulas=(equation(Symbol("drift"), found[3]),),
        claims=tuple(claims),
        domain=Domain.of(P, GAP),
    )
