r"""Advantages: how a reward is measured against its group.

One definition serves every group size. An advantage looks at a reward and at a
*law* of rewards: the empirical law of a finite group (weights k/G), or, in the
large-group limit, the law of the whole population, to which the empirical mean
and variance converge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Dummy, Expr, Integer, Max, Min, S, Symbol, oo

from grpo_symbolic.algebra import is_zero, tidy
from grpo_symbolic.display import as_call
from grpo_symbolic.domain import Domain
from grpo_symbolic.inputs import Number, exact_number, symbol_or_number
from grpo_symbolic.reward import Law, mean, variance

# Levels of a group beyond which a maximum is not brought to factors.
_BENT = 4


class Advantage:
    """A rule A(r; group).

    Source: Vojnovic & Yun, arXiv 2502.18548, (2), and what trainers put in its place. A is in
    reward units, or has no unit where a rule divides by a scale.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> rule = gs.ShiftAndScale(ddof=1)
    >>> isinstance(rule, gs.Advantage), rule.scale_invariant, str(rule)
    (True, True, '(r - mean)/sample std, 0/0 = 0')
    """

    #: Whether A depends on the rewards only up to a positive factor.
    scale_invariant: bool = False
    #: Whether A depends on the rewards only up to a constant added to all of them.
    shift_invariant: bool = True
    #: Whether the advantages of a group sum to zero.
    zero_sum: bool = True
    #: Whether one formula in the fraction of better answers holds for every mixed group.
    uniform: bool = True
    #: Whether it has one formula in the large-group limit.
    has_limit: bool = True
    #: Whether A is a constant times the reward less a mean: it then sees expected rewards only.
    linear: bool = False
    #: The advantage where both the deviation and the scale are 0.
    zero_over_zero: Expr = S.Zero
    #: Samples over which the scale is taken; None where that is the group.
    batch: Number | None = None
    #: What is added to the scale, and what the scale is where that is a constant.
    epsilon: Number = S.Zero
    sigma: Number | None = None

    __repr__ = as_call

    def __call__(
        self,
        reward: Expr,
        group: Law,
        size: Expr,
        domain: Domain | None = None,
        batch: Law | None = None,
    ) -> Expr:
        """The advantage of ``reward`` in a group of ``size`` with this reward law.

        Parameters
        ----------
        reward : Expr
            The member's own reward.
        group : Law
            The empirical reward law of the group, its own reward included.
        size : Expr
            G, or ``oo`` when ``group`` is the population.
        domain : Domain, optional
            Ranges of symbols that are not of the catalogue.
        batch : Law, optional
            The empirical law of the batch, for rules that look at it.
        """
        reward, size = _exactly("reward", reward), _exactly("size", size)
        group, batch = _exact_law(group), _exact_law(batch or group)
        member = Member(reward, group, size, domain or Domain(), batch)
        return member.neat(self._measure(member))

    def adding(self, epsilon: Expr) -> Advantage:
        """The same rule with another ε in its scale, where it adds one."""
        return replace(self, epsilon=epsilon)  # type: ignore[call-arg]

    def at(self, point: Mapping[Symbol, Expr]) -> Advantage:
        """The same rule at numbers for its symbols."""
        changes = {
            name: value.subs(point)
            for name, value in vars(self).items()
            if isinstance(value, Expr) and value.free_symbols
        }
        return replace(self, **changes) if changes else self  # type: ignore[type-var]

    def scale(self, variance: Expr, size: Expr) -> Expr | None:
        """s with A = (r − mean)/s, in the group's population variance.

        None for a rule that looks at more than the mean and the variance of its group.
        """
        return None

    def of_moments(self, deviation: Expr, variance: Expr, size: Expr) -> Expr | None:
        """A from the own deviation from the group's mean and from its population variance.

        For members of a group whose others differ; None for a rule that looks at more.
        """
        scale = None if self.batch is not None else self.scale(variance, size)
        return None if scale is None else deviation / scale

    @property
    def sees_moments(self) -> bool | None:
        """Whether in large groups A is affine in the own reward, of given mean and variance.

        Then Gaussian rewards are seen by their means and variances alone. None for a rule that
        does not say.
        """
        own, spread = Dummy("d", real=True), Dummy("v", positive=True)
        found = self.of_moments(own, spread, oo)
        return None if found is None else not found.diff(own).has(own)

    def of_order(self, below: int, alike: int, size: int) -> Expr | None:
        """A of a member with so many below it in its group and so many of its own reward.

        None for a rule that looks at more.
        """
        return None

    def over_root(
        self, levels: Sequence[Fraction], counts: Sequence[int], own: int
    ) -> tuple[Fraction, Fraction] | None:
        """x and v with A = x/√v, 0 for v = 0, of a member of the level ``own`` in a group.

        In it are so many of each of the levels, which are numbers. None for a rule that is not of
        this form: SymPy would look for squares in v, which takes long.
        """
        return None

    def expected(self, reward: Expr, population: Law, size: Expr, domain: Domain) -> Expr | None:
        """V_G(reward), the others drawn from ``population``, where that is short for every G.

        Of a constant scale it is what the others' mean leaves of the deviation.
        """
        if not self.linear:
            return None
        return (1 - 1 / size) * (reward - mean(population)) / self.scale(S.Zero, size)

    def _measure(self, member: Member) -> Expr:
        """The advantage of one member of a group, in any form: the deviation over the scale."""
        spread = S.Zero if self.linear else variance(member.group, member.domain)
        if not self.linear and member.vanishes(spread):
            return self.zero_over_zero if self.epsilon == 0 else S.Zero
        scale = self.scale(spread, member.size)
        if scale is None:
            raise NotImplementedError(f"{self} has no scale: it needs a _measure of its own")
        return member.deviation / scale

    # -- in words ------------------------------------------------------------------------

    @property
    def prose(self) -> str:
        """``(r - mean)/std, 0/0 = 0`` with its formulas in TeX."""
        tex, remarks = self.tex("r_i"), self.remarks
        if remarks and remarks[0].startswith("$"):
            both = r"\mathrm{mean}" in tex and "std}" in tex
            of = "mean and standard deviation of the group, " if both else ""
            return f"${tex}$ ({of}with {', '.join(remarks)})"
        return ", ".join([f"${tex}$", *remarks])

    def tex(self, reward: str) -> str:
        """The rule for a member with this reward, in TeX and on one line."""
        rule = re.sub(r"[A-Za-z]+(?: [a-z]+)+(?: \d+)?|[a-z]{2,}", _word, str(self).split(", ")[0])
        rule = re.sub(r"\\mathrm\{sqrt\}\((.*?)\)", r"\\sqrt{\1}", rule)
        return re.sub(r"(?<![\w\\{])r(?![\w}])", reward, rule)

    def fraction(self, reward: str) -> str:
        """The same in TeX as a fraction, to be set on a line of its own."""
        above, slash, below = self.tex(reward).partition(")/")
        if not slash or not above.startswith("("):
            return self.tex(reward)
        if below.startswith("(") and below.endswith(")"):
            below = below[1:-1]
        return rf"\frac{{{above.removeprefix('(')}}}{{{below}}}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is said beside the rule, as prose with its formulas in TeX."""
        from grpo_symbolic.export.exhibit import prose_tex

        _, *remarks = str(self).split(", ")
        return tuple(f"${r}$" if re.fullmatch(r"[\d/= ]+", r) else prose_tex(r) for r in remarks)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a user of the rule must know, one sentence each."""
        if self.epsilon == 0:
            return ()
        return (
            f"epsilon = {self.epsilon} is in reward units: solutions change when all rewards are "
            "rescaled",
        )

    @property
    def no_multiple(self) -> str:
        """Why it is no fixed multiple of a textbook advantage, where it is none."""
        if self.epsilon != 0:
            return (
                f"epsilon = {self.epsilon} is added to the standard deviation, which differs from "
                "group to group"
            )
        return f"the advantage {self} is no fixed multiple of a textbook advantage"


class Whitened(Advantage):
    """A rule that divides by a standard deviation, with ``epsilon`` to keep it from 0."""

    #: 0 for the population, 1 for the sample.
    ddof: int = 0

    def __post_init__(self) -> None:
        if self.ddof not in (0, 1) or isinstance(self.ddof, bool):
            raise ValueError(f"ddof must be 0 or 1, got {self.ddof}")
        object.__setattr__(self, "epsilon", symbol_or_number("epsilon", self.epsilon))

    @property
    def scale_invariant(self) -> bool:  # type: ignore[override]
        return self.epsilon == 0


def _word(match: re.Match[str]) -> str:
    names = {"epsilon": r"\varepsilon", "sigma": r"\sigma"}
    return names.get(match[0], rf"\mathrm{{{match[0].replace(' ', '~')}}}")


@dataclass(frozen=True)
class Member:
    """One member of a group: everything that a rule may look at."""

    reward: Expr
    group: Law
    size: Expr
    domain: Domain
    batch: Law

    @property
    def deviation(self) -> Expr:
        """The reward minus the mean of the group."""
        return self.deviation_from(self.group)

    def deviation_from(self, law: Law) -> Expr:
        return (self.reward - mean(law)).expand()

    @property
    def others(self) -> Law:
        """The law of the others: the group without one member of this reward."""
        if self.size == oo:
            return self.group
        others = (
            (r, ((self.size * w - (1 if r == self.reward else 0)) / (self.size - 1)).together())
            for r, w in self.group
        )
        return tuple((r, w) for r, w in others if w != 0)

    def refuse_levels(self, rule: Advantage, most: int) -> None:
        """Refuse a large group of more levels of reward than a rule is written out for.

        Raises
        ------
        ValueError
            With how many would do.
        """
        if self.size == oo and len(self.group) > most:
            raise ValueError(
                f"the rule {rule} is written out in large groups for at most {most} levels of "
                f"reward, got {len(self.group)}: rewards rounded to {most} levels would do, or a "
                "number as group size"
            )

    def neat(self, value: Expr) -> Expr:
        # A maximum in many masses has been brought into its form, or is too long for one.
        bent = isinstance(value, (Max, Min)) and len(self.group) > _BENT
        return (
            tidy(value, self.domain.extended(value)) if value.free_symbols and not bent else value
        )

    def vanishes(self, value: Expr) -> bool:
        if value.is_Rational:
            return bool(value == 0)
        return _vanishes(value, self.domain)


@lru_cache(maxsize=64)
def _vanishes(value: Expr, domain: Domain) -> bool:
    """Whether a value is 0: asked for by every member of one population."""
    domain = domain.extended(value).relevant(value)
    # One point settles what would take long to expand in many symbols.
    at_a_point = value.subs(next(domain.samples(1)))
    if at_a_point.is_Rational and at_a_point != 0:
        return False
    return is_zero(value, domain)


def _exactly(name: str, value: Any) -> Expr:
    """A plain number as an exact one: a float would make all that follows floats."""
    return value if isinstance(value, Expr) else exact_number(name, value, "a number")


def _exact_law(law: Law) -> Law:
    return tuple((_exactly("reward", r), _exactly("weight", w)) for r, w in law)


def bessel(count: Expr, ddof: int) -> Expr:
    """n/(n - ddof): what the variance of n samples is multiplied by."""
    return Integer(1) if count == oo else count / (count - ddof)


def of_rule(name: str) -> Any:
    """A property that is the one of the rule inside."""

    def inner(outer: Any) -> Any:
        """That of the rule."""
        return getattr(outer.rule, name)

    return property(inner)
