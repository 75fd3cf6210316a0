"""Every group size: closed bounds of the stationary policy."""

from sympy import Integer, Rational, S, exp, oo, sqrt

from derivations.bernstein_form import P0, SHARE, UNIT, G, P, curve
from derivations.headline import (
    BINARY,
    DIRECT_KL,
    EVERY_SIZE,
    LARGE_GROUPS,
    REVERSE_KL,
    TWO,
    Headline,
    binary_headline,
)
from derivations.lemmas import BERNSTEIN
from derivations.result import VY, Result, compared, telling
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    stationarity_condition,
    stationary_policy,
    symbols,
)
from grpo_symbolic.analysis.bounds import Bounds, bounds

BETA, GAMMA = symbols.beta, symbols.gamma
SIZES = (3, 4, 5, 8)


def of(algorithm, question=None) -> Bounds:
    policy = stationary_policy(algorithm, BinaryQuestion() if question is None else question)
    return bounds(policy.condition, policy.expression)


def published(found: Bounds, expected, name: str, domain: Domain) -> tuple[Claim, ...]:
    """The lower bound above the reference, as the condition gives it."""
    (derived,) = (bound for bound in found.lower if bound != P0)
    return compared(name, derived, expected, domain=domain, source=VY)


def result() -> Result:
    pairs = of(GRPO(2), BinaryQuestion(margin=GAMMA))
    large, every, direct = of(GRPO(oo)), of(GRPO(G)), of(GRPO(G, penalty=DirectKL()))
    three = stationary_policy(GRPO(3), BinaryQuestion()).expression
    fourteen = stationary_policy(GRPO(2), BinaryQuestion(margin=GAMMA)).expression
    fifteen = stationary_policy(GRPO(oo), BinaryQuestion()).expression
    limiting = 1 / (1 + BETA**2)
    function = curve()
    at_limit = function.subs(SHARE, limiting)
    claims = [
        *published(pairs, 1 - BETA / GAMMA, "pairs: 1 - beta/gamma", Domain.of(GAMMA, BETA)),
        Claim("pairs: (14) is above 1 - beta/gamma", fourteen, ">", 1 - BETA / GAMMA),
        *published(large, limiting, "large groups: 1/(1 + beta^2)", Domain.of(BETA)),
        Claim("large groups: (15) is at least 1/(1 + beta^2)", fifteen, ">", limiting),
        Claim(
            "the limit for large groups is above that of pairs", limiting, ">", 1 - BETA, source=VY
        ),
        Claim("groups of three: at least 1 - beta/sqrt 2", three, ">", 1 - BETA / sqrt(2)),
        *compared("every G: the second lower bound", every.lower[1], 1 - BETA),
        Claim(
            "every G: the second lower bound, 1 - beta: p(1-p) is beta(p - p0) and beta p0 there",
            (P * (1 - P)).subs(P, 1 - BETA),
            "==",
            (BETA * (P - P0)).subs(P, 1 - BETA) + BETA * P0,
        ),
        *compared("every G: the last upper bound but 1", every.upper[-2], P0 + 1 / (2 * BETA)),
        Claim(
            "every G: the last upper bound but 1, p0 + 1/(2 beta): f is at most 1/2",
            function,
            "<=",
            S.Half,
            UNIT,
        ),
        Claim(
            "every G: the constant drift sqrt(G-1) gives less than the escape bound",
            every.upper[0].subs(G, 2),
            "<=",
            BETA * P0 / (BETA - 1),
            Domain.of((BETA, S.One, oo), P0),
        ),
        Claim(
            "direct KL, every G: the upper bound has the odds of p0 times exp(sqrt(G-1)/beta)",
            direct.upper[0] / (1 - direct.upper[0]),
            "==",
            P0 / (1 - P0) * exp(sqrt(G - 1) / BETA),
        ),
        Claim(
            "direct KL, every G: the lower bound has the odds of p0 times exp(1/beta)",
            direct.lower[1] / (1 - direct.lower[1]),
            "==",
            P0 / (1 - P0) * exp(1 / BETA),
        ),
        Claim("f at 1/(1 + beta^2) is beta/(1 + beta^2)", at_limit, "==", BETA * limiting),
        Claim(
            "control: groups of three obey the bound of large groups",
            three,
            ">=",
            limiting,
            expected="REFUTED",
        ),
        Claim(
            "control: pairs obey the bound of large groups",
            stationary_policy(GRPO(2), BinaryQuestion()).expression,
            ">=",
            limiting,
            expected="REFUTED",
        ),
    ]
    half, rare = Rational(1, 2), Rational(1, 1000)
    for size in SIZES:
        condition = stationarity_condition(GRPO(size), BinaryQuestion()).contrast()
        at = {BETA: Integer(1), P0: rare, P: half}
        claims.append(
            Claim(
                f"G = {size}, beta = 1, p0 = 1/1000: the root lies below 1/2 = 1/(1 + beta^2)",
                (condition.rhs - condition.lhs).subs(at),
                "<",
                S.Zero,
            )
        )
    seen = {(c.statement, c.domain) for c in claims}
    for name, found in (("pairs", pairs), ("large", large), ("every G", every), ("direct", direct)):
        for claim in telling(found.claims):
            if (claim.statement, claim.domain) not in seen:
                seen.add((claim.statement, claim.domain))
                named = f"{claim.name} ({name})"
                claims.append(Claim(named, claim.left, claim.relation, claim.right, claim.domain))
    return Result(
        "Every group size: closed bounds of the stationary policy",
        f"new; for pairs and large groups {VY}",
        "",
        intuition="The drift is replaced by its least or greatest value, or by that of another "
        "group size, and the equation becomes a quadratic. The true crossing lies "
        "between.",
        argument=r"The condition is $\beta\,(d_a-d_b)(p)=D_G(p)$. Solved with one part replaced "
        r"by a bound of it, it bounds $p$. (i) Force at $p_0\to0$: $p\ge1-\beta/\gamma$ "
        r"for pairs, $p\ge1/(1+\beta^2)$ for large groups, as published. (ii) $D_G\ge "
        r"D_2=1$, because $h_G$ rises with $G$: $p$ is at least (14) at $\gamma=1$, "
        r"hence at least $1-\beta$, at every $G$. (iii) $f(t)/(t(1-t))$ is convex and "
        r"symmetric, hence so is $D_G$: $D_G(1/2)\le D_G\le\sqrt{G-1}$, and $p$ lies "
        r"between (14) with these values as margins. (iv) $h_G\le h_\infty=f\le1/2$: $p$ "
        r"is at most (15) and at most $p_0+1/(2\beta)$. (v) Under direct KL the force is "
        r"the difference of the log-odds, and the drift lies between 1 and $\sqrt{G-1}$. "
        r"The bound $1/(1+\beta^2)$ of large groups fails at every finite $G$ and every "
        r"$\beta$ for small $p_0$: there $f=\beta p$ and $h_G<f$, so "
        r"$h_G-\beta(p-p_0)<0$ once $\beta p_0<f-h_G$.",
        headlines=(
            Headline(
                r"the stationary policy is at least (14) with $\gamma=1$, hence $1-\beta$, lies "
                r"between (14) with "
                r"the margins $D_G(1/2)$ and $\sqrt{G-1}$, and is at most (15) and "
                r"$p_0+1/(2\beta)$",
                (
                    "every G: *",
                    "W_0 at the limit is beta (every G)*",
                    "the polynomial is * (every G)",
                ),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P0),
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                by=(
                    BERNSTEIN(
                        function=("1/scale does not rise (every G)", "1/scale is convex (every G)")
                    ),
                ),
                uses=("monotone_in_group_size", "uniqueness_every_group"),
            ),
            binary_headline(
                r"$\mathrm{logit}\,p$ of every stationary policy lies between "
                r"$\mathrm{logit}\,p_0+1/\beta$ and "
                r"$\mathrm{logit}\,p_0+\sqrt{G-1}/\beta$",
                ("direct KL, every G: *", "* (direct)"),
                groups=EVERY_SIZE,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
            binary_headline(
                r"the stationary policy is at least $1/(1+\beta^2)$",
                ("large groups: (15) is at least 1/(1 + beta^2)",),
                groups=LARGE_GROUPS,
                parameters=BINARY,
            ),
            binary_headline(
                r"for small $\pi_{\mathrm{ref}}(a)$ it is less than $1/(1+\beta^2)$",
                ("f at 1/(1 + beta^2) is beta/(1 + beta^2)",),
                groups=EVERY_SIZE,
                parameters=Domain.of(BETA),
                by=(BERNSTEIN(function="1/scale is convex (every G)"),),
                uses=("monotone_in_group_size",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$ and $G=\infty$",
        claims=tuple(claims),
        domain=Domain.of(G, BETA, P0),
    )
