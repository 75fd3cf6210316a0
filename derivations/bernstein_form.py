"""Every group size: the drift is a Bernstein polynomial."""

from sympy import (
    Add,
    Expr,
    Function,
    Integer,
    Mul,
    Rational,
    S,
    Sum,
    Symbol,
    binomial,
    combsimp,
    oo,
    sqrt,
)

from derivations.headline import EVERY_SIZE, Numbers, binary_headline
from derivations.result import VY, Result, compared, equation
from derivations.second_route.groups import certain, group_preferences
from derivations.second_route.policies import first_share, logit_weights, normalised
from grpo_symbolic import (
    GRPO,
    BinaryQuestion,
    Claim,
    Domain,
    ReverseKL,
    ShiftAndScale,
    symbols,
)
from grpo_symbolic.algebra import tidy
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Range

G, P, P0 = symbols.G, symbols.pi, symbols.pi_ref
#: The share k/G of answers a in a group, and their number k.
SHARE = Symbol("tau", positive=True)
K = Symbol("k", integer=True, nonnegative=True)
UNIT = Domain.of((SHARE, S.Zero, S.One))
COUNTS = Domain.of(G, Range(K, S.Zero, G, True, True), P)
#: k and m count from 0 on: with G = k + m + const every k of every G is reached.
M = Symbol("m", integer=True, nonnegative=True)
PAIRS = Domain.of(Range(K, S.Zero, oo, True), Range(M, S.Zero, oo, True))
SIZES = (2, 3, 4, 5)


def advantages(rule=None) -> tuple[Expr, Expr]:
    """The advantages of a and of b in a group with the share tau of answers a."""
    rule = ShiftAndScale() if rule is None else rule
    question = BinaryQuestion()
    law = question.population((SHARE, 1 - SHARE))
    high, low = (tidy(rule(reward, law, G), UNIT) for reward in question.rewards)
    return high, low


def curve(rule=None) -> Expr:
    """f(tau) = tau A_a(tau): the function whose Bernstein polynomial is h_G."""
    return tidy(SHARE * advantages(rule)[0], UNIT)


def weight(n, j) -> Expr:
    """The probability of j answers a among n."""
    return binomial(n, j) * P**j * (1 - P) ** (n - j)


def relative(expr: Expr, unit: Expr | None = None) -> Expr:
    """``expr / unit`` term by term, with the binomial coefficients reduced to rational functions.

    The unit is the weight of k among G where none is given.
    """
    unit = weight(G, K) if unit is None else unit
    terms = Add.make_args(expr.expand(power_base=False, power_exp=False))
    return Add(*(combsimp(term / unit) for term in terms))


def bernstein(size: int, function: Expr) -> Expr:
    """The Bernstein polynomial, for a function of tau that vanishes at both ends."""
    return Add(*(weight(size, k) * function.subs(SHARE, Rational(k, size)) for k in range(1, size)))


def rewarded(name: str, expected: Expr) -> Claim:
    """f(k/G) from the mean and the variance of a group with k rewards 1 and G - k rewards 0."""
    mean = K / G
    variance = (K * (1 - mean) ** 2 + (G - K) * (0 - mean) ** 2) / G
    return Claim(
        name,
        mean * (1 - mean) / sqrt(variance),
        "==",
        expected.subs(SHARE, mean),
        Domain.of(G, (K, S.Zero, G)),
    )


def enumerated(size: int, function: Expr, published: Expr) -> list[Claim]:
    """All groups of this size, for weights of the answers in place of probabilities."""
    weights, low = logit_weights(2), symbols.base_reward
    policy, known = normalised(weights), {P: first_share(weights)}
    first, second = group_preferences(certain(low + symbols.gap, low), policy, size)
    derived = [v.xreplace(known) for v in GRPO(size).preference(BinaryQuestion())]
    mean = policy[0] * derived[0] + policy[1] * second
    total, drift = bernstein(size, function).xreplace(known), published.xreplace(known)
    return [
        Claim(f"all groups, G = {size}: P(a)", first, "==", derived[0]),
        Claim(f"p P(a) is the Bernstein polynomial, G = {size}", policy[0] * first, "==", total),
        Claim(f"mean zero, G = {size}", mean, "==", S.Zero),
        Claim(f"drift P(a) - P(b), G = {size}", first - second, "==", drift),
        Claim(f"it is h/(p(1-p)), G = {size}", (first - second) * Mul(*policy), "==", total),
    ]


