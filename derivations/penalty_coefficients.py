"""The coefficient of the score in a sampled penalty, for every estimator and placement."""

from sympy import Abs, Expr, Integer, Rational, S, Symbol, exp, oo, sign

from derivations.headline import Headline
from derivations.result import Result, compared, equation
from derivations.second_route.objectives import ESTIMATORS, penalty_gradient
from derivations.second_route.policies import logit_weights, normalised, projected
from grpo_symbolic import Claim, Domain, Estimator

#: l = log(pi/pi_ref), so that u = pi_ref/pi = exp(-l).
L = Symbol("l", real=True)
#: The same where it has one sign.
UP = Symbol("l", positive=True)


def coefficient(estimator: str, placement: str) -> Expr:
    """c(l) of grad log pi per on-policy sample: the marginal penalty at u = exp(-l)."""
    return Estimator(estimator, placement).marginal(exp(-L))


#: (estimator, placement, symbol of the formula, expected coefficient)
TABLE: tuple[tuple[str, str, str, Expr], ...] = (
    ("k1", "loss", "c_k1_loss", Integer(1)),
    ("k2", "loss", "c_k2_loss", L),
    ("k3", "loss", "c_k3_loss", 1 - exp(-L)),
    ("abs", "loss", "c_abs_loss", sign(L)),
    ("k1", "loss-with-ratio", "c_k1_ratio", 1 + L),
    ("k2", "loss-with-ratio", "c_k2_ratio", L + L**2 / 2),
    ("k3", "loss-with-ratio", "c_k3_ratio", L),
    ("k1", "reward", "c_k1_reward", L),
    ("k2", "reward", "c_k2_reward", L**2 / 2),
    ("k3", "reward", "c_k3_reward", exp(-L) + L - 1),
    ("abs", "reward", "c_abs_reward", Abs(L)),
)


def sampled(estimator: str, placement: str, expected: Expr) -> list[Claim]:
    """The gradient of the sampled penalty in a logit of two answers, against a coefficient."""
    weights, other = logit_weights(2), Symbol("l_other", real=True)
    policy, free = normalised(weights), logit_weights(2, "y")
    # the reference that has these log-ratios, put in after differentiating
    reference = {r: w * exp(-x) for r, w, x in zip(free, policy, (L, other), strict=True)}
    gradient = penalty_gradient(weights, free, estimator, placement).xreplace(reference)
    name, slopes = f"{estimator}, {placement}", [expected, expected.subs(L, other)]
    return [
        Claim(name, gradient, "==", projected(policy, slopes)),
        *compared(f"{name}, as derived", coefficient(estimator, placement), expected),
    ]


def absolute(place: str, derived: Expr) -> list[Claim]:
    """The absolute log-ratio is k1 or its negative, on either side of the reference."""
    name = f"abs, {place}"
    sides = (("above", 1, Domain.of((L, S.Zero, oo))), ("below", -1, Domain.of((L, -oo, S.Zero))))
    return [
        Claim(f"{name}, {where}", derived, "==", side * coefficient("k1", place), domain)
        for where, side, domain in sides
    ]


def result() -> Result:
    found = {row[:2]: coefficient(*row[:2]) for row in TABLE}
    claims = []
    for estimator, placement, _, expected in TABLE:
        if estimator in ESTIMATORS:
            claims += sampled(estimator, placement, expected)
        else:
            claims += absolute(placement, found[estimator, placement])
    three, shares = logit_weights(3), logit_weights(3, "y")
    turning = Domain.of((L, -oo, -S.One)), Domain.of((L, -S.One, oo))
    ratio = found["k2", "loss-with-ratio"]
    reward = found["k3", "reward"]
    plain = found["k3", "loss"]
    claims += [
        Claim(
            "k1 in the loss: no gradient, three answers",
            penalty_gradient(three, normalised(shares), "k1"),
            "==",
            S.Zero,
        ),
        Claim("k3 in the loss grows with l", plain.diff(L), ">", S.Zero),
        Claim("k3 in the loss never exceeds 1", plain, "<", S.One),
        Claim("k2 times the ratio falls below l = -1", ratio.diff(L), "<", S.Zero, turning[0]),
        Claim("k2 times the ratio grows above l = -1", ratio.diff(L), ">", S.Zero, turning[1]),
        Claim("k2 times the ratio grows", ratio.diff(L), ">", S.Zero, expected="REFUTED"),
        Claim("k2 times the ratio is never below -1/2", ratio, ">=", -Rational(1, 2)),
        Claim(
            "k2 times the ratio penalises answers below l = -2 as if they were too likely",
            ratio,
            ">",
            S.Zero,
            Domain.of((L, -oo, Integer(-2))),
        ),
        Claim("k3 in the reward falls below l = 0", reward.subs(L, -UP).diff(UP), ">", S.Zero),
        Claim("k3 in the reward grows above l = 0", reward.subs(L, UP).diff(UP), ">", S.Zero),
    ]
    return Result(
        "Coefficient of the score, by estimator and placement",
        "new as a table; the estimators are Schulman's $k_1$, $k_2$, $k_3$",
        r"Per sample a penalty contributes $c(l)\,\nabla\log\pi$ with "
        r"$l=\log(\pi/\pi_{\mathrm{ref}})$.",
        intuition="Every combination of an estimator and a place multiplies the score of an "
        "answer by some function of the ratio. Two combinations that report the same "
        "number can have different coefficients.",
        argument=r"$c(l)$ is the derivative of the expected penalty in $\pi(o)$ with "
        r"$\pi_{\mathrm{old}}$ frozen; a constant $c$ has no effect, since "
        r"$\mathrm{E}\,\nabla\log\pi=0$. The coefficient $l$ is that of "
        r"$\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$, $1-e^{-l}$ that of "
        r"$\mathrm{KL}(\pi_{\mathrm{ref}}\,\|\,\pi)$. $k_2$ times the ratio turns at "
        r"$l=-1$ and pushes answers rarer than $e^{-2}\pi_{\mathrm{ref}}$ further down; "
        "$k_3$ in the reward pushes every answer down that has left the reference, in "
        "either direction.",
        headlines=(
            Headline(
                "the coefficient of the score is the listed function of the log-ratio",
                ("k1, *", "k2, *", "k3, *"),
                parameters=Domain.of(L),
                hypotheses=("k1, k2 and k3, in the loss with or without ratio or in the reward",),
            ),
            Headline(
                "the absolute log-ratio counts by its sign in the loss, by its size in the reward",
                ("abs, loss*", "abs, reward*"),
                hypotheses=("a log-ratio that is not 0",),
            ),
        ),
        setting=r"one sampled penalty on policy: $k_1$, $k_2$, $k_3$ or the absolute log-ratio, in "
        r"the loss with or without the importance ratio, or in the reward",
        figure="penalties",
        references=("schulman2020",),
        formulas=tuple(equation(Symbol(name), found[e, p]) for e, p, name, _ in TABLE),
        claims=tuple(claims),
        domain=Domain.of(L),
    )
