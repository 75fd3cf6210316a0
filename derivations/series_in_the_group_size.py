"""Every group size: the stationary policy as a series in one over the group size."""

from sympy import Expr, S, Symbol, oo, sqrt

from derivations.bernstein_form import P0, G, P
from derivations.headline import LARGE_GROUPS, binary_headline
from derivations.result import Result, compared, equation
from derivations.series_in_the_weight import curve
from grpo_symbolic import GRPO, Claim, DirectKL, Domain, ShiftAndScale, ShiftOnly, symbols
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.series import group_size_terms, series
from grpo_symbolic.domain import Range

BETA, GAP = symbols.beta, symbols.gap
ABOVE = Domain.of(P0, Range(P, P0, S.One))


def eliminated(term: Expr, drift: Expr) -> Expr:
    """A term of reverse KL with beta = p(1-p) D/(p-p0) inserted."""
    return tidy(term.subs(BETA, P * (1 - P) * drift / (P - P0)), ABOVE)


def result() -> Result:
    standard = curve(GRPO(oo))
    first, second = group_size_terms(standard, 2)
    sample = group_size_terms(curve(GRPO(oo, advantage=ShiftAndScale(ddof=1))), 1)[0]
    shift = group_size_terms(curve(GRPO(oo, advantage=ShiftOnly())), 1)[0]
    (direct,) = group_size_terms(curve(GRPO(oo, DirectKL())), 1)
    x = P * (1 - P)
    along = standard.drift.expression
    correction = -(1 / (8 * sqrt(x))) / (BETA - (1 - 2 * P) / (2 * sqrt(x)))
    reduced = eliminated(first, along)
    # Dr. GRPO's policy is that of the large group with (1 - 1/G) times the gap: exact in G.
    exact = series(curve(GRPO(oo, advantage=ShiftOnly())), "1/G", 0)
    moved = exact.diff(GAP) * -GAP
    point = {BETA: S(3) / 4, P0: S(1) / 3, GAP: S(2)}
    claims = (
        *compared(
            "first order, standard deviation",
            reduced,
            eliminated(correction, along),
            domain=ABOVE,
        ),
        Claim(
            "first order, beta eliminated",
            reduced,
            "==",
            -(P - P0) / (4 * (P + P0 - 2 * P * P0)),
            ABOVE,
        ),
        Claim("it lowers the policy", reduced, "<", S.Zero, ABOVE),
        Claim(
            "sample standard deviation: sqrt(1-1/G) adds -sqrt(x)/2 to -1/(8 sqrt(x))",
            eliminated(sample, along),
            "==",
            reduced * (1 + 4 * x),
            ABOVE,
        ),
        Claim(
            "shift only: the series is that of the exact policy, with the gap times 1 - 1/G",
            shift.subs(P, exact).subs(point),
            "==",
            moved.subs(point),
        ),
        Claim(
            "control: the second order is the square of the first",
            eliminated(second, along),
            "==",
            reduced**2,
            ABOVE,
            expected="REFUTED",
        ),
        Claim(
            "control: the sample standard deviation does not change the first order",
            eliminated(sample, along),
            "==",
            reduced,
            ABOVE,
            expected="REFUTED",
        ),
    )
    return Result(
        r"Every group size: the policy as a series in $1/G$",
        "new; moments of the binomial law",
        r"To second order, $p_G\simeq p_\infty+c_1/G+c_2/G^2$ with the $c_1$ above. With "
        r"$p=p_\infty$ in the formulas, the second order, and $c_1$ for the sample standard "
        "deviation and for direct KL, are",
        intuition="Every further moment of the binomial count adds a power of $1/G$. The series "
        "is asymptotic: groups of equal rewards add something smaller than any power.",
        argument=r"At a fixed $p\in(0,1)$, $h_G(p)=\mathrm E f(K/G)$ has the asymptotic expansion "
        r"$\sum_i\frac{f^{(i)}(p)}{i!}\mathrm E(K/G-p)^i$, whose moments are polynomials "
        r"in $1/G$, the moment of order $i$ starting with $G^{-\lceil i/2\rceil}$; where "
        "$f$ depends on $G$ (sample standard deviation) it is expanded too. Groups of "
        "equal rewards, where $f$ is not smooth, have a probability smaller than any "
        r"power of $1/G$. The condition is then solved power by power, and $\beta$ is "
        "eliminated.",
        headlines=(
            binary_headline(
                r"$p_G=p_\infty+c_1/G+O(G^{-2})$ with $c_1<0$; the sample standard deviation "
                r"adds a "
                r"term to $c_1$",
                ("first order, *", "it lowers the policy", "sample standard deviation: *"),
                groups=LARGE_GROUPS,
                parameters=Domain.of(P0),
                uses=("one_over_group_size",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, $G\to\infty$",
        formulas=(
            equation(Symbol("c_2"), eliminated(second, along)),
            equation(Symbol("c_1_sample"), eliminated(sample, along)),
            equation(Symbol("c_1_direct"), direct),
        ),
        claims=claims,
        domain=Domain.of(G, BETA, P0, P, GAP),
    )
