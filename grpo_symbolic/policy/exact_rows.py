"""Rows that float64 leaves open: the exact solver, as far as the work of one call goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, Rational, S, Symbol

from grpo_symbolic.numeric.blocks import put
from grpo_symbolic.numeric.interpolant import Array
from grpo_symbolic.numeric.kernels import Allowance
from grpo_symbolic.policy.evaluate import at_an_end, exact_float
from grpo_symbolic.policy.solve_many_answers import Search
from grpo_symbolic.solve.solutions import Stability

_DIGITS = 25


@dataclass(frozen=True)
class ExactRows:
    """The exact solver at rows of class masses.

    Parameters
    ----------
    policy : SimplexPolicy
        Of the classes.
    point : dict
        Numbers for all parameters but β and the reference.
    least : int
        Operations that a row is counted with at least.
    """

    policy: Any
    point: dict[Symbol, Expr]
    least: int

    def __call__(self, beta: Array, masses: Array, branch: str, allowance: Allowance) -> Array:
        """Rows × solutions × classes; NaN from where the allowance ends."""
        out = np.full((len(beta), 1, len(masses)), np.nan)
        for k in range(len(beta)):
            if not allowance:
                break
            column = [Rational(*float(m).as_integer_ratio()) for m in masses[:, k]]
            whole = sum(column, S.Zero)
            given: dict[str, Any] = {s.name: v for s, v in self.point.items()}
            if isinstance(self.policy.algorithm.beta, Symbol):
                given[self.policy.algorithm.beta.name] = exact_float(float(beta[k]))
            point = self.policy.point({"pi_ref": [c / whole for c in column], **given})
            search = Search(self.policy.sized(point), point, _DIGITS)
            try:
                found = list(search.run())
            except (ArithmeticError, TypeError, IndexError):
                found = []  # next to the edges of the simplex the search divides by 0
            allowance.spend(max(self.least, search.spent))
            found.sort(key=lambda s: self.merit(s.policy))
            if branch == "attracting":
                found = [s for s in found if s.stability == Stability.ATTRACTING][:1]
            if found:
                policies = [[float(p) for p in s.policy] for s in at_an_end(found, branch)]
                out = put(out, [k], np.array([policies]))
        return out

    def merit(self, policy: Sequence[Any]) -> Any:
        """Mean reward, or the mass of the first answer of a question without rewards."""
        question = self.policy.question
        if not question.reward_laws:
            return policy[0]
        rewards = [float(r.xreplace(self.point)) for r in question.rewards]
        return sum(r * p for r, p in zip(rewards, policy, strict=True))
