"""Signs on an orthant: polynomials in coordinates that are not negative, and in radicals.

A polynomial without a negative coefficient is not negative there. What that does not decide is
taken apart: by its latest radical, by its factors, as a quadratic, by its coefficients in one
coordinate.
"""

from __future__ import annotations

from enum import IntEnum

from flint import fmpq_mpoly

from grpo_symbolic.quotient_field import Quotient, QuotientField

# A polynomial with more terms is not taken apart by its coefficients in one coordinate.
_MAX_SORTED = 200


class Sign(IntEnum):
    """The sign of an expression on a whole domain."""

    NEGATIVE = -2
    NONPOSITIVE = -1
    ZERO = 0
    NONNEGATIVE = 1
    POSITIVE = 2


class Orthant:
    """What is known of the generators of a field: which are positive, which not negative.

    Parameters
    ----------
    field : QuotientField
    """

    def __init__(self, field: QuotientField) -> None:
        self.field = field
        self.positive: set[int] = set()
        self.nonnegative: set[int] = set()
        self.bounded: set[int] = set()
        self.signs: dict[tuple[object, ...], Sign | None] = {}

    def add(self, index: int, *, positive: bool, nonnegative: bool, bounded: bool = False) -> None:
        """What is known of a new generator: its sign, whether it lies in [-1, 1]."""
        if bounded:
            self.bounded.add(index)
        if positive:
            self.positive.add(index)
        if positive or nonnegative:
            self.nonnegative.add(index)

    def sign(self, value: Quotient) -> Sign | None:
        top = self.of_polynomial(value.top)
        if top is None or top == Sign.ZERO:
            return top
        bottom = self.of_polynomial(value.bottom)
        if bottom is None or abs(bottom) != Sign.POSITIVE:
            return None
        return top if bottom > 0 else Sign(-top)

    def of_polynomial(self, polynomial: fmpq_mpoly) -> Sign | None:
        if polynomial.is_zero():
            return Sign.ZERO
        direct = self.coefficient_sign(polynomial)
        if direct is not None:
            return direct
        key = self.field.of(polynomial).key
        if key not in self.signs:
            found = self._undirected_sign(polynomial)
            self.signs[key] = self.bounded_sign(polynomial) if found is None else found
        return self.signs[key]

    def _undirected_sign(self, polynomial: fmpq_mpoly) -> Sign | None:
        # The latest radical is the most composite: numbers such as sqrt(2) come last.
        degrees = polynomial.degrees()
        radical = next((index for index in reversed(self.field.squares) if degrees[index]), None)
        if radical is not None:
            found = self.split_sign(polynomial, radical)
            return self.coordinate_sign(polynomial) if found is None else found
        content, parts = polynomial.factor()
        if len(parts) == 1 and parts[0][1] == 1:
            found = self.quadratic_sign(polynomial)
            return self.coordinate_sign(polynomial) if found is None else found
        total = Sign.POSITIVE if content > 0 else Sign.NEGATIVE
        for base, power in parts:
            part = self.of_polynomial(base)
            if power % 2 == 0 and (part is None or abs(part) != Sign.POSITIVE):
                part = Sign.NONNEGATIVE
            elif power % 2 == 0:
                part = Sign.POSITIVE
            if part is None:
                return None
            total = _product(total, part)
        return total

    def coordinate_sign(self, polynomial: fmpq_mpoly) -> Sign | None:
        """The sign of a polynomial in one coordinate >= 0 whose coefficients all have that sign."""
        if len(polynomial) > _MAX_SORTED:
            return None
        for index, degree in enumerate(polynomial.degrees()):
            if not degree or index not in self.nonnegative or index in self.field.squares:
                continue
            parts = self.field.coefficients(polynomial, index)
            total: Sign | None = Sign.ZERO
            for power, coefficient in sorted(parts.items()):
                found = self.of_polynomial(coefficient)
                if found is not None and power and index not in self.positive:
                    found = Sign(max(-1, min(1, found)))
                total = None if total is None or found is None else _sum(total, found)
                if total is None:
                    break
            if total is not None:
                return total
        return None

    def bounded_sign(self, polynomial: fmpq_mpoly) -> Sign | None:
        """Sign of A + B s with -1 <= s <= 1: the one that A + B and A - B have."""
        for index in self.bounded:
            if polynomial.degrees()[index] != 1:
                continue
            parts = self.field.coefficients(polynomial, index)
            a, b = parts.get(0, self.field.context.constant(0)), parts[1]
            ends = self.of_polynomial(a + b), self.of_polynomial(a - b)
            known = [sign for sign in ends if sign is not None]
            if len(known) == len(ends) and min(known) >= 0:
                return max(Sign.NONNEGATIVE, min(known))
            if len(known) == len(ends) and max(known) <= 0:
                return min(Sign.NONPOSITIVE, max(known))
        return None

    def split_sign(self, polynomial: fmpq_mpoly, index: int) -> Sign | None:
        """Sign of A + B s: from A, B where s >= 0, or from A^2 - B^2 s^2."""
        field = self.field
        parts = field.coefficients(polynomial, index)
        if max(parts) > 1:
            return None
        a, b = parts.get(0, field.context.constant(0)), parts[1]
        sign_a = self.of_polynomial(a)
        sign_b = self.of_polynomial(b) if index in self.nonnegative else None
        bs = None
        if sign_b is not None:
            bs = _product(sign_b, Sign.POSITIVE if index in self.positive else Sign.NONNEGATIVE)
        if sign_a is None and bs is None:
            return None
        if sign_a == Sign.ZERO or bs == Sign.ZERO:
            return bs if sign_a == Sign.ZERO else sign_a
        if sign_a is not None and bs is not None and (sign_a > 0) == (bs > 0):
            strongest = max(abs(sign_a), abs(bs))
            return Sign(strongest if sign_a > 0 else -strongest)
        # Of unlike or unknown signs: the larger of |A| and |B s| decides.
        squares = [field.multiply(field.of(part), field.of(part)) for part in (a, b)]
        right = field.multiply(squares[1], field.squares[index])
        difference = self.sign(field.subtract(squares[0], right))
        if difference is None:
            return None
        if difference > 0 and sign_a is not None:
            return _product(sign_a, difference)
        if difference < 0 and sign_b is not None:
            return _product(sign_b, Sign(-difference))
        return Sign.ZERO if difference == Sign.ZERO and sign_a and bs else None

    def quadratic_sign(self, polynomial: fmpq_mpoly) -> Sign | None:
        """Sign of A x^2 + B x + C with A, C of one sign and B^2 < 4 A C, for some x."""
        zero = self.field.context.constant(0)
        for index, degree in enumerate(polynomial.degrees()):
            if degree != 2:
                continue
            parts = self.field.coefficients(polynomial, index)
            c, b, a = (parts.get(k, zero) for k in range(3))
            sign_a, sign_c = self.of_polynomial(a), self.of_polynomial(c)
            if sign_a is None or abs(sign_a) != Sign.POSITIVE or sign_a != sign_c:
                continue
            discriminant = self.of_polynomial(b**2 - 4 * a * c)
            if discriminant is None or discriminant > 0:
                continue
            magnitude = Sign.POSITIVE if discriminant == Sign.NEGATIVE else Sign.NONNEGATIVE
            return magnitude if sign_a > 0 else Sign(-magnitude)
        return None

    def coefficient_sign(self, polynomial: fmpq_mpoly) -> Sign | None:
        """The sign where no two terms differ in theirs."""
        strict, signs = False, set()
        for monomial, coefficient in polynomial.terms():
            signs.add(coefficient > 0)
            if len(signs) > 1:
                return None
            used = [(index, e) for index, e in enumerate(monomial) if e]
            if any(e % 2 and index not in self.nonnegative for index, e in used):
                return None
            strict = strict or all(index in self.positive for index, _ in used)
        magnitude = Sign.POSITIVE if strict else Sign.NONNEGATIVE
        return magnitude if signs == {True} else Sign(-magnitude)


def _sum(left: Sign, right: Sign) -> Sign | None:
    if left * right < 0:
        return None
    return left if abs(left) >= abs(right) else right


def _product(left: Sign, right: Sign) -> Sign:
    if Sign.ZERO in (left, right):
        return Sign.ZERO
    magnitude = min(abs(left), abs(right))
    return Sign(magnitude if (left > 0) == (right > 0) else -magnitude)
