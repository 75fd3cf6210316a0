"""Direct KL: exponential tilting in large groups, and a logarithmic law for pairs."""

from sympy import Add, Expr, S, Symbol, exp, integrate, log, oo, pi, solve, sqrt

from derivations.headline import DIRECT_KL, LARGE_GROUPS, TWO, Headline, Numbers
from derivations.lemmas import ONE_ROOT
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import pair_preferences
from derivations.second_route.objectives import sampled_gradient
from derivations.second_route.policies import logit_weights, normalised
from derivations.variance_identity import expectation
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, Question, symbols
from grpo_symbolic.domain import Range
from grpo_symbolic.work import limited

BETA, SIGMA = symbols.beta, symbols.sigma
#: The tilt t = 1/(beta sigma); w_o = exp(t r_o) stands for the weight of an answer.
TILT = Symbol("t_tilt", positive=True)
MEAN, SPREAD = Symbol("mu", real=True), Symbol("s", positive=True)
REWARD = Symbol("r_o", real=True)
#: The reference mass of all better answers, and that mass under the policy.
MASS, POLICY_MASS = Symbol("R", positive=True), Symbol("F", positive=True)
SIZES = (2, 3)


def link_ratio(preference: Expr) -> Expr:
    """pi/pi_ref up to its normalisation, from the link of the direct KL."""
    return DirectKL().link(preference / BETA)


def tilted(question: Question, weights: list[Expr]) -> list[Expr]:
    """The policy proportional to pi_ref times the weights."""
    total = expectation(weights, question.reference)
    return [w * r / total for w, r in zip(weights, question.reference, strict=True)]


def log_moments(question: Question) -> Expr:
    """K(t) = log E_ref exp(t r)."""
    return log(expectation([exp(TILT * r) for r in question.rewards], question.reference))


def gaussian_log_moments() -> Expr:
    """K(t) for the rewards mu + s z, z standard normal: log of an integral over z."""
    z, c = Symbol("z", real=True), Symbol("c", positive=True)
    density = exp(-(z**2) / 2) / sqrt(2 * pi)
    moment = limited(integrate, density * exp(c * z), (z, -oo, oo), steps=5_000_000)
    total = log(exp(TILT * MEAN)) + log(moment.subs(c, TILT * SPREAD))
    return total.expand(force=True)


def pair_law() -> Expr:
    """F(R) from dF/dR = exp(P_2/beta)/Z with P_2 = 1 - 2F: separate, integrate, set F(1) = 1."""
    level = Symbol("y", real=True)
    # In a continuum of answers the mass before and up to an answer is one number.
    rate = link_ratio(1 - 2 * level)
    elapsed = limited(integrate, 1 / rate, (level, S.Zero, POLICY_MASS), steps=5_000_000)
    share = elapsed / elapsed.subs(POLICY_MASS, S.One)
    odds = Symbol("q", positive=True)
    grown = share.expand().subs(exp(2 * POLICY_MASS / BETA), odds).together()
    (value,) = solve(grown - MASS, odds)
    return BETA * log(value) / 2


def normaliser(law: Expr) -> Expr:
    """Z in dF/dR = exp((1 - 2F)/beta)/Z, as a function of R."""
    return link_ratio(1 - 2 * law) / law.diff(MASS)


def tilted_policy() -> Claim:
    """The sampled gradient of three answers, preferences in standard units, k1 in the reward."""
    weights, given = logit_weights(3), normalised(logit_weights(3, "y"))
    rewards = [Symbol(f"r_{o}", real=True) for o in (1, 2, 3)]
    standard = [(r - MEAN) / SIGMA for r in rewards]
    gradient = sampled_gradient(weights, standard, given, BETA, estimator="k1", placement="reward")
    moved = [y * exp(r / (BETA * SIGMA)) for y, r in zip(given, rewards, strict=True)]
    return Claim(
        "pi/pi_ref is exp(t r) up to a factor without r, t = 1/(beta sigma): no gradient there",
        gradient.xreplace(dict(zip(weights, moved, strict=True))),
        "==",
        S.Zero,
    )


def no_mass() -> Claim:
    """Pairs of three answers of which the second has no weight."""
    weights = logit_weights(3)
    wins = [[S.Half, S.One, S.One], [S.Zero, S.Half, S.One], [S.Zero, S.Zero, S.Half]]
    middle = pair_preferences(wins, normalised(weights))[1].xreplace({weights[1]: S.Zero})
    return Claim("pairs: an answer of no mass has P_2 = 1 - 2F", middle, "==",
                 1 - 2 * weights[0] / (weights[0] + weights[2]))  # fmt: skip


