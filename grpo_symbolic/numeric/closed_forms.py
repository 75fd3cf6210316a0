r"""Closed forms and their complements for float64 arrays, to a few units in the last place.

**A quadratic.** For a > 0 the larger root of a p² − b p − c = 0 with c >= 0 is

.. math:: p = \frac{2 c}{|b| + s} + \frac{\max(b, 0)}{a}, \qquad s = \sqrt{b^2 + 4 a c} ,

a sum of two terms of one sign, without a branch. The same polynomial in q = 1 − p is
a q² − b' q + c', with c' its value and b' its slope at p = 1 and the same discriminant, and q
is its smaller root 2 c'/(b' + s).

**A quotient with one exponential** is what a condition linear in π(a) leaves: π_ref(a) against
the rest of the reference times exp(−x). The exponent is corrected for the
rounding of its quotient, and the exponential taken in two halves where it stands alone, so that
neither a large exponent nor its underflow costs digits.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from flint import arb, ctx
from sympy import Abs, Expr, Mul, Poly, Symbol, exp, fraction, sqrt

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.numeric.double import DoubleSum, quotient_exp
from grpo_symbolic.numeric.formula import Formula
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Kernel, Points

_HALF = Symbol("half_of_linear", real=True)
_REST = Symbol("rest_ref", positive=True)  # 1 − π_ref, a number of its own

# Where halves of exponentials are this small, so may be all there is.
_TINY = 1e-140
# Products of parameters inside these ends neither under- nor overflow.
_LEAST, _GREATEST = 1e-70, 1e70
# Of balls that hold digits whatever cancels.
_BITS = 5000
# Temporaries of this length are not fetched from the system again and again.
_PIECE = 16000


@dataclass(frozen=True)
class _ClosedKernel(Kernel):
    """A closed form, and balls where plain arithmetic would lose digits.

    Parameters
    ----------
    inputs : tuple of Symbol
    """

    inputs: tuple[Symbol, ...]

    single: ClassVar[bool] = True
    block: ClassVar[int] = 65536

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.inputs)

    @abstractmethod
    def in_balls(self, at: dict[Symbol, arb]) -> arb:
        """π(a)."""

    def corrected(self, found: Array, where: Any, points: Points) -> Array:
        """Points × one solution, those at ``where`` in balls."""
        places = np.flatnonzero(np.broadcast_to(where, found.shape)) if np.any(where) else ()
        for k in places:
            entry = points.entry(int(k))
            with ctx.workprec(_BITS):
                root = self.in_balls({s: arb(float(entry[s.name])) for s in self.inputs})
                found[k] = float((1 - root if points.complement else root).mid())
        return found[:, None]


@dataclass(frozen=True)
class LargerRoot(_ClosedKernel):
    """The larger root in (0, 1) of a quadratic in π(a), and one minus it.

    Parameters
    ----------
    leading, constant : Expr
        a, and c or (where it is not positive) the discriminant.
    linear : DoubleSum or Expr
        b.
    above, slope : Expr
        c' and b', in π_ref and 1 − π_ref.
    balanced : bool
        Whether c >= 0; else b > 0 and the discriminant is a sum of positive terms.
    exact : tuple of Expr
        The coefficients.
    """

    leading: Expr
    constant: Expr
    linear: DoubleSum | Expr
    above: Expr
    slope: Expr
    balanced: bool
    exact: tuple[Expr, Expr, Expr]

    @classmethod
    def of(
        cls, polynomial: Poly, discriminant: Expr | None, inputs: tuple[Symbol, ...], domain: Domain
    ) -> LargerRoot | None:
        """Of a quadratic whose larger root is the solution; None where digits would be lost.

        ``discriminant`` is a sum of positive terms, for the case c < 0.
        """
        a, b, c = polynomial.all_coeffs()
        swapped = polynomial.as_expr().subs(symbols.pi_ref, 1 - _REST)
        flipped = Poly(swapped.subs(polynomial.gen, 1 - polynomial.gen).expand(), polynomial.gen)
        ranges = Domain((*domain.ranges,)).extended(_REST)
        _, slope, above = (tidy(x, ranges) for x in flipped.all_coeffs())
        balanced = sign(-a * c, domain) in (Sign.POSITIVE, Sign.NONNEGATIVE)
        linear: DoubleSum | Expr | None = DoubleSum.of((-b).expand())
        if sign(-b, domain) == Sign.POSITIVE:
            linear = (-b).expand()
        if linear is None or (not balanced and discriminant is None):
            return None
        if not balanced and not isinstance(linear, Expr):
            return None
        constant = tidy(-c, domain) if balanced else discriminant
        rise = (-slope).expand()
        return cls(inputs, tidy(a, domain), constant, linear, above, rise, balanced, (a, b, c))

    def found(self, points: Points) -> Array:
        values = [points[name] for name in self.names]
        out = np.empty(points.count) if points.out is None else points.out
        with np.errstate(all="ignore"):
            for start in range(0, len(out), _PIECE):
                piece = slice(start, start + _PIECE)
                at = [v[piece] if np.ndim(v) else v for v in values]
                # It may round one unit above 1.
                np.minimum(self._plainly(at, points.complement), 1.0, out=out[piece])
        return self.corrected(out, self._far(points), points)

    def _far(self, points: Points) -> Any:
        """Where plain arithmetic may under- or overflow, or divide 0 by 0."""
        found: Any = False
        for name in self.names:
            least, greatest = points.ends[name]
            if least < _LEAST or greatest > _GREATEST:
                found = found | (points[name] < _LEAST) | (points[name] > _GREATEST)
        return found

    def _plainly(self, values: list[Any], complement: bool) -> Any:
        if isinstance(self.linear, DoubleSum) and not self.linear.plain:
            at = dict(zip(self.names, values, strict=True))
            values = [*values, 0.5 * self.linear(at)]
        return self._formulas[complement](*values)[0]

    @cached_property
    def _formulas(self) -> tuple[Formula, Formula]:
        """π(a), and its complement."""
        names, first = self.names, [(_REST, 1 - symbols.pi_ref)]
        if not isinstance(self.linear, DoubleSum):
            first.append((_HALF, self.linear / 2))
        elif self.linear.plain:
            first.append((_HALF, self.linear.expression / 2))
        else:
            names = (*names, _HALF.name)
        found = []
        for value in (self._share(), self._rest()):
            kept = tuple(step for step in first if step[0] in value.free_symbols)
            found.append(Formula((value,), names, kept))
        return found[0], found[1]

    @property
    def _root(self) -> Expr:
        """Half the root of the discriminant."""
        if not self.balanced:
            return sqrt(self.constant / 4)
        return sqrt(_HALF**2 + self.constant * self.leading)  # √(b²/4 + a c)

    def _share(self) -> Expr:
        if not self.balanced:
            return (self._root + (self.linear / 2).expand()) / self.leading
        size = Abs(_HALF)
        # |b| + b is exactly 0 for a negative b.
        return self.constant / (self._root + size) + (_HALF + size) / self.leading

    def _rest(self) -> Expr:
        return self.above / (self._root + (self.slope / 2).expand())

    def in_balls(self, at: dict[Symbol, arb]) -> arb:
        a, b, c = (ball(x, at, _BITS) for x in self.exact)
        if a == 0:
            return -c / b if b != 0 else at[symbols.pi_ref]
        return ((b * b - 4 * a * c).nonnegative_part().sqrt() - b) / (2 * a)


@dataclass(frozen=True)
class Logistic(_ClosedKernel):
    """π_ref(a) over π_ref(a) + (1 − π_ref(a)) exp(−x), and one minus it.

    Parameters
    ----------
    exponent : DoubleSum
        −x/2 times ``weight``.
    weight : str
    exact : Expr
        π(a).
    """

    exponent: DoubleSum
    weight: str
    exact: Expr

    @classmethod
    def of(cls, form: Expr, inputs: tuple[Symbol, ...]) -> Logistic | None:
        """From a quotient whose exponential does not overflow; None for another shape."""
        decay, share = Mul(*form.atoms(exp)), symbols.pi_ref
        if not isinstance(decay, exp) or form != share / (share + (1 - share) * decay):
            return None
        top, bottom = fraction(decay.args[0].together())
        number, bottom = bottom.as_independent(Symbol, as_Add=False)
        exponent = DoubleSum.of((top / number / 2).expand())
        if exponent is None or not bottom.is_Symbol:
            return None
        return cls(inputs, exponent, bottom.name, form)

    def found(self, points: Points) -> Array:
        reference = points[symbols.pi_ref.name]
        rest = 1.0 - reference
        with np.errstate(all="ignore"):
            half = quotient_exp(self.exponent, points[self.weight], points.values)
            whole = reference + rest * half * half
            # The second half is not multiplied in before the quotient: it might underflow.
            found = (rest * half / whole) * half if points.complement else reference / whole
        fixed = (reference == 0) | (reference == 1)
        found = np.where(fixed, rest if points.complement else reference, found)
        tiny = (half < _TINY) & (reference < _TINY) & (reference > 0)
        return self.corrected(np.broadcast_to(found, points.count).copy(), tiny, points)

    def in_balls(self, at: dict[Symbol, arb]) -> arb:
        return ball(self.exact, at, _BITS)
