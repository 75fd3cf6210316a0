"""No radicals: cycle types counted by hand, solvable groups, corrupted evidence."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from math import comb

import pytest
from sympy import Poly, Rational, Symbol, factor_list, oo, sqrt

import grpo_symbolic as gs
from grpo_symbolic.solve.galois import (
    GaloisEvidence,
    galois_evidence,
    instance_polynomial,
    no_radicals,
    theorem,
)
from grpo_symbolic.stationarity import stationarity_condition
from grpo_symbolic.symbols import beta, pi_ref

X = Symbol("x")


def condition(size, **options):
    return stationarity_condition(gs.GRPO(group_size=size, **options), gs.BinaryQuestion())


def found(size: int) -> GaloisEvidence:
    evidence = no_radicals(condition(size))
    assert evidence is not None
    return evidence


def rows(*coefficients):
    """Rational coefficients by increasing power."""
    return [((1, Fraction(c)),) if c else () for c in coefficients]


@pytest.mark.parametrize("size", range(6, 17))
def test_every_group_size_has_evidence(size: int) -> None:
    evidence = found(size)
    assert evidence.degree == 2 * (size // 2)
    verdict = evidence.verify()
    assert verdict.status is gs.Status.PROVED
    text = json.loads(json.dumps(evidence.as_dict()))
    assert text["degree"] == evidence.degree
    assert len(text["reductions"]) == 2
    assert "is not solvable" not in evidence.theorem
    assert "irreducible" in str(evidence)


@pytest.mark.parametrize("size", [6, 7, 9])
def test_the_polynomial_is_the_one_of_the_definition(size: int) -> None:
    """Written out here: beta (p - p0) - sum C(G,k) p^k (1-p)^(G-k) sqrt(k (G-k))/G."""
    evidence = found(size)
    weight, reference = (Rational(v.numerator, v.denominator) for _, v in evidence.point)
    expected = Poly(
        weight * (X - reference)
        - sum(
            comb(size, k) * X**k * (1 - X) ** (size - k) * sqrt(k * (size - k)) / size
            for k in range(size)
        ),
        X,
    )
    given = sum(
        Rational(c.numerator, c.denominator) * sqrt(d) * X**k
        for k, row in enumerate(evidence.coefficients)
        for d, c in row
    )
    ratio = expected.as_expr().subs(X, 2) / given.subs(X, 2)
    for at in range(-4, 6):
        left, right = expected.as_expr().subs(X, at), ratio * given.subs(X, at)
        assert abs((left - right).evalf(40)) < Rational(1, 10**30)


@pytest.mark.parametrize("size", [6, 8])
def test_factors_by_another_library(size: int) -> None:
    evidence = found(size)
    for reduced in evidence.reductions:
        prime, roots = reduced.prime, dict(reduced.roots)
        values = []
        for row in evidence.coefficients:
            total = 0
            for d, c in row:
                root = 1
                for q, r in roots.items():
                    root *= r if d % q == 0 else 1
                total += c.numerator * pow(c.denominator, -1, prime) * root
            values.append(total % prime)
        _, factors = factor_list(Poly(values[::-1], X, modulus=prime).as_expr(), X, modulus=prime)
        assert all(power == 1 for _, power in factors)
        degrees = sorted((Poly(f, X).degree() for f, _ in factors), reverse=True)
        assert tuple(degrees) == reduced.cycle_type


def test_corrupted_evidence_is_refuted() -> None:
    evidence = found(6)
    first, second = evidence.reductions
    broken = [
        replace(evidence, reductions=(replace(first, prime=first.prime + 2), second)),
        replace(evidence, reductions=(replace(first, cycle_type=(5, 1)), second)),
        replace(evidence, reductions=(first, replace(second, cycle_type=(4, 2)))),
        replace(evidence, reductions=(first, first)),
        replace(evidence, reductions=(second, second)),
        replace(evidence, reductions=(replace(first, roots=first.roots[:-1]), second)),
    ]
    for index in range(len(first.roots)):
        changed = list(first.roots)
        changed[index] = (changed[index][0], changed[index][1] + 1)
        broken.append(replace(evidence, reductions=(replace(first, roots=tuple(changed)), second)))
    for index in range(evidence.degree + 1):  # one digit of one coefficient
        changed_rows = list(evidence.coefficients)
        (d, c), *rest = changed_rows[index]
        changed_rows[index] = ((d, c + 1), *rest)
        broken.append(replace(evidence, coefficients=tuple(changed_rows)))
    refuted = [b.verify().status is gs.Status.REFUTED for b in broken]
    assert all(refuted[:8])
    # Another polynomial may happen to have the same cycle types, then the evidence holds for it.
    assert sum(refuted[8:]) >= evidence.degree - 1


@pytest.mark.parametrize(
    "coefficients",
    [
        (-2, 0, 0, 0, 0, 0, 1),  # x^6 - 2
        (-3, 0, 0, 0, 0, 1),  # x^5 - 3
        (1, 1, 1, 1, 1, 1, 1),  # the seventh roots of unity
        (-2, 0, 0, 2, 0, 0, 1),  # (x^3 + 1)^2 - 3
        (-1, -1, 0, 0, 1),  # degree 4
    ],
)
def test_solvable_polynomials_are_not_declared_otherwise(coefficients: tuple[int, ...]) -> None:
    assert galois_evidence(rows(*coefficients), largest=3000) is None


def test_known_groups_that_are_not_solvable() -> None:
    six = galois_evidence(rows(-1, -1, 0, 0, 0, 0, 1))  # x^6 - x - 1: all permutations
    assert six is not None
    assert six.radicands == ()
    assert six.verify().status is gs.Status.PROVED


def test_groups_of_four_and_five_are_not_declared() -> None:
    assert no_radicals(condition(4)) is None
    assert no_radicals(condition(5)) is None


def group(*generators: tuple[int, ...]) -> set[tuple[int, ...]]:
    identity = tuple(range(len(generators[0])))
    members, queue = {identity}, [identity]
    while queue:
        member = queue.pop()
        for g in generators:
            product = tuple(g[i] for i in member)
            if product not in members:
                members.add(product)
                queue.append(product)
    return members


def cycle_type(permutation: tuple[int, ...]) -> tuple[int, ...]:
    seen: set[int] = set()
    lengths = []
    for start in range(len(permutation)):
        length, at = 0, start
        while at not in seen:
            seen.add(at)
            length, at = length + 1, permutation[at]
        if length:
            lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def derived_length_is_finite(members: set[tuple[int, ...]]) -> bool:
    while len(members) > 1:
        inverse = {m: tuple(sorted(range(len(m)), key=m.__getitem__)) for m in members}
        commutators = {
            tuple(a[b[inverse[a][inverse[b][i]]]] for i in range(len(a)))
            for a in members
            for b in members
        }
        smaller = group(*commutators)
        if smaller == members:
            return False
        members = smaller
    return True


def test_the_theorem_on_every_group_of_five_points_with_two_generators() -> None:
    """Enumeration: no solvable group has cycle types that the theorem calls not solvable."""
    points = list(permutations(range(5)))
    cycle = (1, 2, 3, 4, 0)
    solvable = 0
    for other in points[:60]:
        members = group(cycle, other)
        types = sorted({cycle_type(m) for m in members})
        if derived_length_is_finite(members):
            solvable += 1
            assert theorem(5, types) is None
    assert solvable > 2


def test_the_theorem_on_solvable_groups_of_six_points() -> None:
    """The wreath products, which hold every imprimitive group of degree 6."""
    three_pairs = group((1, 0, 2, 3, 4, 5), (2, 3, 4, 5, 0, 1), (2, 3, 0, 1, 4, 5))
    two_triples = group((1, 0, 2, 3, 4, 5), (1, 2, 0, 3, 4, 5), (3, 4, 5, 0, 1, 2))
    assert (len(three_pairs), len(two_triples)) == (48, 72)
    for members in (three_pairs, two_triples):
        assert derived_length_is_finite(members)
        assert theorem(6, sorted({cycle_type(m) for m in members})) is None


@pytest.mark.parametrize(
    ("degree", "types", "decided"),
    [
        (6, [(6,), (5, 1)], True),
        (6, [(5, 1)], False),  # not transitive
        (6, [(6,), (3, 3)], False),
        (7, [(7,), (5, 2)], False),  # 7 is prime, 5 > 7 - 3
        (8, [(8,), (5, 3)], True),
        (8, [(8,), (7, 1)], False),  # the affine group of 8 points has these
        (9, [(9,), (7, 2)], False),
        (12, [(12,), (11, 1)], True),
        (5, [(5,), (3, 1, 1)], False),
    ],
)
def test_the_theorem_is_stated_for_its_hypotheses_only(degree, types, decided) -> None:
    assert (theorem(degree, types) is not None) is decided


def test_what_has_no_polynomial() -> None:
    point = {beta: Rational(1), pi_ref: Rational(1, 3)}
    assert instance_polynomial(condition(8, penalty=gs.DirectKL()), point) is None
    assert instance_polynomial(condition(oo), point) is None


def test_the_status_of_a_policy() -> None:
    six = gs.stationary_policy(gs.GRPO(6), gs.BinaryQuestion())
    assert six.expression is None
    assert six.status.startswith("no closed form in radicals: at beta = 1, pi_ref = 1/3")
    large = gs.stationary_policy(gs.GRPO(24), gs.BinaryQuestion())
    assert "explicit functions of pi(a)" in large.status
