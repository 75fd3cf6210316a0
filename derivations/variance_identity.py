"""At the stationary policy the reference is behind by the variance of the preference."""

from collections.abc import Sequence

from sympy import Add, Expr, S, Symbol, oo

from derivations.all_groups import preferences
from derivations.headline import (
    ANY_NUMBER,
    EVERY_SIZE,
    LARGE_GROUPS,
    REVERSE_KL,
    Headline,
    binary_headline,
)
from derivations.lemmas import IDENTITY_IN_SYMBOLS, SUM_OVER_ANSWERS
from derivations.result import Result, equation
from derivations.second_route.objectives import binary_gradient
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    Question,
    ReverseKL,
    stationarity_condition,
    symbols,
)

BETA = symbols.beta
SIZES = (2, 3, 4)
GROUPS = (2, 3, 4, 5, oo)


def expectation(values: Sequence[Expr], law: Sequence[Expr]) -> Expr:
    """The mean of the values under a law."""
    return Add(*(w * v for w, v in zip(law, values, strict=True)))


def variance(values: Sequence[Expr], law: Sequence[Expr]) -> Expr:
    """The mean of the squares minus the square of the mean."""
    return expectation([v**2 for v in values], law) - expectation(values, law) ** 2


def reference(policy: Sequence[Expr], values: Sequence[Expr], center: Expr) -> list[Expr]:
    """pi_ref from the stationarity condition: pi divided by the link of reverse KL."""
    link = ReverseKL().link
    return [w / link((v - center) / BETA) for w, v in zip(policy, values, strict=True)]


def with_mean_zero(policy: Sequence[Expr]) -> list[Expr]:
    """Preferences P_1, ..., P_n of mean zero: the last one follows from the others."""
    free = [Symbol(f"P_{o}", real=True) for o in range(1, len(policy))]
    return [*free, -expectation(free, policy[:-1]) / policy[-1]]


def one_answer() -> Claim:
    """The term whose sum over any number of answers is E_ref P, with E P = 0."""
    mass, value = Symbol("pi_o", positive=True), Symbol("P_o", real=True)
    (given,) = reference((mass,), (value,), S.Zero)
    return Claim(
        "one answer: pi_ref P is pi P less pi P^2/beta",
        given * value,
        "==",
        mass * value - mass * value**2 / BETA,
    )


def result() -> Result:
    claims = []
    for size in SIZES:
        question = Question.symbolic(size)
        policy, domain = question.policy, question.policy_domain
        values = with_mean_zero(policy)
        given = reference(policy, values, S.Zero)
        claims += [
            Claim(f"pi_ref sums to 1, n = {size}", Add(*given), "==", S.One, domain),
            Claim(
                f"E_ref P = -Var P/beta, n = {size}",
                expectation(values, given),
                "==",
                -variance(values, policy) / BETA,
                domain,
            ),
        ]
    for size in SIZES:
        question = Question.symbolic(size)
        policy, domain = question.policy, question.policy_domain
        values = [Symbol(f"P_{o}", real=True) for o in range(1, size + 1)]
        center = expectation(values, policy)
        given = reference(policy, values, center)
        claims.append(
            Claim(
                f"any mean: E_pi P - E_ref P = Var P/beta, n = {size}",
                center - expectation(values, given),
                "==",
                variance(values, policy) / BETA,
                domain,
            )
        )
    question = BinaryQuestion()
    policy = question.policy
    for size in GROUPS:
        condition = stationarity_condition(GRPO(size), question)
        values = tuple(condition.preference)
        given = reference(policy, values, S.Zero)
        claims.append(
            Claim(f"binary, G = {size}: this pi_ref makes pi stationary",
                  binary_gradient(preferences(size), symbols.pi, given[0], BETA), "==", S.Zero,
                  where_defined=True)
        )  # fmt: skip
        claims.append(
            Claim(f"binary, G = {size}: E_ref P = -Var P/beta", expectation(values, given), "==",
                  -variance(values, policy) / BETA)
        )  # fmt: skip
    large = preferences(oo)
    claims.append(Claim("binary, large groups: Var P = 1", variance(large, policy), "==", S.One))
    value, spread = Symbol("P_o", real=True), Symbol("Var_P", nonnegative=True)
    # pi_ref(o) P(o) per unit of pi(o); its mean under pi, with E P = 0 and E P^2 = Var P.
    (weighted,) = reference((S.One,), (value,), S.Zero)
    moments = {value**2: spread, value: S.Zero}
    behind = (value * weighted).expand().subs(moments)
    return Result(
        "The reference is behind by a variance",
        "new",
        r"An answer of the reference, placed in a group drawn from $\pi$, has a negative expected "
        r"advantage unless $P_G$ is constant. For a preference of any mean, $\mathrm{E}_\pi "
        r"P-\mathrm{E}_{\pi_{\mathrm{ref}}}P=\mathrm{Var}_\pi(P)/\beta$.",
        intuition="Advantages have the mean zero under the policy, so what it gains over the "
        "reference is the spread of its own preferences. The distance to the reference "
        "is paid for by that variance.",
        argument=r"At a stationary policy $\pi_{\mathrm{ref}}(o)=\pi(o)(1-P_G(o)/\beta)$, because "
        r"$\lambda=\mathrm{E}_\pi P_G=0$; weighted with $P_G(o)$ and summed over the "
        "answers this is the identity. It is summed from the term of one answer, and "
        "checked in full for two, three and four.",
        headlines=(
            Headline(
                r"$\mathrm{E}_{\pi_{\mathrm{ref}}}P_G=-\mathrm{Var}_\pi(P_G)/\beta$ at a "
                r"stationary policy",
                ("one answer: *", "E_ref P = -Var P/beta, n = *"),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
                hypotheses=(r"$\mathrm{E}_\pi P_G=0$, as for every centred advantage",),
                by=(
                    SUM_OVER_ANSWERS(term="one answer: *"),
                    IDENTITY_IN_SYMBOLS(statement="one answer: *"),
                ),
            ),
            binary_headline(
                r"the variance is 1, so the reference is behind by $1/\beta$",
                ("binary, large groups: Var P = 1",),
                groups=LARGE_GROUPS,
                penalties=(),
            ),
        ),
        setting=r"any group size, any rewards, the published penalty, a stationary policy with all "
        r"$\pi(o)>0$",
        formulas=(
            equation(
                Symbol("pi_ref_o", positive=True),
                reference((Symbol("pi_o", positive=True),), (Symbol("P_o", real=True),), S.Zero)[0],
            ),
            equation(Symbol("E_ref_P", real=True), behind),
        ),
        claims=(*claims, one_answer()),
        domain=Domain.of(symbols.G, BETA),
    )
