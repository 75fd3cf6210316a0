"""Direct KL: the stationary policy pools the reference and the preferences logarithmically."""

from sympy import Add, S, Symbol, exp, expand_log, log

from derivations.eq08_frozen_gradient import NEW, REF
from derivations.headline import ANY_NUMBER, DIRECT_KL, EVERY_SIZE, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, DirectKL, Domain, symbols

BETA = symbols.beta
PREFERENCE, TOTAL = Symbol("P_o", real=True), Symbol("Z", positive=True)
#: Any difference of preferences.
BOUND = Symbol("c", positive=True)


def pooled(preference=PREFERENCE, reference=REF, total=TOTAL):
    """pi_ref times the link of direct KL at P/beta, over Z."""
    return reference * DirectKL().link(preference / BETA) / total


def three_answers():
    """Policies and references with the same three preferences, none tied to another."""
    free = [Symbol(f"P_{i}", real=True) for i in (1, 2, 3)]
    given = [Symbol(f"w_{i}", positive=True) for i in (1, 2, 3)]
    total = Add(*(pooled(p, w, S.One) for p, w in zip(free, given, strict=True)))
    found = [pooled(p, w, total) for p, w in zip(free, given, strict=True)]
    values = [
        p - BETA * DirectKL().marginal(w / x) for p, w, x in zip(free, given, found, strict=True)
    ]
    return found, values


def result() -> Result:
    marginal = DirectKL().marginal(REF / NEW)
    found, values = three_answers()
    near = REF * exp(-BOUND / BETA)
    return Result(
        "Direct KL: logarithmic pooling at every group size",
        f"{VY}, Section 3 (direct KL)",
        r"This is the pooling of RLHF with the preference in place of the reward, in which $\pi$ "
        "stands on both sides. Every answer keeps positive mass.",
        intuition="With the direct penalty the logarithm of the ratio takes the place of the "
        "ratio, so that preferences enter by an exponential. This is the form of RLHF, "
        "with a reward that depends on the policy.",
        argument="The pull on a vanishing probability exceeds every bound, so that no stationary "
        "policy lies on the boundary.",
        headlines=(
            Headline(
                r"$\pi$ is stationary if and only if $\pi(o)=\pi_{\mathrm{ref}}(o)\,"
                r"e^{P_G(o\mid\pi)/\beta}/Z$ for every $o$",
                (
                    "the pooled policy has one multiplier, beta log Z",
                    "at one multiplier *",
                    "three answers: *",
                    "the pull on a vanishing probability*",
                ),
                groups=EVERY_SIZE,
                answers=ANY_NUMBER,
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA),
                by=(
                    IDENTITY_IN_SYMBOLS(
                        statement="the pooled policy has one multiplier, beta log Z"
                    ),
                ),
            ),
        ),
        setting="any number of answers, any rewards, any group size, direct KL",
        formulas=(equation(NEW, pooled()),),
        claims=(
            Claim(
                "the pooled policy has one multiplier, beta log Z",
                expand_log(PREFERENCE - BETA * DirectKL().marginal(REF / pooled())),
                "==",
                BETA * log(TOTAL),
            ),
            Claim("three answers: they sum to 1", Add(*found), "==", S.One),
            Claim(
                "three answers: one multiplier",
                expand_log(values[0] - values[2], force=True),
                "==",
                S.Zero,
            ),
            Claim(
                "at one multiplier P - beta d falls with pi(o): one pi(o) solves it",
                PREFERENCE.diff(NEW) - BETA * marginal.diff(NEW),
                "<",
                S.Zero,
            ),
            Claim(
                "the pull on a vanishing probability exceeds every bound c below pi_ref "
                "exp(-c/beta)",
                expand_log(-BETA * marginal.subs(NEW, near / (1 + Symbol("w", positive=True)))),
                ">",
                BOUND,
            ),
            Claim(
                "reverse KL pools like this",
                REF / (1 - PREFERENCE / BETA),
                "==",
                REF * exp(PREFERENCE / BETA),
                where_defined=True,
                expected="REFUTED",
            ),
        ),
    )
