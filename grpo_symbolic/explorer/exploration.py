"""One state of the explorer: parameters in; policy, numbers, formula and figure out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import mpmath as mp
from sympy import Expr

from grpo_symbolic import symbols
from grpo_symbolic.binary_question import BinaryQuestion
from grpo_symbolic.explorer import choices
from grpo_symbolic.export.latex import formula
from grpo_symbolic.inputs import STANDARD_VALUES, group_size, parameter
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import Penalty
from grpo_symbolic.policy.stationary import stationary_policy
from grpo_symbolic.policy.two_answers import StationaryPolicy
from grpo_symbolic.solve.solutions import NumericSolution, Solutions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DIGITS = 15
T = TypeVar("T")
# A formula with more LaTeX than this is named, not shown.
_LONGEST = 1200
# Probabilities are shown to this many digits, and nearer to 0 or 1 than this by their distance.
_SHOWN, _NEAR = 5, 1e-4


@dataclass(frozen=True)
class Exploration:
    """A binary question under GRPO at numbers.

    Parameters
    ----------
    beta : number
        Weight of the penalty, positive.
    gamma : number
        Confidence margin in [0, 1] of groups of two without ``epsilon``; else 1, which stands
        for deterministic rewards.
    group_size : int or oo
    pi_ref : number
        Reference probability of the better answer, in [0, 1].
    ddof : {0, 1}
        Of the standard deviation that the advantage is divided by.
    epsilon : number
        Added to that standard deviation; the reward gap is 1.
    penalty : str or Penalty
        One of the names in ``choices.penalties()``, or any penalty.
    advantage : str
        One of the names in ``choices.advantages()``: what ``ddof`` and ``epsilon`` are of.

    Raises
    ------
    ValueError
        For a value out of range, or a margin where it does not fix the advantage.

    Examples
    --------
    >>> state = Exploration(beta="1/2", group_size=2, pi_ref="1/4")
    >>> [row[:2] for row in state.rows]
    [('0.68301', 'attracting')]
    """

    beta: Any = "1/2"
    gamma: Any = 1
    group_size: Any = 2
    pi_ref: Any = "1/4"
    ddof: int = 0
    epsilon: Any = 0
    penalty: str | Penalty = "reverse KL"
    advantage: str = "std"

    def __post_init__(self) -> None:
        exact = {
            "beta": parameter("beta", self.beta),
            "gamma": parameter("margin", self.gamma, "gamma"),
            "group_size": group_size(self.group_size),
            "pi_ref": parameter("pi_ref", self.pi_ref),
            "epsilon": parameter("epsilon", self.epsilon),
        }
        for name, value in exact.items():
            object.__setattr__(self, name, value)
        if self.ddof not in choices.DDOFS:
            raise ValueError(f"ddof must be 0 or 1, got {self.ddof!r}")
        choices.penalty(self.penalty)
        choices.advantage(self.advantage, self.ddof, self.epsilon)
        if self.gamma != 1 and self.margin_note:
            raise ValueError(f"gamma must be 1, got {self.gamma}: {self.margin_note}")

    # -- the configuration: what has to be derived -------------------------------------------

    @property
    def margin_note(self) -> str:
        """Why there is no margin to choose, or an empty string where there is one."""
        if self.group_size != 2:
            return (
                "a margin fixes the comparisons of groups of two only; in larger groups the "
                "rewards are deterministic"
            )
        rule = self.rule
        if rule.epsilon != 0:
            return (
                "epsilon is in reward units, and a margin fixes comparisons, not rewards; the "
                "rewards are deterministic"
            )
        if not (rule.scale_invariant and rule.shift_invariant):
            return (
                "the advantage depends on the size of rewards, and a margin fixes comparisons; the "
                "rewards are deterministic"
            )
        return ""

    @property
    def rule(self) -> Advantage:
        """How a reward is measured against its group."""
        return choices.advantage(self.advantage, self.ddof, self.epsilon)

    @property
    def configuration(self) -> tuple[Expr, Penalty, Advantage, bool]:
        """All but the numbers: group size, penalty, advantage, whether there is a margin."""
        return self.group_size, choices.penalty(self.penalty), self.rule, not self.margin_note

    @property
    def policy(self) -> StationaryPolicy:
        """The stationary policy in symbols, derived once for each configuration.

        Raises
        ------
        ValueError
            When there is none, or it is not derived in time.
        """
        return _said(_derived(*self.configuration))

    @property
    def fixed(self) -> dict[str, Expr]:
        """The numbers other than β and π_ref(a), by the names that :attr:`policy` takes."""
        given = {} if self.margin_note else {"gamma": self.gamma}
        open_ones = {p.name for p in self.policy.inputs if p.default is None}
        return given | {n: v for n, v in STANDARD_VALUES.items() if n in open_ones}

    # -- numbers -----------------------------------------------------------------------------

    @property
    def solutions(self) -> Solutions:
        """Every stationary policy found, with its stability.

        Raises
        ------
        ValueError
            When they are not found in time.
        """
        return _said(_solved(self))

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """For each solution: π(a), stability, stage status, slope of the best response."""
        return tuple(
            (
                _decimal(s),
                str(s.stability),
                str(s.stage),
                "" if s.slope is None else _digits(s.slope, 4),
            )
            for s in self.solutions
        )

    # -- words and formulas ------------------------------------------------------------------

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What the penalty acts as, which root or why no formula, how the number is proved."""
        acts = choices.penalty(self.penalty).acts_as
        if ": " not in acts:  # else it is a sentence by itself: no penalty, or none with a name
            acts = f"the penalty acts as {acts}"
        said = (acts, self.policy.status, self.solutions.status)
        return tuple(text[:1].upper() + text[1:].rstrip(".") + "." for text in said)

    @property
    def formula(self) -> str:
        """The closed form or the equation in TeX; a sentence where neither can be shown."""
        if not self.policy.curve.force.expression.has(symbols.pi_ref):
            return r"\text{no condition to solve: nothing pulls the policy to the reference}"
        tex = self.policy.latex()
        if len(tex) > _LONGEST:
            return rf"\text{{the equation has {len(tex)} characters of LaTeX: see policy.latex()}}"
        return tex

    @property
    def values(self) -> str:
        """The parameters and the stationary policies at them, in TeX."""
        numbers = {symbols.beta: self.beta, symbols.pi_ref: self.pi_ref}
        if not self.margin_note:
            numbers[symbols.gamma] = self.gamma
        given = r",\;".join(f"{formula(s)} = {_number(v)}" for s, v in numbers.items())
        name = formula(symbols.pi)
        found = [rf"{name} = {_tex(_decimal(s))}\;\text{{({s.stability})}}" for s in self.solutions]
        if not found:
            found = [rf"\text{{no stationary }} {name} \text{{ in }} (0, 1)"]
        return rf"\text{{at }} {given}:\quad " + r",\quad ".join(found)

    @property
    def latex(self) -> str:
        """The formula, and below it the numbers."""
        return rf"\begin{{gathered}} {self.formula} \\ {self.values} \end{{gathered}}"

    # -- figure ------------------------------------------------------------------------------

    def figure(self, ax: Axes | None = None) -> Axes:
        """The curve of all stationary policies at this β, and those at this π_ref(a).

        Raises
        ------
        ValueError
            When there is no policy, or without matplotlib.
        """
        from grpo_symbolic.explorer.figure import draw

        return draw(self.policy, self.solutions, self.beta, self.pi_ref, self.fixed, ax=ax)

    def save(self, path: str | Path) -> Path:
        """Write this state down: a page that needs no server (.html), or its figure.

        Parameters
        ----------
        path : str or Path
            Ending in .html, .pdf, .svg, .png, .eps or .pgf.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        ValueError
            For another suffix, a file that cannot be written, or a figure without matplotlib.
        """
        from grpo_symbolic.explorer.page import written

        return written(self, path)


