"""Direct KL, large groups: h grows beyond all bounds at both ends, by explicit lower bounds."""

from sympy import Expr, S, Symbol, log, oo

from derivations.eq14_binary_pairs import BETA, P0
from derivations.headline import BINARY, DIRECT_KL, LARGE_GROUPS, binary_headline
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, DirectKL, Domain, stationarity_condition
from grpo_symbolic import symbols as s

#: The root of the odds of b, (1 - x)/x = odds^2, or of a: both ends of x at infinity.
ODDS = Symbol("v", positive=True)
Z, BEYOND = Symbol("z", positive=True), Symbol("w", positive=True)


def h() -> Expr:
    """The condition over beta, as the paper writes it: its zeros are the stationary policies."""
    found = stationarity_condition(GRPO(oo, DirectKL()), BinaryQuestion()).contrast()
    return (found.rhs - found.lhs) / BETA


def near(end: int) -> Expr:
    """h at the odds v^-2 of a (towards x = 0) or v^2 (towards x = 1)."""
    share = 1 / (1 + ODDS**2)
    return h().subs(s.pi, share if end == 0 else 1 - share)


def result() -> Result:
    start = log(P0 / (1 - P0))
    low = ODDS / BETA + start
    high = ODDS / (2 * BETA) + start + 2 - 2 * log(4 * BETA)
    drift = (ODDS + 1 / ODDS) / BETA
    tangent = Z - 1 - log(Z)
    return Result(
        "Direct KL, large groups: the limits of h at both ends",
        f"{VY}, Appendix B.2, the limits of $h$",
        r"In \cite{vojnovic2025} the arrows are exchanged. The two lower bounds are",
        intuition="Near both ends the drift is a power and the penalty a logarithm, and a power "
        "wins. That decides the signs of their difference there.",
        argument=r"For the second bound, $z-1-\log z$ falls up to $z=1$, where it is 0, and rises "
        r"beyond: here at $z=v/(4\beta)$.",
        headlines=(
            binary_headline(
                r"$h(x)\to\infty$ as $x\to0+$: $h>v/\beta+\operatorname{logit}p_0$ at "
                r"$x=1/(1+v^2)$, $v>1$",
                ("towards 0: *",),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
            binary_headline(
                r"$h(x)\to\infty$ as $x\to1-$: $h\ge v/(2\beta)+\operatorname{logit}p_0+2-2\log(4"
                r"\beta)$ at $x=v^2/(1+v^2)$",
                ("towards 1: *", "log z <= z - 1: *"),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
        ),
        setting="a binary question with deterministic rewards, large groups, direct KL",
        kind="Proposition",
        formulas=(equation(Symbol("h_low"), low), equation(Symbol("h_high"), high)),
        claims=(
            Claim(
                "towards 0: h is (v + 1/v)/beta + 2 log v + logit p0",
                near(0),
                "==",
                drift + 2 * log(ODDS) + start,
            ),
            Claim(
                "towards 0: what h has beyond v/beta + logit p0 is positive at v = 1 + w",
                (drift + 2 * log(ODDS) + start - low).expand().subs(ODDS, 1 + BEYOND),
                ">",
                S.Zero,
                Domain.of(BETA, BEYOND),
            ),
            Claim(
                "towards 1: h is (v + 1/v)/beta - 2 log v + logit p0",
                near(1),
                "==",
                drift - 2 * log(ODDS) + start,
            ),
            Claim(
                "towards 1: h less the bound is 1/(v beta) and twice z - 1 - log z at z = v/(4 "
                "beta)",
                near(1) - high,
                "==",
                1 / (ODDS * BETA) + 2 * tangent.subs(Z, ODDS / (4 * BETA)),
            ),
            Claim(
                "log z <= z - 1: the difference rises beyond z = 1",
                tangent.diff(Z),
                ">",
                S.Zero,
                Domain.of((Z, S.One, oo)),
            ),
            Claim(
                "log z <= z - 1: it falls before, to 0",
                tangent.diff(Z),
                "<",
                S.Zero,
                Domain.of((Z, S.Zero, S.One)),
            ),
        ),
        domain=Domain.of(BETA, P0),
    )
