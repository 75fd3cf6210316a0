"""The stationary policy as a fixed point: pi = pi_ref * g((P - E P)/beta), g(x) = 1/(1 - x)."""

from sympy import Add, Eq, Integer, S, Symbol

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, EVERY_SIZE, REVERSE_KL, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, ReverseKL, symbols
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain

P, MEAN, BETA = Symbol("P_o", real=True), Symbol("EP", real=True), symbols.beta
MULTIPLIER = symbols.multiplier
#: Any difference of preferences.
BOUND = Symbol("c", positive=True)


def fixed_point(preference, expected, reference):
    """pi(o) from the link of reverse KL: d(pi_ref/pi) = (P - lambda)/beta, lambda = E P."""
    return reference * ReverseKL().link((preference - expected) / BETA)


def result() -> Result:
    marginal = ReverseKL().marginal(REF / NEW)
    stationary = Eq(P - BETA * marginal, MULTIPLIER, evaluate=False)
    solution = fixed_point(P, MEAN, REF)
    domain = Domain.around(NEW, REF, P, MEAN, BETA, MULTIPLIER)
    derivation = (
        Derivation("Stationary policy, any number of answers", domain)
        .then(stationary, r"stationarity at the answer $o$, with $\pi(o)>0$")
        .rewritten(
            Eq(P * NEW - BETA * (NEW - REF), MULTIPLIER * NEW, evaluate=False),
            r"times $\pi(o)$",
            NEW,
        )
        .then(
            Eq(MULTIPLIER, MEAN, evaluate=False),
            r"summed over all answers: $\sum_o\pi(o)=\sum_o\pi_{\mathrm{ref}}(o)=1$, so the "
            r"penalty drops out and the multiplier is $\mathrm{E}_\pi P$",
            Claim(
                "pi(o) d(o) is pi(o) - pi_ref(o), whose sum is 0",
                NEW * marginal,
                "==",
                NEW - REF,
                domain,
            ),
        )
        .then(
            Eq(NEW, solution, evaluate=False),
            r"solved for $\pi(o)$",
            Claim(
                "the solution satisfies line 1",
                (stationary.lhs - MEAN).subs(NEW, solution),
                "==",
                S.Zero,
            ),
        )
    )
    # Three answers, with preferences chosen freely: the two directions of the equivalence.
    x = [Symbol(f"x_{i}", positive=True) for i in (1, 2, 3)]
    policy = [w / Add(*x) for w in x]
    free = [Symbol(f"P_{i}", real=True) for i in (1, 2, 3)]
    mean = Add(*(w * p for w, p in zip(policy, free, strict=True)))
    reference = [w * (1 - (p - mean) / BETA) for w, p in zip(policy, free, strict=True)]
    multipliers = [
        p - BETA * ReverseKL().marginal(r / w)
        for p, r, w in zip(free, reference, policy, strict=True)
    ]
    return Result(
        "The stationary policy as a fixed point",
        f"{VY}, (11) and Appendix A",
        r"Under reverse KL every stationary policy satisfies $\pi(o)=\pi_{\mathrm{ref}}(o)\,"
        r"g\bigl((P_G(o\mid\pi)-\mathrm{E}_\pi P_G)/\beta\bigr)$ with $g(x)=1/(1-x)$. Every "
        r"answer keeps positive mass, and $P_G(o\mid\pi)<\mathrm{E}_\pi P_G+\beta$.",
        headlines=(
            Headline(
                r"$\pi$ is stationary if and only if "
                r"$\pi(o)=\pi_{\mathrm{ref}}(o)\,g((P_G(o\mid\pi)-"
                r"\mathrm{E}_\pi P_G)/\beta)$, $g(x)=1/(1-x)$, with every $\pi(o)>0$ and "
                r"$P_G<\mathrm{E}_\pi P_G+\beta$",
                ("(11)*", "P < E P + beta wherever pi > 0", "the pull on a vanishing probability*"),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
                by=(
                    IDENTITY_IN_SYMBOLS(statement=("pi(o) d(o) is *", "the solution satisfies *")),
                ),
            ),
        ),
        setting=r"any group size, any rewards, the published penalty",
        formulas=(equation(NEW, solution),),
        claims=(
            Claim("(11)", solution, "==", REF / (1 - (P - MEAN) / BETA), where_defined=True),
            Claim("three answers: the references sum to 1", Add(*reference), "==", Integer(1)),
            Claim("three answers: one multiplier", multipliers[0], "==", multipliers[2]),
            Claim("P < E P + beta wherever pi > 0", (1 - REF / NEW) * BETA, "<", BETA),
            Claim(
                "the pull on a vanishing probability exceeds every bound c: pi(o) = 0 is no "
                "maximum",
                -BETA * marginal,
                ">",
                BOUND,
                Domain.of(BETA, REF, BOUND, (NEW, S.Zero, BETA * REF / (BETA + BOUND))),
            ),
        ),
        derivation=derivation,
    )
