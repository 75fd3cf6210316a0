"""Limits of work of the methods, beside the steps of each: what exceeds one is left undecided.

No verdict rests on them. They are here, and in one place, so that nothing takes long: a claim that
is too large for a method is answered by the next one, or by none, which is UNKNOWN.
"""

from __future__ import annotations

from itertools import chain, islice
from math import comb, prod

from flint import fmpq
from sympy import Basic, Expr, Pow, preorder_traversal

from grpo_symbolic.domain import free_symbols

#: Operations, symbols and monomials of a difference that boxes are tried on.
BOXES_LARGEST = (400, 3, 5000)
#: Boxes of one chart, and the width below which none is halved.
BOXES, SMALLEST_BOX = 2000, fmpq(1, 2**20)
#: Operations and symbols of a difference that is differentiated, and derivatives of derivatives.
SLOPES_LARGEST, SLOPES_DEEPEST = (80, 3), 3
#: Operations and monomials of a claim that is made a system of polynomials.
SYSTEM_LARGEST = (400, 2000)
#: Operations and monomials of a claim that is written for solvers, and roots of numbers in it: each
#: doubles the degree of the number field, which the units of a solver do not count.
SCRIPT_LARGEST, NUMBER_ROOTS = (4000, 4000), (4,)
#: Parts, degree and monomials of a claim whose normal form ends by itself.
SMALL = (160, 64, 10_000)
#: Parts of the sides of a claim that have one normal form.
FORM_LARGEST = 6_000
#: How many whole numbers are inserted one by one.
WHOLE_NUMBERS = (2, 8)
#: How many times its limit a method may take where more than one verdict is wanted; samples not.
PATIENCE = {False: 4, True: 1}


def within(largest: tuple[int, ...], *sizes: int) -> bool:
    """Whether no size exceeds its limit."""
    return all(size <= most for size, most in zip(sizes, largest, strict=True))


def has_form(left: Expr, right: Expr) -> bool:
    """Whether the sides are short enough for a normal form."""
    parts = chain(preorder_traversal(left), preorder_traversal(right))
    return sum(1 for _ in islice(parts, FORM_LARGEST + 1)) <= FORM_LARGEST


def unmetered(left: Expr, right: Expr, steps: int, usual: int) -> bool:
    """Whether normal forms are tried without a meter, where no less than usual is allowed."""
    return steps >= usual and _is_small(left, right)


def _is_small(left: Expr, right: Expr) -> bool:
    """Whether a normal form is found quickly; what is in the exponents counts as the degree.

    The meter of work would double the cost of such a claim.
    """
    parts: list[Basic] = []
    left_over: list[Basic] = [left, right]
    while left_over and len(parts) <= SMALL[0]:
        part = left_over.pop()
        parts.append(part)
        left_over += part.args
    powers = (power.exp for power in set(parts) if isinstance(power, Pow))
    degree = prod(max(abs(int(p.p)), int(p.q)) for p in powers if p.is_Rational)
    symbols = len(free_symbols(left) | free_symbols(right))
    # Of so high a degree the number of monomials would be a task of its own.
    monomials = comb(degree + symbols, symbols) if degree <= SMALL[1] else 0
    return within(SMALL, len(parts), degree, monomials)
