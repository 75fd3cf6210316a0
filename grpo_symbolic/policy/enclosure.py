"""Stationary policies in balls: what :mod:`.enclose` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import mpmath as mp
from flint import arb

from grpo_symbolic.display import lines
from grpo_symbolic.enclosures.conversion import middle
from grpo_symbolic.solve.solutions import Stability

__all__ = ["Balls", "Enclosure"]

#: One ball an answer.
Balls: TypeAlias = tuple[arb, ...]
# Digits of a ball that are written out.
_SHOWN = 18


@dataclass(frozen=True)
class Enclosure:
    """Stationary policies at one choice of parameters, in balls.

    Attributes
    ----------
    policies : tuple of tuples of arb
        One ball an answer. Each entry contains exactly one stationary policy, and no two contain
        the same one.
    stability : tuple of Stability or None
        Under the policy-gradient flow; None where it is not known.
    complete : bool
        Whether it is proved that there are no others inside the simplex.
    reason : str
        What the number rests on, or why it is not proved.
    digits : int
        Digits asked for.
    """

    policies: tuple[Balls, ...]
    stability: tuple[Stability | None, ...]
    complete: bool
    reason: str
    digits: int

    @property
    def count(self) -> int:
        return len(self.policies)

    @property
    def status(self) -> str:
        noun = "policy" if self.count == 1 else "policies"
        return f"{self.count} stationary {noun} enclosed; {self.reason}"

    def __len__(self) -> int:
        return self.count

    def floats(self) -> tuple[tuple[float, ...], ...]:
        """The middles of all balls."""
        return tuple(tuple(float(p.mid()) for p in policy) for policy in self.policies)

    def __float__(self) -> float:
        """π of the first answer.

        Raises
        ------
        ValueError
            Unless there is one policy.
        """
        if self.count != 1:
            raise ValueError(f"a float needs one stationary policy, there are {self.count}")
        return self.floats()[0][0]

    def decimals(self, digits: int | None = None) -> tuple[tuple[str, ...], ...]:
        """Decimals of the middles, one tuple a policy."""
        wanted = self.digits if digits is None else digits
        return tuple(tuple(_decimal(p, wanted) for p in policy) for policy in self.policies)

    def __repr__(self) -> str:
        return lines(f"Enclosure: {self.status}", self._rows(), most=6)

    def __str__(self) -> str:
        return "\n".join([self.status, *(f"  {row}" for row in self._rows())])

    def _rows(self) -> list[str]:
        rows = []
        for policy, kind in zip(self.policies, self.stability, strict=True):
            shown = [_shown(p) for p in (policy if len(policy) > 2 else policy[:1])]
            more = ["..."] if len(shown) > 5 else []
            rows.append(", ".join([*shown[:5], *more]) + (f": {kind}" if kind else ""))
        return rows


def _decimal(value: arb, digits: int) -> str:
    with mp.workdps(digits + 10):
        return mp.nstr(middle(value), digits, strip_zeros=False, min_fixed=-6, max_fixed=30)


def _shown(value: arb) -> str:
    if value.is_exact():
        text = _decimal(value, 30)
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    with mp.workdps(30):
        radius = mp.nstr(middle(value.rad()), 1, min_fixed=1, max_fixed=0).replace(".0e", "e")
    return f"{_decimal(value, _SHOWN)}\u2026 \u00b1 {radius}"
