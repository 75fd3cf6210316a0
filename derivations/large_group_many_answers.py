"""Large groups, many answers: a rational policy in the rewards and one secular equation."""

from sympy import Expr, S, Symbol, oo, sqrt

from derivations.headline import (
    ANY_NUMBER,
    BINARY,
    LARGE_GROUPS,
    REVERSE_KL,
    Headline,
    binary_headline,
)
from derivations.lemmas import POLE, SUM_OVER_ANSWERS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import sampled_gradient
from derivations.second_route.policies import logit_weights, normalised
from derivations.variance_identity import expectation, reference
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    Question,
    ReverseKL,
    stationary_policy,
    symbols,
)
from grpo_symbolic.domain import Range
from grpo_symbolic.reward import mean, variance

BETA, SIGMA = symbols.beta, symbols.sigma
#: u = 1/(beta sigma); the reward of an answer and its mean under pi_ref.
SLOPE = Symbol("v", positive=True)
CENTER, REWARD = Symbol("m_ref", real=True), Symbol("r_o", real=True)
#: A reward minus its mean under pi_ref.
EXCESS = Symbol("y", real=True)
GIVEN = Symbol("pi_ref_o", positive=True)
#: What is left of the way to a pole.
GAP = Symbol("e", positive=True)
SIZES = (2, 3)


def denominator() -> Expr:
    """pi_ref/pi of an answer, with E_pi r = m_ref + sigma/beta and sigma = 1/(beta v)."""
    standard = (REWARD - (CENTER + SIGMA / BETA)) / SIGMA
    ratio = 1 / ReverseKL().link(standard / BETA)
    return ratio.subs(SIGMA, 1 / (BETA * SLOPE)).expand()


def weights(question: Question) -> list[Expr]:
    """The policy at a slope v."""
    center = expectation(question.rewards, question.reference)
    at = [{REWARD: r, CENTER: center} for r in question.rewards]
    return [w / denominator().subs(a) for w, a in zip(question.reference, at, strict=True)]


def one_answer() -> Claim:
    """r pi_ref from the condition: summed, E_ref r = E r - (E r^2 - (E r)^2)/(beta sigma)."""
    mass, center = Symbol("pi_o", positive=True), Symbol("mu", real=True)
    (given,) = reference((mass,), ((REWARD - center) / SIGMA,), S.Zero)
    return Claim(
        "one answer: r pi_ref is r pi less pi (r^2 - mu r)/(beta sigma)",
        given * REWARD,
        "==",
        mass * REWARD - mass * (REWARD**2 - center * REWARD) / (BETA * SIGMA),
    )


def stationary(count: int) -> Claim:
    """The sampled gradient at pi_ref = pi (a - v(r - m)), preferences in units of any sigma."""
    weights = logit_weights(count)
    policy = normalised(weights)
    rewards = [Symbol(f"r_{o}", real=True) for o in range(1, count + 1)]
    center = expectation(rewards, policy)
    slope, mean_ref = 1 / (BETA * SIGMA), center - SIGMA / BETA
    given = [w * (1 + 1 / BETA**2 - slope * (r - mean_ref))
             for w, r in zip(policy, rewards, strict=True)]  # fmt: skip
    standard = [(r - center) / SIGMA for r in rewards]
    return Claim(
        f"the gradient of the objective vanishes there, n = {count}",
        sampled_gradient(weights, standard, given, BETA),
        "==",
        S.Zero,
        where_defined=True,
    )