def result() -> Result:
    scale = 1 / (BETA * SIGMA)
    standard = (REWARD - MEAN) / SIGMA
    claims = [
        *compared(
            "pi/pi_ref is exp(t r) up to a factor without r, as derived",
            log(link_ratio(standard)).expand(force=True).diff(REWARD),
            scale,
        ),
        tilted_policy(),
    ]
    for size in SIZES:
        question = Question.symbolic(size)
        domain = question.domain.extended(TILT)
        policy = tilted(question, [exp(TILT * r) for r in question.rewards])
        law = question.population(policy)
        cumulants = log_moments(question)
        claims += [
            Claim(f"K' is the mean under pi, n = {size}", cumulants.diff(TILT), "==",
                  expectation(question.rewards, policy), domain),
            Claim(f"K'' is the variance under pi, n = {size}", cumulants.diff(TILT, 2), "==",
                  Add(*(w * (r - expectation(question.rewards, policy)) ** 2 for r, w in law)),
                  domain),
        ]  # fmt: skip
    normal = gaussian_log_moments()
    condition = TILT**2 * normal.diff(TILT, 2)
    (tilt,) = solve(condition - 1 / BETA**2, TILT)
    moved = {MEAN: normal.diff(TILT).subs(TILT, tilt)}
    exponent = -((REWARD - MEAN) ** 2) / (2 * SPREAD**2)
    claims += [
        *compared("normal rewards: K(t) = mu t + s^2 t^2/2, as derived", normal,
                  MEAN * TILT + SPREAD**2 * TILT**2 / 2),
        Claim("normal rewards: K(t) = mu t + s^2 t^2/2 is what completing the square leaves",
              exponent + TILT * REWARD, "==",
              exponent.subs(MEAN, MEAN + SPREAD**2 * TILT) + MEAN * TILT + SPREAD**2 * TILT**2 / 2),
        Claim("normal rewards: t^2 K''(t) increases", condition.diff(TILT), ">", S.Zero),
        *compared("normal rewards: t = 1/(beta s)", tilt, 1 / (BETA * SPREAD)),
        Claim("normal rewards: tilting moves the mean to mu + s/beta",
              (exponent + tilt * REWARD - normal.subs(TILT, tilt)).expand(), "==",
              exponent.subs(moved)),
        *compared("normal rewards: that mean", moved[MEAN], MEAN + SPREAD / BETA),
        *compared("normal rewards: the variance stays", normal.diff(TILT, 2), SPREAD**2),
    ]  # fmt: skip
    law = pair_law()
    unit = Domain.of(BETA, Range(MASS, S.Zero, S.One))
    published = BETA / 2 * log(1 + MASS * (exp(2 / BETA) - 1))
    middle = GRPO(2).preference(Question.symbolic(3))[1]
    ahead, own, _ = Question.symbolic(3).policy
    claims += [
        *compared("pairs: P_2 of an answer of no mass, as derived", middle.subs({own: S.Zero}),
                  1 - 2 * ahead),
        no_mass(),
        Claim("pairs: F(R) is the logarithmic curve", law, "==", published, unit),
        *compared("pairs: dF/dR is exp((1 - 2F)/beta) over a constant, as derived",
                  normaliser(law).diff(MASS), S.Zero, domain=unit),
        Claim("pairs: log dF/dR is (1 - 2F)/beta less log(beta (e^(2/beta) - 1)/2) and 1/beta",
              log(published.diff(MASS) * 2 / (BETA * (exp(2 / BETA) - 1))), "==",
              (1 - 2 * published) / BETA - 1 / BETA, unit),
        *compared("pairs: F(0) = 0", law.subs(MASS, S.Zero), S.Zero),
        *compared("pairs: F(1) = 1", law.subs(MASS, S.One), S.One),
    ]  # fmt: skip
    return Result(
        "Direct KL, many answers: exponential tilting",
        f"new; {VY}, Appendix B, for many answers",
        r"Here $K(t)=\log\mathrm{E}_{\pi_{\mathrm{ref}}}e^{tr}$, and $F$ and $R$ are the "
        r"cumulative masses under $\pi$ and under $\pi_{\mathrm{ref}}$ of answers that have no "
        r"mass by themselves. In the first statement, $t=1/(\beta\sigma(\pi))$. For normal "
        "rewards and for the "
        "continuum,",
        intuition="The direct penalty makes every policy an exponential tilt of the reference. "
        "What is left to find is how strong the tilt is.",
        argument=r"For large groups the pooling of Section~\ref{direct_kl_pooling} is an "
        r"exponential tilt; $\sigma^2(\pi)=K''(t)$, so the stationary policies are the "
        r"roots $t>0$ of $t^2K''(t)=1/\beta^2$. $K'$ and $K''$ are checked for two and "
        "three answers; the same differentiation serves any number. For finitely many "
        "answers $t^2K''(t)$ vanishes at both ends, hence the fold; for normal "
        r"reference rewards it is $s^2t^2$, with the only root $t=1/(\beta s)$. For a "
        r"continuum $P_2=1-2F$ and $dF/dR=e^{(1-2F)/\beta}/Z$; separation of variables "
        "with $F(0)=0$, $F(1)=1$ gives the one solution.",
        headlines=(
            Headline(
                r"$\pi\propto\pi_{\mathrm{ref}}e^{tr}$ with $t^2K''(t)=1/\beta^2$, $K$ the "
                r"log-moments of the "
                "rewards under the reference",
                (
                    "pi/pi_ref is exp(t r) *",
                    "K' is the mean under pi, n = {n}",
                    "K'' is the variance under pi, n = {n}",
                ),
                groups=LARGE_GROUPS,
                answers=Numbers.of(*SIZES),
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA),
                hypotheses=("deterministic rewards, not all equal",),
            ),
            Headline(
                r"with normal rewards under the reference, $N(\mu,s^2)$, the policy is "
                r"$N(\mu+s/\beta,s^2)$, "
                r"the only one",
                ("normal rewards: *",),
                by=(
                    ONE_ROOT(
                        root="normal rewards: tilting moves the mean to *",
                        monotone="normal rewards: t^2 K''(t) increases",
                    ),
                ),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA, SPREAD),
            ),
            Headline(
                "with a continuum of answers, best first, "
                r"$F(R)=\frac\beta2\log(1+R(e^{2/\beta}-1))$",
                ("pairs: *",),
                groups=TWO,
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA),
            ),
        ),
        setting="any number of answers, direct KL, large groups or groups of two",
        formulas=(
            equation(Symbol("t_star"), tilt),
            equation(Symbol("F_R"), law),
        ),
        claims=tuple(claims),
        domain=Domain.of(BETA, MEAN, SPREAD, Range(MASS, S.Zero, S.One)),
    )
