"""The drift of trainers that divide by the group's sample standard deviation plus epsilon."""

from sympy import Add, Expr, Integer, Rational, S, Symbol, binomial, sqrt

from derivations.all_groups import preferences
from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from derivations.second_route.groups import Advantages, stabilised
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, ShiftAndScale, stationary_policy
from grpo_symbolic import symbols as s
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.model.two_level import TwoLevel

G, P, T, GAP, EPS, BETA = s.G, s.pi, s.t, s.gap, s.epsilon, s.beta
SIZES = (2, 3, 4)


def two_level(rule, size=G) -> TwoLevel:
    """The rule on two reward levels that are a gap apart."""
    high, low = BinaryQuestion().rewards
    return TwoLevel(rule, Integer(size) if isinstance(size, int) else size, high, low, Domain())


def drift(rule, size: int) -> Expr:
    """p (1-p) times the drift P(a) - P(b): what stands against the penalty in logit space."""
    model = GRPO(size, advantage=rule).preference(BinaryQuestion())
    return P * (1 - P) * unfolded(model.difference(0, 1))


def all_groups(size: int, advantages: Advantages) -> Expr:
    """The same from every group."""
    first, second = preferences(size, advantages=advantages)
    return P * (1 - P) * (first - second)


def expectation(number: int, values) -> Expr:
    """E values(K) for K ~ Bin(number, p)."""
    return Add(
        *(
            binomial(number, k) * P**k * (1 - P) ** (number - k) * values(k)
            for k in range(number + 1)
        )
    )


def spread(ddof: int, count: Expr, number) -> Expr:
    """The published shape: v Delta/(Delta sqrt(v n/(n - ddof)) + epsilon), v = K(n - K)/n^2."""
    v = count * (number - count) / Integer(1) / number**2
    return v * GAP / (GAP * sqrt(v * number / (number - ddof)) + EPS)


def result() -> Result:
    rules = {ddof: ShiftAndScale(ddof=ddof, epsilon=EPS) for ddof in (0, 1)}
    claims = []
    for ddof, rule in rules.items():
        model = two_level(rule)
        shape = spread(ddof, T * G, G)
        claims += [
            Claim(f"a fraction t of G, ddof {ddof}", model.spread, "==", shape),
            Claim(
                f"it grows with the gap, ddof {ddof}: rewards rescaled change the policy",
                model.spread.diff(GAP) * (GAP * sqrt(T * (1 - T) * G / (G - ddof)) + EPS) ** 2,
                "==",
                T * (1 - T) * EPS,
            ),
        ]
        for size in SIZES:
            expected = expectation(
                size, lambda k, n=size, d=ddof: spread(d, Integer(k), n) if 0 < k < n else S.Zero
            )
            name = f"G = {size}, ddof {ddof}"
            claims += compared(f"{name}, as derived", drift(rule, size), expected)
            written_out = all_groups(size, stabilised(ddof, EPS))
            claims.append(Claim(f"{name}: all groups", written_out, "==", expected))
    exact = two_level(ShiftAndScale(ddof=1))
    found = stationary_policy(GRPO(2, advantage=rules[1]), BinaryQuestion())
    pairs = stationary_policy(GRPO(2), BinaryQuestion()).expression
    weight = BETA * (sqrt(2) + 2 * EPS / GAP)
    claims += [
        *compared(
            "without epsilon: the population rule times sqrt((G-1)/G), for every G, as derived",
            exact.spread,
            two_level(ShiftAndScale()).spread * sqrt((G - 1) / G),
        ),
        Claim(
            "without epsilon: the population rule times sqrt((G-1)/G), for every G",
            T * (1 - T) / sqrt((G * T * (1 - T) ** 2 + G * (1 - T) * (0 - T) ** 2) / (G - 1)),
            "==",
            sqrt(T * (1 - T)) * sqrt((G - 1) / G),
        ),
        Claim("G = 2: (14) at beta (sqrt(2) + 2 epsilon/gap)", found.expression, "==",
              pairs.subs(BETA, weight)),
        Claim("G = 2: the weight is at least sqrt(2) beta", weight, ">=", sqrt(2) * BETA),
        Claim(
            "G = 3: the drift does not depend on p, so it is (14) at beta over it",
            GRPO(3, advantage=rules[1]).preference(BinaryQuestion()).difference(0, 1),
            "==",
            3 * two_level(rules[1], 3).spread.subs(T, Rational(1, 3)),
        ),
    ]  # fmt: skip
    return Result(
        "Sample standard deviation and epsilon: the drift",
        "new; the convention of TRL, verl, OpenRLHF and others",
        r"The advantages are $A_i=(r_i-\mathrm{mean})/(s+\varepsilon)$ with $s^2$ the variance of "
        r"the group times $G/(G-\mathrm{ddof})$, and $v=t(1-t)$. With $\varepsilon>0$ the policy "
        "depends on the size of the rewards.",
        intuition=r"The sample standard deviation is larger by $\sqrt{G/(G-1)}$, and $\varepsilon$ "
        r"makes the scale larger still. Both weaken the drift, the second one more where "
        r"rewards are close.",
        checked_as=("skip", "group_size=2 ddof=1 epsilon=1e-4"),
        argument=r"A group with the fraction $t$ of better answers has the variance $\Delta^2 "
        r"t(1-t)$, and its better ones are $\Delta(1-t)$ above its mean: $f(t)$ is $t$ times "
        "their advantage.",
        headlines=(
            Headline(
                r"a group with the fraction $t$ of better answers contributes $f(t)$; with "
                r"$\varepsilon=0$ the sample "
                r"standard deviation rescales $\beta$ by $\sqrt{G/(G-1)}$",
                ("a fraction t of G, *", "without epsilon: *"),
                groups=EVERY_SIZE,
                levels=TWO,
                parameters=Domain.of(GAP, EPS),
            ),
            Headline(
                r"$p(1-p)D_G$ is the mean of $f(K/G)$",
                ("G = {G}, ddof ?: all groups",),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
                parameters=Domain.of(GAP, EPS),
            ),
            Headline(
                r"the policy is (14) with $\gamma=1$ and $\beta(\sqrt2+2\varepsilon/\Delta)$ "
                r"for $\beta$",
                ("G = 2: *",),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA, s.pi_ref, GAP, EPS),
            ),
        ),
        setting=r"two reward levels a gap $\Delta$ apart, standard deviation with or without "
        r"Bessel's correction, plus $\varepsilon$",
        formulas=(
            equation(Symbol("f"), two_level(rules[1]).spread),
            equation(P, pairs.subs(BETA, weight)),
        ),
        claims=tuple(claims),
        domain=Domain.of(G, BETA, s.pi_ref, GAP, EPS),
    )
