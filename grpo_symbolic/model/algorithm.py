"""Algorithms: a preference model and a penalty with its weight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sympy import Add, Expr, Integer, oo

from grpo_symbolic import symbols
from grpo_symbolic.display import as_call, math, prose, record, tex
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import Number, group_size, symbol_or_number
from grpo_symbolic.model.advantage import Advantage, ShiftAndScale
from grpo_symbolic.model.mixed_groups import mixed_groups
from grpo_symbolic.model.penalty import DirectKL, Penalty, ReverseKL
from grpo_symbolic.model.preference import PreferenceModel, group_preference
from grpo_symbolic.question import Question


class Algorithm(ABC):
    """What the stationarity condition needs to know of an algorithm.

    Source: Vojnovic & Yun, arXiv 2502.18548, (1). Preferences and β are in advantage units, a
    penalty has no unit.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> algorithm = gs.GRPO(8)
    >>> isinstance(algorithm, gs.Algorithm), algorithm.group_size, algorithm.penalty
    (True, 8, ReverseKL())
    """

    penalty: Penalty
    beta: Number
    #: Of algorithms with groups, how large they are, how a reward is measured against its group,
    #: and whether groups of equal rewards are dropped.
    group_size: Expr | None = None
    advantage: Advantage | None = None
    mixed_only: bool = False

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What the preference P(o|π) of this algorithm is, in words."""

    @property
    def rule_parameters(self) -> tuple[tuple[Number | None, str], ...]:
        """What the advantage adds to its scale and divides by, each with its role as parameter."""
        rule = self.advantage
        return () if rule is None else ((rule.epsilon, "epsilon"), (rule.sigma, "sigma"))

    @abstractmethod
    def preference(self, question: Question) -> PreferenceModel:
        """The preference P(o|π) that the algorithm climbs, one entry an answer."""

    def sampling(self, question: Question) -> tuple[Expr, ...]:
        """How often answer o is penalised, relative to π(o); 1 unless groups are dropped."""
        return (Integer(1),) * len(question)

    def __str__(self) -> str:
        return f"{type(self).__name__} with penalty {self.penalty}"

    def _repr_html_(self) -> str:
        rows = [
            ("group size", "infinity" if self.group_size == oo else self.group_size),
            ("preference", prose(self.meaning)),
            ("advantage", self.advantage),
            ("groups of equal rewards", "dropped" if self.mixed_only else ""),
            ("penalty", self.penalty),
            ("weight", math(tex(self.beta))),
        ]
        return record(type(self).__name__, rows)

    def _check_weight(self) -> None:
        if not isinstance(self.penalty, Penalty):
            raise ValueError(f"penalty must be a Penalty such as ReverseKL(), got {self.penalty!r}")
        object.__setattr__(self, "beta", symbol_or_number("beta", self.beta))

    def _model(self, question: Question, values: Sequence[Expr]) -> PreferenceModel:
        ranges = Domain((*question.domain.ranges, *question.policy_domain.ranges))
        domain = ranges.extended(*values)
        return PreferenceModel(tuple(values), question.policy, domain, rule=self, question=question)


@dataclass(frozen=True, repr=False)
class GRPO(Algorithm):
    """Group Relative Policy Optimisation; the defaults are the published algorithm.

    Parameters
    ----------
    group_size : int, Symbol or oo
        G ≥ 2; ``oo`` for the large-group limit, ``symbols.G`` for every G at once.
    penalty : Penalty
    advantage : Advantage
    beta : Expr or number
        Weight of the penalty, positive, in advantage units.
    mixed_only : bool
        Groups whose rewards are all equal are dropped and drawn again: advantages and
        penalty are then averages over mixed groups.

    Raises
    ------
    ValueError
        For a group size below 2 or not an integer, or a weight that is not positive.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (1), (2).

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.GRPO(8, gs.DirectKL(), gs.ShiftAndScale(ddof=1, epsilon="1e-4"))
    GRPO(group_size=8, penalty=DirectKL(), advantage=ShiftAndScale(ddof=1, epsilon='1/10000'))
    >>> print(gs.GRPO(3).preference(gs.BinaryQuestion()))
    P(a) = sqrt(2)*(1 - pi)
    P(b) = -sqrt(2)*pi
    """

    group_size: Number = 2
    penalty: Penalty = field(default_factory=ReverseKL)
    advantage: Advantage = field(default_factory=ShiftAndScale)
    beta: Number = symbols.beta
    mixed_only: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_size", group_size(self.group_size))
        if not isinstance(self.advantage, Advantage):
            raise ValueError(
                f"advantage must be an Advantage such as ShiftAndScale(), got {self.advantage!r}"
            )
        self._check_weight()

    @property
    def penalised_before_baseline(self) -> bool:
        """Whether the penalty is part of the reward that the group is centred on."""
        return self.penalty.before_baseline

    @property
    def meaning(self) -> str:
        if self.penalised_before_baseline:
            return "expected reward (advantages vanish where all penalised rewards are equal)"
        kind = "mixed group" if self.mixed_only else "group"
        if self.group_size == oo:
            return "expected advantage in a large group drawn from $\\pi$"
        return f"expected advantage in a {kind} of {self.group_size} drawn from $\\pi$"

    def preference(self, question: Question) -> PreferenceModel:
        if self.penalised_before_baseline:
            return self._penalised_rewards(question)
        model = group_preference(self.advantage, question, self.group_size)
        if self.mixed_only and self.group_size != oo:
            chance, _ = mixed_groups(question, self.group_size)
            model = replace(
                model,
                values=tuple(value / chance for value in model.values),
                drift=None if model.drift is None else model.drift / chance,
                factor=1 / chance,
            )
        return replace(model, rule=self, question=question)

    def _penalised_rewards(self, question: Question) -> PreferenceModel:
        """With the penalty inside the reward, the field vanishes iff r − β k(u) is one constant.

        An advantage that grows with the own reward has mean zero only where the penalised
        rewards are equal, whatever its scale: the largest one would have a positive
        expectation. For random rewards this needs a rule that is linear in them.
        """
        if not self.advantage.linear and not question.deterministic:
            raise ValueError(
                "a penalty inside the reward, before the baseline, has an exact stationarity "
                "condition for deterministic rewards, or for advantages linear in the rewards"
            )
        return self._model(question, question.rewards)

    def sampling(self, question: Question) -> tuple[Expr, ...]:
        if not self.mixed_only or self.group_size == oo or self.penalised_before_baseline:
            return super().sampling(question)
        return mixed_groups(question, self.group_size)[1]

    def __repr__(self) -> str:
        return as_call(self, "group_size")

    def __str__(self) -> str:
        size = "infinity" if self.group_size == oo else str(self.group_size)
        groups = ", groups of equal rewards dropped" if self.mixed_only else ""
        return (
            f"GRPO with group size {size}, advantage {self.advantage}, penalty {self.penalty}"
            + groups
        )


