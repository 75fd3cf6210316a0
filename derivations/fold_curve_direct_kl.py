"""Direct KL, large groups: the fold curve in closed form, and which root attracts."""

from sympy import Add, Expr, Rational, S, Symbol, asinh, cosh, exp, log, oo, sinh

from derivations.all_groups import gradient
from derivations.headline import BINARY, DIRECT_KL, LARGE_GROUPS, TWO, Headline, binary_headline
from derivations.result import VY, Result, compared, equation
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.analysis.fold_curve import fold_curve
from grpo_symbolic.domain import Range
from grpo_symbolic.equation.balance import Balance

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
T = Symbol("t", positive=True)
HALF_LINE = Domain.of((T, S.Zero, oo))
U = symbols.u
LOWER = Domain.of(Range(P, S.Zero, S.Half, upper_closed=True))
UPPER = Domain.of((P, S.Half, S.One))
ABOVE = Domain.of(P0, (P, P0, S.One))


def log_odds(p: Expr) -> Expr:
    return log(p / (1 - p))


def result() -> Result:
    condition = stationarity_condition(GRPO(oo, DirectKL()), BinaryQuestion())
    curve = Balance(condition)
    drift, force, weight = curve.drift.expression, curve.force.expression, curve.weight
    slope = force.diff(P)
    folds = fold_curve(curve)
    found = folds.hyperbolic(T)
    boundary = folds.boundary()
    assert folds.log_odds is not None
    assert found is not None
    assert boundary is not None
    odds = P / (1 - P) * exp(-drift / folds.beta)  # of pi_ref, where F = 0 at this weight
    at_fold = odds / (1 + odds)
    sampled = gradient(oo, "k1", "reward")
    beside = sampled.subs(P0, U * P / (U * P + 1 - P))
    at_t = 1 / (1 + exp(-2 * T))
    # W' = D' (f - f' D/D')/f^2: for p > 1/2 its sign is that of the bracket.
    excess = force - slope * drift / drift.diff(P)
    bend = drift.diff(P) - weight * slope  # dF/dp at the beta at which p is stationary
    return Result(
        "Direct KL, large groups: the fold curve",
        f"new; the function is that of {VY}, Appendix B.2",
        "Equivalently "
        r"$\operatorname{logit}p_0=2\,\operatorname{arsinh}\,\beta_c-"
        r"2\sqrt{1+\beta_c^2}/\beta_c$: every "
        r"$p_0$ has one $\beta_c$, increasing in $p_0$. Of the two policies above it the smaller "
        "one attracts, the larger repels. In the parameter $t$,",
        intuition="A fold is where the line of the log-odds touches the drift instead of crossing "
        "it. Following the point of contact gives the whole curve of folds.",
        argument=r"With $F=D-\beta(\operatorname{logit}p-\operatorname{logit}p_0)$, "
        r"$D=1/\sqrt{p(1-p)}$, the equations $F=F_p=0$ are solved by $p=1/(1+e^{-2t})$. "
        r"Both $\sinh t$ and $t-\coth t$ rise from one end of their range to the other. "
        r"The weight curve $W$ falls from infinity at $p_0$ to $\beta_c$ and rises to "
        r"infinity at 1: no interior stationary policy for $\beta<\beta_c$, one for "
        r"$\beta=\beta_c$, two for $\beta>\beta_c$. As $F_p$ is $W'$ times the bracket "
        r"of $\beta$ at a stationary policy, the smaller one attracts and is a maximum "
        r"of the potential $\int F$, the larger repels and is a minimum. Each of them "
        r"does maximise the stage objective with $\pi_{\mathrm{old}}$ frozen at itself, "
        "which is concave.",
        headlines=(
            Headline(
                r"double roots are at $\beta_c=\sinh t$, "
                r"$\frac12\operatorname{logit}p_0=t-\coth t$, one for each "
                r"$\pi_{\mathrm{ref}}(a)$: no stationary policy below $\beta_c$, two above",
                (
                    "F vanishes on the curve*",
                    "so does its derivative",
                    "beta_c at p = *",
                    "half the log-odds *",
                    "beta_c rises along the curve",
                    "so does pi_ref",
                    "beta_c starts at 0*",
                    "beta_c has no bound*",
                    "W falls up to p = 1/2",
                    "the bracket rises: *",
                ),
                groups=LARGE_GROUPS,
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards", r"$0<\pi_{\mathrm{ref}}(a)<1$"),
                uses=("direct_kl_large_group",),
            ),
            binary_headline(
                "each root maximises its own stage objective; of the potential only the smaller "
                "is a maximum",
                (
                    "each root maximises its own stage objective",
                    "at a stationary policy F_p = f W'",
                    "W' = *",
                    "the bracket rises: *",
                    "a root at p <= 1/2 is one",
                ),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=BINARY,
            ),
        ),
        setting=r"a binary question with deterministic rewards, large groups, direct KL",
        figure="folds",
        formulas=(
            equation(Symbol("beta_c"), folds.beta),
            equation(log_odds(P0), folds.log_odds),
            equation(Symbol("beta_c"), found[0]),
            equation(log_odds(P0), found[1]),
            equation(log_odds(P0), boundary.subs(BETA, Symbol("beta_c"))),
        ),
        claims=(
            Claim("the force is a difference of log-odds", force, "==", log_odds(P) - log_odds(P0)),
            *compared(
                "F vanishes on the curve, as derived",
                drift - folds.beta * (log_odds(P) - folds.log_odds),
                S.Zero,
                domain=UPPER,
            ),
            Claim(
                "on the curve the gradient of the sampled objective vanishes",
                sampled.subs(P0, at_fold).subs(BETA, folds.beta),
                "==",
                S.Zero,
                UPPER,
            ),
            # the same without logarithms: log u = -D/beta on the curve
            Claim(
                "F vanishes on the curve: pi_ref at u times the odds of pi, the gradient has the "
                "slope beta pi(a) pi(b)/u in u",
                beside.diff(U),
                "==",
                BETA * P * (1 - P) / U,
            ),
            Claim(
                "F vanishes on the curve: pi_ref = pi, the gradient is pi(a) pi(b) D",
                beside.subs(U, 1),
                "==",
                P * (1 - P) * drift,
            ),
            Claim("so does its derivative", drift.diff(P) - folds.beta * slope, "==", S.Zero),
            Claim(
                "beta_c at p = 1/(1 + e^(-2t))",
                folds.beta.subs(P, at_t),
                "==",
                hyper(sinh(T)),
                HALF_LINE,
            ),
            Claim(
                "half the log-odds of pi_ref there: t - coth t",
                folds.log_odds.subs(P, at_t) / 2,
                "==",
                T - hyper(cosh(T)) / hyper(sinh(T)),
                HALF_LINE,
            ),
            *compared(
                "the library's forms in t are these: beta_c", found[0], sinh(T), domain=HALF_LINE
            ),
            *compared(
                "and the log-odds",
                hyper(found[1]),
                2 * (T - hyper(cosh(T)) / hyper(sinh(T))),
                domain=HALF_LINE,
            ),
            Claim(
                "e^(2 asinh beta_c) is the odds of p",
                exp(asinh(BETA).rewrite(log)).subs(BETA, folds.beta) ** 2,
                "==",
                P / (1 - P),
                UPPER,
            ),
            Claim(
                "the other part of the log-odds in terms of beta_c",
                (boundary - 2 * asinh(BETA)).subs(BETA, folds.beta),
                "==",
                folds.log_odds - log_odds(P),
                UPPER,
            ),
            Claim("beta_c is positive for p > 1/2", folds.beta, ">", S.Zero, UPPER),
            Claim("there is no fold at p <= 1/2", folds.beta, "<=", S.Zero, LOWER),
            Claim("beta_c rises along the curve", folds.beta.diff(P), ">", S.Zero, UPPER),
            Claim("so does pi_ref", folds.log_odds.diff(P), ">", S.Zero, UPPER),
            Claim(
                "beta_c starts at 0: its square is at most 2 (p - 1/2)^2/(1-p)",
                folds.beta**2,
                "<=",
                2 * (P - S.Half) ** 2 / (1 - P),
                UPPER,
            ),
            Claim(
                "beta_c has no bound: its square is at least (p - 1/2)^2/(1-p)",
                folds.beta**2,
                ">=",
                (P - S.Half) ** 2 / (1 - P),
                UPPER,
            ),
            Claim(
                "the log-odds of pi_ref are those of p less 1/(p - 1/2): no bound at either end",
                log(at_fold / (1 - at_fold)),
                "==",
                log_odds(P) - 1 / (P - S.Half),
                UPPER,
            ),
            Claim("W falls up to p = 1/2", drift.diff(P), "<=", S.Zero, LOWER),
            Claim(
                "W' = D' (f - f' D/D')/f^2",
                (drift / force).diff(P),
                "==",
                drift.diff(P) * excess / force**2,
                where_defined=True,
            ),
            Claim("the bracket rises: W turns once", excess.diff(P), ">", S.Zero, UPPER),
            Claim(
                "at a stationary policy F_p = f W'",
                drift.diff(P) - (drift / force) * slope,
                "==",
                force * (drift / force).diff(P),
                where_defined=True,
            ),
            Claim(
                "both roots are maxima of the potential",
                bend,
                "<=",
                S.Zero,
                ABOVE,
                source=f"{VY}, Appendix B.2, read as a statement on the policy's own objective",
                expected="REFUTED",
            ),
            Claim(
                "a root at p <= 1/2 is one",
                drift.diff(P) - BETA * slope,
                "<",
                S.Zero,
                LOWER,
            ),
            Claim(
                "each root maximises its own stage objective",
                -BETA * Add(*condition.curvature),
                "<",
                S.Zero,
                source=f"{VY}, Appendix B.2, with the sampling policy frozen",
            ),
            *compared("the fold at p = 9/10", folds.beta.subs(P, Rational(9, 10)), Rational(4, 3)),
        ),
        domain=Domain.of(BETA, P0, (P, S.Half, S.One)),
    )


def hyper(expr: Expr) -> Expr:
    """Hyperbolic functions in exponentials."""
    return expr.rewrite(exp)
