r"""One stationary policy for every reference and every weight: a proof for one set of levels.

Under the reverse KL, with advantages of a group that add up to zero, a policy is stationary for the
reference

.. math:: T(\pi)(o) = \pi(o)\,\bigl(1 - V(r_o)/\beta\bigr)

and for no other one, and it has V < β everywhere. Solutions stay away from the faces of the simplex
as β rises to ∞, where T is the identity: the degree of T is one. So there is exactly one stationary
policy for every reference where the determinant of T′ along the simplex is positive on {V < β}.

With β = V(best) + z, z > 0, this determinant times a power of β is a polynomial in the masses of
levels and in z. This module shows that its coefficients are positive: of the monomials in which all
levels occur, for each set of two levels or more. On a face the determinant is that of the levels on
it, times β − V(o) = z + (V(best) − V(o)) for each of the others, whose coefficients are not
negative because an advantage does not fall with the own reward.

Advantages are rounded to whole multiples of 2^−bits, the polynomial of these is computed in whole
numbers, and a coefficient counts as positive where it is above what rounding can have moved it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb, gcd, isqrt, lcm, log2, prod

from flint import arb, ctx, fmpz_mpoly, fmpz_mpoly_ctx
from sympy import diff, multinomial_coefficients

from grpo_symbolic import symbols
from grpo_symbolic.enclosures.conversion import Undecided
from grpo_symbolic.levels.form import LevelForm
from grpo_symbolic.levels.mixture import Mixture

# Products of terms of one determinant, some twenty million a second.
_WORK = 36_000_000
_SPARE = 64


def one_for_every_reference(form: LevelForm) -> str | None:
    """What is proved of a question at numbers; None where nothing is, or it would take too long."""
    slope = -diff(form.force, symbols.u)
    if form.emission is not None or form.mixture is None or form.dropped:
        return None
    if not (slope.is_Rational and slope > 0):
        return None
    if form.force.subs(symbols.u, 1) != 0:
        return None
    return positive_determinant(form.levels, form.mixture)


def positive_determinant(levels: Sequence[Fraction], mixture: Mixture) -> str | None:
    """What is proved for levels in any order; None where it is too long or fails.

    Parameters
    ----------
    levels : sequence of Fraction
        Distinct, at least two.
    mixture : Mixture
        The rule; of one group only, since what other groups of a batch have is not its own.

    Examples
    --------
    >>> thirds = [Fraction(k, 3) for k in range(4)]
    >>> positive_determinant(thirds, Mixture(8, 8))[:61]
    'the determinant of the map from policies to their references '
    """
    if mixture.sample != mixture.group or work(len(levels), mixture.group) > _WORK:
        return None
    found, sets, ordered = 0, 0, sorted(levels)
    for count in range(2, len(ordered) + 1):
        for chosen in combinations(ordered, count):
            positive = _positive(*_in_whole_numbers(chosen, mixture))
            if positive is None:
                return None
            found, sets = found + positive, sets + 1
    return (
        "the determinant of the map from policies to their references has positive coefficients "
        f"({found:,} of them, in {sets} sets of levels), so that every reference has one "
        "stationary policy at every weight"
    )


def work(levels: int, size: int) -> int:
    """Products of terms that one determinant takes, about."""
    rows, each = levels - 1, comb(size + levels - 2, levels - 1)
    terms, total = 1, 0
    for k in range(1, rows + 1):
        total += comb(rows, k) * k * terms * each
        terms += comb(k * (size - 1) + levels - 1, levels - 1)
    return total


def _in_whole_numbers(
    levels: Sequence[Fraction], mixture: Mixture
) -> tuple[tuple[int, ...], Mixture]:
    """Levels from 0 on in the largest unit that fits, and the rule in that unit."""
    shared = lcm(*(r.denominator for r in levels))
    whole = [int((r - levels[0]) * shared) for r in levels]
    unit = gcd(*whole)
    by = Fraction(shared, unit)
    epsilon = mixture.epsilon * (by * by if mixture.inside else by)
    rule = Mixture(mixture.group, mixture.sample, mixture.ddof, epsilon, mixture.inside)
    return tuple(r // unit for r in whole), rule


@lru_cache(maxsize=256)
def _positive(levels: tuple[int, ...], mixture: Mixture) -> int | None:
    """The number of coefficients in all levels, each of them positive; None where one may not be.

    ``levels`` are in rising order. Each monomial of an entry has z alone or ``size − 1`` masses. A
    coefficient that rounding has made 0 is missing, and may be negative: all have to be there.
    """
    n, size = len(levels), mixture.group
    # Entries of the matrix have at most so much weight, in advantages; see _lost.
    heavy = log2(4 * n * size) + (size - 1) * log2(n) + log2(size)
    bits = _SPARE + int((n - 1) * heavy) + 1
    ring = fmpz_mpoly_ctx.get((*(f"p{k}" for k in range(n)), "z"), "lex")
    matrix = _matrix(_values(levels, mixture, bits, ring), ring, bits)
    found = _determinant(matrix, ring)
    lost = _lost(n, size, bits)
    positive = 0
    for exponents, coefficient in found.to_dict().items():
        if all(exponents[:n]):
            if not int(coefficient) > lost:
                return None
            positive += 1
    there = sum(comb(m * (size - 1) - 1, n - 1) for m in range(1, n))
    return positive if positive == there else None


def _values(
    levels: Sequence[int], mixture: Mixture, bits: int, ring: fmpz_mpoly_ctx
) -> list[fmpz_mpoly]:
    """2^bits V of each level in the masses of the others' rewards, rounded."""
    size, unit = mixture.group, Fraction(mixture.sample, mixture.sample - mixture.ddof)
    tables: list[dict[tuple[int, ...], int]] = [{} for _ in levels]
    with ctx.workprec(bits + _SPARE):
        spread = arb(unit.numerator) / unit.denominator
        shift = arb(mixture.epsilon.numerator) / mixture.epsilon.denominator
        shift *= size * size if mixture.inside else size
        for counts, ways in multinomial_coefficients(len(levels), size - 1).items():
            first = sum(c * r for c, r in zip(counts, levels, strict=True))
            second = sum(c * r * r for c, r in zip(counts, levels, strict=True))
            for table, own in zip(tables, levels, strict=True):
                total = first + own
                deviation = size * own - total
                square = spread * (size * (second + own * own) - total * total)
                if deviation == 0:
                    continue
                scale = (square + shift).sqrt() if mixture.inside else square.sqrt() + shift
                value = arb(deviation) / scale * arb(2) ** bits
                table[(*counts, 0)] = int(ways) * _nearest(value)
    return [ring.from_dict(table) for table in tables]


