r"""Penalties: from the estimator that is sampled to the divergence it acts as.

Whatever the placement, the sampled penalty has one expectation

.. math:: D(\pi; \pi_{\mathrm{old}}) = \sum_o \pi_{\mathrm{old}}(o)\, w(o)\,
          k\!\left(\frac{\pi_{\mathrm{ref}}(o)}{\cdot}\right)

and what the algorithm feels is its derivative in π(o), taken with π_old frozen
and then evaluated at π_old = π. That derivative depends on the ratio
u = π_ref/π only: the *marginal penalty* d(u).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from sympy import Expr, Symbol, diff, expand_log, log, solve

from grpo_symbolic import symbols
from grpo_symbolic.bounded import bounded
from grpo_symbolic.inputs import one_of

__all__ = ["DirectKL", "Divergence", "Estimator", "Penalty", "ReverseKL", "k3"]

_NEW = Symbol("x", positive=True)
_OLD = Symbol("y", positive=True)
_REF = Symbol("z", positive=True)


def k3(u: Expr = symbols.u) -> Expr:
    """The estimator of published GRPO, u − log u − 1 in u = π_ref/π."""
    return u - log(u) - 1


class Penalty(ABC):
    """Whatever has a marginal penalty d(u)."""

    name: ClassVar[str] = "penalty"

    def link(self, x: Expr) -> Expr:
        """g(x): the ratio π/π_ref at which the marginal penalty d(π_ref/π) equals ``x``.

        Raises
        ------
        ValueError
            When d is constant (no penalty) or its inverse is not elementary.
        """
        found = bounded(solve, self.marginal() - x, symbols.u, seconds=20)
        if len(found) != 1:
            raise ValueError(
                f"the marginal penalty {self.marginal()} has {len(found)} inverses, not one"
            )
        return 1 / found[0]

    @abstractmethod
    def marginal(self, u: Expr = symbols.u) -> Expr:
        """d(u): derivative of the expected penalty in π(o), π_old frozen, then π_old = π."""


@dataclass(frozen=True)
class Estimator(Penalty):
    """A penalty estimated by k(u) on samples of π_old.

    Parameters
    ----------
    k : Expr
        The estimator, an expression in ``symbols.u``.
    placement : {"loss", "loss-with-ratio", "reward"}
        ``loss``: differentiated as it stands. ``loss-with-ratio``: times the
        importance ratio π/π_old. ``reward``: subtracted from the reward, so that
        only the ratio is differentiated.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (1), (7)-(10) for k3 in the loss.
    """

    k: Expr = field(default_factory=k3)
    placement: str = "loss"

    def __post_init__(self) -> None:
        one_of("placement", self.placement, ("loss", "loss-with-ratio", "reward"))

    def __str__(self) -> str:
        place = self.placement.replace("-with-", " with importance ").replace("loss", "the loss")
        return f"{self.name} (k(u) = {self.k} in {place.replace('reward', 'the reward')})"

    def expected_term(self, new: Expr, old: Expr, ref: Expr) -> Expr:
        """One answer's term of the expected penalty."""
        ratio = old if self.placement == "loss" else new
        policy = old if self.placement == "reward" else new
        return ratio * self.k.subs(symbols.u, ref / policy)

    def gradient(self, new: Expr = _NEW, old: Expr = _OLD, ref: Expr = _REF) -> Expr:
        """The derivative in π(o) with π_old still frozen."""
        return diff(self.expected_term(new, old, ref), new)

    def marginal(self, u: Expr = symbols.u) -> Expr:
        on_policy = self.gradient().subs(_OLD, _NEW).subs(_REF, symbols.u * _NEW)
        return expand_log(on_policy.expand()).expand().subs(symbols.u, u)


@dataclass(frozen=True)
class ReverseKL(Estimator):
    """k3 in the loss without importance ratio, as published: acts as KL(π_ref‖π)."""

    name: ClassVar[str] = "reverse-kl"


@dataclass(frozen=True)
class DirectKL(Estimator):
    """k3 in the loss times the importance ratio: acts as KL(π‖π_ref)."""

    placement: str = "loss-with-ratio"
    name: ClassVar[str] = "direct-kl"


@dataclass(frozen=True)
class Divergence(Penalty):
    r"""An exact f-divergence :math:`\sum_o \pi_{\mathrm{ref}} f(\pi/\pi_{\mathrm{ref}})`.

    Parameters
    ----------
    generator : Expr
        f as an expression in ``symbols.u``, standing for π/π_ref.
    """

    generator: Expr

    def value(self, policy: Expr, ref: Expr) -> Expr:
        """One answer's term of the divergence."""
        return ref * self.generator.subs(symbols.u, policy / ref)

    def marginal(self, u: Expr = symbols.u) -> Expr:
        derivative = diff(self.value(_NEW, _REF), _NEW).subs(_REF, symbols.u * _NEW)
        return expand_log(derivative.expand()).expand().subs(symbols.u, u)
