"""A zero between two ends of unlike sign."""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

__all__ = ["bracketed"]


def bracketed(
    function: Callable[[mp.mpf], mp.mpf], left: mp.mpf, right: mp.mpf, sign_left: int
) -> mp.mpf:
    """The zero between two ends of unlike sign: bisection, then false position (Illinois)."""
    tolerance = mp.mpf(10) ** (-(mp.mp.dps - 5))
    low, high = function(left), function(right)
    kept = 0
    while right - left > tolerance * max(1, abs(left), abs(right)):
        width = right - left
        if width > 1 or abs(kept) > 3:
            middle, kept = (left + right) / 2, 0
        else:
            middle = (left * high - right * low) / (high - low)
            if not left < middle < right:
                middle = (left + right) / 2
        value = function(middle)
        if value == 0:
            return middle
        if mp.sign(value) == sign_left:
            left, low = middle, value
            high = high / 2 if kept > 0 else high
            kept = max(kept, 0) + 1
        else:
            right, high = middle, value
            low = low / 2 if kept < 0 else low
            kept = min(kept, 0) - 1
    return (left + right) / 2
