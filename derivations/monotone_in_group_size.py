"""Every group size: the stationary policy increases with the size of the groups."""

from collections.abc import Callable

from sympy import Expr, Function, S, Symbol, oo

from derivations.bernstein_form import (
    P0,
    PAIRS,
    SHARE,
    G,
    K,
    M,
    P,
    curve,
    relative,
    weight,
)
from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline
from derivations.result import Result, compared, equation
from derivations.uniqueness_every_group import over_groups
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols
from grpo_symbolic.domain import Range

BETA = symbols.beta


def elevated(function: Callable[[Expr], Expr]) -> Expr:
    """The coefficient of h_G at k in degree G + 1, from those in degree G."""
    part = K / (G + 1)
    return part * function((K - 1) / G) + (1 - part) * function(K / G)


def result() -> Result:
    function = curve()
    whole, larger_groups = over_groups(function), over_groups(function, G + 1)
    unit = weight(G + 1, K)
    shares = elevated(lambda share: share)
    # 1 <= k <= G, as k = 1 + k', G = 1 + k' + m
    inner = {K: K + 1, G: K + M + 1}
    before = elevated(lambda share: function.subs(SHARE, share)).subs(inner, simultaneous=True)
    after = function.subs(SHARE, K / (G + 1)).subs(inner, simultaneous=True)
    tangent = function.subs(SHARE, P) + function.diff(SHARE).subs(SHARE, P) * (SHARE - P)
    segment = Domain.of(Range(SHARE, S.Zero, S.One, True, True), P)
    larger = Domain.of(G, Range(K, S.Zero, G + 1, True, True), P)
    three, large = (stationary_policy(GRPO(n), BinaryQuestion()).expression for n in (3, oo))
    return Result(
        "Every group size: larger groups raise the stationary policy",
        "new",
        r"So the stationary policies satisfy $p_0<p_2<p_3<\dots<p_\infty$. In degree $G+1$ the "
        "coefficients of $h_G$ are",
        intuition="Larger groups estimate their standard deviation with less noise, and the mean "
        "of a concave function rises as the noise shrinks. The hill grows with the "
        "group, and the crossing with it.",
        argument="Written in degree $G+1$ (as $h_G$ times $p+(1-p)$), $h_G$ has the coefficients "
        "$c_k$. They are weighted means of two values of $f$ whose arguments have the "
        "mean $k/(G+1)$, so the concave $f$ lies above them at $k/(G+1)$, which is the "
        r"coefficient of $h_{G+1}$. $f$ lies below its tangent at $p=\mathrm{E}\,K/G$, "
        r"so $h_G(p)=\mathrm{E}f(K/G)<f(p)$. As $h_G-\beta(p-p_0)$ is positive left of "
        "its zero and negative right of it, the stationary policies are ordered as the "
        "$h_G$ are.",
        headlines=(
            Headline(
                r"$h_G<h_{G+1}<f$ on $(0,1)$, hence $p_0<p_G<p_{G+1}<p_\infty$",
                ("h_G < h_(G+1) for every G", "h_G < f for every G"),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P),
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                uses=("uniqueness_every_group",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        figure="group-sizes",
        formulas=(equation(Symbol("c_k"), elevated(Function("f"))),),
        claims=(
            *compared(
                "p times the weight of k-1 of G",
                relative(P * weight(G, K - 1), unit),
                K / (G + 1),
                domain=larger,
            ),
            Claim(
                "p times the weight of k-1 of G and (1-p) times that of k are that of k of G + 1",
                relative(P * weight(G, K - 1), unit) + relative((1 - P) * weight(G, K), unit),
                "==",
                S.One,
                larger,
            ),
            Claim(
                "(1-p) times the weight of k of G",
                relative((1 - P) * weight(G, K), unit),
                "==",
                1 - K / (G + 1),
                larger,
            ),
            Claim("the weighted mean of the arguments", shares, "==", K / (G + 1), larger),
            Claim(
                "coefficients of h_G below those of the next group size, directly",
                before,
                "<",
                after,
                PAIRS,
            ),
            Claim("f lies below its tangents", function, "<=", tangent, segment),
            Claim(
                "off the point of contact strictly",
                (tangent - function).diff(SHARE, 2),
                ">",
                S.Zero,
                Domain.of((SHARE, S.Zero, S.One), P),
            ),
            Claim(
                "mean of K: from G p for G members to (G+1) p for one more",
                P * (1 + G * P) + (1 - P) * (G * P),
                "==",
                (G + 1) * P,
            ),
            Claim("h_G < h_(G+1) for every G", whole, "<", larger_groups),
            Claim("h_G < f for every G", whole, "<", function.subs(SHARE, P)),
            Claim("closed forms: groups of three below large groups", three, "<", large),
        ),
        domain=Domain.of(G, BETA, P0),
    )