def _nearest(value: arb) -> int:
    """The whole number next to the middle of a small ball."""
    found = (value.mid() + arb("0.5")).floor().unique_fmpz()
    if found is None or not value.rad() < arb("0.01"):
        raise Undecided("a ball is too wide to be rounded")
    return int(found)


def _matrix(
    values: Sequence[fmpz_mpoly], ring: fmpz_mpoly_ctx, bits: int
) -> list[list[fmpz_mpoly]]:
    """2^bits times β ∂T(o)/∂π(j), along the simplex: in all levels but the worst."""
    *masses, z = ring.gens()
    beta = values[-1] + z * (1 << bits)
    return [
        [
            (beta - values[o] if j == o else 0)
            - masses[o] * (values[o].derivative(j) - values[o].derivative(0))
            for j in range(1, len(values))
        ]
        for o in range(1, len(values))
    ]


def _determinant(matrix: list[list[fmpz_mpoly]], ring: fmpz_mpoly_ctx) -> fmpz_mpoly:
    """Row by row, with each minor of the first rows computed once."""
    rows = len(matrix)
    minors = {(): ring.from_dict({(0,) * len(ring.gens()): 1})}
    for k, row in enumerate(matrix):
        grown = {}
        for columns in combinations(range(rows), k + 1):
            total = ring.from_dict({})
            for place, j in enumerate(columns):
                term = row[j] * minors[columns[:place] + columns[place + 1 :]]
                total = total - term if (k - place) % 2 else total + term
            grown[columns] = total
        minors = grown
    return minors[tuple(range(rows))]


def _lost(levels: int, size: int, bits: int) -> int:
    """What rounding can have moved a coefficient by.

    An advantage is at most √(n − 1), n the group, and off by at most 1 in its last place. In masses
    of 1, V has the weight levels^(n − 1), and each derivative (n − 1) levels^(n − 2). The sum of
    the moduli of a row is then at most R, off by at most E, and a determinant of m rows moves by at
    most (R + E)^m − R^m.
    """
    value, slope = levels ** (size - 1), (size - 1) * levels ** (size - 2)
    weight = 2 * value + 2 * (levels - 1) * slope
    largest = (isqrt(size - 1) + 1) << bits
    row = weight * largest + (1 << bits)
    return prod([row + weight] * (levels - 1)) - prod([row] * (levels - 1))
