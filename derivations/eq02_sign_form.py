"""In a group of two the advantage is the sign of the reward difference."""

from sympy import Rational, S, Symbol, sign

from derivations.headline import TWO, Headline
from derivations.result import VY, Result, equation
from grpo_symbolic import Claim, Domain, ShiftAndScale, symbols

SIZE = S(2)
REWARDS = (Symbol("r_1", real=True), Symbol("r_2", real=True))


def advantage_of(reward, other):
    """A_1 of ``reward`` in the group (reward, other), from the definition."""
    half = Rational(1, 2)
    return ShiftAndScale()(reward, ((reward, half), (other, half)), SIZE)


def result() -> Result:
    other, gap = symbols.base_reward, symbols.gap
    claims = (
        Claim("the better of two has advantage 1", advantage_of(other + gap, other), "==", S.One),
        Claim("the worse has advantage -1", advantage_of(other - gap, other), "==", -S.One),
        Claim("in a tie the advantage is 0", advantage_of(other, other), "==", S.Zero),
        Claim("sign(r1 - r2) for r1 > r2", advantage_of(other + gap, other), "==", sign(gap)),
        Claim("sign(r1 - r2) for r1 < r2", advantage_of(other - gap, other), "==", sign(-gap)),
    )
    return Result(
        "The advantage in a group of two",
        f"{VY}, (2) at G = 2",
        "For $G=2$ the advantage is the sign of the reward difference, "
        r"$A_1=\operatorname{sign}(r_1-r_2)$, and $0$ in a tie.",
        headlines=(
            Headline(
                r"the advantage is the sign of the reward difference, and $0$ in a tie",
                ("*better of two*", "*worse*", "*tie*"),
                groups=TWO,
            ),
        ),
        setting=r"a group of two with rewards $r_1$ and $r_2$, in standard units",
        kind="Proposition",
        formulas=(equation(Symbol("A_1"), advantage_of(*REWARDS)),),
        claims=claims,
        domain=Domain.around(other, gap),
    )
