r"""Sums of powers that enclose a function on a whole tail of the log-odds, up to infinity.

A tail is :math:`y \le -X` for the log-odds y of a probability :math:`s = 1/(1 + e^{-y})`.
The function is a finite sum

.. math:: \sum_{a, b} c_{ab}(y)\; s^a\, |y|^b

of rational powers whose coefficients :math:`c_{ab}` are functions that stay in a ball. The term
of least a (then of largest b) leads as :math:`y \to -\infty`. A leading ball without 0 is the
sign of the function far out; where it also outweighs the sum of all other terms on
the whole tail, it is the sign of the function there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import arb, fmpq

from grpo_symbolic.enclosures.conversion import Undecided, sign_of

_Exponents = tuple[fmpq, fmpq]
_CONSTANT: _Exponents = (fmpq(0), fmpq(0))


@dataclass(frozen=True)
class TailSum:
    """A sum of terms c s^a \\|y\\|^b, c in a ball, on the tail y <= −reach.

    Parameters
    ----------
    terms : dict
        Balls by the exponents (a, b).
    reach : arb
        X > 0, exact.
    """

    terms: dict[_Exponents, arb]
    reach: arb

    @classmethod
    def constant(cls, value: Any, reach: arb) -> TailSum:
        number = arb(value)
        return cls({} if number.is_zero() else {_CONSTANT: number}, reach)

    @classmethod
    def share(cls, reach: arb) -> TailSum:
        """s itself."""
        return cls({(fmpq(1), fmpq(0)): arb(1)}, reach)

    @classmethod
    def place(cls, reach: arb) -> TailSum:
        r"""y = −\|y\|."""
        return cls({(fmpq(0), fmpq(1)): arb(-1)}, reach)

    @classmethod
    def log_share(cls, reach: arb) -> TailSum:
        """log s = y + log(1 − s)."""
        return cls.place(reach) + cls.log_rest(reach)

    @classmethod
    def log_rest(cls, reach: arb) -> TailSum:
        """log(1 − s), which lies between −s/(1 − s) and −s."""
        most = (-reach).exp()  # s/(1 − s)
        return cls({(fmpq(1), fmpq(0)): arb(-1).union(-1 - most)}, reach)

    # -- the ring -------------------------------------------------------------------------

    def __add__(self, other: Any) -> TailSum:
        other = self._sum(other)
        terms = dict(self.terms)
        for key, c in other.terms.items():
            terms[key] = terms[key] + c if key in terms else c
        return TailSum({key: c for key, c in terms.items() if not c.is_zero()}, self.reach)

    __radd__ = __add__

    def __neg__(self) -> TailSum:
        return TailSum({key: -c for key, c in self.terms.items()}, self.reach)

    def __sub__(self, other: Any) -> TailSum:
        return self + -self._sum(other)

    def __mul__(self, other: Any) -> TailSum:
        other = self._sum(other)
        terms: dict[_Exponents, arb] = {}
        for (a, b), c in self.terms.items():
            for (e, f), d in other.terms.items():
                key = (a + e, b + f)
                terms[key] = terms[key] + c * d if key in terms else c * d
        return TailSum({key: c for key, c in terms.items() if not c.is_zero()}, self.reach)

    __rmul__ = __mul__

    def __pow__(self, exponent: fmpq) -> TailSum:
        """(c s^a \\|y\\|^b (1 + R))^r as one term; R is enclosed."""
        (a, b), c = self.leading
        factor = c * (1 + self.relative_rest)
        if not factor > 0 and not (exponent.q == 1 and factor < 0):
            raise Undecided("a power of a function that may vanish")
        return TailSum({(a * exponent, b * exponent): factor**exponent}, self.reach)

    def log(self) -> TailSum:
        """The logarithm of a function that leads as c s^a: a log s + log(c (1 + R))."""
        (a, b), c = self.leading
        factor = c * (1 + self.relative_rest)
        if b or not factor > 0:
            raise Undecided("the logarithm of a logarithm, or of a function that may vanish")
        return TailSum.log_share(self.reach) * a + factor.log()

    def sgn(self) -> arb:
        """The sign, as long as it is one on the whole tail."""
        if not self.sign():
            raise Undecided("a sign that may change")
        return arb(self.sign())

    def __abs__(self) -> TailSum:
        return self * self.sgn()

    def _sum(self, other: Any) -> TailSum:
        return other if isinstance(other, TailSum) else TailSum.constant(other, self.reach)

    # -- what is known of it ----------------------------------------------------------------

    @property
    def leading(self) -> tuple[_Exponents, arb]:
        """The exponents and the ball of the term that leads far out."""
        if not self.terms:
            raise Undecided("a function that vanishes")
        key = min(self.terms, key=lambda k: (k[0], -k[1]))
        return key, self.terms[key]

    @property
    def relative_rest(self) -> arb:
        """All other terms over the leading one, enclosed on the whole tail."""
        first, c = self.leading
        if c.contains(0):
            raise Undecided("a leading term that may vanish")
        rest = arb(0)
        for (a, b), d in self.terms.items():
            if (a, b) != first:
                rest += d / c * self._enclosed(a - first[0], b - first[1])
        return rest

    @property
    def values(self) -> arb:
        """A ball around all values on the tail."""
        total = arb(0)
        for (a, b), c in self.terms.items():
            if a < 0 or (a == 0 and b > 0):
                raise Undecided("a function that is not bounded")
            total += c if a == b == 0 else c * self._enclosed(a, b)
        return total

    def sign(self) -> int:
        """The sign on the whole tail, or 0 where none is proved."""
        try:
            (_, c), rest = self.leading, self.relative_rest
        except Undecided:
            return 0
        return sign_of(c) if 1 + rest > 0 else 0

    def sign_far_out(self) -> int:
        """The sign for all y below some bound, or 0 where none is proved."""
        if not self.terms or not all(c.is_finite() for c in self.terms.values()):
            return 0
        return sign_of(self.leading[1])

    def _enclosed(self, a: fmpq, b: fmpq) -> arb:
        """[0, sup s^a |y|^b] for a term that does not lead; s is less than e^−|y|."""
        if a > 0 and b > 0 and not self.reach * a >= b:
            raise Undecided("a term that still grows")
        largest = (-self.reach * a).exp() * (self.reach.log() * b).exp()
        return arb(0).union(largest)