def result() -> Result:
    claims = []
    constant = denominator().subs({REWARD: CENTER})
    claims.append(
        Claim("pi_ref/pi = a - v(r - E_ref r)", denominator(), "==",
              constant - SLOPE * (REWARD - CENTER))
    )  # fmt: skip
    claims += compared("a = 1 + 1/beta^2", constant, 1 + 1 / BETA**2)
    claims += [stationary(size) for size in SIZES]
    for size in SIZES:
        question = Question.symbolic(size)
        policy, domain = (
            question.policy,
            Domain((*question.declared.ranges, *question.policy_domain.ranges)),
        )
        law = question.population(policy)
        given = reference(policy, tuple(GRPO(oo).preference(question)), S.Zero)
        claims.append(
            Claim(
                f"E_pi r - E_ref r = sigma/beta, n = {size}",
                mean(law) - expectation(question.rewards, given),
                "==",
                sqrt(variance(law, domain)) / BETA,
                domain,
            )
        )
    # With total mass 1 the two moments give back the standard deviation that v stands for.
    average = (constant * S.One - 1) / SLOPE
    claims.append(
        Claim("at total mass 1 the variance is 1/(beta v)^2",
              constant * average / SLOPE - average**2, "==", 1 / (BETA * SLOPE) ** 2)
    )  # fmt: skip
    term = (GIVEN / denominator()).subs(REWARD, CENTER + EXCESS).expand()
    before_pole = Domain.of(
        BETA, SLOPE, Range(EXCESS, -oo, constant / SLOPE), Range(GIVEN, S.Zero, S.One)
    )
    claims += [
        Claim("v pi(o) y = a pi(o) - pi_ref(o)", SLOPE * EXCESS * term, "==",
              constant * term - GIVEN, before_pole),
        Claim("v pi(o) y^2 = a pi(o) y - pi_ref(o) y", SLOPE * EXCESS**2 * term, "==",
              constant * term * EXCESS - GIVEN * EXCESS, before_pole),
        Claim("each term of the total mass is convex in v", term.diff(SLOPE, 2), ">=", S.Zero,
              before_pole),
        *compared("its second derivative", term.diff(SLOPE, 2),
                  2 * GIVEN * EXCESS**2 / (constant - SLOPE * EXCESS) ** 3, domain=before_pole),
        Claim("each term is positive before the pole", term, ">", S.Zero, before_pole),
        Claim("the total mass at v = 0 is 1/a, and a term is at most as far from it as v y/a",
              term - GIVEN / constant, "==", term * SLOPE * EXCESS / constant, before_pole),
        Claim("1/a < 1", 1 / constant, "<", S.One),
        Claim("a term at the fraction 1 - e of the way to its pole is pi_ref/(a e)",
              term.subs(SLOPE, (1 - GAP) * constant / EXCESS), "==", GIVEN / (constant * GAP),
              Domain.of(BETA, (EXCESS, S.Zero, oo), GIVEN, (GAP, S.Zero, S.One))),
    ]  # fmt: skip
    binary = BinaryQuestion()
    closed = stationary_policy(GRPO(oo), binary).expression
    found = weights(binary)
    rise = expectation(binary.rewards, (closed, 1 - closed)) - expectation(
        binary.rewards, binary.reference
    )
    slope = 1 / (BETA**2 * rise.expand())
    known = Domain.of(BETA, symbols.pi_ref, symbols.gap, symbols.base_reward)
    claims += [
        Claim(f"two answers: (15) is this policy, {name}", value.subs(SLOPE, slope), "==",
              target, known)
        for name, value, target in zip("ab", found, (closed, 1 - closed), strict=True)
    ]  # fmt: skip
    return Result(
        "Large groups, many answers: one secular equation",
        f"new; {VY}, (13) and (15)",
        r"The equation is $\sum_o\pi_{\mathrm{ref}}(o)/(a-v(r(o)-m))=1$, with "
        r"$m=\mathrm{E}_{\pi_{\mathrm{ref}}}r$, $v=1/(\beta\sigma(\pi))$ and $a=1+1/\beta^2$.",
        intuition="In a large group the policy enters through its mean and its standard deviation "
        "only. Given these two numbers every probability is explicit, and one equation "
        "is left for them.",
        argument=r"Weighting $\pi_{\mathrm{ref}}=\pi(1-P_\infty/\beta)$ with $r$ and summing "
        r"gives $\mathrm{E}_\pi r-m=\sigma/\beta$, so that "
        r"$\pi(o)=\pi_{\mathrm{ref}}(o)/(a-v(r(o)-m))$. Conversely, let these be "
        r"positive with total mass 1. With $y=r-m$, the two lines $v\pi "
        r"y=a\pi-\pi_{\mathrm{ref}}$ and $v\pi y^2=a\pi y-\pi_{\mathrm{ref}}y$, summed "
        r"over the answers, give $\mathrm{E}_\pi y=(a-1)/v$ and $\mathrm{E}_\pi "
        r"y^2=a\,\mathrm{E}_\pi y/v$, whence $\sigma(\pi)=1/(\beta v)$: the policy is "
        "stationary. The total mass is $1/a<1$ at $v=0$, convex in $v$ while all "
        "denominators are positive, and tends to infinity at the pole of the best "
        "answer: it is 1 for exactly one $v>0$.",
        headlines=(
            Headline(
                "there is exactly one stationary policy with all probabilities positive, from one "
                "equation in one unknown",
                (
                    "pi_ref/pi = *",
                    "at total mass 1 *",
                    "each term is positive before the pole",
                    "the total mass at v = 0 is 1/a*",
                ),
                groups=LARGE_GROUPS,
                answers=ANY_NUMBER,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
                hypotheses=("deterministic rewards, not all equal",),
                by=(
                    SUM_OVER_ANSWERS(
                        term=(
                            "one answer: *",
                            "v pi(o) y = *",
                            "v pi(o) y^2 = *",
                            "each term of the total mass *",
                        )
                    ),
                    POLE(
                        lower_end="1/a < 1",
                        upper_end="a term at the fraction 1 - e of the way to its pole *",
                        shape="each term of the total mass is convex in v",
                    ),
                ),
            ),
            binary_headline(
                "it is (15)",
                ("two answers: (15) is this policy, ?",),
                groups=LARGE_GROUPS,
                parameters=BINARY,
            ),
        ),
        setting=r"any number of answers with deterministic rewards, large groups, the published "
        r"penalty",
        formulas=(equation(Symbol("pi_o", positive=True), GIVEN / denominator()),),
        claims=(*claims, one_answer()),
        domain=Domain.of(BETA, SLOPE),
    )
