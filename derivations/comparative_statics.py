"""Every group size: which way the stationary policy moves with each parameter."""

from sympy import Expr, S, Symbol, diff, log, oo

from derivations.bernstein_form import P0, G, P
from derivations.headline import EVERY_SIZE, REVERSE_KL, TWO, Headline
from derivations.lemmas import BERNSTEIN
from derivations.result import VY, Result, equation, telling
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Divergence,
    Domain,
    LeaveOneOut,
    ReverseKL,
    ShiftAndScale,
    ShiftOnly,
    stationarity_condition,
    stationary_policy,
    symbols,
)
from grpo_symbolic.analysis.statics import monotonicity
from grpo_symbolic.domain import Range
from grpo_symbolic.equation.balance import Balance

BETA, GAMMA, GAP, EPSILON = symbols.beta, symbols.gamma, symbols.gap, symbols.epsilon
SETTINGS = (
    ("pairs", GRPO(2), BinaryQuestion(margin=GAMMA), ("beta", "pi_ref", "gamma")),
    ("every G", GRPO(G), BinaryQuestion(), ("beta", "pi_ref", "G")),
    (
        "every G, sample standard deviation",
        GRPO(G, advantage=ShiftAndScale(ddof=1)),
        BinaryQuestion(),
        ("G",),
    ),
    (
        "every G, epsilon",
        GRPO(G, advantage=ShiftAndScale(epsilon=EPSILON)),
        BinaryQuestion(),
        ("G", "epsilon", "gap"),
    ),
    (
        "every G, shift only",
        GRPO(G, advantage=ShiftOnly()),
        BinaryQuestion(),
        ("beta", "G", "gap"),
    ),
    (
        "every G, noisy verifier",
        GRPO(G),
        BinaryQuestion(success=symbols.success),
        ("G", "s_a", "s_b"),
    ),
    ("every G, direct KL", GRPO(G, penalty=DirectKL()), BinaryQuestion(), ("beta", "pi_ref", "G")),
)
UNIT = Domain.of(P0, P)
ABOVE, BELOW = Domain.of(P0, (P, P0, S.One)), Domain.of(P0, (P, S.Zero, P0))
PENALTIES = (
    ("reverse KL", ReverseKL()),
    ("direct KL", DirectKL()),
    ("chi-squared", Divergence.chi_squared()),
)


def curve(algorithm, question) -> Balance:
    return Balance(stationarity_condition(algorithm, question))


def statements() -> list[tuple[str, object]]:
    """Every setting and parameter with what was found."""
    return [
        (name, monotonicity(curve(algorithm, question), variable))
        for name, algorithm, question, variables in SETTINGS
        for variable in variables
    ]


def sign_of_the_force(name: str, force: Expr) -> list[Claim]:
    """It is that of p - p0; a logarithmic force is the logarithm of the ratio of the odds."""
    if force.has(log):
        ratio = symbols.u
        moved = ratio * P0 / (1 - P0 + ratio * P0)
        about = f"the force is the logarithm of the ratio of the odds to those of p0, {name}"
        return [Claim(about, force.subs(P, moved), "==", log(ratio))]
    return [
        Claim(f"the force is positive above p0, {name}", force, ">", S.Zero, ABOVE),
        Claim(f"the force is negative below p0, {name}", force, "<", S.Zero, BELOW),
    ]


