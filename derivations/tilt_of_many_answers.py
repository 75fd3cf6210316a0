"""Direct KL, large groups, any number of answers: no tilt below a weight, two above it."""

from sympy import E, Expr, Rational, S, Symbol, exp, oo, sqrt

from derivations.headline import ANY_NUMBER, DIRECT_KL, LARGE_GROUPS, TWO, Headline
from derivations.lemmas import SUM_OVER_ANSWERS
from derivations.result import VY, Result, equation
from derivations.tilting_large_group import log_moments, tilted
from derivations.variance_identity import expectation, variance
from grpo_symbolic import Claim, Domain, Question, symbols

BETA = symbols.beta
TILT = Symbol("t_tilt", positive=True)
#: z = t (r_1 - r(o)): the tilt times what an answer falls short of the best reward.
Z = Symbol("z", positive=True)
#: The first two moments of the rewards under the tilted policy, and any number to compare with.
M1, M2, C = (Symbol(name, real=True) for name in ("m_1", "m_2", "c"))
BEST = Symbol("w_1", positive=True)


def bumps() -> tuple[Expr, Expr]:
    """z^2 e^-z, which bounds each answer's part of t^2 K'', and z^3 e^-z, which bounds its end."""
    return Z**2 * exp(-Z), Z**3 * exp(-Z)


def two_answers() -> Expr:
    """t^2 K'' of two answers with the rewards 1 and 0 and the reference w_1 of the better one."""
    question = Question(rewards=(1, 0))
    return (TILT**2 * log_moments(question).diff(TILT, 2)).subs(question.reference[0], BEST)


def result() -> Result:
    square, cube = bumps()
    before, beyond = Domain.of((Z, S.Zero, S(2))), Domain.of((Z, S(2), oo))
    rise, fall = Domain.of((Z, S.Zero, S(3))), Domain.of((Z, S(3), oo))
    question = Question.symbolic(3)
    policy = tilted(question, [exp(TILT * r) for r in question.rewards])
    moved = [r - question.rewards[0] for r in question.rewards]
    other = Symbol("w_o", positive=True)
    rest = Symbol("Z_rest", positive=True)
    part = other * exp(-Z) / (BEST + rest)
    bound = E / 2 * sqrt(BEST / (1 - BEST))
    return Result(
        "Direct KL, any number of answers: where a tilt exists",
        f"new; {VY}, Appendix B.2, for any number of answers",
        r"The stationary policies are $\pi\propto\pi_{\mathrm{ref}}e^{tr}$ with "
        r"$t^2K''(t)=1/\beta^2$, $K''$ the variance of the reward under $\pi$; $w_1$ is the "
        "reference mass of the best answer. The weight of the first statement is",
        intuition="The tilt makes the standard deviation small, and a small standard deviation "
        "asks for a larger tilt. Whether this ends is decided by the weight.",
        argument=r"With $\delta_o$ for what $o$ falls short of the best answer, "
        r"$t^2K''\le\sum_o\pi(o)(t\delta_o)^2\le"
        r"\sum_{o\ne1}\frac{\pi_{\mathrm{ref}}(o)}{w_1}(t\delta_o)^2e^{-t\delta_o}$. "
        "Each $z^2e^{-z}$ is at most $4/e^2$, at most $z^2$, and at most $27e^{-3}/z$: "
        "so $t^2K''$ is bounded by $4(1-w_1)/(e^2w_1)$ and vanishes at both ends.",
        headlines=(
            Headline(
                r"$t^2K''(t)\le\frac4{e^2}\frac{1-w_1}{w_1}$: no interior stationary policy for "
                r"$\beta<\frac e2\sqrt{w_1/(1-w_1)}$",
                (
                    "the variance is at most the mean square about any number",
                    "the weight of an answer is at most *",
                    "z^2 exp(-z) rises up to z = 2",
                    "and falls beyond: it is at most 4/e^2",
                ),
                groups=LARGE_GROUPS,
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards, not all equal",),
                by=(SUM_OVER_ANSWERS(term="the weight of an answer is at most *"),),
                uses=("tilting_large_group",),
            ),
            Headline(
                r"$t^2K''(t)>0$ tends to 0 as $t\to0$ and as $t\to\infty$: below its maximum every "
                r"$1/\beta^2$ is taken at least twice",
                (
                    "the variance is at most the mean square about any number",
                    "z^3 exp(-z) rises up to z = 3",
                    "and falls beyond: z^2 exp(-z) is at most 27 exp(-3)/z",
                    "z^2 exp(-z) is at most z^2",
                ),
                groups=LARGE_GROUPS,
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards, not all equal",),
                by=(SUM_OVER_ANSWERS(term="the weight of an answer is at most *"),),
                uses=("tilting_large_group",),
            ),
            Headline(
                r"with the rewards 1 and 0 the bound on $t^2K''$ is kept",
                ("two answers: t^2 K'' is at most *",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
            ),
        ),
        setting="any number of answers with deterministic rewards, large groups, direct KL",
        formulas=(equation(Symbol("beta_least"), bound),),
        claims=(
            Claim(
                "the variance is at most the mean square about any number",
                M2 - 2 * C * M1 + C**2,
                ">=",
                M2 - M1**2,
            ),
            Claim(
                "three answers: the mean square about the best reward is that of the shortfalls",
                expectation([r**2 for r in moved], policy) - expectation(moved, policy) ** 2,
                "==",
                variance(question.rewards, policy),
                question.domain.extended(TILT),
            ),
            Claim(
                "the weight of an answer is at most w_o exp(-z)/w_1",
                part,
                "<=",
                other * exp(-Z) / BEST,
            ),
            Claim("z^2 exp(-z) rises up to z = 2", square.diff(Z), ">", S.Zero, before),
            Claim("and falls beyond: it is at most 4/e^2", square.diff(Z), "<", S.Zero, beyond),
            Claim("z^2 exp(-z) is at most z^2", square, "<", Z**2),
            Claim("z^3 exp(-z) rises up to z = 3", cube.diff(Z), ">", S.Zero, rise),
            Claim(
                "and falls beyond: z^2 exp(-z) is at most 27 exp(-3)/z",
                cube.diff(Z),
                "<",
                S.Zero,
                fall,
            ),
            Claim(
                "two answers: t^2 K'' is at most t^2 e^-t (1 - w_1)/w_1",
                two_answers(),
                "<=",
                TILT**2 * exp(-TILT) * (1 - BEST) / BEST,
                Domain.of((BEST, S.Zero, S.One), TILT),
            ),
            Claim(
                "control: with w_1 = 1/2 the bound is below 1",
                bound.subs(BEST, Rational(1, 2)),
                "<",
                S.One,
                expected="REFUTED",
            ),
        ),
        domain=Domain.of(BETA, (BEST, S.Zero, S.One)),
    )
