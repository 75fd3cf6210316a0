"""The stationary policy as a fixed point: pi = pi_ref * g((P - E P)/beta), g(x) = 1/(1 - x)."""

from sympy import Add, Eq, Expr, Integer, Symbol

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, EVERY_SIZE, REVERSE_KL, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, compared, equation
from derivations.second_route.objectives import sampled_gradient
from derivations.second_route.policies import logit_weights, normalised
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


def of_the_objective(count: int) -> Claim:
    """The sampled objective's gradient is beta times what (11) leaves, answer by answer.

    (11) says that pi_ref(o) is pi(o)/g. The preferences are any numbers and the references any
    that sum to 1, so that the gradient vanishes where (11) holds and nowhere else.
    """
    weights = logit_weights(count)
    policy = normalised(weights)
    free = [Symbol(f"P_{o}", real=True) for o in range(1, count + 1)]
    given = [Symbol(f"pi_ref_{o}", positive=True) for o in range(1, count)]
    reference: list[Expr] = [*given, 1 - Add(*given)]
    mean = Add(*(w * p for w, p in zip(policy, free, strict=True)))
    link = fixed_point(free[0], mean, reference[0]) / reference[0]
    return Claim(
        f"(11): the gradient is beta (pi_ref - pi/g), n = {count}",
        sampled_gradient(weights, free, reference, BETA),
        "==",
        BETA * (reference[0] - policy[0] / link),
        where_defined=True,
    )


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
                "the solution satisfies line 2",
                (P * NEW - BETA * (NEW - REF)).subs(NEW, solution),
                "==",
                MEAN * solution,
                where_defined=True,
            ),
        )
    )
    # Three answers, with preferences chosen freely: the two directions of the equivalence.
    x = logit_weights(3)
    policy = normalised(x)
    free = [Symbol(f"P_{i}", real=True) for i in (1, 2, 3)]
    mean = Add(*(w * p for w, p in zip(policy, free, strict=True)))
    reference = [w * (1 - (p - mean) / BETA) for w, p in zip(policy, free, strict=True)]
    return Result(
        "The stationary policy as a fixed point",
        f"{VY}, (11) and Appendix A",
        r"So every answer keeps positive mass, and no preference reaches its mean plus $\beta$.",
        intuition="At a stationary point no probability can be moved from one answer to another "
        "with profit. What an answer gains, less what its distance from the reference "
        "costs, is therefore the same for all.",
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
            *compared("(11)", solution, REF / (1 - (P - MEAN) / BETA), where_defined=True),
            *map(of_the_objective, (2, 3)),
            Claim("three answers: the references sum to 1", Add(*reference), "==", Integer(1)),
            Claim(
                "three answers: the gradient vanishes there",
                sampled_gradient(x, free, reference, BETA),
                "==",
                Integer(0),
                where_defined=True,
            ),
            Claim("P < E P + beta wherever pi > 0", (1 - REF / NEW) * BETA, "<", BETA),
            Claim(
                "the pull on a vanishing probability exceeds every bound c: pi(o) = 0 is no "
                "maximum",
                -BETA * marginal,
                ">",
                BOUND,
                Domain.of(BETA, REF, BOUND, (NEW, Integer(0), BETA * REF / (BETA + BOUND))),
            ),
        ),
        derivation=derivation,
    )