@dataclass(frozen=True, repr=False)
class _WithoutGroups(Algorithm):
    """An algorithm whose preference does not depend on a group; the penalty is the direct KL."""

    penalty: Penalty = field(default_factory=DirectKL)
    beta: Number = symbols.beta

    def __post_init__(self) -> None:
        self._check_weight()

    __repr__ = as_call


@dataclass(frozen=True, repr=False)
class RLHF(_WithoutGroups):
    """Expected reward with a direct KL penalty, the usual baseline.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (3), (4). β is in reward units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.stationary_policy(gs.RLHF(), gs.BinaryQuestion()).equation)
    Eq(beta*(log(pi/(1 - pi)) - log(pi_ref/(1 - pi_ref))), gap)
    """

    meaning = "expected reward"

    def preference(self, question: Question) -> PreferenceModel:
        return self._model(question, question.rewards)


@dataclass(frozen=True, repr=False)
class NLHF(_WithoutGroups):
    """Nash learning from human feedback: P(o ≻ o') against the policy itself.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (5). β has no unit.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.stationary_policy(gs.NLHF(), gs.BinaryQuestion()).equation)
    Eq(beta*(log(pi/(1 - pi)) - log(pi_ref/(1 - pi_ref))), 1/2)
    """

    meaning = "probability of beating an answer drawn from $\\pi$"

    def preference(self, question: Question) -> PreferenceModel:
        return self._model(question, _winning(question, question.policy))


@dataclass(frozen=True, repr=False)
class IPO(_WithoutGroups):
    """Identity preference optimisation: P(o ≻ o') against the reference policy.

    Notes
    -----
    Source: Azar et al., arXiv 2310.12036, with the identity as Ψ and μ = π_ref. β has no
    unit.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> print(gs.stationary_policy(gs.IPO(), gs.BinaryQuestion()).equation)
    Eq(beta*(log(pi/(1 - pi)) - log(pi_ref/(1 - pi_ref))), 1/2)
    """

    meaning = "probability of beating an answer drawn from $\\pi_{\\mathrm{ref}}$"

    def preference(self, question: Question) -> PreferenceModel:
        return self._model(question, _winning(question, question.reference))


def _winning(question: Question, opponent: Sequence[Expr]) -> tuple[Expr, ...]:
    """P(o ≻ o') with o' drawn from ``opponent``, for every o."""
    return tuple(
        Add(*(w * question.preference(first, second) for second, w in enumerate(opponent)))
        for first in range(len(question))
    )


class StandsForAlgorithm(Protocol):
    """What has an algorithm, such as a preset."""

    @property
    def algorithm(self) -> Algorithm: ...


def as_algorithm(value: object) -> Algorithm:
    """An algorithm, or the one that a preset stands for.

    Raises
    ------
    ValueError
        For anything else.
    """
    found = getattr(value, "algorithm", value)
    if not isinstance(found, Algorithm):
        raise ValueError(f"algorithm must be an Algorithm such as GRPO(), got {value!r}")
    return found


def preference(algorithm: Algorithm | StandsForAlgorithm, question: Question) -> PreferenceModel:
    """P(o|π) for every answer, exactly: the group-relative preference model.

    Parameters
    ----------
    algorithm : Algorithm or Preset
    question : Question

    Returns
    -------
    PreferenceModel
        A sequence of expressions in π, one an answer; ``verify()`` proves its identities.

    Raises
    ------
    ValueError
        When the question does not define what the algorithm needs.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (6). In advantage units.

    Examples
    --------
    >>> from grpo_symbolic.binary_question import BinaryQuestion
    >>> print(preference(GRPO(3), BinaryQuestion()))
    P(a) = sqrt(2)*(1 - pi)
    P(b) = -sqrt(2)*pi
    """
    if not isinstance(question, Question):
        raise ValueError(f"question must be a Question or BinaryQuestion, got {question!r}")
    return as_algorithm(algorithm).preference(question)
