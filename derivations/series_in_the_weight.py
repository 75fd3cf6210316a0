"""Every penalty: the stationary policy as a series in the weight, at both of its ends."""

from sympy import Add, Expr, Integer, Poly, S, Symbol, diff, exp, factor, factorial, oo, sqrt

from derivations.bernstein_form import P0, G, P
from derivations.headline import (
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    REVERSE_KL,
    TWO,
    Headline,
    Numbers,
    binary_headline,
)
from derivations.lemmas import LAGRANGE
from derivations.result import Result, compared, equation
from derivations.second_route.groups import certain, group_preferences, pair_preferences
from derivations.second_route.objectives import divergence_gradient
from derivations.second_route.policies import logit_weights, normalised
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Divergence,
    Domain,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.analysis.series import exponential_law, series
from grpo_symbolic.equation.balance import Balance

BETA, GAMMA = symbols.beta, symbols.gamma
ORDER = 4
#: 1/beta.
EPS = Symbol("e", positive=True)
#: rho_G, the ratio of square roots that the second order of finite groups is a polynomial in.
RATIO = Symbol("rho_G", positive=True)


def curve(algorithm, question=None) -> Balance:
    question = BinaryQuestion() if question is None else question
    return Balance(stationarity_condition(algorithm, question))


def coefficient(expression: Expr, variable: Expr, power: int) -> Expr:
    """The coefficient of variable**power in a sum of powers of the weight."""
    weight = Symbol("w", positive=True)
    at = {BETA: weight if variable == BETA else 1 / weight}
    terms = Add.make_args(expression.xreplace(at))
    return Add(*((t / weight**power) for t in terms if not (t / weight**power).has(weight)))


def lagrange(drift: Expr, order: int) -> Expr:
    """The coefficient of beta**-order, reverse KL: derivatives of (p(1-p) D)^order at p0."""
    height = P * (1 - P) * drift
    return (diff(height**order, P, order - 1) / factorial(order)).subs(P, P0)


def in_ratio(expression: Expr) -> Expr:
    """A rational expression in sqrt(G-1) and sqrt(G-2) whose degree in them is 0, in rho_G."""
    root = Symbol("s", positive=True)  # sqrt(G - 1)
    shown = expression.subs(sqrt(G - 2), sqrt(2) * RATIO * root).subs(G, 1 + root**2)
    return factor(shown.subs(root, 1 / sqrt(1 - 2 * RATIO**2)))


def condition(name: str, value: Expr, weight: Expr) -> Expr:
    """beta (p - p0) - h(p) at a value of p, from all groups; for large groups of the squares."""
    low, policy = symbols.base_reward, (P, 1 - P)
    if name == "large groups":
        return weight**2 * (value - P0) ** 2 - value * (1 - value)
    if name == "pairs":
        wins = [[S.Half, (1 + GAMMA) / 2], [(1 - GAMMA) / 2, S.Half]]
        first = pair_preferences(wins, policy)[0]
    else:
        first = group_preferences(certain(low + symbols.gap, low), policy, 4)[0]
    return weight * (value - P0) - (P * first).subs(P, value)


def leaves(name: str, left: Expr, variable: Symbol, order: int) -> Claim:
    """What is left of a condition has no power up to the last one kept.

    In powers of 1/beta the condition starts with beta, its square with its square, and is
    multiplied by it.
    """
    start = order + 1
    if variable == EPS:
        shift = 2 if left.has(EPS**-2) else 1
        left, start = EPS**shift * left, order + shift
    terms = Poly(left.expand(), variable).terms()
    rest = Add(*(c * variable ** (n - start) for (n,), c in terms if n >= start))
    shown = "beta" if variable == BETA else "(1/beta)"
    return Claim(
        f"{name}, the series leaves powers from {shown}^{start} on only",
        left,
        "==",
        variable**start * rest,
    )


