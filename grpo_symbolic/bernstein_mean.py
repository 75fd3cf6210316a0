r"""h_n(m) = E f(K/n), K ~ Binomial(n, m): a mean over a group that keeps its name.

Written out, it is a polynomial of degree n in m, with as many radicals as f has values: nobody
reads it, and what is known of f (positive, concave) is lost in it. So it stays one object: it is
printed by name, differentiates to :math:`h_n'(m)`, has exact derivatives at m = 0 and m = 1 for
every n, a symbol too, and unfolds on request.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import mpmath as mp
from sympy import (
    Add,
    Derivative,
    Eq,
    Expr,
    Float,
    Function,
    IndexedBase,
    Integer,
    Lambda,
    S,
    Sum,
    Symbol,
    Tuple,
    binomial,
    ff,
    lambdify,
)
from sympy.core.symbol import Str

from grpo_symbolic import symbols
from grpo_symbolic.group_sum import GroupSum

_GUARD_BITS = 30
# Up to this group size a mean unfolds term by term, beyond it as a sum over the group.
_TERM_BY_TERM = 12
_BOUND = Symbol("_t", positive=True)


def part(place: int) -> Any:
    """The argument of an expression at a place, by a name of its own."""
    return property(lambda expression: expression.args[place])


class BernsteinMean(Expr):
    r"""The Bernstein polynomial of f, or a derivative of it in m, by name.

    .. math:: h_n(m) = \sum_{k} \binom{n}{k}\, c_k\, m^k (1 - m)^{n-k}, \qquad c_k = f(k/n)

    Parameters
    ----------
    values : Lambda or Tuple
        f on (0, 1), for a mean that is 0 at both ends; f between given ends, (c_0, f, c_n); or
        the table c_0 … c_n.
    size : Expr
        n, an integer or a symbol.
    argument : Expr
        m in [0, 1].
    order : int
        Of the derivative in m.
    name : str
        What it is called in print.

    Examples
    --------
    >>> from sympy import sqrt
    >>> t, p = symbols.t, symbols.pi
    >>> h = BernsteinMean(Lambda(t, sqrt(t * (1 - t))), 3, p)
    >>> h, h.diff(p), h.doit().factor()
    (h_3(pi), h_3'(pi), -sqrt(2)*pi*(pi - 1))
    """

    is_commutative = True
    is_Function = True  # noqa: N815 - so that SymPy does not rewrite what is inside

    def __new__(
        cls,
        values: Lambda | Tuple,
        size: Any,
        argument: Any,
        order: Any = 0,
        name: Any = "h",
    ) -> Expr:
        size, argument, order = S(size), S(argument), S(order)
        label = name if isinstance(name, Str) else Str(name)
        if size.is_Integer and order > size:
            return S.Zero
        found = Expr.__new__(cls, _bound(values), size, argument, order, label)
        if argument == 0 or argument == 1:
            return found.at_end(int(argument))
        return found

    # -- parts -------------------------------------------------------------------------

    values: Lambda | Tuple = part(0)
    size: Expr = part(1)
    argument: Expr = part(2)

    @property
    def order(self) -> int:
        return int(self.args[3])  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        return self.args[4].name  # type: ignore[union-attr]

    @property
    def f(self) -> Expr | None:
        """f as an expression in ``symbols.t``; None for a table."""
        return None if self._inner is None else self._inner(symbols.t)

    @property
    def _inner(self) -> Lambda | None:
        if isinstance(self.values, Lambda):
            return self.values
        middle = self.values[1] if len(self.values) == 3 else None
        return middle if isinstance(middle, Lambda) else None

    @property
    def ends(self) -> tuple[Expr, Expr]:
        """c_0 and c_n."""
        if isinstance(self.values, Lambda):
            return S.Zero, S.Zero
        return self.values[0], self.values[-1]

    @property
    def free_symbols(self) -> set:
        return set().union(*(part.free_symbols for part in self.args[:3]))

    def value(self, k: Expr) -> Expr:
        """c_k, for an index that may count from the far end: n − j."""
        if k == 0 or k == self.size:
            return self.ends[0 if k == 0 else 1]
        return self.values[int(k)] if self._inner is None else self._inner(k / self.size)

    def of(self, argument: Expr) -> Expr:
        """The same function of another argument."""
        return BernsteinMean(self.values, self.size, argument, self.order, self.args[4])

    def derivative(self, order: int = 1) -> Expr:
        """The derivative in m, of so much higher an order."""
        return BernsteinMean(
            self.values, self.size, self.argument, self.order + order, self.args[4]
        )

    # -- at the ends -------------------------------------------------------------------

    def at_end(self, end: int) -> Expr:
        r"""The value at m = 0 or m = 1: :math:`n(n-1)\cdots(n-j+1)\,\Delta^j c` there."""
        j, n = self.order, self.size
        places = range(j + 1)
        signs = [Integer(-1) ** (j - i) * binomial(j, i) for i in places]
        index = [Integer(i) if end == 0 else n - j + i for i in places]
        total = Add(*(s * self.value(k) for s, k in zip(signs, index, strict=True)))
        return ff(n, j) * total if n.is_Integer else (ff(n, j) * total).expand(func=True)

    # -- SymPy's questions ----------------------------------------------------------------

    def _eval_is_extended_real(self) -> bool | None:
        return True if all(s.is_extended_real for s in self.free_symbols) else None

    def _eval_is_finite(self) -> bool | None:
        return True if all(s.is_finite is not False for s in self.free_symbols) else None

    def _eval_derivative(self, s: Symbol) -> Expr:
        if self.size.has(s):
            return Derivative(self, s, evaluate=False)
        total: Expr = S.Zero
        inner = self.argument.diff(s)
        if inner != 0:
            total += inner * self.derivative()
        if self.values.has_free(s):
            total += BernsteinMean(
                _differentiated(self.values, s),
                self.size,
                self.argument,
                self.order,
                f"{self.name}_{s.name}",
            )
        return total

    def _eval_evalf(self, prec: int) -> Expr | None:
        if self.free_symbols or not self.size.is_Integer:
            return None
        with mp.workprec(prec + _GUARD_BITS + 4 * self.order * int(self.size).bit_length()):
            m = mp.mpmathify(self.argument.evalf(mp.mp.dps))
            row = self._numbers()
            for _ in range(self.order):
                row = [(len(row) - 1) * (b - a) for a, b in pairwise(row)]
            n = len(row) - 1
            total = mp.fsum(
                mp.binomial(n, k) * c * m**k * (1 - m) ** (n - k) for k, c in enumerate(row)
            )
        return Float(total, precision=prec)

    def _numbers(self) -> list[mp.mpf]:
        """c_0 … c_n at the working precision of mpmath."""
        n = int(self.size)
        if self._inner is None:
            return [mp.mpmathify(c.evalf(mp.mp.dps)) for c in self.values]
        f = _compiled(self.f)
        first, last = (mp.mpmathify(c.evalf(mp.mp.dps)) for c in self.ends)
        return [first, *(f(mp.mpf(k) / n) for k in range(1, n)), last]

    # -- unfolding -------------------------------------------------------------------------

    def doit(self, **hints: Any) -> Expr:
        """The sum over the group, term by term where it is small."""
        m, n = Symbol("m", positive=True), self.size
        if n.is_Integer and (n <= _TERM_BY_TERM or self._inner is None):
            total: Expr = Add(*(self._term(Integer(k), m) for k in range(int(n) + 1)))
        else:
            k = symbols.k
            total = GroupSum(self._term(k, m), (k, 1, n - 1))
            total += self._term(S.Zero, m) + self._term(n, m)
        return total.diff(m, self.order).subs(m, self.argument)

    def _term(self, k: Expr, m: Expr) -> Expr:
        value = self.value(k)
        return value * binomial(self.size, k) * m**k * (1 - m) ** (self.size - k)

    def _code(self, printer: Any) -> str:
        """In source code a mean is the sum that it is."""
        return f"({printer._print(self.doit())})"

    _numpycode = _mpmathcode = _pythoncode = _scipycode = _jaxcode = _torchcode = _code

    # -- print -----------------------------------------------------------------------------

    def _sympystr(self, printer: Any) -> str:
        primes = "'" * self.order
        return f"{self.name}_{printer._print(self.size)}{primes}({printer._print(self.argument)})"

    _sympyrepr = _sympystr

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name, _, rest = self.name.partition("_")
        size = printer._print(self.size)
        symbol = rf"{name}_{{{size}}}" + "'" * self.order
        if rest:
            parameter = printer._print(Symbol(rest))
            symbol = rf"\partial_{{{parameter}}} {symbol}"
        if exp is not None:
            symbol = rf"{symbol}^{{{exp}}}" if not self.order else rf"({symbol})^{{{exp}}}"
        return rf"{symbol}({printer._print(self.argument)})"


@lru_cache(maxsize=32)
def _compiled(f: Expr) -> Any:
    """A function of t for numbers of mpmath: a mean is evaluated at many points."""
    return lambdify(symbols.t, f, "mpmath")


def _bound(values: Lambda | Tuple) -> Lambda | Tuple:
    """With a bound variable that no other expression has: substitutions pass it by."""
    if isinstance(values, Lambda):
        return values if values.variables == (_BOUND,) else Lambda(_BOUND, values(_BOUND))
    return Tuple(*(_bound(c) if isinstance(c, Lambda) else c for c in values))


def _differentiated(values: Lambda | Tuple, s: Symbol) -> Lambda | Tuple:
    if isinstance(values, Lambda):
        return Lambda(_BOUND, values(_BOUND).diff(s))
    return Tuple(*(_differentiated(c, s) if isinstance(c, Lambda) else c.diff(s) for c in values))


def definitions(*expressions: Expr) -> tuple[Eq, ...]:
    """What the named means of some expressions stand for: each mean, and its values.

    In ``symbols.share`` = m and ``symbols.t``, with f(k/n) under the sum.
    """
    found: dict[Expr, tuple[Eq, ...]] = {}
    for mean in sorted(set().union(*(e.atoms(BernsteinMean) for e in expressions)), key=str):
        plain = BernsteinMean(mean.values, mean.size, symbols.share, 0, mean.args[4])
        found.setdefault(plain, _defined(plain))
    return tuple(line for lines in found.values() for line in lines)


def _defined(mean: BernsteinMean) -> tuple[Eq, ...]:
    m, n, k, f = mean.argument, mean.size, symbols.k, mean.f
    first = S.One if isinstance(mean.values, Lambda) else S.Zero
    weight = binomial(n, k) * m**k * (1 - m) ** (n - k)
    if f is None:
        value = IndexedBase("c")[k]
        table = [(IndexedBase("c")[i], c) for i, c in enumerate(mean.values) if c != 0]
        first = S.Zero if mean.values[0] != 0 else S.One
        rest = tuple(Eq(name, c, evaluate=False) for name, c in table)
    elif first == 1:
        value = Function("f")(k / n)
        rest = (Eq(Function("f")(symbols.t), f, evaluate=False),)
    else:
        value = Function("w")(k / n)
        ends = (Eq(Function("w")(S(e)), c, evaluate=False) for e, c in enumerate(mean.ends))
        rest = (Eq(Function("w")(symbols.t), f, evaluate=False), *ends)
    whole = Sum(weight * value, (k, first, n - first))
    return (Eq(mean, whole, evaluate=False), *rest)


def unfolded(expr: Expr) -> Expr:
    """``expr`` with every named mean written out."""
    means = expr.atoms(BernsteinMean)
    return expr.xreplace({mean: mean.doit() for mean in means}) if means else expr
