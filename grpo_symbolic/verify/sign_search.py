"""Signs that coefficients do not show: by factors, by squares of two sides, by a square."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

from grpo_symbolic.verify.kernel.algebra import Poly
from grpo_symbolic.verify.kernel.proof import Proof
from grpo_symbolic.verify.kernel.statement import Rejected

__all__ = ["Work", "code", "ratio", "shown"]

_DEPTH = 6
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
    s = code(work.proof.sign(p))
    if s is not None or depth > _DEPTH:
        return s
    key = frozenset(p.items())
    if key in work.failed and work.failed[key] <= depth:
        return None
    work.failed[key] = depth
    number, parts = work.factors(p)
    if len(parts) > 1 or parts[0][1] > 1 or abs(number) != 1 or number < 0:
        return _by_factors(work, p, number, parts, depth)
    s = _by_root(work, p, depth)
    return _by_square(work, p, depth) if s is None else s


def _by_factors(
    work: Work, p: Poly, number: Fraction, parts: list[tuple[Poly, int]], depth: int
) -> int | None:
    signs = [(shown(work, work.proof.normal(f), depth + 1), e) for f, e in parts]
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
    variables = work.proof.variables
    roots = {g for m in f for g, _ in m if variables[g].kind == "root" and variables[g].degree == 2}
    symbolic = [g for g in sorted(roots, reverse=True) if not variables[g].number]
    for g in symbolic or sorted(roots, reverse=True)[:1]:
        a = {m: c for m, c in f.items() if g not in dict(m)}
        b = {tuple(x for x in m if x[0] != g): c for m, c in f.items() if g in dict(m)}
        if not a:
            continue
        sa, sb = shown(work, a, depth + 1), shown(work, b, depth + 1)
        if sa is None and sb is None:
            continue
        tree_a, tree_b = work.tree(a), ["Mul", work.tree(b), work.trees[g]]
        if sa is not None and sb is not None and (sa >= 0) == (sb >= 0):
            return _done(work, f, [[]], [[[tree_a, 1]], [[tree_b, 1]]])
        proof = work.proof
        square = proof.plus(proof.times(a, a), proof.times(proof.times(b, b), variables[g].top), -1)
        if shown(work, proof.normal(square), depth + 1) is None:
            continue
        minus = ["Mul", -1]
        sides = [tree_a, [*minus, tree_b]]
        if (sb is not None and sb >= 0) or (sb is None and sa is not None and sa < 0):
            sides = [tree_b, [*minus, tree_a]]
        try:
            work.do("squares", *sides)
        except Rejected:
            continue
        return code(proof.sign(f))
    return None


def _by_square(work: Work, f: Poly, depth: int) -> int | None:
    """A x^2 + B x + C with A, C of one sign and 4 A C - B^2 >= 0."""
    proof = work.proof
    for g in sorted({g for m in f for g, _ in m}):
        parts: dict[int, Poly] = {}
        for m, c in f.items():
            parts.setdefault(dict(m).get(g, 0), {})[tuple(x for x in m if x[0] != g)] = c
        if not set(parts) <= {0, 1, 2} or not {0, 2} <= set(parts):
            continue
        a, b, c = parts[2], parts.get(1, {}), parts[0]
        if shown(work, a, depth + 1) not in (2, -2) or shown(work, c, depth + 1) not in (2, -2):
            continue
        if code(proof.sign(a)) != code(proof.sign(c)):
            continue
        gap = proof.plus(proof.times({(): 4}, proof.times(a, c)), proof.times(b, b), -1)
        gap = proof.normal(gap)
        s = shown(work, gap, depth + 1)
        if s is None or s < 0:
            continue
        way = 1 if code(proof.sign(a)) == 2 else -1
        x = work.trees[g]
        line = ["Add", ["Mul", 2, work.tree(a), x], work.tree(b)]
        multiplier = [[[4 * way, 1], [work.tree(a), 1]]]
        terms = [[[way, 1], [line, 2]], [[way, 1], [work.tree(gap), 1]]]
        return _done(work, f, multiplier, terms)
    return None