def _said(found: T | str) -> T:
    """What was found; a sentence is an error."""
    if isinstance(found, str):
        raise ValueError(found)
    return found


@lru_cache(maxsize=128)
def _derived(size: Expr, penalty: Penalty, rule: Advantage, margin: bool) -> StationaryPolicy | str:
    """The policy of a configuration, or a sentence; both are kept."""
    question = BinaryQuestion(margin=symbols.gamma) if margin else BinaryQuestion()
    return _tried(lambda: stationary_policy(GRPO(size, penalty, rule), question))


@lru_cache(maxsize=512)
def _solved(state: Exploration) -> Solutions | str:
    """The solutions at a state, or a sentence; both are kept."""
    return _tried(lambda: _solutions(state.policy, state))


def _tried(work: Callable[[], T]) -> T | str:
    try:
        return work()
    except ValueError as error:
        return str(error)


def _solutions(policy: StationaryPolicy, state: Exploration) -> Solutions:
    return policy.solutions(beta=state.beta, pi_ref=state.pi_ref, digits=_DIGITS, **state.fixed)


def _decimal(solution: NumericSolution) -> str:
    """π(a), by its distance where it is close to 1."""
    first, rest = solution.policy
    if 0 < rest < _NEAR:
        return f"1 - {_digits(rest, _SHOWN)}"
    return _digits(first, _SHOWN)


def _digits(value: mp.mpf, count: int) -> str:
    return mp.nstr(value, count).removesuffix(".0")


def _tex(decimal: str) -> str:
    """A decimal in TeX: 1.5e-7 as a product with a power of ten."""
    mantissa, _, power = decimal.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else decimal


def _number(value: Expr) -> str:
    """A parameter in TeX, to the digits that a control has."""
    return _tex(f"{float(value):.6g}")
