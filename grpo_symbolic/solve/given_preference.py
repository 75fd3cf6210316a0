"""A preference as expressions, in ball arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isqrt

from flint import arb, arb_mat, ctx
from sympy import Dummy, Expr, Symbol

from grpo_symbolic.enclosures.balls import balls
from grpo_symbolic.gradient import gradients
from grpo_symbolic.replace import replaced, sizes

# Parts of all expressions, each as often as it is differentiated.
_MOST_SLOPES = 1_000_000
#: One minus the other probabilities; one symbol, so that derivatives are found again.
_LAST = Dummy("rest", positive=True)


@lru_cache(maxsize=16)
def _derivatives(
    expressions: tuple[Expr, ...], unknowns: tuple[Symbol, ...]
) -> dict[tuple[int, int], Expr]:
    places = {s: j for j, s in enumerate(unknowns)}
    return {
        (o, places[s]): slope
        for o, row in enumerate(gradients(expressions, unknowns))
        for s, slope in row.items()
    }


@dataclass(frozen=True)
class GivenPreference:
    """P as expressions.

    Parameters
    ----------
    expressions : tuple of Expr
        With numbers for all symbols but ``unknowns``.
    unknowns : tuple of Symbol
        π(o) of every answer.
    """

    expressions: tuple[Expr, ...]
    unknowns: tuple[Symbol, ...]

    @classmethod
    def of(cls, values: Sequence[Expr], policy: Sequence[Expr]) -> GivenPreference:
        """In a policy whose last probability is written as one minus the others.

        Raises
        ------
        ValueError
            Where the derivatives take long, with how many answers would do.
        """
        *free, last = policy
        found = cls.checked(values, policy)
        return cls(tuple(replaced(found.expressions, {last: _LAST})), (*free, _LAST))  # type: ignore[arg-type]

    @classmethod
    def checked(cls, values: Sequence[Expr], masses: Sequence[Expr]) -> GivenPreference:
        """In masses, each with a symbol of its own; raises as :meth:`of` does."""
        whole = dict.fromkeys(values)
        work = sum(n * len(v.free_symbols) for v, n in zip(whole, sizes(whole), strict=True))
        if work > _MOST_SLOPES:
            fits = max(2, isqrt(len(masses) ** 2 * _MOST_SLOPES // work))
            raise ValueError(
                f"the expected advantages of {len(masses)} answers are too large to be "
                f"differentiated, written out ({work:,} parts of slopes, {_MOST_SLOPES:,} are "
                f"possible): {fits} answers would do, or smaller groups"
            )
        return cls(tuple(values), tuple(masses))  # type: ignore[arg-type]

    @property
    def _slopes(self) -> dict[tuple[int, int], Expr]:
        """By answer and mass; what an expression does not contain it does not feel."""
        return _derivatives(self.expressions, self.unknowns)

    @cached_property
    def cost(self) -> int:
        return 3 * sum(sizes((*self.expressions, *self._slopes.values())))

    def values(self, policy: Sequence[arb]) -> list[arb]:
        return balls(self.expressions, dict(zip(self.unknowns, policy, strict=True)), ctx.prec)

    def slopes(self, policy: Sequence[arb]) -> arb_mat:
        n, at = len(policy), dict(zip(self.unknowns, policy, strict=True))
        found = arb_mat(n, n)
        for place, slope in zip(
            self._slopes, balls(tuple(self._slopes.values()), at, ctx.prec), strict=True
        ):
            found[place] = slope
        return found
