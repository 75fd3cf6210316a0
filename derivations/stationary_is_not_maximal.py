"""An attracting policy maximises the potential; its own stage objective is another matter."""

from sympy import Add, Expr, Rational, S, Symbol, diff, oo

from derivations.eq14_binary_pairs import gradient
from derivations.headline import DIRECT_KL, LARGE_GROUPS, REVERSE_KL, TWO, Headline, Numbers
from derivations.result import VY, Result, equation
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    ReverseKL,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.algebra import tidy
from grpo_symbolic.equation.balance import Balance

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
OLD = Symbol("pi_old", positive=True)
ABOVE = Domain.of(P0, (P, P0, S.One))
PENALTIES = (("reverse KL", ReverseKL()), ("direct KL", DirectKL()))
SIZES = (2, 3, 4, 5, oo)
EXAMPLE = {BETA: S.One, P0: Rational(1, 100), P: Rational(1, 10)}


def curve(size: Expr | int, penalty) -> Balance:
    return Balance(stationarity_condition(GRPO(size, penalty), BinaryQuestion()))


def frozen_penalty(penalty) -> Expr:
    """The expected penalty in pi(a), sampled from pi_old."""
    new, old, ref = (P, 1 - P), (OLD, 1 - OLD), (P0, 1 - P0)
    return Add(*(penalty.expected_term(*answer) for answer in zip(new, old, ref, strict=True)))


def stage_bend(found: Balance) -> Expr:
    """The second derivative of the stage objective in pi(a), at pi_old = pi."""
    return -BETA * Add(*found.condition.curvature)


def potential_bend(found: Balance) -> Expr:
    """dF/dp at the weight at which p is stationary: the potential's second derivative."""
    drift, force = found.drift.expression, found.force.expression
    return drift.diff(P) - (drift / force) * force.diff(P)


def result() -> Result:
    claims = []
    for name, penalty in PENALTIES:
        claims.append(
            Claim(
                f"the stage objective's second derivative is -beta (c(a) + c(b)), {name}",
                -BETA * diff(frozen_penalty(penalty), P, 2).subs(OLD, P),
                "==",
                stage_bend(curve(2, penalty)),
            )
        )
        for size in SIZES:
            found = curve(size, penalty)
            balance = found.drift.expression - BETA * found.force.expression
            claims.append(
                Claim(
                    f"policy-gradient flow of p: p(1-p) F, {name}, G = {size}",
                    found.condition.field[0],
                    "==",
                    P * (1 - P) * balance,
                )
            )
    for size in SIZES:
        found = curve(size, ReverseKL())
        moves = tidy(P * (1 - P) * (found.drift.expression - BETA * found.force.expression))
        start = moves.subs(P, P0)
        claims += [
            Claim(f"the flow is concave, reverse KL, G = {size}", moves.diff(P, 2), "<", S.Zero),
            Claim(f"and upwards at pi_ref, reverse KL, G = {size}", start, ">", S.Zero),
        ]
    pairs, large = curve(2, ReverseKL()), curve(oo, DirectKL())
    balance = pairs.drift.expression - BETA * pairs.force.expression
    claims += [
        Claim(
            "the example is stationary: at beta = 1 the gradient is p0 - p^2",
            gradient(margin=S.One).subs(BETA, S.One),
            "==",
            P0 - P**2,
        ),
        Claim("it is attracting", balance.diff(P).subs(EXAMPLE), "<", S.Zero),
        Claim(
            "attracting policies maximise their stage objective (reverse KL, the example)",
            stage_bend(pairs).subs(EXAMPLE),
            "<=",
            S.Zero,
            expected="REFUTED",
        ),
        Claim(
            "direct KL: every stationary policy maximises its own, concave stage objective",
            stage_bend(large),
            "<",
            S.Zero,
        ),
        Claim(
            "maximisers of their own stage objective attract (direct KL, large groups)",
            potential_bend(large),
            "<=",
            S.Zero,
            ABOVE,
            source=f"{VY}, Appendix B.2, has both roots as maximisers",
            expected="REFUTED",
        ),
    ]
    return Result(
        "Stationary, maximal and attracting are three things",
        f"new; on the stage problem of {VY}, (1), and its Appendix B.2",
        r"Here $F=D-\beta\ell$ is the drift less the penalty's force $\ell$ times its weight, and "
        r"$\Phi$ a potential of it, $\Phi'=F$. A zero of $F$ with $F_p\ne0$ attracts if and only "
        r"if $F_p<0$, a strict local maximum of $\Phi$. Neither maximum implies the other. The "
        r"stage objective with $\pi_{\mathrm{old}}$ frozen at the same policy has the second "
        "derivative",
        intuition="A rest point of the gradient, a maximum of the frozen objective and a fixed "
        "point of best responses share one equation. What makes each of them stable is "
        "a different derivative.",
        argument=r"Along the flow $\Phi$ grows, at the rate $p(1-p)F^2$. Under direct KL the "
        "stage objective is concave. Under reverse KL the flow is concave in $p$ and "
        "positive at $p_0$: it falls through its zero, and the stationary policy is a "
        r"strict maximum of $\Phi$.",
        headlines=(
            Headline(
                r"policy gradient moves $p$ by $p(1-p)F(p)$",
                ("policy-gradient flow of p: p(1-p) F, {penalty}, G = {G}",),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
                penalties=tuple(name for name, _ in PENALTIES),
                parameters=Domain.of(BETA),
            ),
            Headline(
                "the flow is concave and upwards at the reference: its zero attracts",
                (
                    "the flow is concave, reverse KL, G = {G}",
                    "and upwards at pi_ref, reverse KL, G = {G}",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                levels=TWO,
                penalties=REVERSE_KL,
            ),
            Headline(
                "the policy $1/10$ attracts and is a minimum of its stage objective",
                ("the example is stationary*", "it is attracting"),
                groups=TWO,
                answers=TWO,
                penalties=REVERSE_KL,
                hypotheses=(r"$\beta=1$, $\pi_{\mathrm{ref}}(a)=1/100$, $\pi(a)=1/10$",),
                uses=("concavity_threshold_stage",),
            ),
            Headline(
                "every stationary policy maximises its own, concave stage objective, the "
                "repelling ones too",
                ("direct KL: every stationary policy maximises its own*",),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                parameters=Domain.of(BETA),
            ),
        ),
        setting=r"a binary question with deterministic rewards, $G=2,\dots,5$ and $G=\infty$, "
        r"reverse and "
        r"direct KL",
        kind="Counterexample",
        figure="flow",
        formulas=tuple(
            equation(Symbol(name), tidy(stage_bend(curve(2, penalty)), Domain.of(P, P0, BETA)))
            for name, (_, penalty) in zip(("J_reverse", "J_direct"), PENALTIES, strict=True)
        ),
        claims=tuple(claims),
        domain=Domain.of(BETA, P0, P),
    )
