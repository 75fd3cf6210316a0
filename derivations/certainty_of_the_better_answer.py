"""The role of p = 1: it attracts in large groups with direct KL, and in no other of these cases."""

from sympy import S, Symbol, exp, expand_log, log, oo, sqrt

from derivations.bernstein_form import P0, PAIRS, SHARE, G, K, M, P, curve
from derivations.headline import (
    BINARY,
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    TWO,
    Headline,
    binary_headline,
)
from derivations.large_group_limit import expectation
from derivations.lemmas import BERNSTEIN, BINOMIAL_MOMENTS, COEFFICIENTS
from derivations.result import VY, Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, DirectKL, Domain, symbols
from grpo_symbolic.stationarity import stationarity_condition

BETA = symbols.beta
#: The root of the odds of a, p = v^2/(1 + v^2); a ratio of odds; and how far it is beyond a bound.
ODDS, RATIO, STEP = (Symbol(name, positive=True) for name in ("v", "rho", "w"))


def drift_is_bounded() -> tuple[Claim, ...]:
    """f <= sqrt(G-1) G/(G-1) t(1-t) at the shares of mixed groups, and the mean of t(1-t)."""
    share = (K + 1) / (K + M + 2)
    size = K + M + 2
    return (
        Claim(
            "the variance of a mixed group is at least (G-1)/G^2",
            share * (1 - share),
            ">=",
            (size - 1) / size**2,
            PAIRS,
        ),
        Claim(
            "t(1-t) has the mean (1 - 1/G) p(1-p)",
            expectation(SHARE * (1 - SHARE)),
            "==",
            (1 - 1 / G) * P * (1 - P),
        ),
    )


def direct_pull() -> tuple[Claim, ...]:
    """The force of direct KL as a function of the odds, beyond a multiple of the reference's."""
    force = stationarity_condition(GRPO(2, DirectKL()), BinaryQuestion()).contrast().lhs
    beyond = expand_log(BETA * log(RATIO).subs(RATIO, exp(sqrt(G - 1) / BETA) * (1 + STEP)))
    return (
        Claim(
            "direct KL: the pull is beta times the logarithm of the ratio of odds",
            force,
            "==",
            BETA * log(P / (1 - P)) - BETA * log(P0 / (1 - P0)),
        ),
        Claim(
            "direct KL: it exceeds sqrt(G-1) where that ratio exceeds exp(sqrt(G-1)/beta)",
            beyond,
            ">",
            sqrt(G - 1),
        ),
    )


def result() -> Result:
    large = GRPO(oo, DirectKL()).preference(BinaryQuestion()).difference(0, 1)
    end = curve().subs(SHARE, S.One) - BETA * (1 - P0)
    return Result(
        "Certainty of the better answer: where it attracts",
        f"new; on {VY}, Appendix B.2",
        "At $p=1$ itself every group is constant and has the advantages 0: it solves no "
        "condition, since the penalties' pull on the other answer has no bound.",
        intuition="Near certainty the drift and the penalty are both large or both small. The one "
        "that grows faster decides whether certainty attracts.",
        argument="Near $p=1$ the drift decides. Under the published penalty the flow falls above "
        "the one stationary policy. With direct KL a finite group has a drift of at "
        r"most $\sqrt{G-1}$, which the log-odds outgrow. In a large group the drift "
        r"$1/\sqrt{p(1-p)}$ outgrows the log-odds at every $\beta$: $p\to1$ from above "
        "the larger stationary policy, or from everywhere when there is none.",
        headlines=(
            binary_headline(
                "the flow falls near 1: it does not attract",
                ("published penalty: *",),
                groups=EVERY_SIZE,
                parameters=BINARY,
                by=(BERNSTEIN(function="published penalty: *"),),
                uses=("uniqueness_every_group",),
            ),
            Headline(
                r"the flow falls where the odds of $a$ exceed those of the reference times "
                r"$e^{\sqrt{G-1}/\beta}$: 1 does not attract",
                ("direct KL: the pull is *", "direct KL: it exceeds *"),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA),
                hypotheses=("deterministic rewards", r"$0<\pi_{\mathrm{ref}}(a)<1$"),
                by=(
                    COEFFICIENTS(coefficients="the variance of a mixed group is at least *"),
                    BINOMIAL_MOMENTS(moments="t(1-t) has the mean *"),
                ),
            ),
            Headline(
                r"the drift outgrows the pull at every $\beta$: 1 attracts",
                ("direct KL, large groups: the drift at *",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                uses=("limits_of_h",),
            ),
        ),
        setting="a binary question with deterministic rewards, the flow of policy gradient near "
        r"$\pi(a)=1$",
        kind="Proposition",
        formulas=(equation(Symbol("D_at_v"), ODDS + 1 / ODDS),),
        claims=(
            *drift_is_bounded(),
            *direct_pull(),
            Claim(
                "direct KL, large groups: the drift at p = v^2/(1 + v^2) is v + 1/v",
                large.subs(P, ODDS**2 / (1 + ODDS**2)),
                "==",
                ODDS + 1 / ODDS,
            ),
            Claim("published penalty: h - beta (p - p0) is negative at p = 1", end, "<", S.Zero),
        ),
        domain=Domain.of(BETA, P0),
    )
