"""The only zero of a condition in (pi_ref, 1), on arrays of any library.

The first argument of every function is the array library's namespace, so that one text serves
NumPy, jax.numpy and torch; exported code contains these functions as they stand here.
"""

from __future__ import annotations

from typing import Any

__all__ = ["polished", "solved"]


def solved(np: Any, condition: Any, pi_ref: Any) -> Any:
    """The policy at which a condition on (p, 1 - p) falls through 0, in odds p / (1 - p)."""
    least = float(np.finfo(pi_ref.dtype).tiny) * 2.0**30
    inside = np.where(pi_ref < 1, pi_ref, 0.5)
    low = np.where(inside > least, inside / (1 - inside), least)
    high = low * 0 + 1 / least
    for _ in range(26):  # bisection of the log-odds, to four digits
        odds = np.sqrt(low) * np.sqrt(high)
        value, _ = condition(odds / (1 + odds), 1 / (1 + odds))
        low, high = np.where(value > 0, odds, low), np.where(value > 0, high, odds)
    odds = np.sqrt(low) * np.sqrt(high)
    for _ in range(3):  # Newton's method within the bracket
        p, q = odds / (1 + odds), 1 / (1 + odds)
        value, slope = condition(p, q)
        moved = odds * (1 - value / np.where(slope < 0, slope * p * q, -1))
        odds = np.where((moved > low) & (moved < high), moved, odds)
    return odds / (1 + odds)


def polished(np: Any, condition: Any, policy: Any) -> Any:
    """Two steps of Newton's method in p itself, which reach 0 and 1 too.

    Started at a solution that is held constant, they have its derivatives (up to the third).
    """
    for _ in range(2):
        value, slope = condition(policy, 1 - policy)
        policy = policy - value / np.where(slope < 0, slope, -1)
    return policy
