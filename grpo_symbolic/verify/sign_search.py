"""Signs that coefficients do not show: by factors, by squares of two sides, by a square."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

from grpo_symbolic.verify.kernel.proof import Poly, Proof
from grpo_symbolic.verify.kernel.statement import Rejected

_DEPTH = 7
_NEGATIVE = {-1, -2}
_CODES = {(1,): 2, (0, 1): 1, (0,): 0, (-1, 0): -1, (-1,): -2}


class Work(Protocol):
    """A proof in the making: what the search for a sign needs of it.

    ``trees`` are the names of variables, ``failed`` the normal forms whose sign was looked for.
    """

    proof: Proof
    trees: dict[int, Any]
    failed: dict[Any, int]

    def do(self, *step: Any) -> None: ...
    def tree(self, p: Poly) -> Any: ...
    def factors(self, p: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]: ...


def code(sign: frozenset[int]) -> int | None:
    """2, 1, 0, -1, -2 for > 0, >= 0, = 0, <= 0, < 0; None for any other sign."""
    return _CODES.get(tuple(sorted(sign)))


def ratio(number: Fraction) -> Any:
    if number.denominator == 1:
        return number.numerator
    return ["Rational", *number.as_integer_ratio()]


def shown(work: Work, p: Poly, depth: int = 0) -> int | None:
    """The sign of a normal form, with the steps of the proof that show it; None if not found."""
    s, key = code(work.proof.sign(p)), frozenset(p.items())
    if s is not None or depth >= work.failed.get(key, _DEPTH):
        return s
    work.failed[key] = depth
    number, parts = work.factors(p)
    if len(parts) > 1 or parts[0][1] > 1 or number != 1:
        return _by_factors(work, p, number, parts, depth + 1)
    for way in (_by_root, _by_square, _by_elimination):
        s = way(work, p, depth + 1)
        if s is not None:
            return s
    return None


def _by_factors(
    work: Work, p: Poly, number: Fraction, parts: list[tuple[Poly, int]], depth: int
) -> int | None:
    signs = [(shown(work, work.proof.normal(f), depth), e) for f, e in parts]
    if 0 not in [s for s, _ in signs] and any(s is None and e % 2 for s, e in signs):
        return None
    product = [[ratio(number), 1], *([work.tree(f), e] for f, e in parts)]
    return _done(work, p, [[]], [product])


def _done(work: Work, p: Poly, multiplier: Any, terms: Any) -> int | None:
    try:
        work.do("sign", work.tree(p), multiplier, terms)
    except Rejected:
        return None
    return code(work.proof.sign(p))


def _by_root(work: Work, f: Poly, depth: int) -> int | None:
    """A + B r for the last square root r, by the signs of A, B and A^2 - B^2 r^2."""
    variables, roots = work.proof.variables, _roots(work, f)
    for g in [g for g in roots if not variables[g].number] or roots:
        a = {m: c for m, c in f.items() if g not in dict(m)}
        b = {tuple(x for x in m if x[0] != g): c for m, c in f.items() if g in dict(m)}
        sa, sb = shown(work, a, depth), shown(work, b, depth)
        if sa is None and sb is None:
            continue
        tree_a, tree_b = work.tree(a), ["Mul", work.tree(b), work.trees[g]]
        if sa is not None and sb is not None and sa * sb >= 0:
            return _done(work, f, [[]], [[[tree_a, 1]], [[tree_b, 1]]])
        minus_b = work.proof.times({((g, 1),): -1}, b)
        if (s := by_squares(work, a, minus_b, depth)) is not None:
            return s
    return None


def _roots(work: Work, f: Poly) -> list[int]:
    """The square roots in a normal form, the last one first; no quotient is left in it."""
    used = sorted({g for m in f for g, _ in m}, reverse=True)
    return [g for g in used if work.proof.variables[g].degree == 2]


def by_squares(work: Work, p: Poly, q: Poly, depth: int = 0) -> int | None:
    """The sign of p - q by that of p^2 - q^2 and of the larger side.

    With s = 1 or -1: 2 s p (p - q) = s (p - q)^2 + s (p^2 - q^2), and the same for q.
    """
    proof = work.proof
    square = proof.plus(proof.times(p, p), proof.times(q, q), -1)
    s = shown(work, proof.normal(square), depth)
    if s is None:
        return None
    difference = proof.normal(proof.plus(p, q, -1))
    if s == 0:
        return _equal(work, p, q, difference, depth)
    gap, squares = work.tree(difference), work.tree(square)
    side, way = (p, 1) if s > 0 else (q, -1)
    sign = shown(work, proof.normal(side), depth)
    if sign not in (2, -2):
        return None
    multiplier = [[[sign, 1], [work.tree(side), 1]]]
    terms = [[[way * sign // 2, 1], [gap, 2]], [[sign // 2, 1], [squares, 1]]]
    return _done(work, difference, multiplier, terms)


def _equal(work: Work, p: Poly, q: Poly, difference: Poly, depth: int) -> int | None:
    """That p = q for equal squares and sides of one sign: both are the modulus of p, or of -p."""
    proof, found = work.proof, [shown(work, work.proof.normal(x), depth) for x in (p, q)]
    way = -1 if _NEGATIVE & {*found} else 1
    modulus = ["Abs", work.tree(p)]
    try:
        for side in (p, q):
            work.do("value", modulus, work.tree(proof.plus({}, side, way)))
    except Rejected:
        return None
    return code(proof.sign(difference))


def _by_square(work: Work, f: Poly, depth: int) -> int | None:
    """A x^2 + B x + C with A, C > 0 and 4 A C - B^2 >= 0."""
    proof = work.proof
    for g in sorted({g for m in f for g, _ in m}):
        parts = _powers(f, g)
        if not set(parts) <= {0, 1, 2} or not {0, 2} <= set(parts):
            continue
        a, b, c = parts[2], parts.get(1, {}), parts[0]
        if shown(work, a, depth) != 2 or shown(work, c, depth) != 2:
            continue
        gap = proof.plus(proof.times({(): 4}, proof.times(a, c)), proof.times(b, b), -1)
        gap = proof.normal(gap)
        s = shown(work, gap, depth)
        if s is None or s < 0:
            continue
        line = ["Add", ["Mul", 2, work.tree(a), work.trees[g]], work.tree(b)]
        terms = [[[line, 2]], [[work.tree(gap), 1]]]
        return _done(work, f, [[[4, 1], [work.tree(a), 1]]], terms)
    return None


def _by_elimination(work: Work, f: Poly, depth: int) -> int | None:
    """By the factors of f in terms of a square root, in place of a coordinate g.

    For r^2 = a + b g^k, a multiple by a power of b has (r^2 - a)/b for g^k.
    """
    proof = work.proof
    for root in _roots(work, f):
        top = proof.variables[root].top
        for g in sorted({g for m in top for g, _ in m}):
            radicand, parts = _powers(top, g), _powers(f, g)
            k = max(radicand)
            if len(radicand) != 2 or 0 not in radicand or not any(parts):
                continue
            if any(e % k for e in parts) or shown(work, proof.normal(radicand[k]), depth) != 2:
                continue
            rest = proof.plus({((root, 2),): 1}, radicand[0], -1)
            most, total = max(parts) // k, dict[Any, Any]()
            for e, part in parts.items():
                part = proof.times(part, proof.power(radicand[k], most - e // k))
                total = proof.plus(total, proof.times(part, proof.power(rest, e // k)))
            number, factors = work.factors(total)
            if None in [shown(work, proof.normal(q), depth) for q, _ in factors]:
                continue
            multiplier = [[[work.tree(radicand[k]), most]]]
            terms = [[ratio(number), 1], *([work.tree(q), e] for q, e in factors)]
            return _done(work, f, multiplier, [terms])
    return None


def _powers(p: Poly, g: int) -> dict[int, Poly]:
    """The coefficients of a polynomial in one variable."""
    parts: dict[int, Poly] = {}
    for m, c in p.items():
        parts.setdefault(dict(m).get(g, 0), {})[tuple(x for x in m if x[0] != g)] = c
    return parts
