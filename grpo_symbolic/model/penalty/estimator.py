"""Penalties that are estimated on samples: k1, k2, k3 in the loss or in the reward."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from sympy import Abs, Add, DiracDelta, Expr, S, Symbol, diff, expand_log, log

from grpo_symbolic import symbols
from grpo_symbolic.display import as_call, typeset
from grpo_symbolic.export.latex import formula
from grpo_symbolic.model.penalty.base import Penalty
from grpo_symbolic.registry import ESTIMATORS, PLACEMENTS

__all__ = ["ESTIMATORS", "PLACEMENTS", "DirectKL", "Estimator", "ReverseKL", "k1", "k2", "k3"]

_NEW = Symbol("x", positive=True)
_OLD = Symbol("y", positive=True)
_REF = Symbol("z", positive=True)


def k1(u: Expr = symbols.u) -> Expr:
    """The estimator −log u: the sampled log-ratio itself."""
    return -log(u)


def k2(u: Expr = symbols.u) -> Expr:
    """The estimator ½ log² u: half the squared log-ratio."""
    return log(u) ** 2 / 2


def k3(u: Expr = symbols.u) -> Expr:
    """The estimator of published GRPO, u − log u − 1 in u = π_ref/π."""
    return u - log(u) - 1


def absolute(u: Expr = symbols.u) -> Expr:
    """The estimator \\|log u\\|."""
    return Abs(log(u))


@dataclass(frozen=True, repr=False)
class Estimator(Penalty):
    """A penalty estimated by k(u) on samples of π_old.

    Parameters
    ----------
    k : Expr or {"k1", "k2", "k3", "abs"}
        The estimator, an expression in ``symbols.u``, standing for π_ref/π.
    placement : {"loss", "loss-with-ratio", "reward", "reward-before-baseline"}
        ``loss``: differentiated as it stands. ``loss-with-ratio``: times the
        importance ratio π/π_old. ``reward``: subtracted from the advantage, so that
        only the ratio is differentiated. ``reward-before-baseline``: subtracted from the
        reward before the group's baseline and scale are taken.

    Notes
    -----
    Source: Vojnovic & Yun, arXiv 2502.18548, (1), (7)-(10) for k3 in the loss. k has no unit; that
    of a KL divergence is in nats.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.Estimator("k2", "loss").acts_as
    'KL(pi || pi_ref), the direct KL'
    >>> gs.Estimator("k3", "loss-with-ratio").marginal()
    -log(u)
    """

    name: ClassVar[str] = "estimator"

    k: Expr | str = field(default_factory=k3)
    placement: str = "loss"

    def __post_init__(self) -> None:
        if self.placement not in PLACEMENTS:
            raise ValueError(
                f"placement must be one of {', '.join(PLACEMENTS)}, got {self.placement!r}"
            )
        if isinstance(self.k, str):
            object.__setattr__(self, "k", ESTIMATORS[ESTIMATORS.checked("k", self.k)]())
        if not isinstance(self.k, Expr) or not self.k.free_symbols <= {symbols.u}:
            raise ValueError(
                f"k must be an expression in symbols.u alone, or one of {', '.join(ESTIMATORS)}; "
                f"got {self.k}"
            )

    def __repr__(self) -> str:
        own = ("k", "placement") if type(self) is Estimator else ()
        names = (name for name, make in ESTIMATORS.items() if make() == self.k)
        return as_call(self, *own, k=next(names, self.k))

    def _repr_latex_(self) -> str:
        return typeset(
            rf"k(u) = {formula(self.k)},\quad u = {formula(symbols.pi_ref / symbols.pi)}"
        )

    def __str__(self) -> str:
        return f"{self.name} (k(u) = {self.k} {PLACEMENTS[self.placement]})"

    @property
    def prose(self) -> str:
        ratio = r"u = \pi_{\mathrm{ref}}(o) / \pi(o)"
        return f"$k(u) = {formula(self.k)}$ {PLACEMENTS[self.placement]}, where ${ratio}$"

    @property
    def before_baseline(self) -> bool:
        return self.placement == "reward-before-baseline"

    @property
    def adds_over_tokens(self) -> bool:
        likelihood = Estimator("k1", self.placement)
        return self.placement.startswith("reward") and self.marginal() == likelihood.marginal()

    def expected_term(self, new: Expr, old: Expr, ref: Expr) -> Expr:
        """One answer's term of the expected penalty."""
        ratio = old if self.placement == "loss" else new
        policy = old if self.placement.startswith("reward") else new
        return ratio * self.k.subs(symbols.u, ref / policy)

    def gradient(self, new: Expr = _NEW, old: Expr = _OLD, ref: Expr = _REF) -> Expr:
        """The derivative in π(o) with π_old still frozen, of ratio and k by the product rule."""
        if self.placement.startswith("reward"):
            return self.k.xreplace({symbols.u: ref / old})
        # Term by term: SymPy thinks long about 0·log(u), a part of its own product rule.
        terms = (term.as_coeff_Mul() for term in Add.make_args(self.k))
        slope = Add(*(c * diff(part, symbols.u) for c, part in terms))
        inner = {symbols.u: ref / new}
        through = slope.xreplace(inner) * ref * diff(1 / new, new)
        return old * through if self.placement == "loss" else self.k.xreplace(inner) + new * through

    def marginal(self, u: Expr = symbols.u) -> Expr:
        return self._on_policy.xreplace({symbols.u: u})

    @cached_property
    def _on_policy(self) -> Expr:
        on_policy = self.gradient(_NEW, _NEW, symbols.u * _NEW)
        return expand_log(on_policy.expand()).expand()

    def curvature(self, u: Expr = symbols.u) -> Expr:
        # A kink, as of |log u| at u = 1, has no curvature; beside it, it has none to add.
        second = diff(self.gradient(), _NEW).replace(DiracDelta, lambda *_: S.Zero)
        on_policy = _NEW * second.subs(_OLD, _NEW).subs(_REF, symbols.u * _NEW)
        return expand_log(on_policy.expand()).expand().subs(symbols.u, u)


@dataclass(frozen=True, repr=False)
class ReverseKL(Estimator):
    """k3 in the loss without importance ratio, as published: acts as KL(π_ref‖π).

    Source: Vojnovic & Yun, arXiv 2502.18548, (8)-(10). In nats.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.ReverseKL().marginal(), gs.ReverseKL().acts_as
    (1 - u, 'KL(pi_ref || pi), the reverse KL')
    """

    name: ClassVar[str] = "reverse-kl"
    title: ClassVar[str] = "reverse KL"
    known_as: ClassVar[str] = "KL(pi_ref || pi), the reverse KL"

    __repr__ = Estimator.__repr__


@dataclass(frozen=True, repr=False)
class DirectKL(Estimator):
    """k3 in the loss times the importance ratio: acts as KL(π‖π_ref).

    Source: Vojnovic & Yun, arXiv 2502.18548, (9). In nats.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> gs.DirectKL().marginal(), gs.DirectKL().acts_as
    (-log(u), 'KL(pi || pi_ref), the direct KL')
    """

    placement: str = "loss-with-ratio"
    name: ClassVar[str] = "direct-kl"
    title: ClassVar[str] = "direct KL"
    known_as: ClassVar[str] = "KL(pi || pi_ref), the direct KL"

    __repr__ = Estimator.__repr__
