"""Advantages do not change when all rewards are shifted or scaled."""

from sympy import Integer, Rational, Symbol, oo, sqrt

from derivations.eq02_pairwise_form import M1, M2, R, X, group_average
from derivations.headline import EVERY_SIZE, Headline, Numbers
from derivations.lemmas import GROUP_MOMENTS
from derivations.result import VY, Result, equation
from derivations.second_route.groups import centred, standard_units
from grpo_symbolic import Claim, Domain, ShiftAndScale, ShiftOnly

SIZES = (2, 3, 4)


def group(size: int, scale=1, shift=0) -> list:
    """Symbolic rewards, transformed."""
    return [scale * Symbol(f"r_{i}", real=True) + shift for i in range(1, size + 1)]


def first_advantage(rewards: list, advantage=None):
    """A_1 from the definition."""
    law = tuple((r, Rational(1, len(rewards))) for r in rewards)
    return (advantage or ShiftAndScale())(rewards[0], law, Integer(len(rewards)))


def in_moments(scale, shift) -> Claim:
    """The same for every size: the moments of c r + d from those of r."""
    moved = scale * X + shift
    mean, square = group_average(moved), group_average(moved**2)
    plain = (R - M1) / sqrt(M2 - M1**2)
    return Claim(
        "A(c r + d) = A(r), in the moments of the group",
        (scale * R + shift - mean) / sqrt(square - mean**2),
        "==",
        plain,
        Domain.of(M1, (M2, M1**2, oo), R),
    )


def result() -> Result:
    scale, shift = Symbol("c", positive=True), Symbol("d", real=True)
    claims = []
    for size in SIZES:
        plain, moved = standard_units(group(size)), standard_units(group(size, scale, shift))
        derived = first_advantage(group(size, scale, shift))
        # Rewards that are all equal have no standard deviation to divide by.
        name = f"A(c r + d) = A(r), G = {size}"
        claims += [
            Claim(name, moved[0], "==", plain[0], where_defined=True),
            Claim(f"{name}, as derived", derived, "==", moved[0], where_defined=True),
        ]
    unscaled = ShiftOnly()
    claims += [
        Claim(
            "shift only: A(c r + d) = c A(r), G = 3",
            first_advantage(group(3, scale, shift), unscaled),
            "==",
            scale * centred(group(3))[0],
        ),
        Claim(
            "shift only is scale invariant",
            first_advantage(group(3, scale), unscaled),
            "==",
            first_advantage(group(3), unscaled),
            expected="REFUTED",
        ),
    ]
    return Result(
        "Invariance of the advantage under shift and scale",
        f"{VY}, Section 2",
        "For two rewards,",
        intuition="A constant is taken away with the mean, and a factor is divided out with the "
        "standard deviation. Whatever is learned depends on the shape of the rewards in "
        "a group, not on their unit.",
        argument="For every size the identity is one between the moments of the group; for "
        "groups of two to four it is shown with the rewards as symbols, too.",
        headlines=(
            Headline(
                r"the advantages of $c\,r+d$ are those of $r$, $c>0$",
                ("A(c r + d) = A(r), in the moments of the group",),
                groups=EVERY_SIZE,
                parameters=Domain.of(scale, shift),
                hypotheses=("rewards that are not all equal",),
                by=(GROUP_MOMENTS(identity="A(c r + d) = A(r), in the moments of the group"),),
            ),
            Headline(
                "without the scale only the shift is immaterial",
                ("shift only: A(*) = *, G = {G}",),
                groups=Numbers.of(3),
            ),
        ),
        setting=r"a group with rewards $r$, in standard units or centred only",
        kind="Proposition",
        formulas=(equation(Symbol("A_1"), first_advantage(group(2))),),
        claims=(*claims, in_moments(scale, shift)),
        domain=Domain.around(scale, shift),
    )
