"""Domain: the ranges that travel with an expression.

A domain is a triangular list of ranges: the ends of each range may use the
symbols before it (``gamma in (0, 1]``, then ``beta in [gamma, oo)``). One
structure then serves three uses: it prints the assumptions, it draws exact
rational samples, and it maps the whole set onto an orthant of non-negative
coordinates, where a polynomial without negative coefficients is a proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product
from random import Random

from sympy import (
    Basic,
    Dummy,
    Expr,
    Rational,
    S,
    Symbol,
    oo,
)

from grpo_symbolic.display import Html, cut, legible, math, typeset
from grpo_symbolic.parameter_range import Range, catalogue_range, drawn, near

__all__ = ["Domain", "Range", "free_symbols", "symbols_in"]

# How close to an end corners are; with more than a few symbols one of these, with more than some
# of them one symbol at a time.
# Ranges that are printed: those of hundreds of answers say the same of each.
_SHOWN = 24
_SCALES = (Rational(1, 10**4), Rational(1, 10**10), Rational(1, 10**40))
_FEW, _SOME = 2, 3


@dataclass(frozen=True, repr=False)
class Domain:
    """A triangular set of parameter values.

    Source: new. Ends are in the units of the symbols.

    Parameters
    ----------
    ranges : tuple of Range
        The ends of each may contain symbols of others, but not in a circle: ranges are kept in
        an order in which those come first.

    Raises
    ------
    ValueError
        When ranges depend on one another in a circle, a symbol has two, or SymPy knows of one
        another sign, or what a range does not say: that it is even, prime, rational, not 0, ….

    Examples
    --------
    >>> from grpo_symbolic import symbols
    >>> from grpo_symbolic.domain import Domain
    >>> print(Domain.of(symbols.gamma, (symbols.beta, symbols.gamma, oo)))
    0 < gamma <= 1, beta > gamma
    """

    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        left = list(dict.fromkeys(self.ranges))
        waiting = {r.symbol for r in left}
        if len(waiting) < len(left):
            raise ValueError(f"a symbol has two ranges: {', '.join(map(str, left))}")
        for r in left:
            low = r.symbol.is_nonnegative and S(r.lower).is_extended_negative
            if low or (r.symbol.is_nonpositive and S(r.upper).is_extended_positive):
                kind = "negative" if low else "positive"
                raise ValueError(f"{r.symbol} is no {kind} number to SymPy, but has the range {r}")
            if _restricted(r.symbol):
                raise ValueError(
                    f"SymPy takes {r.symbol} for a number of a kind that a range does not say: "
                    "real, of one sign, or whole is what it may be"
                )
        ordered: list[Range] = []
        while left:
            found = next((r for r in left if not r.needs & waiting), None)
            if found is None:
                circle = ", ".join(str(r) for r in left)
                raise ValueError(f"the ranges depend on one another in a circle: {circle}")
            ordered.append(found)
            left.remove(found)
            waiting.remove(found.symbol)
        object.__setattr__(self, "ranges", tuple(ordered))

    @classmethod
    def of(cls, *items: Symbol | tuple[Symbol, Expr, Expr] | Range) -> Domain:
        """Ranges from symbols (their catalogue range), ``(symbol, lower, upper)`` or Range."""
        ranges = []
        for item in items:
            if isinstance(item, Range):
                ranges.append(item)
            elif isinstance(item, tuple):
                ranges.append(Range(*item))
            else:
                ranges.append(catalogue_range(item))
        return cls(tuple(ranges))

    @classmethod
    def around(cls, *expressions: Expr) -> Domain:
        """The catalogue ranges of every symbol of the expressions, in a fixed order."""
        found = (s for s in symbols_in(expressions) if isinstance(s, Symbol))
        return cls.of(*sorted(found, key=str))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that have a range, in order."""
        return tuple(r.symbol for r in self.ranges)

    def extended(self, *expressions: Expr) -> Domain:
        """This domain and the catalogue ranges of symbols it does not have yet."""
        met = self._in_ends | symbols_in(expressions)
        missing = [s for s in met - set(self.symbols) if isinstance(s, Symbol)]
        if not missing:
            return self
        return Domain(self.ranges + Domain.of(*sorted(missing, key=str)).ranges)

    @cached_property
    def _in_ends(self) -> frozenset[Basic]:
        return frozenset[Basic]().union(*(r.needs for r in self.ranges))

    def __hash__(self) -> int:
        return hash(self.symbols)  # the ends tell few domains apart, and take long to hash

    def __str__(self) -> str:
        shown = [str(r) for r in self.ranges[:_SHOWN]]
        more = len(self.ranges) - len(shown)
        return ", ".join((*shown, f"and {more} more") if more else shown)

    def __repr__(self) -> str:
        return f"Domain({cut(str(self), 300)})"

    def latex(self) -> str:
        """TeX of the ranges, without math delimiters."""
        return r",\quad ".join(r.latex() for r in self.ranges)

    def _repr_latex_(self) -> str | None:
        return typeset(self.latex()) if self.ranges and self._legible else None

    @property
    def _legible(self) -> bool:
        return legible(*(end for r in self.ranges for end in (r.lower, r.upper)))

    def as_html(self) -> str:
        """The ranges typeset; as text where they are too large for that, nothing for none."""
        if not self._legible:
            return cut(str(self), 300)
        return Html(", ".join(math(r.latex()) for r in self.ranges))

    def narrowed(self, ranges: Iterable[Range]) -> Domain:
        """This domain with narrower ranges of some of its symbols; what it does not have is left.

        Examples
        --------
        >>> from sympy.abc import x, y
        >>> print(Domain.of((x, 0, 1), (y, x, 2)).narrowed([Range(y, x, 1 + x)]))
        0 < x < 1, x < y < x + 1
        """
        known = set(self.symbols)
        own = {r.symbol: r for r in ranges if r.needs <= known}
        return Domain(tuple(own.get(r.symbol, r) for r in self.ranges)) if own else self

    @property
    def attained(self) -> bool:
        """Whether the coordinates reach every closed end: no range is closed at both."""
        return not any(r.lower_closed and r.upper_closed and r.upper != oo for r in self.ranges)

    @property
    def pieces(self) -> tuple[Domain, ...]:
        """Parts that together are this domain, each with every closed end :attr:`attained`.

        A range closed at both ends is the one without its upper and the one without its lower end.
        """
        if self.attained:
            return (self,)
        parts: list[tuple[Range, ...]] = [()]
        for r in self.ranges:
            if r.lower_closed and r.upper_closed and r.upper != oo:
                halves = (replace(r, upper_closed=False), replace(r, lower_closed=False))
            else:
                halves = (r,)
            parts = [(*part, half) for part in parts for half in halves]
        return tuple(Domain(part) for part in parts)

    def coordinates(self) -> tuple[dict[Symbol, Expr], frozenset[Symbol]]:
        """Map the domain onto an orthant.

        Returns
        -------
        substitution : dict
            Each symbol as a rational function of coordinates t >= 0 (real symbols
            without a finite end stay themselves).
        strict : frozenset of Symbol
            The coordinates that are positive, not only non-negative.
        """
        substitution: dict[Symbol, Expr] = {}
        strict: set[Symbol] = set()
        for r in filter(lambda r: r.bounded, self.ranges):
            lower, upper = r.lower.xreplace(substitution), r.upper.xreplace(substitution)
            t = Dummy(f"t_{r.symbol}", **{"nonnegative" if r.reached else "positive": True})
            if not r.reached:
                strict.add(t)
            if lower == -oo:
                substitution[r.symbol] = upper - t
            elif upper == oo:
                substitution[r.symbol] = lower + t
            elif r.from_above:
                substitution[r.symbol] = upper - (upper - lower) * t / (1 + t)
            else:
                substitution[r.symbol] = lower + (upper - lower) * t / (1 + t)
        return substitution, frozenset(strict)

    def relevant(self, *expressions: Expr) -> Domain:
        """The ranges of the symbols that occur in the expressions, and of those in their ends."""
        wanted = set(symbols_in(expressions))
        kept: list[Range] = []
        for r in reversed(self.ranges):
            if r.symbol in wanted:
                kept.append(r)
                wanted |= r.needs
        return self if len(kept) == len(self.ranges) else Domain(tuple(reversed(kept)))

    def bounds_on(self, symbol: Symbol) -> tuple[list[Expr], list[Expr]]:
        """What a symbol lies above and below, the others given: their ranges bound it, too.

        Raises
        ------
        ValueError
            Where the range of another symbol has an end that is not linear in it.

        Examples
        --------
        >>> from sympy.abc import x, y
        >>> Domain.of((x, 0, 1), (y, x, 2)).bounds_on(x)
        ([0], [1, y])
        """
        own = next(r for r in self.ranges if r.symbol == symbol)
        below, above = [S(own.lower)], [S(own.upper)]
        for r in (r for r in self.ranges if symbol in r.needs):
            for end, is_lower in ((r.lower, True), (r.upper, False)):
                slope = S(end).diff(symbol)
                rest = S(end) - slope * symbol
                if not slope.is_number or rest.expand().has(symbol):
                    raise ValueError(f"the range {r} has an end that is not linear in {symbol}")
                if slope != 0:
                    turned = ((r.symbol - rest) / slope).expand()
                    (above if is_lower == bool(slope > 0) else below).append(turned)
        return below, above

    def samples(self, count: int, seed: int = 0) -> Iterator[dict[Symbol, Expr]]:
        """``count`` exact rational points, spread over magnitudes and towards the ends."""
        random = Random(seed)
        for _ in range(count):
            point: dict[Symbol, Expr] = {}
            for r in self.ranges:
                point[r.symbol] = drawn(r, point, random)
            if not self.contains(point):
                continue  # a range that is empty, or is where another one begins
            yield point

    def corners(
        self, moved: Collection[Symbol], closer: Iterable[Expr] = ()
    ) -> Iterator[dict[Symbol, Expr]]:
        """Points close to the ends of the ranges of some symbols, and far out on half-lines.

        The other symbols stay in the middle; ``closer`` are other distances than the usual ones.
        """
        names = [r.symbol for r in self.ranges if r.symbol in moved]
        scales = _SCALES if len(names) <= _FEW else _SCALES[1:2]
        for scale in (*scales, *closer):
            for asked in _sides(names):
                point: dict[Symbol, Expr] = {}
                for r in self.ranges:
                    point[r.symbol] = near(r, point, asked.get(r.symbol, 0), scale)
                if self.contains(point):
                    yield point

    def contains(self, point: Mapping[Symbol, Expr]) -> bool:
        """Whether a full assignment of numbers lies in the domain."""
        for r in self.ranges:
            value, lower, upper = point[r.symbol], *r.ends(point)
            if S.NaN in (value, lower, upper):  # too long a number
                return False
            above = lower == -oo or (value >= lower if r.lower_closed else value > lower)
            below = upper == oo or (value <= upper if r.upper_closed else value < upper)
            whole = not r.symbol.is_integer or S(value).is_integer
            # An end that SymPy does not compare, such as a named mean, shows nothing to be inside.
            if not (above == True and below == True and whole):  # noqa: E712
                return False
        return True