def at_the_end_of_direct_kl(derived: Expr) -> list[Claim]:
    """1 - p is p (1 - p0)/p0 exp(-D/beta), and D_5 is 2 at p = 1."""
    low, size, five = symbols.base_reward, 5, S(6) - 2 * sqrt(6)
    policy = (P, 1 - P)
    first, other = group_preferences(certain(low + symbols.gap, low), policy, size)
    name = "direct KL: 1 - p is asymptotic to the reference odds times exp(-sqrt(G-1)/beta)"
    return [
        *compared(name, derived.subs(G, Integer(size)), (1 - P0) / P0 * exp(-2 / BETA)),
        Claim("direct KL: the drift of groups of five is at most 2", first - other, "<=", S(2)),
        Claim(
            "direct KL: which it is at p = 1, less by at most (6 - 2 sqrt(6))(1 - p)",
            first - other,
            ">=",
            2 - five * (1 - P),
        ),
    ]


def at_the_end_of_hellinger() -> list[Claim]:
    """The condition with 1 - sum sqrt(pi pi_ref), at 1 - p = beta^2 (1 - p0)/8."""
    found = series(curve(GRPO(3, Divergence.hellinger())), BETA, 2)
    weights = logit_weights(2)
    overlap = Add(*(sqrt(w * r) for w, r in zip(normalised(weights), (P0, 1 - P0), strict=True)))
    place = dict(zip(weights, (P, 1 - P), strict=True))
    force = divergence_gradient(weights, -overlap).xreplace(place) / (P * (1 - P))
    at_end = 1 - BETA**2 * (1 - P0) / 8
    name = "Hellinger: beta^2 already for finite groups"
    return [
        *compared(name, coefficient(found, BETA, 2), -(1 - P0) / 8),
        Claim(
            f"{name}: at 1 - p = beta^2 (1 - p0)/8 the force is the drift sqrt(2) but for O(beta)",
            BETA * force.subs(P, at_end),
            "==",
            sqrt(2) - BETA / 2 * sqrt(P0 / at_end),
            Domain.of(P0, (BETA, S.Zero, S.One)),
        ),
    ]


