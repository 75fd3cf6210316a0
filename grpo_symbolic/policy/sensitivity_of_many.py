r"""∂π/∂θ of many answers at numbers, by implicit differentiation of the condition.

With y = log π/π_ref, the equations P(o) − β d(e^{−y(o)}) = λ and Σ π = 1 are differentiated as they
stand: the matrix is that of Newton's method.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.stationary import Condition, linearised

__all__ = ["sensitivities"]


def sensitivities(condition: Condition, beta: float, masses: Array, found: Array) -> dict[str, Any]:
    """∂π/∂β and ∂π(o)/∂π_ref(j) of classes at one solution.

    Parameters
    ----------
    condition : Condition
    beta : float
    masses, found : array, classes
        Of the reference, and of the policy.

    Returns
    -------
    dict
        ``beta``, one entry a class; ``pi_ref``, classes × classes, the reference divided by its
        sum.
    """
    n, y = len(masses), np.log(found / masses)[:, None]
    parts = condition.parts(y, np.array([beta]), masses[:, None])
    policy, _, slopes, penalty, _ = parts
    matrix, scale = linearised(parts)
    inverse = np.linalg.inv(matrix[0])
    lift = found / masses
    right = np.zeros((n + 1, n + 1))
    # By β, then by each mass of the reference: what the equations move by at fixed y and λ.
    right[:n, 0] = -penalty[:, 0] / beta * scale[0]
    right[:n, 1:] = slopes[0] * lift * scale[0][:, None]
    right[n, 1:] = lift
    moved = -(inverse @ right)[:n]
    by_beta = policy[:, 0] * moved[:, 0]
    by_mass = policy * moved[:, 1:] + np.diag(lift)
    # Divided by its sum, a larger entry makes all others smaller.
    return {"beta": by_beta, "pi_ref": by_mass - (by_mass @ masses)[:, None]}
