"""In a group of two the advantage is the sign of the reward difference."""

from sympy import Rational, S, Symbol, oo

from derivations.headline import TWO, Headline
from derivations.result import VY, Result, equation
from derivations.second_route.groups import centred, standard_units
from grpo_symbolic import Claim, Domain, ShiftAndScale

SIZE = S(2)
REWARDS = (Symbol("r_1", real=True), Symbol("r_2", real=True))


def advantage_of(reward, other):
    """A_1 of ``reward`` in the group (reward, other), from the definition."""
    half = Rational(1, 2)
    return ShiftAndScale()(reward, ((reward, half), (other, half)), SIZE)


#: The first reward is the larger one, and the smaller one.
ABOVE = Domain.of(REWARDS[1], (REWARDS[0], REWARDS[1], oo))
BELOW = Domain.of(REWARDS[0], (REWARDS[1], REWARDS[0], oo))


def result() -> Result:
    better, worse = standard_units(REWARDS)
    first, second = centred(REWARDS)
    found = advantage_of(*REWARDS)
    claims = (
        Claim("the better of two has advantage 1", better, "==", S.One, ABOVE),
        Claim("the worse has advantage -1", worse, "==", -S.One, ABOVE),
        Claim(
            "in a tie the advantage is 0: distance to the mean and deviation vanish together",
            first**2,
            "==",
            (first**2 + second**2) / 2,
        ),
        Claim("sign(r1 - r2) for r1 > r2", found, "==", better, ABOVE),
        Claim("sign(r1 - r2) for r1 < r2", found, "==", better, BELOW),
    )
    return Result(
        "The advantage in a group of two",
        f"{VY}, (2) at G = 2",
        "",
        intuition="In a group of two the mean lies halfway and the standard deviation is half of "
        "the distance, so only the order of the two rewards is left. The size of a "
        "difference is forgotten before it can teach anything.",
        argument="The mean of two rewards is $(r_1+r_2)/2$, and their standard deviation "
        "$|r_1-r_2|/2$.",
        headlines=(
            Headline(
                r"the advantage is the sign of the reward difference, and $0$ in a tie",
                ("*better of two*", "*worse*", "*tie*"),
                groups=TWO,
            ),
        ),
        setting=r"a group of two with rewards $r_1$ and $r_2$, in standard units",
        kind="Proposition",
        formulas=(equation(Symbol("A_1"), found),),
        claims=claims,
        domain=Domain.around(*REWARDS),
    )
