r"""The larger root of a quadratic and its complement, for float64 arrays.

For a > 0 the larger root of a p² − b p − c = 0 with c >= 0 is

.. math:: p = \frac{2 c}{|b| + s} + \frac{\max(b, 0)}{a}, \qquad s = \sqrt{b^2 + 4 a c} ,

a sum of two terms of one sign, without a branch. The same polynomial in q = 1 − p is
a q² − b' q + c', with c' its value and b' its slope at p = 1 and the same discriminant, and q
is its smaller root 2 c'/(b' + s).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx
from sympy import Expr, Poly, Symbol, Tuple, lambdify

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.domain import Domain
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.numeric.double import DoubleSum
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.tape import Tape

__all__ = ["REST", "LargerRoot", "compiled_with_rest"]

_LINEAR = "linear coefficient"
Ends = Sequence[tuple[float, float]]
REST = Symbol("rest_ref", positive=True)  # 1 − π_ref, a number of its own

# Products of parameters inside these ends neither under- nor overflow.
_LEAST, _GREATEST = 1e-70, 1e70
_BITS = 5000


@dataclass(frozen=True)
class LargerRoot:
    """The larger root in (0, 1) of a quadratic in π(a), and one minus it.

    Parameters
    ----------
    names : tuple of str
        The parameters, in the order of the arguments.
    leading, constant : Expr
        a, and c or (where it is not positive) the discriminant.
    linear : DoubleSum or Expr
        b.
    above, slope : Expr
        c' and b', in π_ref and 1 − π_ref.
    balanced : bool
        Whether c >= 0; else b > 0 and the discriminant is a sum of positive terms.
    """

    names: tuple[str, ...]
    leading: Expr
    constant: Expr
    linear: DoubleSum | Expr
    above: Expr
    slope: Expr
    balanced: bool
    exact: tuple[Expr, Expr, Expr]
    symbols: tuple[Symbol, ...]

    @classmethod
    def of(
        cls, polynomial: Poly, discriminant: Expr | None, inputs: tuple[Symbol, ...], domain: Domain
    ) -> LargerRoot | None:
        """Of a quadratic whose larger root is the solution; None where digits would be lost.

        ``discriminant`` is a sum of positive terms, for the case c < 0.
        """
        a, b, c = polynomial.all_coeffs()
        swapped = polynomial.as_expr().subs(symbols.pi_ref, 1 - REST)
        flipped = Poly(swapped.subs(polynomial.gen, 1 - polynomial.gen).expand(), polynomial.gen)
        ranges = Domain((*domain.ranges,)).extended(REST)
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
        names = tuple(s.name for s in inputs)
        return cls(
            names, tidy(a, domain), constant, linear, above, (-slope).expand(), balanced,
            (a, b, c), inputs,
        )  # fmt: skip

    def __call__(
        self,
        *values: Any,
        complement: bool = False,
        ends: Ends | None = None,
        out: Array | None = None,
    ) -> Array:
        """π(a), or 1 − π(a): numbers and one-dimensional arrays of one length.

        ``ends`` are the least and greatest entry of each of them, where they are known; ``out``
        is where the result is written.
        """
        with np.errstate(all="ignore"):
            found = np.array(self._plainly(values, complement, out), ndmin=1, copy=None)
        if out is not None and not any(isinstance(v, np.ndarray) for v in values):
            out[...] = found  # numbers have nothing to be written over
            found = out
        if found.size and not found.max() <= 1:
            np.minimum(found, 1.0, out=found)  # it may round one unit above
        far = _far(values, ends or [(np.min(v), np.max(v)) for v in values])
        if far is not None:
            for k in np.flatnonzero(np.broadcast_to(far, found.shape)):
                at = [float(v[k]) if np.ndim(v) else v for v in values]
                found[k] = self._in_balls(at, complement)
        return found

    @cached_property
    def _tapes(self) -> tuple[Tape, Tape]:
        """The operations for π(a), and for its complement."""
        return self._tape(False), self._tape(True)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k != "_tapes"}

    def _tape(self, complement: bool) -> Tape:
        tape = Tape()
        do, form = tape.apply, tape.expression
        if not self.balanced:
            root = do(np.sqrt, form(self.constant))
            if complement:
                do(np.divide, form(2 * self.above), do(np.add, root, form(self.slope)))
            else:
                over = do(np.add, root, form(self.linear))
                do(np.divide, over, form((2 * self.leading).expand()))
            return tape
        if isinstance(self.linear, DoubleSum):
            linear = tape.name(_LINEAR) if not self.linear.plain else form(self.linear.expression)
        else:
            linear = form(self.linear)
        # Halves: √(b²/4 + a c).
        half = do(np.multiply, linear, tape.number(0.5))
        constant = form(self.constant)
        unit = self.leading == 1
        product = constant if unit else do(np.multiply, constant, form(self.leading))
        root = do(np.sqrt, do(np.add, do(np.square, half), product))
        if complement:
            do(np.divide, form(self.above), do(np.add, root, form((self.slope / 2).expand())))
            return tape
        size = do(np.abs, half)
        first = do(np.divide, constant, do(np.add, root, size))
        second = do(np.add, half, size)
        if not unit:
            second = do(np.divide, second, form(self.leading))
        do(np.add, first, second)
        return tape

    def _plainly(self, values: tuple[Any, ...], complement: bool, out: Array | None = None) -> Any:
        at = dict(zip(self.names, values, strict=True))
        tape = self._tapes[complement]
        if REST.name in tape.names:
            at[REST.name] = 1.0 - at[symbols.pi_ref.name]
        if _LINEAR in tape.names and isinstance(self.linear, DoubleSum):
            at[_LINEAR] = self.linear(at)
        return tape.run(at, out)

    def _in_balls(self, values: list[float], complement: bool) -> float:
        with ctx.workprec(_BITS):
            at = {s: arb(v) for s, v in zip(self.symbols, values, strict=True)}
            a, b, c = (ball(x, at, _BITS) for x in self.exact)
            if a == 0:
                root = -c / b if b != 0 else at[symbols.pi_ref]
            else:
                root = ((b * b - 4 * a * c).nonnegative_part().sqrt() - b) / (2 * a)
            return float((1 - root if complement else root).mid())


def _far(values: tuple[Any, ...], ends: Ends) -> Any:
    """Where plain arithmetic may under- or overflow, or divide 0 by 0; None for nowhere."""
    found = None
    for value, (least, greatest) in zip(values, ends, strict=True):
        if least < _LEAST or greatest > _GREATEST:
            far = (value < _LEAST) | (value > _GREATEST)
            found = far if found is None else found | far
    return found


@lru_cache(maxsize=256)
def compiled_with_rest(forms: Any, names: tuple[str, ...]) -> Callable[..., Any]:
    """Expressions in the named parameters and 1 − π_ref, as one function."""
    whole = Tuple(*forms) if isinstance(forms, tuple) else forms
    plain = {s: Symbol(s.name, real=True) for s in whole.free_symbols}
    replaced = whole.xreplace(plain)
    if isinstance(forms, tuple):
        replaced = tuple(replaced)
    return lambdify([*names, REST.name], replaced, "numpy", cse=True)
