"""How far the last iterates of sampled training spread around the stationary policy."""

from sympy import Add, Expr, Rational, S, Symbol, binomial, diff, sqrt

from derivations.bernstein_form import P0, P, advantages
from derivations.headline import REVERSE_KL, TWO, Headline, Numbers
from derivations.result import Result, equation
from derivations.second_route.groups import certain, groups, standard_units
from derivations.second_route.objectives import ESTIMATORS
from grpo_symbolic import GRPO, BinaryQuestion, Claim, Domain, stationarity_condition, symbols

BETA, U = symbols.beta, symbols.u
RATE, COUNT = Symbol("eta", positive=True), Symbol("N", positive=True)
KAPPA, NOISE = Symbol("kappa", positive=True), Symbol("v", positive=True)
SIZES = (2, 3, 4)
SHARED = P * (1 - P)


def hill(size: int) -> Expr:
    """p(1 - p) D_G(p), from the condition."""
    found = stationarity_condition(GRPO(size), BinaryQuestion()).contrast()
    return (found.rhs * SHARED).expand()


def drawn_gradient(size: int) -> list[tuple[Expr, Expr]]:
    """Every group: its gradient in the log-odds, and its probability."""
    k3 = ESTIMATORS["k3"]
    pull = (-U * diff(k3(U), U)).expand()
    pulls = [pull.subs(U, u) for u in (P0 / P, (1 - P0) / (1 - P))]
    scores = (1 - P, -P)
    found = []
    for answers, rewards, chance in groups(certain(S.One, S.Zero), (P, 1 - P), size):
        terms = zip(answers, standard_units(rewards), strict=True)
        value = Add(*(scores[o] * (a - BETA * pulls[o]) for o, a in terms)) / size
        found.append((value, chance))
    return found


def mean(size: int) -> Expr:
    return Add(*(w * x for x, w in drawn_gradient(size)))


def at_rest(size: int) -> Expr:
    """pi_ref(a) at which p is stationary."""
    return P - hill(size) / BETA


def noise(size: int) -> Expr:
    """The variance of one group's gradient at rest, where its mean is 0."""
    square = Add(*(w * x**2 for x, w in drawn_gradient(size)))
    return square.subs(P0, at_rest(size))


def by_counts(size: int) -> Expr:
    """The same by the number K of better answers: f(K/G) less what the penalty takes off."""
    high = advantages()[0]
    tau = next(iter(high.free_symbols))
    level = -BETA * (P - at_rest(size)) * P / (1 - P)  # of a group without better answers
    terms = []
    for k in range(size + 1):
        share = Rational(k, size)
        # A group of one kind has no advantages.
        own = S.Zero if k in (0, size) else share * high.subs(tau, share)
        value = own - hill(size) / SHARED * (1 - 2 * P) * share + level
        terms.append(binomial(size, k) * P**k * (1 - P) ** (size - k) * value**2)
    return Add(*terms)


def result() -> Result:
    claims = []
    for size in SIZES:
        claims += [
            Claim(f"the mean is the drift less the penalty, G = {size}", mean(size), "==",
                  hill(size) - BETA * (P - P0)),
            Claim(f"the restoring rate is p(1-p) (beta - h'), G = {size}",
                  -SHARED * diff(mean(size), P), "==", SHARED * (BETA - diff(hill(size), P))),
            Claim(f"the noise by the number of better answers, G = {size}", noise(size), "==",
                  by_counts(size)),
        ]  # fmt: skip
    stationary = RATE**2 * NOISE / COUNT / (1 - (1 - RATE * KAPPA) ** 2)
    leading = RATE * NOISE / (2 * COUNT * KAPPA)
    root = (1 - BETA) ** 2 + 4 * BETA * P0
    claims += [
        Claim("the variance that a step reproduces", stationary, "==",
              (1 - RATE * KAPPA) ** 2 * stationary + RATE**2 * NOISE / COUNT, where_defined=True),
        Claim("to leading order in the rate", stationary * (1 - RATE * KAPPA / 2), "==", leading,
              where_defined=True),
        Claim("G = 2: the noise is p^2 (1-p)^2", noise(2), "==", SHARED**2),
        Claim("G = 2: (beta - h')^2 at rest", (BETA - diff(hill(2), P)) ** 2, "==",
              root.subs(P0, at_rest(2))),
        Claim("control: the noise of groups of three is that of two", noise(3), "==", SHARED**2,
              expected="REFUTED"),
    ]  # fmt: skip
    spread = Symbol("Var_z", positive=True)
    pairs = leading.subs({NOISE: SHARED**2, KAPPA: SHARED * sqrt(root)})
    return Result(
        "The spread of the last iterates",
        "new",
        r"A step of rate $\eta$ moves the log-odds by $\eta$ times the mean of $N$ group "
        r"gradients. One group's gradient has the mean $h_G(p)-\beta(p-p_0)$ and at rest the "
        r"variance $v$; with $\kappa=p(1-p)(\beta-h_G'(p))$ the linearised recursion "
        r"$z\mapsto(1-\eta\kappa)z+\eta\xi$, $\mathrm{Var}\,\xi=v/N$, reproduces the variance "
        r"$\eta v/(N\kappa(2-\eta\kappa))$: to leading order $\eta v/(2N\kappa)$. For groups of "
        r"two $v=p^2(1-p)^2$ and $(\beta-h_2')^2=(1-\beta)^2+4\beta p_0$ at rest.",
        intuition="A step is a pull back to rest and a throw of the dice. The spread is where "
        "what a step takes off the variance is what the dice add to it.",
        headlines=(
            Headline(
                r"one group's gradient has the mean $h_G-\beta(p-p_0)$, the slope $-\kappa$ and "
                r"the variance $v$",
                (
                    "the mean is the drift less the penalty, G = {G}",
                    "the restoring rate is p(1-p) (beta - h'), G = {G}",
                    "the noise by the number of better answers, G = {G}",
                ),
                groups=Numbers.of(*SIZES),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA, P),
            ),
            Headline(
                r"the variance of the log-odds is "
                r"$\eta p(1-p)/(2N\sqrt{(1-\beta)^2+4\beta p_0})$ to leading order",
                (
                    "the variance that a step reproduces",
                    "to leading order in the rate",
                    "G = 2: *",
                ),
                groups=Numbers.of(2),
                answers=TWO,
                penalties=REVERSE_KL,
                parameters=Domain.of(BETA, P),
                hypotheses=("the recursion linearised at rest", r"one learned log-odds"),
            ),
        ),
        setting=r"a binary question with deterministic rewards, the published penalty, plain "
        r"gradient ascent with a small rate $\eta$ on batches of $N$ groups",
        formulas=(equation(spread, pairs),),
        claims=tuple(claims),
        domain=Domain.of(BETA, RATE, COUNT, P0),
    )
