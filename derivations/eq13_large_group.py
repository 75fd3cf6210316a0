"""(11) for large groups: pi = pi_ref / (1 - (r - E r)/(beta sigma))."""

from sympy import oo, sqrt

from derivations.eq11_stationary import fixed_point
from derivations.headline import BINARY, LARGE_GROUPS, binary_headline
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, symbols
from grpo_symbolic.reward import mean, variance


def result() -> Result:
    question = BinaryQuestion()
    p, p0, beta = symbols.pi, symbols.pi_ref, symbols.beta
    preferences = GRPO(oo).preference(question)
    population = question.population(question.policy)
    a, b = (fixed_point(x, 0, r) for x, r in zip(preferences, question.reference, strict=True))
    standard = [(r - mean(population)) / sqrt(variance(population)) for r in question.rewards]
    return Result(
        "Fixed point for large groups",
        f"{VY}, (13)",
        "Written out for the two answers,",
        intuition="The fixed point is the one for pairs, with standard units in place of duels. "
        "An answer above the average reward of the policy grows, and one below it "
        "shrinks.",
        checked_as="group_size=inf",
        argument=r"$P_\infty$ is the reward in standard units, whose mean under $\pi$ is zero. "
        "With any number of answers this is the beginning of the secular equation of "
        r"Section~\ref{large_group_many_answers}.",
        headlines=(
            binary_headline(
                r"(11) reads $\pi(o)=\pi_{\mathrm{ref}}(o)/(1-(r(o)-\mathrm{E}_\pi "
                r"r)/(\beta\sigma))$",
                ("(13) for the answer a*", "(13) for the answer b*"),
                groups=LARGE_GROUPS,
                parameters=BINARY,
            ),
        ),
        setting=r"a binary question with deterministic rewards, large groups, the published "
        r"penalty",
        kind="Corollary",
        formulas=(equation(p, a), equation(1 - p, b)),
        claims=(
            Claim(
                "(13) for the answer a", a, "==", p0 / (1 - standard[0] / beta), where_defined=True
            ),
            Claim("(13) for the answer b", b, "==", (1 - p0) / (1 - standard[1] / beta)),
        ),
        domain=Domain.of(beta, p0, p),
    )
