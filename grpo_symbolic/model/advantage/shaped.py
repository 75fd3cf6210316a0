"""The published advantage, shaped: clipped to an interval, or only one of its signs kept."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Dummy, Expr, Max, Min, S, oo

from grpo_symbolic.inputs import Number, within
from grpo_symbolic.model.advantage.base import Member, Whitened
from grpo_symbolic.model.advantage.shift_and_scale import ShiftAndScale
from grpo_symbolic.replace import replaced

# Levels of a group beyond which the published advantage is not brought to factors, since its
# variance has none, which is long to see in many masses; and levels of a large group beyond which
# the advantage takes longer to write out than a call may.
_NEAT, _MOST = 4, 12


@dataclass(frozen=True, repr=False)
class _Shaped(Whitened):
    """A function of the published advantage that does not fall."""

    ddof: int = 0
    epsilon: Number = S.Zero
    zero_sum = False
    uniform = False
    has_limit = False
    no_multiple = "the shaped advantages of a group do not sum to zero"

    @property
    def inner(self) -> ShiftAndScale:
        """The advantage before it is shaped."""
        return ShiftAndScale(self.ddof, self.epsilon)

    def shape(self, value: Expr) -> Expr:
        """The advantage from the published one."""
        raise NotImplementedError

    def of_moments(self, deviation: Expr, variance: Expr, size: Expr) -> Expr | None:
        return self.shape(self.inner.of_moments(deviation, variance, size))  # type: ignore[arg-type]

    def _measure(self, member: Member) -> Expr:
        member.refuse_levels(self, _MOST)
        value = self.inner._measure(member)
        if len(member.group) <= _NEAT:
            return self.shape(member.neat(value))
        # Left as it is: to see which argument is the larger one is long, too.
        own = Dummy("a", real=True)
        return (
            replaced([self.shape(own)], {own: value})[0]
            if value.free_symbols
            else self.shape(value)
        )

    def fraction(self, reward: str) -> str:
        name, arguments = self._function
        inner = ", ".join((self.inner.fraction(reward), *arguments))
        return rf"{name}\left({inner}\right)"

    @property
    def _function(self) -> tuple[str, tuple[str, ...]]:
        """The shape in TeX, with its further arguments."""
        raise NotImplementedError

    def _said(self, shape: str) -> str:
        inner, *remarks = str(self.inner).split(", ")
        return ", ".join([f"{inner} {shape}", *remarks])


@dataclass(frozen=True, repr=False)
class Clipped(_Shaped):
    r"""The published advantage, clipped to [−bound, bound].

    Source: Vojnovic & Yun, arXiv 2502.18548, (2), clipped.

    Parameters
    ----------
    ddof, epsilon
        As for :class:`ShiftAndScale`.
    bound : number
        Positive, in advantage units.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.Clipped())
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), pi*(1 - pi)*(pi**2*(2 - 2*sqrt(2)) + pi*(-2 + 2*sqrt(2)) + 1))

    Notes
    -----
    A group of two has advantages ±1, which a bound of 1 or more does not change.
    """

    bound: Number = S.One

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "bound", within("bound", self.bound, "a positive number", 0, oo))

    def __str__(self) -> str:
        return self._said(f"clipped to {self.bound} in size")

    @property
    def _function(self) -> tuple[str, tuple[str, ...]]:
        from grpo_symbolic.export.latex import formula

        return r"\operatorname{clip}", (formula(-S(self.bound)), formula(self.bound))

    def shape(self, value: Expr) -> Expr:
        return Max(-self.bound, Min(self.bound, value))


@dataclass(frozen=True, repr=False)
class PositiveOnly(_Shaped):
    """The published advantage where it is positive, else 0.

    Source: Vojnovic & Yun, arXiv 2502.18548, (2), its positive part. Without a unit.

    Parameters
    ----------
    ddof, epsilon
        As for :class:`ShiftAndScale`.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.PositiveOnly())
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), sqrt(2)*pi*(1 - pi)**2)
    """

    def __str__(self) -> str:
        return self._said("where positive")

    @property
    def _function(self) -> tuple[str, tuple[str, ...]]:
        return r"\max", ("0",)

    def shape(self, value: Expr) -> Expr:
        return Max(S.Zero, value)


@dataclass(frozen=True, repr=False)
class NegativeOnly(_Shaped):
    """The published advantage where it is negative, else 0.

    Source: Vojnovic & Yun, arXiv 2502.18548, (2), its negative part. Without a unit.

    Parameters
    ----------
    ddof, epsilon
        As for :class:`ShiftAndScale`.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.GRPO(3, advantage=gs.NegativeOnly())
    >>> gs.stationary_policy(rule, gs.BinaryQuestion()).equation
    Eq(beta*(pi - pi_ref), sqrt(2)*pi**2*(1 - pi))
    """

    def __str__(self) -> str:
        return self._said("where negative")

    @property
    def _function(self) -> tuple[str, tuple[str, ...]]:
        return r"\min", ("0",)

    def shape(self, value: Expr) -> Expr:
        return Min(S.Zero, value)
