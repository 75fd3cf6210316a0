"""Any levels, any group size: the expected advantage as one integral over two variables."""

from sympy import Expr, Integer, Integral, S, Symbol, exp, integrate, oo, pi, sqrt

from derivations.headline import EVERY_SIZE, Headline
from derivations.lemmas import GROUP_MOMENTS
from derivations.result import Result, equation, telling
from derivations.second_route.groups import certain, group_preferences
from grpo_symbolic import Claim, Domain, Question, symbols

T = Symbol("t", positive=True)
Y = Symbol("y", real=True)
N = Symbol("n", positive=True)
MEAN, SECOND = Symbol("m_1", real=True), Symbol("m_2", positive=True)
VARIANCE = Symbol("v", positive=True)
SHIFT = Symbol("varepsilon", positive=True)


def over_time() -> Integral:
    """One over the root of a variance as a mean of Gaussians."""
    return Integral(2 * sqrt(N / pi) * exp(-(T**2) * N * VARIANCE), (T, 0, oo))


def over_place() -> Expr:
    """The Gaussian in y that makes a product over the members of a group of their variance."""
    centred = integrate(exp(-(T**2) * N * Y**2), (Y, -oo, oo))
    return T * sqrt(N / pi) * centred


def by_pairs(size: int) -> list[Claim]:
    """V = (G - 1)/G times the sum of m_j (r_k - r_j) E[1/s | r_k, r_j], with groups written out."""
    rewards = (Integer(3), Integer(1), Integer(0))
    question = Question(rewards=rewards)
    policy = question.policy
    values = group_preferences(certain(*rewards), policy, size)
    claims = []
    for k, own in enumerate(rewards):
        total = S.Zero
        for j, other in enumerate(rewards):
            kernel = _kernel(rewards, policy, (own, other), size)
            total += policy[j] * (own - other) * kernel
        claims.append(
            Claim(f"G = {size}: the value of level {k + 1} is a sum over pairs",
                  total * (size - 1) / size, "==", values[k], question.policy_domain)
        )  # fmt: skip
    return claims


def _kernel(
    rewards: tuple[Expr, ...], policy: tuple[Expr, ...], given: tuple[Expr, Expr], size: int
) -> Expr:
    """E[1/s | two members], by all lists of the others; 0 where all rewards are alike."""
    lists: list[tuple[tuple[Expr, ...], Expr]] = [((), S.One)]
    for _ in range(size - 2):
        lists = [
            ((*others, r), chance * w)
            for others, chance in lists
            for r, w in zip(rewards, policy, strict=True)
        ]
    total = S.Zero
    for others, chance in lists:
        group = (*given, *others)
        mean = sum(group, S.Zero) / size
        variance = sum(((r - mean) ** 2 for r in group), S.Zero) / size
        total += chance / sqrt(variance) if variance else S.Zero
    return total


def result() -> Result:
    # (1/n) Σ (r - y)² from the moments of the group.
    squares = SECOND - 2 * Y * MEAN + Y**2
    return Result(
        "Any levels, any group size: an integral",
        "new",
        r"With $m_j$ for the probabilities of the levels and $Z=\sum_jm_je^{-t^2(r_j-y)^2}$, the "
        r"value of a reward is therefore $V_G(r_k)=\frac{2G}\pi\int_0^\infty "
        r"t\int(r_k-y)e^{-t^2(r_k-y)^2}Z^{G-1}\,dy\,dt$ (here $\pi$ is the number), at a cost "
        "that is the number of levels whatever $G$ is.",
        intuition="One over a standard deviation is an average of Gaussians, and a Gaussian lets "
        "the mean of a group be left out. What remains is a product over the members of "
        "the group, so its size is only an exponent.",
        argument=r"$1/\sqrt v=2\sqrt{G/\pi}\int_0^\infty e^{-t^2Gv}\,dt$, and "
        r"$e^{-t^2Gv}=t\sqrt{G/\pi}\int e^{-t^2\sum(r_i-y)^2}\,dy$ because "
        r"$\sum(r_i-y)^2=Gv+G(y-\bar r)^2$. The last integrand is a product over the "
        r"members of the group, whose mean is a power: $\mathrm E[1/\mathrm{std}\mid "
        r"r_k,r_j]=\frac{2G}\pi\int_0^\infty t\int "
        r"e^{-t^2(r_k-y)^2-t^2(r_j-y)^2}Z^{G-2}\,dy\,dt$. Since $r_k-\bar "
        r"r=\frac1G\sum_i(r_k-r_i)$, $V_G(r_k)=\frac{G-1}G\sum_jm_j(r_k-r_j)\,\mathrm "
        r"E[1/\mathrm{std}\mid r_k,r_j]$ as well.",
        headlines=(
            Headline(
                r"$\sum_i(r_i-y)^2=Gv+G(y-\bar r)^2$ for every $y$, which makes $e^{-t^2Gv}$ an "
                r"integral over $y$ of a product over the members",
                ("the exponent: *",),
                groups=EVERY_SIZE,
                by=(GROUP_MOMENTS(identity="the exponent: *"),),
            ),
        ),
        setting=r"any rewards, any policy, every $G\ge2$, the population standard deviation",
        formulas=(equation(1 / sqrt(VARIANCE), over_time()),),
        claims=tuple(
            telling(
                (
                    Claim(
                        "in time: the integral over t", over_time().doit(), "==", 1 / sqrt(VARIANCE)
                    ),
                    Claim("in place: the integral over y", over_place(), "==", S.One),
                    Claim(
                        "the exponent: squares around y are variance and distance from the mean",
                        squares,
                        "==",
                        (SECOND - MEAN**2) + (Y - MEAN) ** 2,
                    ),
                    Claim(
                        "with a constant inside of the root",
                        integrate(
                            2 * sqrt(N / pi) * exp(-(T**2) * N * VARIANCE - T**2 * N * SHIFT),
                            (T, 0, oo),
                        ),
                        "==",
                        1 / sqrt(VARIANCE + SHIFT),
                    ),
                    *by_pairs(2),
                    *by_pairs(3),
                    *by_pairs(4),
                )
            )
        ),
        domain=Domain.of(symbols.G),
    )
