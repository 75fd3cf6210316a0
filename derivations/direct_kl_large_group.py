"""Direct KL, large groups: the function h, its minimum, and the fold."""

from sympy import S, Symbol, asinh, exp, log, oo, sqrt

from derivations.all_groups import gradient
from derivations.headline import BINARY, DIRECT_KL, LARGE_GROUPS, binary_headline
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, DirectKL, Domain, stationary_policy, symbols
from grpo_symbolic.domain import Range

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
U, W = symbols.u, Symbol("w", real=True)


def on_scale(w):
    """x = (1 + w/sqrt(1 + w^2))/2: the unit interval on a scale where x* sits at w = beta."""
    return (1 + w / sqrt(1 + w**2)) / 2


def result() -> Result:
    found = stationary_policy(GRPO(oo, DirectKL()), BinaryQuestion())
    condition = found.equation
    h = condition.rhs / BETA - condition.lhs / BETA
    sampled = gradient(oo, "k1", "loss-with-ratio")
    beside = U * P / (U * P + 1 - P)
    published = 1 / (BETA * sqrt(P * (1 - P))) - log(P / (1 - P)) + log(P0 / (1 - P0))
    slope = h.diff(P).subs(P, on_scale(W))
    least = on_scale(BETA)
    domain_right = Domain.of(BETA, (W, BETA, oo))
    lower_half = Domain.of(BETA, Range(W, -oo, S.Zero, upper_closed=True))
    up_to_least = Domain.of(BETA, (W, S.Zero, BETA))
    odds = least / (1 - least)
    return Result(
        "Direct KL, large groups: no closed form, and a fold",
        f"{VY}, Appendix B.2",
        r"At its minimum, $h(x^*)=2\sqrt{1+\beta^2}/\beta-2\,"
        r"\operatorname{arsinh}\,\beta+\log\frac{p_0}{1-p_0}$.",
        intuition="The drift grows without bound near certainty, faster than a logarithm can "
        "hold. Besides a stationary policy near the reference there is then a second "
        "one, or none at all.",
        lines_checked_as="group_size=inf penalty=direct-kl",
        headlines=(
            binary_headline(
                r"$h$ falls on $(0,x^*]$ and rises on $[x^*,1)$, "
                r"$x^*=(1+\sqrt{1-1/(1+\beta^2)})/2$; so there are "
                r"two stationary policies, one or none, as $h(x^*)<0$, $=0$ or $>0$",
                (
                    "h of Appendix B.2*",
                    "h falls *",
                    "h is stationary at *",
                    "h rises *",
                    "h(x[*]) = *",
                ),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=BINARY,
                uses=("limits_of_h",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, large groups, direct KL, and the "
        r"function $h$ of \cite{vojnovic2025} below, whose zeros $x=p$ are the stationary policies",
        figure="direct-large",
        formulas=(equation(Symbol("h"), h), equation(Symbol("x_star"), least)),
        claims=(
            *compared("h of Appendix B.2, as derived", h, published),
            Claim(
                "beta pi(a) pi(b) h is the gradient with sampled k1",
                sampled,
                "==",
                BETA * P * (1 - P) * published,
            ),
            # the same without logarithms: in the ratio of odds, and where the policies are equal
            Claim(
                "h of Appendix B.2: pi_ref at u times the odds of pi, the slopes in u are one",
                sampled.subs(P0, beside).diff(U),
                "==",
                BETA * P * (1 - P) * published.subs(P0, beside).diff(U),
            ),
            Claim(
                "h of Appendix B.2: at pi_ref = pi the values are one",
                sampled.subs(P0, P),
                "==",
                BETA * P * (1 - P) * published.subs(P0, P),
            ),
            Claim("x* of Appendix B.2", least, "==", (1 + sqrt(1 - 1 / (1 + BETA**2))) / 2),
            Claim("h falls for x <= 1/2", slope, "<", S.Zero, lower_half),
            Claim("h falls from 1/2 to x*", slope, "<", S.Zero, up_to_least),
            Claim("h is stationary at x*", slope.subs(W, BETA), "==", S.Zero),
            Claim("h rises to the right of x*", slope, ">", S.Zero, domain_right),
            Claim(
                "h(x*) = 2 sqrt(1 + beta^2)/beta - logit(x*) + logit(pi_ref)",
                h.subs(P, least),
                "==",
                2 * sqrt(1 + BETA**2) / BETA - log(odds) + log(P0 / (1 - P0)),
                source="new",
            ),
            Claim(
                "logit(x*) = 2 asinh(beta), exponentiated",
                odds,
                "==",
                exp(asinh(BETA).rewrite(log)) ** 2,
                source="new",
            ),
        ),
        derivation=found.derivation,
        domain=Domain.of(BETA, P0, P),
    )
