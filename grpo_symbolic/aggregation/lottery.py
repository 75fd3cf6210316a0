"""Lottery: what a rule makes of an electorate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import log2

import mpmath as mp
from flint import arb, ctx, fmpq
from sympy import Expr, N

from grpo_symbolic.display import cut, grid, short
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import middle

_SHOWN = 12


@dataclass(frozen=True, repr=False)
class Lottery:
    """A probability for each answer.

    Source: maximal lotteries and their kin, P. Fishburn, Rev. Econ. Stud. 51 (1984) 683-692.

    Attributes
    ----------
    answers : tuple of str
    values : tuple
        Exact numbers (SymPy), balls that are proved to contain the probabilities, or floats.
    note : str
        How it was found, and what has to be said of it.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> electorate = gs.Electorate([(2, (1, 0)), (1, (0, 1))])
    >>> gs.compare("random-dictator", electorate).lotteries[0].answers
    ('1', '2')
    """

    answers: tuple[str, ...]
    values: tuple[Expr | arb | float, ...]
    note: str = ""

    @property
    def kind(self) -> str:
        """``exact``, ``enclosed`` or ``numeric``."""
        if isinstance(self.values[0], arb):
            return "enclosed"
        return "exact" if isinstance(self.values[0], Expr) else "numeric"

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Expr | arb | float]:
        return iter(self.values)

    def __getitem__(self, answer: str) -> Expr | arb | float:
        return self.values[self.answers.index(answer)]

    def floats(self) -> tuple[float, ...]:
        """The probabilities in float64."""
        return tuple(float(v.mid()) if isinstance(v, arb) else float(v) for v in self.values)

    def decimals(self, digits: int = 20) -> tuple[str, ...]:
        """The probabilities as decimals; 15 digits of floats, of balls what they are sure of."""
        return tuple(_decimal(v, digits) for v in self.values)

    @property
    def winners(self) -> tuple[str, ...]:
        """The answers of largest probability, as far as floats tell."""
        found = self.floats()
        return tuple(a for a, p in zip(self.answers, found, strict=True) if p > max(found) - 1e-12)

    def _rows(self) -> list[tuple[str, str]]:
        exact = self.kind == "exact"
        shown = [short(v, 40) for v in self.values] if exact else self.decimals(12)
        return list(zip(self.answers, shown, strict=True))

    def __repr__(self) -> str:
        shown = [f"{a}: {v}" for a, v in self._rows()[:_SHOWN]]
        more = [f"and {len(self) - _SHOWN} more"] if len(self) > _SHOWN else []
        return f"Lottery({cut(', '.join([*shown, *more]), 200)})"

    def __str__(self) -> str:
        rows = [f"{a}  {v}" for a, v in self._rows()]
        return "\n".join([*rows, self.note] if self.note else rows)

    def _repr_html_(self) -> str:
        return grid(self.note or "Lottery", ("answer", "probability"), self._rows())


def _decimal(value: Expr | arb | float, digits: int) -> str:
    if isinstance(value, float):
        return format(value, ".15g")
    with mp.workdps(digits + 10):
        if isinstance(value, arb):
            number = middle(value)
            digits = max(1, min(digits, int(value.rel_accuracy_bits() / log2(10))))
        elif value.is_Rational:
            number = mp.mpf(value.p) / value.q
        else:
            number = mp.mpf(N(value, digits + 10)._mpf_)
        return mp.nstr(number, digits, min_fixed=-6, max_fixed=digits)


def as_arb(value: Fraction) -> arb:
    """A fraction as a ball."""
    return arb(fmpq(value.numerator, value.denominator))


def as_ball(value: Expr | arb | float) -> arb:
    """A probability at the working precision of ball arithmetic."""
    return ball(value, {}, ctx.prec) if isinstance(value, Expr) else arb(value)
