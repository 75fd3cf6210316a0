"""Three reward levels or more: the map from policies to references is one-to-one."""

from collections import Counter, defaultdict
from functools import lru_cache
from itertools import product
from math import prod

from sympy import ZZ, Expr, Integer, Mul, S, Symbol, sqrt
from sympy.polys.rings import PolyElement, ring

from derivations.headline import REVERSE_KL, Headline, Numbers
from derivations.lemmas import DEGREE
from derivations.result import Result, equation, telling
from derivations.second_route.groups import standard_units
from grpo_symbolic import Claim, Domain, symbols
from grpo_symbolic.domain import Range

GAP = Symbol("t", positive=True)  # the middle level; the others are 0 and 1
BETWEEN = Domain((Range(GAP, S.Zero, S.One),))
ABOVE = Symbol("z", positive=True)  # beta - V(best)
VALUE = Symbol("V_G", real=True)
#: Levels from the best one down, with what they are called, and the sizes of groups.
CASES: tuple[tuple[str, tuple[Expr, ...], tuple[int, ...]], ...] = (
    ("any three levels", (S.One, GAP, S.Zero), (3,)),
    ("three levels at equal distances", tuple(map(Integer, (2, 1, 0))), (4, 5, 6)),
    ("four levels at equal distances", tuple(map(Integer, (3, 2, 1, 0))), (3,)),
)


@lru_cache(maxsize=8)
def coefficients(levels: int, size: int) -> dict[tuple[int, ...], Expr]:
    """Of the determinant of T' along the simplex, in the advantages as symbols.

    Of the monomials in which all levels occur: those of a face belong to fewer levels.
    """
    drawn = Counter(tuple(sorted(d)) for d in product(range(levels), repeat=size - 1))
    known = [advantage(own, others) for own in range(levels) for others in drawn]
    names = [*(Symbol(f"m_{k}") for k in range(levels)), ABOVE, *known]
    whole, *generators = ring(names, ZZ)
    symbol = dict(zip(names, generators, strict=True))
    masses, above = generators[:levels], generators[levels]
    values = [
        sum(
            (
                ways * symbol[advantage(own, others)] * prod(masses[k] for k in others)
                for others, ways in drawn.items()
            ),
            whole.zero,
        )
        for own in range(levels)
    ]
    beta, worst = values[0] + above, masses[-1]
    along = [
        [
            (beta - values[o] if o == j else whole.zero)
            - masses[o] * (values[o].diff(masses[j]) - values[o].diff(worst))
            for j in range(levels - 1)
        ]
        for o in range(levels - 1)
    ]
    found: dict[tuple[int, ...], Expr] = defaultdict(lambda: S.Zero)
    for powers, number in determinant(along, whole.one).terms():
        monomial, rest = powers[: levels + 1], powers[levels + 1 :]
        if all(monomial[:levels]):
            used = (a**e for a, e in zip(known, rest, strict=True) if e)
            found[monomial] += Mul(Integer(number), *used)
    return dict(found)


def determinant(rows: list[list[PolyElement]], one: PolyElement) -> PolyElement:
    """Along the first row."""
    if not rows:
        return one
    minors = (
        determinant([row[:j] + row[j + 1 :] for row in rows[1:]], one) for j in range(len(rows))
    )
    total = one - one
    for j, (entry, minor) in enumerate(zip(rows[0], minors, strict=True)):
        total += (-1) ** j * entry * minor
    return total


def advantage(own: int, others: tuple[int, ...]) -> Symbol:
    """A of a level in a group, as a symbol."""
    return Symbol("A_" + "".join(map(str, (own, *others))), real=True)


def positive(name: str, levels: tuple[Expr, ...], size: int) -> list[Claim]:
    """That every coefficient is positive, with the advantages by their definition."""
    found = []
    for powers, coefficient in coefficients(len(levels), size).items():
        measured = {
            s: neat(standard_units([levels[int(k)] for k in s.name[2:]])[0])
            for s in coefficient.free_symbols
        }
        value = coefficient.xreplace(measured)
        label = ", ".join(map(str, powers))
        found.append(
            Claim(f"{name}, G = {size}: the coefficient of ({label}) is positive", value, ">",
                  S.Zero, BETWEEN if value.has(GAP) else Domain())
        )  # fmt: skip
    return found


def neat(value: Expr) -> Expr:
    """Deviation over the root of a variance, with the variance expanded."""
    numerator, denominator = value.as_numer_denom()
    square = (denominator**2).expand()
    return numerator / sqrt(square.factor()) if square.has(GAP) else value


def said(name: str, levels: tuple[Expr, ...], sizes: tuple[int, ...]) -> Headline:
    """What is shown of one case."""
    return Headline(
        f"{name}: there is exactly one stationary policy for every reference and every weight",
        (f"{name}, G = {{G}}: *",),
        groups=Numbers.of(*sizes),
        penalties=REVERSE_KL,
        parameters=BETWEEN if levels[1] == GAP else Domain(),
        by=(DEGREE(coefficients=f"{name}, G = {{G}}: *"),),
    )


def result() -> Result:
    claims = [
        claim for name, levels, sizes in CASES for size in sizes
        for claim in positive(name, levels, size)
    ]  # fmt: skip
    for size in sorted({size for _, _, sizes in CASES for size in sizes}):
        claims += positive("two levels", (S.One, S.Zero), size)
    return Result(
        "Many levels: one stationary policy",
        "new",
        r"For other levels and sizes the library decides up to a size; that it holds for all of "
        r"them is open. A policy is stationary for one reference, $T(\pi)$, of which the answer "
        r"$o$ has",
        intuition="Ask which reference a policy would be stationary for: there is a formula, and "
        "it never folds over, because the determinant of its slopes is a sum of "
        "positive terms. A map that does not fold takes every value once, so every "
        "reference has one policy.",
        argument=r"With $\beta=V_G(\mathrm{best})+z$ the determinant of $T'$ along the simplex is, "
        r"up to a power of $\beta$, a polynomial in the masses of levels and in $z$; its "
        r"coefficients are positive on every face. So $T$ keeps orientation wherever all "
        r"$V_G<\beta$; its degree is that of the identity, to which it tends as $\beta\to\infty$: "
        r"every reference has exactly one stationary policy at every weight.",
        headlines=(said(*CASES[0]), said(*CASES[1]), said(*CASES[2])),
        setting=r"deterministic rewards, the population standard deviation and reverse KL",
        formulas=(
            equation(Symbol("T_o"), Symbol("pi_o", positive=True) * (1 - VALUE / symbols.beta)),
        ),
        domain=Domain((*Domain.of(VALUE, symbols.pi, symbols.beta).ranges, *BETWEEN.ranges)),
        claims=tuple(telling(claims)),
    )
