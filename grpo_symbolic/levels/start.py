r"""Where Newton's method begins: the two-level solution on cumulative reference masses.

With F and R the masses of the levels above a cut under π and π_ref, the reverse KL holds
:math:`R \le F \le \varphi(R)`, φ the stationary probability of two levels in groups of the same
size: the share of the variance of a group that is between the two sides of the cut is at most one.
"""

from __future__ import annotations

import numpy as np

from grpo_symbolic.numeric.interpolant import Array

__all__ = ["distorted"]

_STEPS = 12


def distorted(weight: Array, reference: Array, merit: Array, size: int) -> Array:
    """About log φ(R)/R, level by level.

    Parameters
    ----------
    weight : array, rows
        β, in units of one advantage.
    reference : array, answers × rows
    merit : array, answers
        What answers are ordered by.
    size : int
        G.

    Returns
    -------
    array, answers × rows
    """
    order = np.argsort(merit, kind="stable")
    below = np.cumsum(reference[order], axis=0)
    below /= below[-1]
    # q + h(q)/β = S for the masses q and S below a cut, with a short form of h that is right at
    # both ends and in large groups; it is concave, so that the steps from 0 rise to the root.
    found, root = np.zeros_like(below), np.sqrt(size - 1.0)
    for _ in range(_STEPS):
        spread = found * (1 - found)
        scale = np.sqrt(1 + size * spread)
        rise = 1 + root * (1 - 2 * found) * (1 + size * spread / 2) / scale**3 / weight
        left = found + root * spread / scale / weight - below
        found = np.clip(found - left / np.maximum(rise, 1e-3), 0.0, 1.0)
    found[-1] = 1.0
    masses = np.diff(found, axis=0, prepend=0.0)
    policy = np.empty_like(reference)
    policy[order] = np.maximum(masses, 1e-9 * reference[order])
    return np.log(policy / policy.sum(axis=0) / reference)