def result() -> Result:
    claims: dict[tuple, Claim] = {}
    for name, statement in statements():
        if statement.direction not in ("increasing", "decreasing"):
            raise ValueError(f"{name}: {statement}")
        for claim in telling(statement.claims):
            named = f"{claim.name} ({name})"
            key = (claim.statement, claim.domain)
            claims.setdefault(key, Claim(named, *_sides(claim), claim.domain))
    pairs = stationary_policy(GRPO(2), BinaryQuestion(margin=GAMMA)).expression
    large = stationary_policy(GRPO(oo), BinaryQuestion()).expression
    closed = [
        Claim("(14) falls with beta, by its derivative", diff(pairs, BETA), "<", S.Zero, source=VY),
        Claim("(14) rises with gamma", diff(pairs, GAMMA), ">", S.Zero, source=VY),
        Claim("(14) rises with pi_ref(a)", diff(pairs, P0), ">", S.Zero, source=VY),
        Claim("(15) falls with beta", diff(large, BETA), "<", S.Zero, source=VY),
        Claim("(15) rises with pi_ref(a)", diff(large, P0), ">", S.Zero, source=VY),
    ]
    penalties = []
    for name, penalty in PENALTIES:
        force = curve(GRPO(2, penalty=penalty), BinaryQuestion()).force.expression
        penalties += [
            Claim(f"the force rises with p, {name}", diff(force, P), ">", S.Zero, UNIT),
            Claim(f"the force falls with p0, {name}", diff(force, P0), "<", S.Zero, UNIT),
        ]
        penalties += sign_of_the_force(name, force)
    share = symbols.t
    left_out = curve(GRPO(G, advantage=LeaveOneOut()), BinaryQuestion())
    others = left_out.condition.preference.two_level.spread
    convex = share**2 * (1 - share)
    controls = [
        Claim(
            "control: (14) rises with beta",
            diff(pairs, BETA),
            ">=",
            S.Zero,
            expected="REFUTED",
        ),
        Claim(
            "control: a convex f is concave",
            diff(convex, share, 2),
            "<=",
            S.Zero,
            Domain.of(Range(share, S.Zero, S.One)),
            expected="REFUTED",
        ),
        Claim(
            "control: the baseline that leaves the own reward out has an f that rises with G",
            others.subs(G, G + 1),
            ">=",
            others,
            expected="REFUTED",
        ),
    ]
    effect = Symbol("F_beta")
    return Result(
        "Every group size: comparative statics of the stationary policy",
        f"new; for (14) and (15) {VY}",
        "The force $d(a)-d(b)$ is negative below $p_0$, zero at it and positive above. With "
        r"$F(p)=D(p)-\beta\,(d(a)-d(b))$, whose zeros are the stationary policies, the published "
        r"penalty has $F_\beta=-(d(a)-d(b))$, which is",
        intuition="Each parameter tilts the line or lifts the hill, and the crossing moves the "
        "way that the picture says. The direction is the same at every group size.",
        argument=r"The drift $D$ is positive. "
        "If $F$ rises with a parameter at every $p$, attracting stationary policies "
        "(where $F$ falls in $p$) rise with it and repelling ones fall; for the "
        "published penalty there is exactly one and it is attracting. Hence $p$ falls "
        r"with $\beta$ for every drift and penalty, because $\partial "
        r"F/\partial\beta=-(d(a)-d(b))=-D/\beta<0$ at a zero; it rises with $p_0$, with "
        r"the margin $\gamma$, with the gap of unscaled rewards, and falls with "
        r"$\varepsilon$. In the group size: $f$ is concave and does not fall with $G$, "
        r"so $h_G\le h_{G+1}$ (degree elevation), hence $D_G\le D_{G+1}$, and the lowest "
        r"zero rises under \emph{every} penalty whose force is as above. With success "
        "rates $s_a>s_b$ and $m=s_b+(s_a-s_b)p$, "
        r"$P_G(a)-P_G(b)=\frac1p\,\frac{m-s_b}{m}\,\frac{h_G(m)}{1-m}$: both fractions "
        "rise with $m$ (chords of a concave $h_G$ that end at $1$), so $p$ rises with "
        "$s_a$; and likewise it falls with $s_b$.",
        headlines=(
            Headline(
                r"the stationary policy falls with $\beta$, rises with $\pi_{\mathrm{ref}}(a)$ "
                r"and with $G$",
                (
                    "the force rises with p, reverse KL",
                    "the force falls with p0, reverse KL",
                    "the force is * p0, reverse KL",
                ),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(P0),
                hypotheses=("deterministic rewards", r"$\beta>0$"),
                by=(
                    BERNSTEIN(
                        function=(
                            "f is positive (every G)",
                            "phi rises (every G)",
                            "phi is concave (every G)",
                        )
                    ),
                ),
                uses=("uniqueness_every_group", "monotone_in_group_size"),
            ),
            Headline(
                r"attracting stationary policies fall with $\beta$ and rise with "
                r"$\pi_{\mathrm{ref}}(a)$",
                (
                    "the force rises with p, {penalty}",
                    "the force falls with p0, {penalty}",
                    "the force is * p0, {penalty}",
                ),
                answers=TWO,
                penalties=tuple(name for name, _ in PENALTIES),
                parameters=Domain.of(P0),
                hypotheses=("any positive drift", r"$\beta>0$"),
            ),
            Headline(
                r"with the sample standard deviation too it rises with $G$",
                ("the scale at G, less the scale at G + 1 (every G, sample standard deviation)",),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(GAP),
                by=(BERNSTEIN(function="* (every G, sample standard deviation)"),),
            ),
            Headline(
                r"it rises with the success rate $s_a$ and falls with $s_b$",
                ("* (every G, noisy verifier)",),
                groups=EVERY_SIZE,
                answers=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"$0<s_b<s_a<1$", r"$\beta>0$"),
                by=(BERNSTEIN(function=("phi rises (every G)", "phi is concave (every G)")),),
            ),
        ),
        setting=r"a binary question, any $G\ge2$ and $G=\infty$, any penalty whose force has the "
        r"sign of $p-p_0$",
        formulas=(equation(effect, -curve(GRPO(2), BinaryQuestion()).force.expression),),
        claims=(*claims.values(), *closed, *penalties, *controls),
        domain=Domain.of(G, BETA, P0),
    )


def _sides(claim: Claim) -> tuple:
    return claim.left, claim.relation, claim.right
