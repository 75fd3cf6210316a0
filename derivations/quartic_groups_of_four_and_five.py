"""Groups of four and five: a quartic, and its root in radicals."""

from sympy import Expr, Integer, Rational, S, Symbol, oo, sqrt

from derivations.bernstein_form import P0, P, bernstein, curve
from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationary_policy, symbols
from grpo_symbolic.policy.two_answers import StationaryPolicy

BETA = symbols.beta
HALF = Rational(1, 2)
#: D_G = A - B x in x = p(1 - p).
DRIFTS = {4: (sqrt(3), 2 * sqrt(3) - 3), 5: (Integer(2), 6 - 2 * sqrt(6))}


def stages(policy: StationaryPolicy) -> dict[str, Expr]:
    """The abbreviations by name."""
    return {s.name: value for s, value in policy.closed.abbreviations}


def coefficients(size: int, policy: StationaryPolicy) -> list[Claim]:
    """The quartic, compared with the drift A - B x."""
    a, b = DRIFTS[size]
    x, found = P * (1 - P), stages(policy)
    drift = policy.equation.rhs
    return [
        Claim(f"G = {size}: the drift side is A x - B x^2", drift, "==", a * x - b * x**2),
        Claim(f"G = {size}: it is h_G", drift, "==", bernstein(size, curve()).expand()),
        Claim(f"G = {size}: P = A/B - 1/2", found["P"], "==", a / b - HALF),
        Claim(f"G = {size}: Q = beta/B", found["Q"], "==", BETA / b),
        Claim(
            f"G = {size}: R = (beta (1/2 - p0) - A/4 + B/16)/B",
            found["R"],
            "==",
            (BETA * (HALF - P0) - a / 4 + b / 16) / b,
        ),
    ]


def at_the_threshold(size: int, policy: StationaryPolicy) -> list[Claim]:
    """p0 = 0 and beta = sqrt(G - 1): all four stages are exact, and p = 0."""
    values = {BETA: sqrt(Integer(size - 1)), P0: S.Zero}
    numbers: dict[Symbol, Expr] = {}
    for symbol, value in policy.closed.abbreviations[:5]:
        numbers[symbol] = value.subs(values).subs(numbers).expand()
    xi, eta = (numbers[s] for s, _ in policy.closed.abbreviations[3:5])
    p = next(e for s, e in numbers.items() if s.name == "P")
    return [
        Claim(
            f"G = {size}, p0 = 0, beta = sqrt(G-1): eta^2 + xi^3 is 0, the cubic has a double root",
            eta**2 + xi**3,
            "==",
            S.Zero,
        ),
        Claim(
            f"G = {size}: so y = 2 eta^(1/3) - 2 P/3 is 1", eta, "==", ((1 + 2 * p / 3) / 2) ** 3
        ),
        Claim(
            f"G = {size}: and p = 0, the radicand being 2 Q - 2 P - 1 with Q = beta/B = P + 1/2",
            sqrt(Integer(size - 1)) / DRIFTS[size][1],
            "==",
            p + HALF,
        ),
    ]


def controls(policy: StationaryPolicy) -> list[Claim]:
    """What fails for the other roots, and without the hypotheses."""
    place, depth = Symbol("s", positive=True), Symbol("N", real=True)
    big_p, q, r, y = (
        Symbol("P", positive=True),
        Symbol("Q", positive=True),
        Symbol("R", real=True),
        Symbol("y", positive=True),
    )
    found = stages(policy)
    minimum = {q: 4 * place**3 + 2 * big_p * place, r: 3 * place**4 + big_p * place**2 - depth}
    radicand = (found["eta"] ** 2 + found["xi"] ** 3).subs(minimum, simultaneous=True)
    instance = {BETA: S.One, P0: HALF}
    numbers: dict[Symbol, Expr] = {}
    for symbol, value in policy.closed.abbreviations:
        numbers[symbol] = value.subs(instance).xreplace(numbers)
    (root,) = (
        e for e in policy.closed.short.atoms(type(sqrt(y))) if e.exp == HALF and e.base.has(q)
    )
    smaller = policy.closed.short.subs(root, -root).xreplace(numbers)
    return [
        Claim(
            "control: eta^2 + xi^3 is positive for a quartic without a negative value",
            radicand,
            ">",
            S.Zero,
            Domain.of(place, big_p, (depth, -oo, S.Zero)),
            expected="REFUTED",
        ),
        Claim(
            "control: the second quadratic has real roots too",
            -2 * q / sqrt(y) - 2 * big_p - y,
            ">=",
            S.Zero,
            expected="REFUTED",
        ),
        Claim(
            "control: the smaller real root is a probability, G = 4, beta = 1, p0 = 1/2",
            smaller,
            ">",
            S.Zero,
            expected="REFUTED",
        ),
    ]


def result() -> Result:
    four, five = (stationary_policy(GRPO(size), BinaryQuestion()) for size in (4, 5))
    claims = [*coefficients(4, four), *coefficients(5, five), *five.claims]
    claims += [*at_the_threshold(4, four), *at_the_threshold(5, five), *controls(four)]
    return Result(
        "Groups of four and five: a quartic, solved in radicals",
        "new",
        r"With $x=p(1-p)$ the drift is $A-Bx$: $D_4=\sqrt3-(2\sqrt3-3)x$ and "
        r"$D_5=2-(6-2\sqrt6)x$, and $t=p-\frac12$ is a root of $t^4+Pt^2+Qt+R$. For $G=4$,",
        intuition="From four on, mixed groups differ in how mixed they are, and the drift is a "
        "parabola in $p(1-p)$. The equation becomes a quartic, which radicals still "
        "solve.",
        lines_checked_as="group_size=4",
        argument=r"The coefficients are $P=A/B-\frac12$, $Q=\beta/B$, "
        r"$R=(\beta(\frac12-p_0)-\frac A4+\frac B{16})/B$. As $P>0$ the quartic is "
        "convex; it is negative at $p_0$ and positive at $1$: two roots are real, and "
        "the larger one is the only stationary policy. Write $-N$ for the value at the "
        "minimum $t=-s$ ($s>0$ as $Q>0$; it exists, for $4s^3+2Ps=Q$ grows from $0$ to "
        r"$\infty$): $N>0$, and in $s$, $N$ and $P$ both $\eta$ and $\eta^2+\xi^3$ are "
        "positive. So the resolvent $y^3+2Py^2+(P^2-4R)y-Q^2$ has one real root for all "
        r"$\beta>0$, $0<p_0<1$, and one real cube root gives it.",
        headlines=(
            Headline(
                "the stationary policy is the larger of the two real roots of a quartic, in "
                "radicals",
                (
                    "G = {G}: P = A/B - 1/2",
                    "G = {G}: Q = beta/B",
                    "P is positive",
                    "Q is positive",
                    "the second quadratic has no real root",
                    "where the quartic takes a negative value, eta is positive",
                    "and so is eta^2 + xi^3*",
                ),
                groups=Numbers.of(4, 5),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA),
                hypotheses=("deterministic rewards", r"$0<\pi_{\mathrm{ref}}(a)<1$"),
                uses=("uniqueness_every_group",),
            ),
        ),
        setting=r"a binary question with deterministic rewards, groups of four and five, the "
        r"published penalty",
        formulas=(
            equation(P, four.closed.short),
            *(equation(s, value) for s, value in four.closed.abbreviations),
        ),
        claims=tuple(claims),
        derivation=four.derivation,
        domain=four.parameters,
    )