def derivation() -> Derivation:
    """p P_G(a) from its definition to a Bernstein polynomial."""
    high, function = (Function(name)(K / G) for name in ("A_a", "f"))
    p_times = P * symbols.preferences[0]
    own = weight(G - 1, K - 1)
    drawn = Derivation("p P_G(a) as a Bernstein polynomial", COUNTS)
    drawn = drawn.then(
        equation(p_times, Sum(P * own * high, (K, 1, G))),
        "definition: $k-1$ of the other $G-1$ answers are a",
    )
    drawn = drawn.then(
        equation(p_times, Sum(weight(G, K) * (K / G) * high, (K, 1, G))),
        r"$G\binom{G-1}{k-1}=k\binom Gk$",
        Claim(
            "p times the weight of k-1 others, and 1-p times that of k others, are that of k",
            relative(P * own) + relative((1 - P) * weight(G - 1, K)),
            "==",
            S.One,
            COUNTS,
        ),
    )
    return drawn.then(
        equation(p_times, Sum(weight(G, K) * function, (K, 1, G))),
        r"$f(\tau)=\tau A_a(\tau)$",
        rewarded("k/G times (1 - mean)/deviation, k of G rewards 1, is f at k/G", curve()),
    )


def result() -> Result:
    low = advantages()[1]
    function, published_curve = curve(), sqrt(SHARE * (1 - SHARE))
    other = relative((1 - P) * weight(G - 1, K))
    marginal = ReverseKL().marginal
    claims = [
        rewarded("f = sqrt(tau(1-tau)): from k of G rewards 1", published_curve),
        *compared("f = sqrt(tau(1-tau))", function, sqrt(SHARE * (1 - SHARE)), domain=UNIT),
        Claim("zero sum: tau A_a + (1-tau) A_b = 0", function, "==", -(1 - SHARE) * low, UNIT),
        Claim("(1-p) times the weight of k others", other, "==", 1 - K / G, COUNTS),
        Claim(
            "the published penalty pulls with (p - p0)/(p(1-p))",
            (marginal(P0 / P) - marginal((1 - P0) / (1 - P))) * P * (1 - P),
            "==",
            P - P0,
        ),
    ]
    x = P * (1 - P)
    published = {
        2: Integer(1),
        3: sqrt(2),
        4: sqrt(3) - (2 * sqrt(3) - 3) * x,
        5: 2 - (6 - 2 * sqrt(6)) * x,
    }
    for size in SIZES:
        claims += enumerated(size, function, published[size])
    share = tidy(function.subs(SHARE, K / G), Domain.of(G, (K, S.Zero, G)))
    return Result(
        "Every group size: the drift is a Bernstein polynomial",
        f"new; {VY}, (6) and (11) at every group size",
        r"Here $f(t)=t\,A_a(t)$, $t=k/G$ the share of answers $a$ in the group: $h_G$ is the "
        "Bernstein polynomial of $f$ of degree $G$.",
        intuition="A group of $G$ sees the policy through a binomial count, so every mean over it "
        "is a Bernstein polynomial. What is known of the function under the mean "
        "carries over to all group sizes.",
        argument="Advantages sum to zero in every group, so $(1-p)P_G(b)=-h_G(p)$, hence "
        r"$\mathrm{E}_\pi P_G=0$ and $P_G(a)-P_G(b)=h_G(p)/(p(1-p))$.",
        headlines=(
            binary_headline(
                r"$p\,P_G(a)=-(1-p)P_G(b)=\mathrm{E}f(K/G)$, $K\sim\mathrm{Bin}(G,p)$, with "
                r"$f(\tau)="
                r"\sqrt{\tau(1-\tau)}$; $\pi$ is stationary if and only if $\beta(p-p_0)=h_G(p)$",
                (
                    "p times the weight of k-1 others*",
                    "(1-p) times the weight of k others*",
                    "f = sqrt(tau(1-tau))*",
                    "zero sum: *",
                    "the published penalty pulls with *",
                ),
                groups=EVERY_SIZE,
                parameters=Domain.of(P),
            ),
            binary_headline(
                "the drift is the listed polynomial",
                ("drift P(a) - P(b), G = {G}", "it is h/(p(1-p)), G = {G}"),
                groups=Numbers.of(*SIZES),
                penalties=(),
            ),
        ),
        setting=r"a binary question with deterministic rewards, any $G\ge2$, the published penalty",
        figure="drift",
        formulas=(
            equation(Symbol("f"), function),
            equation(Symbol("h_G"), Sum(weight(G, K) * share, (K, 1, G - 1))),
        ),
        claims=tuple(claims),
        derivation=derivation(),
        domain=Domain.of(G, P, P0),
    )
