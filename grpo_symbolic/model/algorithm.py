"""Algorithms: a preference model and a penalty with its weight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from sympy import Add, Expr, Symbol, oo

from grpo_symbolic import symbols
from grpo_symbolic.inputs import group_size, parameter
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale
from grpo_symbolic.model.penalty import DirectKL, Penalty, ReverseKL
from grpo_symbolic.model.preference import group_preference
from grpo_symbolic.question import BinaryQuestion

__all__ = ["GRPO", "NLHF", "RLHF", "Algorithm"]


class Algorithm(ABC):
    """What the stationarity condition needs to know of an algorithm."""

    penalty: Penalty
    beta: Expr

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What the preference P(o|π) of this algorithm is, in words."""

    @abstractmethod
    def preference(self, question: BinaryQuestion) -> tuple[Expr, ...]:
        """The preference P(o|π) that the algorithm climbs, one entry an answer."""


@dataclass(frozen=True)
class GRPO(Algorithm):
    """Group Relative Policy Optimisation; the defaults are the published algorithm.

    Parameters
    ----------
    group_size : int or oo
        G ≥ 2; ``oo`` for the large-group limit.
    penalty : Penalty
    advantage : Advantage
    beta : Expr or number
        Weight of the penalty, positive, in advantage units.

    Raises
    ------
    ValueError
        For a group size below 2 or not an integer, or a weight that is not positive.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (1), (2).
    """

    group_size: Any = 2
    penalty: Penalty = field(default_factory=ReverseKL)
    advantage: Advantage = field(default_factory=ShiftAndScale)
    beta: Any = symbols.beta

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_size", group_size(self.group_size))
        if not isinstance(self.penalty, Penalty):
            raise ValueError(f"penalty must be a Penalty such as ReverseKL(), got {self.penalty!r}")
        if not isinstance(self.advantage, Advantage):
            raise ValueError(
                f"advantage must be an Advantage such as ShiftAndScale(), got {self.advantage!r}"
            )
        if not isinstance(self.beta, Symbol):
            object.__setattr__(self, "beta", parameter("beta", self.beta))

    @property
    def meaning(self) -> str:
        if self.group_size == oo:
            return "expected advantage in a large group drawn from $\\pi$"
        return f"expected advantage in a group of {self.group_size} drawn from $\\pi$"

    def preference(self, question: BinaryQuestion) -> tuple[Expr, ...]:
        return group_preference(self.advantage, question, self.group_size)

    def __str__(self) -> str:
        size = "infinity" if self.group_size == oo else str(self.group_size)
        return f"GRPO with group size {size}, advantage {self.advantage}, penalty {self.penalty}"


@dataclass(frozen=True)
class RLHF(Algorithm):
    """Expected reward with a direct KL penalty, the usual baseline.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (3), (4).
    """

    penalty: Penalty = field(default_factory=DirectKL)
    beta: Expr = symbols.beta

    @property
    def meaning(self) -> str:
        return "expected reward"

    def preference(self, question: BinaryQuestion) -> tuple[Expr, ...]:
        return question.rewards


@dataclass(frozen=True)
class NLHF(Algorithm):
    """Nash learning from human feedback: P(o ≻ o') against the policy itself.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (5).
    """

    penalty: Penalty = field(default_factory=DirectKL)
    beta: Expr = symbols.beta

    @property
    def meaning(self) -> str:
        return "probability of beating an answer drawn from $\\pi$"

    def preference(self, question: BinaryQuestion) -> tuple[Expr, ...]:
        policy = question.policy
        return tuple(
            Add(*(w * question.preference(first, second) for second, w in enumerate(policy)))
            for first in range(len(policy))
        )
