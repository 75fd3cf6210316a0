"""Range: one parameter between two ends, the numbers that are drawn from it, how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from random import Random

from sympy import Basic, Expr, Integer, Rational, S, Symbol, ceiling, floor, oo, sstr

from grpo_symbolic.display import tex, typeset
from grpo_symbolic.elementary import in_reach
from grpo_symbolic.symbols import describe

# Numerators over 1000: the middle of a unit interval and both of its ends.
_UNIT_SAMPLES = (1, 7, 40, 125, 250, 333, 500, 618, 750, 880, 960, 993, 999)
# A whole number that is far from the least one, but small enough to be computed with.
_MANY = 100
#: Of an end that is written as a fraction.
_MOST_BITS = 10**5


@dataclass(frozen=True, repr=False)
class Range:
    """One symbol between two ends; an end is closed where the symbol may reach it.

    Ends may be Python's numbers, which are taken for what they are written as: 0.1 is 1/10.
    """

    symbol: Symbol
    lower: Expr
    upper: Expr
    lower_closed: bool = False
    upper_closed: bool = False

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            end = getattr(self, name)
            if not isinstance(end, Basic):
                exact = Rational(repr(end)) if isinstance(end, float) and isfinite(end) else S(end)
                object.__setattr__(self, name, exact)

    @cached_property
    def needs(self) -> set[Symbol]:
        """The symbols of its ends."""
        return S(self.lower).free_symbols | S(self.upper).free_symbols  # type: ignore[return-value]

    def ends(self, point: Mapping[Symbol, Expr]) -> tuple[Expr, Expr]:
        """Both ends at numbers for their symbols; no numbers where they are too long ones."""
        ends = self.lower, self.upper
        if not self.needs:
            return ends
        if not all(in_reach(S(end), point) for end in ends):
            return S.NaN, S.NaN
        given = {s: S(point[s]) for s in self.needs if s in point}
        return S(ends[0]).xreplace(given), S(ends[1]).xreplace(given)

    @property
    def bounded(self) -> bool:
        """Whether it has a finite end, from which a coordinate t >= 0 starts."""
        return self.lower != -oo or self.upper != oo

    @property
    def from_above(self) -> bool:
        """Whether the coordinate starts from the upper end: from a closed one, where it can."""
        return self.lower == -oo or (self.upper_closed and self.upper != oo)

    @property
    def reached(self) -> bool:
        """Whether the end from which the coordinate starts is part of the range."""
        return self.upper_closed if self.from_above else self.lower_closed

    def __str__(self) -> str:
        if not self._says_whole:
            return self._written(sstr, ">=", "<=", " real")
        text = self._written(sstr, ">=", "<=", "")
        return f"{text} (whole)" if self.bounded else f"{text} whole"

    def __repr__(self) -> str:
        return f"Range({self})"

    def latex(self) -> str:
        least, most = r"\ge", r"\le"
        if not self._says_whole:
            return self._written(tex, least, most, r" \in \mathbb{R}")
        whole = rf"{tex(self.symbol)} \in \mathbb{{Z}}"
        return rf"{whole},\ {self._written(tex, least, most, '')}" if self.bounded else whole

    @property
    def _says_whole(self) -> bool:
        """Whether its values are whole numbers, which G and k, known by name, say themselves."""
        return bool(self.symbol.is_integer) and describe(self.symbol) is None

    def _written(self, write: Callable[[Expr], str], least: str, most: str, real: str) -> str:
        """The range with these words for its relations."""
        name, right = write(self.symbol), most if self.upper_closed else "<"
        if not self.bounded:
            return f"{name}{real}"
        if self.lower == self.upper and self.lower_closed and self.upper_closed:
            return f"{name} = {write(self.lower)}"
        if self.upper == oo:
            return f"{name} {least if self.lower_closed else '>'} {write(self.lower)}"
        if self.lower == -oo:
            return f"{name} {right} {write(self.upper)}"
        left = most if self.lower_closed else "<"
        return f"{write(self.lower)} {left} {name} {right} {write(self.upper)}"

    def _repr_latex_(self) -> str:
        return typeset(self.latex())


def catalogue_range(symbol: Symbol) -> Range:
    """The range that the catalogue has for a symbol, or that its assumptions give it."""
    entry = describe(symbol)
    if entry is not None:
        return Range(symbol, entry.lower, entry.upper, entry.lower_closed, entry.upper_closed)
    whole = bool(symbol.is_integer)
    if symbol.is_positive or symbol.is_nonnegative:
        least = Integer(int(whole and bool(symbol.is_positive)))
        return Range(symbol, least, oo, lower_closed=whole or not symbol.is_positive)
    if symbol.is_real:
        return Range(symbol, -oo, oo)
    raise ValueError(f"the symbol {symbol} has no known range: give it one with Domain.of")


def _fraction(end: Expr) -> Expr:
    """An end of a range, or a fraction close to one that is none: points are rational."""
    if end.is_Rational or end in (oo, -oo):
        return end
    close = end.n(20)
    # Such as exp(-10**40), which is a number, but not one to be written as a fraction.
    written_out = close.is_Float and (close == 0 or abs(close._mpf_[2]) < _MOST_BITS)
    return Rational(str(close)) if written_out else S.NaN


def near(r: Range, point: Mapping[Symbol, Expr], side: int, scale: Rational) -> Expr:
    """Inside of a range next to its lower (-1) or upper end (1), or in the middle (0)."""
    lower, upper = map(_fraction, r.ends(point))
    if r.symbol.is_integer:
        start = S.Zero if lower == -oo else ceiling(lower)
        return start + {-1: 0, 0: 1, 1: _MANY}[side] if upper == oo else start
    if lower == -oo and upper == oo:
        return {-1: -1 / scale, 0: S.One, 1: 1 / scale}[side]
    if upper == oo:
        return lower + {-1: scale, 0: S.One, 1: 1 / scale}[side]
    if lower == -oo:
        return upper - {-1: 1 / scale, 0: S.One, 1: scale}[side]
    return lower + (upper - lower) * {-1: scale, 0: S.Half, 1: 1 - scale}[side]


def drawn(r: Range, point: Mapping[Symbol, Expr], random: Random) -> Expr:
    """A rational number of the range, given those that its ends depend on."""
    lower, upper = map(_fraction, r.ends(point))
    digit, power = random.choice((1, 2, 3, 5, 7, 9)), random.randint(-3, 2)
    if r.symbol.is_integer:
        return _drawn_integer(r, lower, upper, random)
    if upper != oo and lower != -oo:
        if r.upper_closed and random.random() < 0.15:
            return upper
        return lower + (upper - lower) * Rational(random.choice(_UNIT_SAMPLES), 1000)
    magnitude = Rational(digit * 10 ** max(power, 0), 10 ** max(-power, 0))
    if lower == -oo and upper == oo:
        return magnitude * random.choice((-1, 1))
    return lower + magnitude if upper == oo else upper - magnitude


def _drawn_integer(r: Range, lower: Expr, upper: Expr, random: Random) -> Integer:
    least, most = ceiling(lower), floor(upper)
    if not r.lower_closed and least == lower:
        least += 1
    if not r.upper_closed and most == upper:
        most -= 1
    if lower == -oo:
        least = (most if upper != oo else Integer(4)) - 8
    if upper == oo:
        most = least + 8
    return Integer(random.randint(int(least), min(int(most), int(least) + 8)))
