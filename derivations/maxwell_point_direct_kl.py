"""Direct KL, large groups: which of the two attracting policies has the higher potential."""

import mpmath as mp
from sympy import Add, Expr, Rational, S, Symbol, asin, atan, limit, log, oo, pi, sqrt

from derivations.headline import BINARY, DIRECT_KL, LARGE_GROUPS, binary_headline
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
from grpo_symbolic.analysis.folds import folds
from grpo_symbolic.analysis.maxwell import maxwell
from grpo_symbolic.equation.balance import Balance

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
REFERENCES = (Rational(1, 10), Rational(1, 2), Rational(9, 10))
DIGITS = 12
#: The root of the odds of the worse answer.
Y = Symbol("y", positive=True)


def divergence(question: BinaryQuestion) -> Expr:
    """KL(pi || pi_ref), from its definition."""
    return Add(
        *(p * log(p / ref) for p, ref in zip(question.policy, question.reference, strict=True))
    )


def row(curve: Balance, reference: Expr) -> str:
    point = {P0: reference}
    fold, found = folds(curve, point, DIGITS + 8).found[0], maxwell(curve, point, DIGITS + 8)
    assert found is not None
    values = (fold.beta, found.beta, found.policies[0])
    return " & ".join([f"${reference}$", *(f"${mp.nstr(v, DIGITS)}$" for v in values)])


def result() -> Result:
    question = BinaryQuestion()
    curve = Balance(stationarity_condition(GRPO(oo, DirectKL()), question))
    drift, force = curve.drift.expression, curve.force.expression
    penalty = divergence(question)
    potential = 2 * asin(sqrt(P)) - BETA * penalty
    # from p to 1, in the angle at which nothing cancels
    rest = 2 * atan(sqrt(1 - P) / sqrt(P))
    end = 2 * asin(S.One) + BETA * log(P0)
    ahead = rest - BETA * (-log(P0) - penalty)
    rows = r" \\ ".join(row(curve, reference) for reference in REFERENCES)
    return Result(
        "Direct KL, large groups: the Maxwell point",
        f"new; on {VY}, Appendix B.2",
        r"The value at 1 holds the number $\pi$. Below the weight at which both are level, the "
        r"Maxwell point, $p=1$ is the global maximum of the potential, above it $p_1$. Proved to "
        r"the digits shown: "
        r"\begin{center}\small\begin{tabular}{@{}clll@{}}\toprule $p_0$ & $\beta$ of the fold & "
        rf"$\beta$ of the Maxwell point & $p_1$ there \\ \midrule {rows} \\ \bottomrule"
        r"\end{tabular}\end{center}",
        intuition="Where two policies attract, the values of one function at both can be "
        "compared. They change places at the weight at which both are equal.",
        argument=r"Above the fold the smaller root $p_1$ and the end $p=1$ both attract. The two "
        r"are level where $2\arctan\sqrt{(1-p_1)/p_1}=\beta\,(-\log p_0-\mathrm{KL}(p_1\|p_0))$, "
        r"with $\beta=W(p_1)$: equal areas of $F$ above and below zero. Their difference falls in "
        r"$\beta$, at the rate of the right side over $\beta$, so there is at most one such "
        r"weight, found for each reference of the table. At $p=1$ itself every group is constant "
        r"and its advantage is 0: it is a limit of the flow, not a solution of the stationarity "
        r"condition.",
        headlines=(
            binary_headline(
                r"$\Phi$ has the slope $F$ and tends to "
                r"$\pi+\beta\log\pi_{\mathrm{ref}}(a)$ at 1; the smaller "
                "root $p_1$ and the end are level for at most one weight",
                (
                    "the potential has the slope F",
                    "so has, with the other sign, *",
                    "the divergence at 1 is *",
                    "nothing is left at p = 1*",
                    "its derivative is the force",
                    "and rises: *",
                ),
                groups=LARGE_GROUPS,
                penalties=DIRECT_KL,
                parameters=BINARY,
                uses=("fold_curve_direct_kl",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, large groups, direct KL, the drift "
        r"less the weighted force $F(p)=D_\infty(p)-\beta\,(\operatorname{logit}p-"
        r"\operatorname{logit}p_0)$, and the potential $\Phi=2\arcsin\sqrt p-"
        r"\beta\,\mathrm{KL}(\pi\,\|\,\pi_{\mathrm{ref}})$",
        formulas=(equation(Symbol("Phi_1"), end), equation(Symbol("Phi_ahead"), ahead)),
        claims=(
            Claim(
                "the potential has the slope F",
                potential.diff(P),
                "==",
                drift - BETA * force,
            ),
            Claim(
                "so has, with the other sign, what is left to p = 1",
                ahead.diff(P),
                "==",
                -(drift - BETA * force),
            ),
            *compared("nothing is left at p = 1, as derived", limit(ahead, P, 1, "-"), S.Zero),
            Claim(
                "nothing is left at p = 1: 2 arctan(y) grows no faster than 2 y",
                (2 * atan(Y)).diff(Y),
                "<=",
                S(2),
            ),
            *compared("the potential at 1: pi + beta log(pi_ref)", end, pi + BETA * log(P0)),
            *compared("its limit is that value", limit(potential, P, 1, "-"), end),
            Claim(
                "the force is 0 at pi_ref: at u times the odds of pi_ref it is log u",
                force.subs(P, symbols.u * P0 / (1 - P0 + symbols.u * P0)),
                "==",
                log(symbols.u),
            ),
            Claim("and rises: the divergence grows beyond", force.diff(P), ">", S.Zero),
            Claim(
                "its derivative is the force",
                penalty.diff(P),
                "==",
                force,
            ),
            Claim(
                "the divergence at 1 is -log(pi_ref): short of it by terms that vanish with 1 - p",
                -log(P0) - penalty,
                "==",
                (1 - P) * log((1 - P0) / P0) - P * log(P) - (1 - P) * log(1 - P),
            ),
        ),
        domain=Domain.of(BETA, P0, P),
    )
