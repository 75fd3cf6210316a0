"""Large groups: the preference is the reward in standard units."""

from sympy import Add, Expr, Integer, Rational, Symbol, binomial, oo, sqrt

from derivations.bernstein_form import SHARE
from derivations.eq06_reward_preference import OLD
from derivations.headline import EVERY_SIZE, LARGE_GROUPS, binary_headline
from derivations.large_group_limit import expectation
from derivations.lemmas import BINOMIAL_MOMENTS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import certain, groups, large_group_preferences
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, symbols
from grpo_symbolic.model.preference import expected_preference
from grpo_symbolic.reward import mean, variance

SIZES = (2, 3, 5, 8)
LARGE = (64, 256)


def group_moments(size: int):
    """E[mean], Var(mean) and E[variance] of a group of the binary question, exactly."""
    p, rewards = symbols.pi, BinaryQuestion().rewards
    outcomes = []
    for count in range(size + 1):
        weight = binomial(size, count) * p**count * (1 - p) ** (size - count)
        k = Rational(count, size)
        law = tuple((r, w) for r, w in zip(rewards, (k, 1 - k), strict=True) if w)
        outcomes.append((weight, mean(law), variance(law)))
    average = Add(*(w * m for w, m, _ in outcomes))
    second = Add(*(w * m**2 for w, m, _ in outcomes))
    return average, second - average**2, Add(*(w * v for w, _, v in outcomes))


def every_size() -> tuple[Claim, ...]:
    """Mean and variance of the share of a in a group, from the moments of the binomial law."""
    p, size, gap, low = symbols.pi, symbols.G, symbols.gap, symbols.base_reward
    return (
        Claim("every G: the group mean is unbiased", expectation(low + gap * SHARE), "==",
              p * (low + gap) + (1 - p) * low, Domain.of(size)),
        Claim("every G: its variance is sigma^2/G", expectation(SHARE**2) - p**2, "==",
              p * (1 - p) / size),
        Claim("every G: the group variance has mean (1 - 1/G) sigma^2",
              expectation(SHARE * (1 - SHARE)), "==", (1 - 1 / size) * p * (1 - p)),
    )  # fmt: skip


def limiting_objective() -> Claim:
    """R_oo: the mean over a new policy of the preference in groups of the old one."""
    question, p = BinaryQuestion(), symbols.pi
    old = {p: OLD}
    center, spread = (f(question.population(question.policy)) for f in (mean, variance))
    frozen = [value.subs(old) for value in GRPO(oo).preference(question)]
    return Claim(
        "R_oo = (E_pi r - E_old r)/sigma_old",
        expected_preference(tuple(frozen), question.policy),
        "==",
        (center - center.subs(old)) / sqrt(spread.subs(old)),
        Domain.of((OLD, Integer(0), Integer(1))),
    )


def enumerated_variance(size: int) -> Claim:
    """The mean variance of a group, from all groups, for two rewards and two weights."""
    rewards = [Symbol(f"r_{i}", real=True) for i in (1, 2)]
    policy = normalised(logit_weights(2))
    within = Integer(0)
    for _, drawn, chance in groups(certain(*rewards), policy, size):
        within += chance * Add(*((r - Add(*drawn) / size) ** 2 for r in drawn)) / size
    center = Add(*(w * r for w, r in zip(policy, rewards, strict=True)))
    total = Add(*(w * (r - center) ** 2 for w, r in zip(policy, rewards, strict=True)))
    return Claim(
        f"the group variance has mean (1 - 1/G) sigma^2, all groups, G = {size}",
        within,
        "==",
        (1 - Rational(1, size)) * total,
    )


def mean_zero(derived: tuple[Expr, ...]) -> Claim:
    """The derived preference of a and the population's of b have the mean zero."""
    weights = logit_weights(2)
    policy, low = normalised(weights), symbols.base_reward
    second = large_group_preferences(certain(low + symbols.gap, low), policy)[1]
    first = derived[0].xreplace({symbols.pi: first_share(weights)})
    return Claim("mean zero", policy[0] * first + policy[1] * second, "==", Integer(0))


def result() -> Result:
    question, p = BinaryQuestion(), symbols.pi
    population = question.population(question.policy)
    center, spread = mean(population), variance(population)
    preferences = GRPO(oo).preference(question)
    claims = [
        Claim(
            f"P_oo({answer}) = (r({answer}) - E r)/sigma",
            preference,
            "==",
            (reward - center) / sqrt(spread),
        )
        for answer, preference, reward in zip("ab", preferences, question.rewards, strict=True)
    ]
    for size in SIZES:
        average, wobble, within = group_moments(size)
        claims += [
            Claim(f"the group mean is unbiased, G = {size}", average, "==", center),
            Claim(f"its variance is sigma^2/G, G = {size}", wobble, "==", spread / size),
            *compared(
                f"the group variance has mean (1 - 1/G) sigma^2, G = {size}",
                within,
                (1 - Rational(1, size)) * spread,
            ),
        ]
    at = {p: Rational(3, 10)}
    limit = preferences[0].subs(at)
    gaps = [abs((GRPO(size).preference(question)[0].subs(at) - limit).evalf(30)) for size in LARGE]
    claims.append(
        Claim(
            "P_G(a) at pi(a) = 3/10 comes closer by at least 3 from G = 64 to 256",
            3 * Rational(str(gaps[1])),
            "<",
            Rational(str(gaps[0])),
        )
    )
    return Result(
        "Large groups: rewards in standard units",
        f"{VY}, R_infinity",
        "With two answers,",
        intuition="A large group is a faithful sample of the policy, so its mean and standard "
        "deviation are those of the population. The preference is then the reward in "
        "standard units of the policy itself.",
        argument="The group's mean and variance converge to those of the policy, unbiased up to "
        "the factor $1-1/G$ and with vanishing variance; the advantage is a continuous "
        "function of them where the variance of the policy is positive.",
        headlines=(
            binary_headline(
                r"the group's mean has the mean and $1/G$ times the variance of the policy's "
                r"rewards, its "
                r"variance the mean $(1-1/G)\sigma^2$",
                ("every G: *",),
                groups=EVERY_SIZE,
                penalties=(),
                parameters=Domain.of(p),
                by=(BINOMIAL_MOMENTS(moments="every G: *"),),
                uses=("large_group_limit",),
            ),
            binary_headline(
                r"$P_\infty(o\mid\pi)=(r(o)-\mathrm{E}_\pi r)/\sigma(\pi)$, the limit of $P_G$, "
                r"and $R_\infty="
                r"(\mathrm{E}_\pi r-\mathrm{E}_{\pi_{\mathrm{old}}}r)/\sigma(\pi_{\mathrm{old}})$",
                ("P_oo(a)*", "P_oo(b)*", "R_oo*"),
                groups=LARGE_GROUPS,
                penalties=(),
                parameters=Domain.of(p),
                uses=("large_group_limit",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, the limit of large groups",
        checked_as="group_size=inf",
        formulas=tuple(
            equation(s, e) for s, e in zip(symbols.preferences, preferences, strict=True)
        ),
        claims=(
            *claims,
            *every_size(),
            limiting_objective(),
            *map(enumerated_variance, (2, 3)),
            mean_zero(tuple(preferences)),
        ),
    )
