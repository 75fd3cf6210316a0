"""Every group size: the weight of the penalty below which a rare good answer escapes."""

from sympy import Expr, Integer, S, Symbol, oo, sqrt

from derivations.all_groups import preferences
from derivations.bernstein_form import (
    COUNTS,
    P0,
    PAIRS,
    SHARE,
    SIZES,
    G,
    K,
    M,
    P,
    advantages,
    curve,
    relative,
    weight,
)
from derivations.headline import EVERY_SIZE, binary_headline
from derivations.result import Result, compared, equation
from grpo_symbolic import (
    Claim,
    Domain,
    ShiftAndScale,
    ShiftOnly,
    symbols,
)
from grpo_symbolic.algebra import tidy
from grpo_symbolic.domain import Range

BETA, GAP = symbols.beta, symbols.gap
RULES = (
    ("standard units", "beta_G", ShiftAndScale(), sqrt(G - 1)),
    ("sample standard deviation", "beta_G_sample", ShiftAndScale(ddof=1), (G - 1) / sqrt(G)),
    ("shift only", "beta_G_shift", ShiftOnly(), (1 - 1 / G) * GAP),
)


def threshold(rule) -> Expr:
    """The advantage of the only answer a of its group."""
    return tidy(advantages(rule)[0].subs(SHARE, 1 / G), Domain.of(G))


def steps(rule) -> Expr:
    """A_a at the share (k+2)/G minus A_a at (k+1)/G, with G = k + m + 2."""
    high, size = advantages(rule)[0], K + M + 2
    step = high.subs(SHARE, (K + 2) / size) - high.subs(SHARE, (K + 1) / size)
    return step.subs(G, size)


def only_one(scale: str) -> Expr:
    """The advantage of the only one of G that is rewarded, from mean and variance."""
    mean = GAP / G
    variance = ((GAP - mean) ** 2 + (G - 1) * (0 - mean) ** 2) / G
    return {
        "standard units": (GAP - mean) / sqrt(variance),
        "sample standard deviation": (GAP - mean) / sqrt(variance * G / (G - 1)),
        "shift only": GAP - mean,
    }[scale]


def near_the_end(size: int, answer: int = 0) -> list[Claim]:
    """P_G, from all groups, of an answer that is nearly never drawn: between two lines."""
    end, name, found = sqrt(Integer(size) - 1), "ab"[answer], preferences(size)[answer]
    found, rare = (found, P) if answer == 0 else (-found, 1 - P)
    sign = "" if answer == 0 else "-"
    at = f"{sign}P_G({name}) at {answer}, G = {size}"
    return [
        Claim(f"{at}: at most sqrt(G-1)", found, "<=", end),
        Claim(f"{at}: less by at most G sqrt(G-1) times the mass of {name}", found, ">=",
              end * (1 - size * rare)),
    ]  # fmt: skip


def result() -> Result:
    own = weight(G - 1, K)
    fewer = Domain.of(G, Range(K, S.Zero, G - 1, True, True), P)
    claims = [
        Claim(
            "derivative of the weights of h_G",
            relative(weight(G, K).diff(P)),
            "==",
            relative(G * (weight(G - 1, K - 1) - weight(G - 1, K))),
            COUNTS,
        ),
        Claim(
            "derivative of the weights of P_G(a)",
            relative(own.diff(P), own),
            "==",
            relative((G - 1) * (weight(G - 2, K - 1) - weight(G - 2, K)), own),
            fewer,
        ),
    ]
    for name, _, rule, expected in RULES:
        function = curve(rule)
        start = G * (function.subs(SHARE, 1 / G) - function.subs(SHARE, S.Zero))
        end = G * (function.subs(SHARE, S.One) - function.subs(SHARE, 1 - 1 / G))
        claims += [
            *compared(f"threshold, as derived, {name}", threshold(rule), expected),
            Claim(f"threshold, {name}", only_one(name), "==", expected),
            Claim(f"it is the slope of h_G at 0, {name}", start, "==", threshold(rule)),
            Claim(f"the slope of h_G at 1 is its negative, {name}", end, "==", -threshold(rule)),
            Claim(
                f"the advantage of a falls with its share, {name}", steps(rule), "<", S.Zero, PAIRS
            ),
        ]
    for size in SIZES:
        claims += near_the_end(size)
    most = Symbol("beta_G", positive=True)  # stands for any threshold
    bound = BETA * P0 / (BETA - most)
    claims.append(
        Claim(
            "beta > c = the threshold: nothing is stationary beyond beta p0/(beta - c)",
            BETA * (1 - P0 / P),
            ">",
            most,
            Domain.of((most, S.Zero, oo), (BETA, most, oo), P0, (P, bound, oo)),
        )
    )
    return Result(
        "Every group size: the escape threshold",
        "new",
        r"For $\beta$ below the threshold $\beta_G$ the stationary $p$ stays above the root of "
        r"$P_G(a)=\beta$ in $(0,1)$ and tends to it; for $\beta\ge\beta_G$ it vanishes, and for "
        r"$\beta>\beta_G$ it is at most $\beta p_0/(\beta-\beta_G)$. For the population standard "
        "deviation, the sample standard deviation, and no scaling,",
        intuition=r"A rare better answer appears in a group of $G$ with a probability close to $G$ "
        r"times its own, and then stands out by $\sqrt{G-1}$ standard deviations. Below "
        r"that weight the pull is stronger than the penalty however rare the answer is.",
        argument="$P_G(a)=h_G(p)/p$ falls from $A_a(1/G)=h_G'(0)$ at $p=0$ to $0$ at $p=1$, "
        "because the advantage of $a$ falls with its share of the group. Stationarity "
        r"is $\beta(1-p_0/p)=P_G(a)$. So the threshold is $\beta_G=A_a(1/G)$, the "
        "advantage of the only answer $a$ of its group.",
        headlines=(
            binary_headline(
                r"as $\pi_{\mathrm{ref}}(a)\to0+$ the stationary policy stays away from 0 if "
                r"and only if "
                r"$\beta<\sqrt{G-1}$",
                ("*, standard units", "beta > c = the threshold: *"),
                groups=EVERY_SIZE,
                uses=("uniqueness_every_group",),
            ),
            binary_headline(
                r"with the sample standard deviation the threshold is $(G-1)/\sqrt G$",
                ("*, sample standard deviation",),
                groups=EVERY_SIZE,
            ),
            binary_headline(
                r"without a scale the threshold is $(1-1/G)\Delta$",
                ("*, shift only",),
                groups=EVERY_SIZE,
                parameters=Domain.of(GAP),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        figure="escape",
        formulas=tuple(equation(Symbol(left), threshold(rule)) for _, left, rule, _ in RULES),
        claims=tuple(claims),
        domain=Domain.of(G, GAP),
    )