def _sides(names: Sequence[Symbol]) -> Iterator[dict[Symbol, int]]:
    """Which symbols are near which end: -1 the lower one, 1 the upper; of many one at a time."""
    if len(names) > _SOME:  # all combinations would not even be counted
        yield from ({s: side} for s in reversed(names) for side in (-1, 1))
        return
    for sides in product((0, -1, 1), repeat=len(names)):
        if any(sides):
            yield dict(zip(names, sides, strict=True))


@lru_cache(maxsize=4096)
def _restricted(symbol: Symbol) -> bool:
    """Whether SymPy leaves out numbers of a range that are not told apart by sign or as whole."""
    fraction = symbol.is_rational is not None and not symbol.is_integer
    not_zero = symbol.is_zero is False and not (symbol.is_positive or symbol.is_negative)
    divided = symbol.is_odd is not None or symbol.is_prime or symbol.is_composite
    return bool(fraction or not_zero or divided)


def symbols_in(expressions: Sequence[Basic]) -> frozenset[Basic]:
    """The symbols of some expressions; parts that they share are gone through once."""
    if len(expressions) == 1:
        return free_symbols(expressions[0])
    return _symbols_in(expressions)


@lru_cache(maxsize=4096)
def free_symbols(expr: Basic) -> frozenset[Basic]:
    """The symbols of an expression, each part of it gone through once."""
    return _symbols_in((expr,))


def _symbols_in(expressions: Iterable[Basic]) -> frozenset[Basic]:
    """SymPy's own goes through a part as often as it stands there."""
    left, met, found = list(expressions), set[Basic](), set[Basic]()
    while left:
        part = left.pop()
        if part in met:
            continue
        met.add(part)
        if isinstance(part, Symbol):
            found.add(part)
        elif type(part).free_symbols is Basic.free_symbols:
            left.extend(part.args)
        else:  # it binds names of its own
            found |= part.free_symbols
    return frozenset(found)
