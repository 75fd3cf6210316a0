"""Direct KL, finite groups: folds begin at a cusp, from groups of four on."""

import mpmath as mp
from sympy import Function, Integer, S, Symbol, sqrt

from derivations.all_groups import drift as all_groups
from derivations.all_groups import preferences
from derivations.headline import DIRECT_KL, TWO, Headline, Numbers
from derivations.result import Result, compared, equation
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    DirectKL,
    Domain,
    stationarity_condition,
    symbols,
)
from grpo_symbolic.algebra import tidy
from grpo_symbolic.analysis.folds import Cusp, cusp
from grpo_symbolic.bernstein_mean import unfolded
from grpo_symbolic.domain import Range
from grpo_symbolic.equation.balance import Balance

BETA, P0, P = symbols.beta, symbols.pi_ref, symbols.pi
#: p = (1 + y)/2
Y = Symbol("y", positive=True)
CLOSED = (4, 5)
TABLE = (4, 5, 6, 8, 16, 32, 64)
LOWER = Domain.of(Range(P, S.Zero, S.Half, upper_closed=True))
UPPER = Domain.of((P, S.Half, S.One))
UNIT = Domain.of((Y, S.Zero, S.One))
DIGITS = 12


def curve(size: int) -> Balance:
    return Balance(stationarity_condition(GRPO(size, DirectKL()), BinaryQuestion()))


def critical_weight(size: int):
    """psi(p) = p(1-p) D_G'(p): the weight of the fold at p."""
    found = curve(size)
    return tidy(unfolded(found.drift.expression).diff(P) / found.force.expression.diff(P), UPPER)


def cusp_of(size: int) -> Cusp:
    found = cusp(curve(size), digits=DIGITS + 8)
    assert found is not None
    return found


def scaling() -> tuple[mp.mpf, mp.mpf]:
    """z and c with 1 - p = z/G and beta = c sqrt(G) at the cusp, to leading order in large groups.

    There the number of wrong answers in a group is a Poisson variable J of mean z, the standard
    deviation sqrt(J/G), so that D_G = sqrt(G) E sqrt(J)/z and psi = -sqrt(G) z (E sqrt(J)/z)'.
    """

    def rate(z: mp.mpf) -> mp.mpf:
        probability, total = mp.exp(-z), mp.mpf(0)
        for count in range(1, 80):
            probability *= z / count
            total += mp.sqrt(count) * probability
        return total / z

    with mp.workdps(40):
        place = mp.findroot(lambda z: mp.diff(lambda y: y * mp.diff(rate, y), z), mp.mpf("2.5"))
        return place, -place * mp.diff(rate, place)


def row(size: int) -> str:
    found = cusp_of(size)
    values = (found.beta, found.policy, found.reference)
    return " & ".join(f"${text}$" for text in (str(size), *map(_tex, values)))


def _tex(value: mp.mpf) -> str:
    text = mp.nstr(value, DIGITS)
    return text if "e" not in text else text.replace("e-", r"\cdot10^{-") + "}"


def general() -> tuple[Claim, ...]:
    """What holds for every drift: D and the force as unknown functions."""
    drift, force = Function("D")(P), Function("f")(P)
    values = {
        name: Symbol(name, real=True) for name in ("D", "D1", "D2", "f", "f1", "f2")
    }  # fmt: skip
    jet = {
        drift.diff(P, 2): values["D2"],
        force.diff(P, 2): values["f2"],
        drift.diff(P): values["D1"],
        force.diff(P): values["f1"],
        drift: values["D"],
        force: values["f"],
    }
    psi = drift.diff(P) / force.diff(P)

    def pointwise(expr):
        for old, new in jet.items():
            expr = expr.subs(old, new)
        return expr

    return (
        Claim(
            "F_p = f' (psi - beta)",
            pointwise((drift - BETA * force).diff(P)),
            "==",
            pointwise(force.diff(P) * (psi - BETA)),
            where_defined=True,
        ),
        Claim(
            "the derivative of f - D/psi is D psi'/psi^2",
            pointwise((force - drift / psi).diff(P)),
            "==",
            pointwise(drift * psi.diff(P) / psi**2),
            where_defined=True,
        ),
        Claim(
            "W' = (D psi/(f^2)) (f - D/psi) f'/D",
            pointwise((drift / force).diff(P)),
            "==",
            pointwise(psi * force.diff(P) * (force - drift / psi) / force**2),
            where_defined=True,
        ),
    )