def result() -> Result:
    pairs, large = curve(GRPO(2), BinaryQuestion(margin=GAMMA)), curve(GRPO(oo))
    every = series(curve(GRPO(G)), BETA, 2)
    ratio = sqrt((G - 2) / (2 * (G - 1)))
    second = in_ratio(coefficient(every, BETA, 2))
    short = 1 + coefficient(every, BETA, 1) * BETA + second * BETA**2
    claims = []
    for name, one in (("pairs", pairs), ("large groups", large), ("G = 4", curve(GRPO(4)))):
        found = series(one, 1 / BETA, ORDER)
        for n in range(1, ORDER + 1):
            claims += compared(
                f"{name}: the coefficient of beta^-{n} is the derivative of order {n - 1} of "
                f"h^{n}/{n}!",
                coefficient(found, 1 / BETA, n),
                lagrange(one.drift.expression, n),
            )
        kept = 2 if name == "G = 4" else ORDER  # a quartic, and more monomials with every order
        short_series = series(one, 1 / BETA, kept).xreplace({BETA: 1 / EPS})
        left = condition(name, short_series, 1 / EPS)
        claims.append(leaves(f"{name}: put into the condition", left, EPS, kept))
    found = series(pairs, BETA, ORDER)
    left = condition("pairs", found, BETA)
    claims += [
        leaves("pairs: put into the condition", left, BETA, ORDER),
        Claim(
            "control: it leaves nothing of the next power either",
            left.expand().coeff(BETA, ORDER + 1),
            "==",
            S.Zero,
            expected="REFUTED",
        ),
        Claim("pairs: first term", coefficient(found, BETA, 1), "==", -(1 - P0) / GAMMA),
        *compared("pairs: second term", coefficient(found, BETA, 2), P0 * (1 - P0) / GAMMA**2),
        Claim("every G: first term", coefficient(every, BETA, 1), "==", -(1 - P0) / sqrt(G - 1)),
        Claim(
            "every G: second term, in rho_G",
            coefficient(every, BETA, 2),
            "==",
            second.subs(RATIO, ratio),
        ),
        leaves(
            "large groups: no odd powers of beta: put into the condition",
            condition("large groups", series(large, BETA, 3), BETA),
            BETA,
            3,
        ),
        *compared(
            "large groups: first term",
            coefficient(series(large, BETA, 2), BETA, 2),
            -((1 - P0) ** 2),
        ),
        Claim(
            "control: large groups lose beta(1-p0) at first order",
            coefficient(series(large, BETA, 2), BETA, 1),
            "==",
            -(1 - P0),
            expected="REFUTED",
        ),
    ]
    direct = exponential_law(curve(GRPO(G, DirectKL())))
    claims += [*at_the_end_of_direct_kl(direct), *at_the_end_of_hellinger()]
    return Result(
        "Every penalty: the policy as a series in the weight",
        "new; the Lagrange-Bürmann formula",
        r"In this order below: pairs and large groups at both ends, every $G$ as $\beta\to0$, and "
        "the direct KL.",
        intuition="A heavy penalty leaves the policy near the reference, and the drift there is "
        "the first step away from it. Each further term is the drift of the drift.",
        argument=r"Stationary policies lie on the weight curve $\beta=W(p)$, $W=D/(d_a-d_b)$. At "
        r"$p_0$, $W$ has a simple pole, so $p-p_0=z\,\varphi(p-p_0)$ with $z=1/\beta$ "
        r"and $\varphi=(p-p_0)W$; for the published penalty $\varphi=h_G$ and "
        r"$p=p_0+\sum_n\frac{\beta^{-n}}{n!}\partial_{p_0}^{n-1}h_G(p_0)^n$. At $1$, $W$ "
        r"vanishes like $(1-p)^{v/r}$; inverted there, $1-p$ starts with $\beta^{r/v}$: "
        r"$\beta$ for finite groups, $\beta^2$ for large ones and for Hellinger's "
        "distance. The direct KL has a logarithmic force: $1-p$ is smaller than every "
        "power.",
        headlines=(
            Headline(
                "in powers of $1/\\beta$ the coefficients are those of Lagrange and Bürmann, up to "
                r"$O(\beta^{-5})$",
                (
                    "pairs: the coefficient of beta^-* is *",
                    "large groups: the coefficient of beta^-* is *",
                    "G = 4: the coefficient of beta^-* is *",
                ),
                groups=Numbers.of(2, 4, oo),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P0),
                by=(LAGRANGE(coefficients="*: the coefficient of beta^-* is *"),),
            ),
            binary_headline(
                r"as $\beta\to0$, $1-p=(1-p_0)\beta/\sqrt{G-1}+O(\beta^2)$",
                ("every G: first term", "every G: second term, *"),
                groups=EVERY_SIZE,
                parameters=Domain.of(P0),
                by=(LAGRANGE(coefficients="every G: first term"),),
            ),
            binary_headline(
                r"as $\beta\to0$, $1-p=(1-p_0)^2\beta^2+O(\beta^4)$",
                ("large groups: [fn]*",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
            ),
            binary_headline(
                r"as $\beta\to0$, $1-p\simeq\frac{1-p_0}{p_0}e^{-2/\beta}$",
                ("direct KL: *",),
                groups=Numbers.of(5),
                penalties=DIRECT_KL,
            ),
        ),
        setting=r"a binary question, $\beta\to\infty$ and $\beta\to0$, any penalty that acts as a "
        r"divergence",
        formulas=(
            equation(Symbol("pi_up_to_beta_m4"), series(pairs, 1 / BETA, 3)),
            equation(Symbol("pi_up_to_beta_5"), found),
            equation(Symbol("pi_up_to_beta_m4"), series(large, 1 / BETA, 3)),
            equation(Symbol("pi_up_to_beta_8"), series(large, BETA, 6)),
            equation(Symbol("pi_up_to_beta_3"), short),
            equation(RATIO, ratio),
            equation(Symbol("loss_direct"), direct),
        ),
        claims=tuple(claims),
        domain=Domain.of(G, GAMMA, BETA, P0),
    )
