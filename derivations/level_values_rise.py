"""A reward's expected advantage rises with it, and stays below the root of G - 1."""

from sympy import Expr, Integer, Rational, S, Symbol, diff, expand, sqrt

from derivations.headline import EVERY_SIZE, Headline
from derivations.lemmas import IDENTITY_IN_SYMBOLS
from derivations.result import Result, equation, telling
from derivations.second_route.groups import stabilised, standard_units
from grpo_symbolic import Claim, Domain, symbols
from grpo_symbolic.domain import Range

G = Symbol("G", integer=True, positive=True)
X = Symbol("x", real=True)  # the own reward less the mean of the others
V = Symbol("v", positive=True)  # the variance of the others
SIZES = (3,)
DOMAIN = Domain((Range(G, S.One, S.Infinity), *Domain.of(X, V).ranges))


def moments() -> tuple[Expr, Expr]:
    """Deviation and variance of a group from its moments: own reward x, the others' mean 0."""
    others = G - 1
    mean = X / G
    second = (others * V + X**2) / G
    return (X - mean).factor(), (second - mean**2).expand().factor()


def advantage() -> Expr:
    """(x - mean)/std, with the factors that G alone decides taken out of the root."""
    deviation, variance = moments()
    inside = (variance * G**2 / (G - 1)).expand().factor()
    return (deviation * G / (G - 1)).factor() * sqrt(G - 1) / sqrt(inside.expand())


def written_out(size: int) -> list[Claim]:
    """The form against the definition, in groups of a few rewards in symbols."""
    rewards = [Symbol(f"r_{i}", real=True) for i in range(1, size + 1)]
    own, *others = rewards
    mean = sum(others, S.Zero) / (size - 1)
    spread = sum(((r - mean) ** 2 for r in others), S.Zero) / (size - 1)
    deviation = own - sum(rewards, S.Zero) / size
    group = sum(rewards, S.Zero) / size
    variance = sum(((r - group) ** 2 for r in rewards), S.Zero) / size
    formal_deviation, formal_variance = (
        part.subs({X: own - mean, V: spread, G: Integer(size)}) for part in moments()
    )
    claims = [
        Claim(f"G = {size}: the deviation from moments", formal_deviation, "==", deviation),
        Claim(f"G = {size}: the variance from moments", formal_variance, "==", variance),
    ]
    at = dict(zip(rewards, (Integer(5), *map(Integer, range(size - 1))), strict=True))
    numbers = [r.subs(at) for r in rewards]
    point = {X: (own - mean).subs(at), V: spread.subs(at), G: Integer(size)}
    claims.append(
        Claim(f"G = {size}: the advantage at numbers, by its definition",
              advantage().subs(point), "==", standard_units(numbers)[0])
    )  # fmt: skip
    small = Rational(1, 100)
    shifted = (moments()[0] / (sqrt(moments()[1]) + small)).subs(point)
    claims.append(
        Claim(f"G = {size}: with a constant in the scale, by its definition", shifted, "==",
              stabilised(0, small)(numbers)[0])
    )  # fmt: skip
    return claims


def result() -> Result:
    found = advantage()
    slope = diff(found, X)
    square = expand(found**2)
    shift = Symbol("varepsilon", positive=True)
    _, variance = moments()
    # d(x/(s + e)) in x, times (s + e)² s: s² + e s - x v'/2.
    numerator = (variance - X * diff(variance, X) / 2).expand() + shift * sqrt(variance)
    return Result(
        "The value of a reward rises with the reward",
        "new",
        "Here $x$ is the own reward less the mean of the others, and $v$ the others' variance. "
        r"Two levels reach the bound, and a constant $\varepsilon$ in the scale changes neither "
        "statement.",
        intuition=r"A better reward is better in every group that it can be drawn with. How much "
        r"better is bounded, because in a group of $G$ nothing lies further than "
        r"$\sqrt{G-1}$ deviations from the mean.",
        argument="For given others the advantage rises with the own reward, strictly unless the "
        "others are all alike. Averaged over the others, $V_G(r)$ rises with $r$ for "
        "every policy and every set of levels.",
        headlines=(
            Headline(
                r"$A=\sqrt{G-1}\,x/\sqrt{Gv+x^2}$ has a positive slope in the own reward and "
                r"$A^2\le G-1$, so $V_G(r)$ rises with $r$ and $|V_G|\le\sqrt{G-1}$",
                ("every G: *",),
                groups=EVERY_SIZE,
                parameters=Domain.of(V, X),
                by=(IDENTITY_IN_SYMBOLS(statement="every G: *"),),
            ),
        ),
        setting=r"any rewards, any policy, every $G\ge2$, the population standard deviation",
        formulas=(equation(Symbol("A", real=True), found), equation(Symbol("A_slope"), slope)),
        claims=tuple(
            telling(
                (
                    Claim(
                        "every G: the slope in the own reward is positive",
                        slope,
                        ">",
                        S.Zero,
                        DOMAIN,
                    ),
                    Claim("every G: the square is below G - 1", square, "<", G - 1, DOMAIN),
                    Claim(
                        "every G: with a constant in the scale the slope is positive as well",
                        numerator,
                        ">",
                        S.Zero,
                        Domain((*DOMAIN.ranges, *Domain.of(shift).ranges)),
                    ),
                    *(claim for size in SIZES for claim in written_out(size)),
                )
            )
        ),
        domain=Domain.of(symbols.G),
    )