def result() -> Result:
    claims = list(general())
    force = curve(4).force.expression
    claims += [
        Claim("the force rises", force.diff(P), ">", S.Zero),
        *compared("its slope", force.diff(P), 1 / (P * (1 - P))),
    ]
    for size in (2, 3):
        claims += compared(f"no folds: psi as derived, G = {size}", critical_weight(size), S.Zero)
        claims.append(
            Claim(f"no folds: the drift of all groups is sqrt(G-1), G = {size}", all_groups(size),
                  "==", sqrt(Integer(size - 1)))
        )  # fmt: skip
    expected = {4: (2 - sqrt(3)) / 6, 5: (sqrt(3) - sqrt(2)) / 3}
    formulas = []
    for size in CLOSED:
        psi, exact = critical_weight(size), cusp_of(size).exact
        assert exact is not None
        policy, beta = exact
        least = 2 * policy - 1  # y at the cusp
        first, second = preferences(size)
        formulas += [
            equation(Symbol(f"psi_{size}"), psi),
            equation(Symbol(f"beta_cusp_{size}"), beta),
        ]
        shifted = psi.subs(P, (1 + Y) / 2)
        claims += [
            *compared(f"cusp at p = (1 + 1/sqrt(3))/2, G = {size}", policy, (1 + 1 / sqrt(3)) / 2),
            *compared(f"beta of the cusp, G = {size}", beta, expected[size]),
            Claim(
                f"psi is p(1-p) times the slope of the drift of all groups, G = {size}",
                P * (1 - P) * (first - second).diff(P),
                "==",
                psi,
            ),
            Claim(f"psi is that there, G = {size}", psi.subs(P, policy), "==", beta),
            Claim(f"psi' = 0 there, G = {size}", psi.diff(P).subs(P, policy), "==", S.Zero),
            Claim(
                f"psi is nowhere larger on (1/2, 1): one double zero, G = {size}",
                beta - shifted,
                "==",
                beta * (Y - least) ** 2 * (Y + 2 * least) / (2 * least**3),
                UNIT,
            ),
            Claim(f"psi <= 0 up to p = 1/2, G = {size}", psi, "<=", S.Zero, LOWER),
            Claim(f"psi > 0 beyond, G = {size}", psi, ">", S.Zero, UPPER),
        ]
    place, growth = (mp.nstr(value, 6) for value in scaling())
    rows = r" \\ ".join(row(size) for size in TABLE)
    return Result(
        "Direct KL, finite groups: the cusp",
        "new",
        r"The cusps, to the digits shown: "
        r"\begin{center}\small\begin{tabular}{@{}rlll@{}}\toprule $G$ & $\beta_{\mathrm{cusp}}$ & "
        rf"$p$ & $p_0$ \\ \midrule {rows} \\ \bottomrule\end{{tabular}}\end{{center}} "
        rf"For large $G$ the cusp is at $1-p\sim {place}/G$, "
        rf"$\beta_{{\mathrm{{cusp}}}}\sim {growth}\sqrt G$ (a numeric value of a formal limit): "
        r"it leaves every bounded range, which is why large groups have folds at every $\beta$. "
        r"With $\psi(p)=p(1-p)D_G'(p)$,",
        intuition="In a finite group the drift is bounded, so that a fold must end. It ends in a "
        "cusp, where two folds meet.",
        argument=r"With $\ell=\operatorname{logit}p-\operatorname{logit}p_0$, $F=D_G-\beta\ell$ "
        r"and $\psi=D_G'/\ell'$, $F_p=\ell'(\psi-\beta)$, and a double solution at $p$ needs "
        r"$\beta=\psi(p)$ and $\ell=D_G/\psi$. For $G=2,3$, $\psi=0$: one solution always. For "
        r"$G=4,5$, $\psi$ is positive on $(1/2,1)$ only, vanishes at both ends and has one maximum "
        r"$\beta_{\mathrm{cusp}}$. "
        r"For $\beta\ge\beta_{\mathrm{cusp}}$ $F$ falls and there is one solution for every $p_0$. "
        r"For $\beta<\beta_{\mathrm{cusp}}$ the level $\beta$ is taken twice, and there are three "
        r"solutions for the $p_0$ between the two values of $\operatorname{logit}p-D_G/\psi$ at "
        r"these $p$, one outside. For the larger groups of the table, the single maximum is proved "
        r"by isolating the zeros of $\psi'$ in ball arithmetic. As $G$ grows, the number of wrong "
        r"answers in a group tends to a Poisson variable.",
        headlines=(
            Headline(
                "there is no fold, as the drift less the force falls",
                ("no folds: *, G = {G}", "the force rises"),
                groups=Numbers.of(2, 3),
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards", r"$\beta>0$, $0<p_0<1$"),
            ),
            Headline(
                r"there is one cusp, at $p=(1+1/\sqrt3)/2$: no folds for "
                r"$\beta\ge\beta_{\mathrm{cusp}}$, "
                "two below",
                (
                    "psi is that there, G = {G}",
                    "psi' = 0 there, G = {G}",
                    "psi is nowhere larger on *, G = {G}",
                    "psi <= 0 up to p = 1/2, G = {G}",
                    "psi > 0 beyond, G = {G}",
                    "the force rises",
                    "F_p = *",
                ),
                groups=Numbers.of(*CLOSED),
                answers=TWO,
                penalties=DIRECT_KL,
                hypotheses=("deterministic rewards", "$0<p_0<1$"),
            ),
        ),
        setting=r"a binary question with deterministic rewards, finite groups, direct KL",
        figure="cusps",
        formulas=tuple(formulas),
        claims=tuple(claims),
        domain=Domain.of(BETA, P0, P),
    )
