"""The order of limits: in the weight, the group size and the reference they do not commute."""

from sympy import Expr, S, exp, oo, sqrt

from derivations.bernstein_form import P0, G
from derivations.escape_threshold import only_one
from derivations.headline import (
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    TWO,
    Headline,
    binary_headline,
)
from derivations.lemmas import BERNSTEIN
from derivations.result import Result, compared, telling
from derivations.series_in_the_weight import coefficient, curve
from derivations.small_penalty_limits import large_groups
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    stationary_policy,
    symbols,
)
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.analysis.limits import escape_threshold, explain_limit, limit
from grpo_symbolic.analysis.series import series

BETA = symbols.beta


def loss(one) -> Expr:
    """The limit of (1-p)/beta as beta -> 0."""
    return -coefficient(series(one, BETA, 1), BETA, 1)


def in_large_groups(value: Expr) -> Expr:
    return limit_at(value, G, oo, Domain.of(G, BETA, P0))


def rare_answer(below: Expr, beyond: Expr) -> list[Claim]:
    """What p0 -> 0 leaves of pairs and of groups of three: closed forms between two bounds."""
    pairs, three = (stationary_policy(GRPO(n), BinaryQuestion()).expression for n in (2, 3))
    end, name = 1 - BETA / sqrt(2), "groups of three: p0 -> 0 leaves 1 - beta/sqrt(2)"
    weak, strong = (BETA, S.Zero, sqrt(2)), (BETA, sqrt(2), oo)
    return [
        Claim("p0 -> 0 first, beta -> 0 then: 1 for pairs: above 1 - beta whatever p0", pairs, ">",
              1 - BETA),
        *compared(f"{name}, as derived", below, end),
        Claim(f"{name}: it is above", three, ">", end, Domain.of(P0, weak)),
        Claim(f"{name}: by at most p0/(1 - beta/sqrt(2))", three - end, "<=", P0 / end,
              Domain.of(P0, weak)),
        *compared("beyond the threshold, as derived", beyond, S.Zero),
        Claim("beyond the threshold nothing is left: at most beta p0/(beta - sqrt(2))", three,
              "<=", BETA * P0 / (BETA - sqrt(2)), Domain.of(P0, strong)),
    ]  # fmt: skip


def result() -> Result:
    finite, large = curve(GRPO(G)), curve(GRPO(oo))
    direct = curve(GRPO(G, DirectKL()))
    first_weight = loss(finite)
    twice = -coefficient(series(large, BETA, 2), BETA, 2)
    pairs, rare = explain_limit(curve(GRPO(2)), P0, 0), explain_limit(large, P0, 0)
    most = exp(sqrt(G - 1) / BETA)
    third = limit(curve(GRPO(3)), P0, 0).args
    expected = (1 - P0) / sqrt(G - 1)
    claims = [
        *compared("G fixed: (1-p)/beta at beta -> 0, as derived", first_weight, expected),
        Claim(
            "G fixed: (1-p)/beta at beta -> 0 is 1 - p0 over what the only b of G loses",
            (1 - P0) / only_one("standard units"),
            "==",
            expected,
        ),
        Claim("it is positive for every G", first_weight, ">", S.Zero),
        *compared("then G -> oo, as derived", in_large_groups(first_weight), S.Zero),
        Claim("then G -> oo: it is below 1/sqrt(G-1)", expected, "<", 1 / sqrt(G - 1)),
        *compared("G -> oo first, then beta -> 0, as derived", loss(large), S.Zero),
        *compared("(1-p)/beta^2 : G -> oo first, as derived", twice, (1 - P0) ** 2),
        *large_groups(1 - stationary_policy(GRPO(oo), BinaryQuestion()).expression),
        Claim(
            "(1-p)/beta^2 at fixed G, below the weight where the laws meet: above that of oo",
            first_weight / BETA,
            ">",
            twice,
            Domain.of(G, P0, (BETA, S.Zero, 1 / ((1 - P0) * sqrt(G - 1)))),
        ),
        Claim(
            "control: the two orders give one (1-p)/beta^2 for G = 5",
            first_weight.subs(G, 5) / BETA,
            "==",
            twice,
            expected="REFUTED",
        ),
        *telling(pairs.claims),
        *telling(rare.claims),
        *compared("escape threshold of every G, as derived", escape_threshold(finite), sqrt(G - 1)),
        Claim(
            "escape threshold of every G: the advantage of the only a of G",
            only_one("standard units"),
            "==",
            escape_threshold(finite),
        ),
        *rare_answer(third[0][0], third[1][0]),
        Claim("G -> oo first: p0 -> 0 leaves", rare.value, ">", S.Zero),
        *compared("direct KL: p0 -> 0, as derived", limit(direct, P0, 0), S.Zero),
        Claim(
            "direct KL: p0 -> 0 leaves nothing, for every G and beta: odds of p0 times "
            "exp(sqrt(G-1)/beta) are a probability of at most p0 times it",
            P0 * most / (P0 * most + 1 - P0),
            "<=",
            P0 * most,
        ),
    ]
    return Result(
        "The order of limits",
        "new",
        r"So the limits in $\beta$ and $G$ of the scaled loss do not commute: for fixed $G$ the "
        r"quotient $(1-p)/\beta^2$ grows like $1/\beta$. Nor do those in $p_0$ and $G$: $p_0\to0$ "
        r"after $G\to\infty$ leaves $1/(1+\beta^2)$, before it $0$ for as long as $G\le1+\beta^2$.",
        intuition="Where the reference vanishes, what is done first decides: at a heavy weight a "
        "fixed group loses the answer, a growing group finds it. The limits in group "
        "size and in reference do not commute.",
        headlines=(
            binary_headline(
                r"$(1-p)/\beta$ tends to $(1-p_0)/\sqrt{G-1}>0$ as $\beta\to0$, and that to 0 as "
                r"$G\to\infty$",
                ("G fixed: *", "it is positive for every G", "then G -> oo*"),
                groups=EVERY_SIZE,
                parameters=Domain.of(P0),
            ),
            binary_headline(
                r"$(1-p)/\beta$ tends to 0 as $\beta\to0$, and $(1-p)/\beta^2$ to $(1-p_0)^2$",
                ("large groups: *",),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
            ),
            binary_headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ the answer is lost where "
                r"$\beta\ge\sqrt{G-1}$; after "
                r"$G\to\infty$ it keeps $1/(1+\beta^2)$",
                ("escape threshold of every G*", "G -> oo first: p0 -> 0 leaves"),
                groups=EVERY_SIZE,
                parameters=Domain.of(BETA),
                uses=("escape_threshold", "eq15_limits"),
            ),
            Headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ the answer is lost",
                ("direct KL: p0 -> 0 leaves nothing*",),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                by=(BERNSTEIN(function=("phi rises", "phi is concave")),),
                uses=("bounds_every_group",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, iterated limits in $\beta$, $p_0$ "
        r"and $G$",
        kind="Counterexample",
        claims=tuple(claims),
        domain=Domain.of(G, BETA, P0),
    )
