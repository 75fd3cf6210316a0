"""Partial credit never helps the best answer: many levels are bounded by two, cut by cut."""

from itertools import product

from sympy import Expr, Integer, Rational, S, Symbol, sqrt

from derivations.headline import EVERY_SIZE, Headline
from derivations.lemmas import GROUP_MOMENTS, IDENTITY_IN_SYMBOLS
from derivations.result import Result, equation, telling
from derivations.second_route.groups import certain, group_preferences, standard_units
from grpo_symbolic import Claim, Domain, Question, symbols
from grpo_symbolic.domain import Range

X = Symbol("x", positive=True)  # the share of a group above the cut
UPPER, LOWER = Symbol("a", real=True), Symbol("b", real=True)  # means of the two sides
SQUARE_UPPER, SQUARE_LOWER = Symbol("s", real=True), Symbol("q", real=True)
APART = Symbol("Delta", positive=True)  # a - b
WITHIN = Symbol("w", positive=True)  # what of the variance is inside the two sides
SHARE = Domain((Range(X, S.Zero, S.One), *Domain.of(APART, WITHIN).ranges))


def above(within: Expr) -> Expr:
    """The advantages above the cut, added up and divided by the size of the group."""
    return X * (1 - X) * APART / sqrt(within + X * (1 - X) * APART**2)


def moments() -> list[Claim]:
    """Mean and variance of a group from the means of its sides."""
    mean = X * UPPER + (1 - X) * LOWER
    square = X * SQUARE_UPPER + (1 - X) * SQUARE_LOWER
    inside = X * (SQUARE_UPPER - UPPER**2) + (1 - X) * (SQUARE_LOWER - LOWER**2)
    between = X * (1 - X) * (UPPER - LOWER) ** 2
    return [
        Claim("the cut: the variance is that inside the sides and that between them",
              square - mean**2, "==", inside + between),
        Claim("the cut: deviations above it add up to their share of what the sides are apart",
              X * (UPPER - mean), "==", X * (1 - X) * (UPPER - LOWER)),
    ]  # fmt: skip


def written_out(size: int) -> list[Claim]:
    """Three levels: the field above each cut, by all groups, against groups of two levels."""
    question = Question(rewards=(3, 1, 0))
    policy = question.policy
    values = group_preferences(certain(Integer(3), Integer(1), Integer(0)), policy, size)
    two = question.policy[0], question.policy[0] + question.policy[1]
    claims = []
    for cut, mass in enumerate(two, start=1):
        field = sum((policy[o] * values[o] for o in range(cut)), S.Zero)
        drift = sum(
            (
                probability(size, count, mass) * sqrt(share * (1 - share))
                for count in range(1, size)
                for share in (Rational(count, size),)
            ),
            S.Zero,
        )
        claims.append(
            Claim(f"G = {size}: above cut {cut} of three levels, by all groups",
                  field, "<=", drift, question.policy_domain)
        )  # fmt: skip
    return claims


def probability(size: int, count: int, mass: Expr) -> Expr:
    """How often so many of a group are above the cut: by all lists of sides."""
    found = S.Zero
    for sides in product((0, 1), repeat=size):
        if sum(sides) == count:
            found += mass**count * (1 - mass) ** (size - count)
    return found


def sampled(size: int) -> list[Claim]:
    """One group in numbers: advantages by their definition, above each cut."""
    rewards = [Integer(k * k) for k in range(size)][::-1]
    advantages = standard_units(rewards)
    return [
        Claim(f"G = {size}: a group of different rewards, above cut {cut}",
              sum(advantages[:cut], S.Zero) / size, "<",
              sqrt(Rational(cut, size) * (1 - Rational(cut, size))))
        for cut in range(1, size)
    ]  # fmt: skip


def result() -> Result:
    return Result(
        "Partial credit never helps the best answer",
        "new",
        r"Here the levels are cut in two, $F$ and $R$ are the masses above the cut under $\pi$ and "
        r"$\pi_{\mathrm{ref}}$, and $\varphi_G(R)$ is the stationary probability of two levels. So "
        r"the best answers are never more probable than they are where all others are worth the "
        r"same: rewards in between help the answers in between. "
        r"In groups of two $F=\varphi_2(R)$. In a "
        r"group with the share $x$ above the cut, with $\Delta$ what the means of the sides are "
        r"apart and $w$ the variance inside of them, the mean advantage above the cut, times its "
        r"share, is",
        intuition="A reward in between adds to the spread of the groups it is in, and what the "
        "best answers gain is measured in that spread. So partial credit is paid for by "
        "the answers at the top: with the same reference and weight they end up rarer "
        "than if every other answer were worth nothing.",
        argument=r"The advantages above the cut add up to "
        r"$G\,x(1-x)\Delta/\sqrt{w+x(1-x)\Delta^2}$: between 0 and $G\sqrt{x(1-x)}$, which two "
        r"levels reach. Averaged over groups, $0\le\sum_{o\text{ above}}\pi(o)P(o)\le h_G(F)$, "
        r"and the conditions $\pi(o)(1-P(o)/\beta)=\pi_{\mathrm{ref}}(o)$ add up to "
        r"$R\le F$, $F-h_G(F)/\beta\le R$. Since $F-h_G(F)/\beta-R$ changes its sign once, at "
        r"$\varphi_G(R)$, $R\le F\le\varphi_G(R)$ for every cut, whatever the levels.",
        headlines=(
            Headline(
                r"the advantages above a cut are between 0 and those of two levels, so that "
                r"$R\le F\le\varphi_G(R)$: more levels never raise the probability of the best "
                r"answer nor lower that of the worst",
                ("every G: *",),
                groups=EVERY_SIZE,
                parameters=Domain((Range(X, S.Zero, S.One), *Domain.of(APART, WITHIN).ranges)),
                by=(IDENTITY_IN_SYMBOLS(statement="every G: *"),),
            ),
            Headline(
                r"the variance of a group is that inside the sides of a cut and "
                r"$x(1-x)\Delta^2$ between them",
                ("the cut: *",),
                groups=EVERY_SIZE,
                by=(GROUP_MOMENTS(identity="the cut: *"),),
            ),
        ),
        setting=r"deterministic rewards on any levels, any $G\ge2$, the population standard "
        r"deviation, reverse KL",
        formulas=(equation(Symbol("A_above"), above(WITHIN)),),
        claims=tuple(
            telling(
                (
                    *moments(),
                    Claim(
                        "every G: not more than with two levels",
                        above(WITHIN),
                        "<",
                        sqrt(X * (1 - X)),
                        SHARE,
                    ),
                    Claim("every G: positive", above(WITHIN), ">", S.Zero, SHARE),
                    *sampled(4),
                    *written_out(3),
                )
            )
        ),
        domain=Domain.of(symbols.G),
    )
