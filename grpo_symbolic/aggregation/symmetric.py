r"""Three answers of which raters see two alike: policies (p, q, q), and what one number proves.

Where the electorate and the reference do not change when answers 2 and 3 change places, neither
does the lottery of a neutral rule, and its condition is one equation,

.. math:: \beta = w(p), \qquad w(p) = \frac{P_1(p)}{1 - \rho/p} \quad\text{(reverse KL)} .

Each policy is stationary at one weight. So a lottery that is continuous in β passes no p with
:math:`P_1(p) = 0`, nor p = ρ where :math:`P_1(\rho) \ne 0`, and the weight has to fall all the way
from the reference to wherever it gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from flint import arb, ctx
from sympy import S

from grpo_symbolic.aggregation.cases import Profile, winner_of
from grpo_symbolic.aggregation.counterexample import Counterexample, confirmed, electorate_of
from grpo_symbolic.aggregation.expected import expected_advantage
from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import Lottery, as_arb, as_ball
from grpo_symbolic.aggregation.rule import Profiles
from grpo_symbolic.aggregation.search import Cases
from grpo_symbolic.aggregation.trained import Trained
from grpo_symbolic.electorate import Electorate

_STARTS = (Fraction(1, 3), Fraction(1, 2), Fraction(1, 10))
_GRID = 200
_CLEAR, _TALLEST = 1e-3, 1e-4
_BITS, _PARTS = 120, 4000
_SHOWN, _DIGITS = Fraction(1, 16), 30


@dataclass(frozen=True)
class Line:
    """The policies (p, q, q) of an electorate, and the reference (ρ, ·, ·)."""

    rule: Trained
    profile: Profile
    start: Fraction

    @property
    def electorate(self) -> Electorate:
        return electorate_of(self.profile)

    @property
    def reference(self) -> tuple[Fraction, ...]:
        return (self.start, (1 - self.start) / 2, (1 - self.start) / 2)

    def climb(self, p: arb) -> arb:
        """P(1), in balls."""
        q = (1 - p) / 2
        return expected_advantage(self.rule, self.electorate, [p, q, q], 0)

    def weight(self, p: arb) -> arb:
        """The one weight at which the policy is stationary."""
        start = as_arb(self.start)
        if self.rule._reverse:
            return self.climb(p) / (1 - start / p)
        # P(1) − P(2) is P(1)/(1 − p), for the mean of P is 0.
        return self.climb(p) / (1 - p) / (p * (1 - start) / (start * (1 - p))).log()

    def rough(self, p: Array) -> Array:
        """P(1) in floats."""
        rewards = np.array([[row for row, _ in self.profile]], float)
        masses = np.array([[m for _, m in self.profile]], float)
        field = self.rule.field(Profiles(rewards, masses / masses.sum()))
        if field is None:
            return np.full_like(p, np.nan)
        return field.parts(np.stack([p, (1 - p) / 2, (1 - p) / 2], axis=1))[0][:, 0]


def passed_by(rule: Trained) -> Cases:
    """A Condorcet winner that the path from the reference never gives more than its reference."""
    return lambda profile: (_passed_by(Line(rule, profile, _STARTS[0])),)


def _passed_by(line: Line) -> Counterexample | None:
    if winner_of(line.profile) != 0 or line.rough(np.array([float(line.start)]))[0] > -_CLEAR:
        return None
    with ctx.workprec(_BITS):
        if not line.climb(as_arb(line.start)) < 0:
            return None
    try:
        shown = line.rule.lottery(line.electorate, line.reference, _SHOWN, _DIGITS)
    except ValueError:
        return None
    with ctx.workprec(_BITS):
        values = [as_ball(v) for v in shown.values]
        check = confirmed(line.rule, line.electorate, line.reference, _SHOWN, values)
    if shown.kind == "numeric" or check is None:
        return None
    return Counterexample(
        "answer 1 beats the other two, which are alike; P(1) < 0 at the reference, which is "
        "stationary at no weight, so that the path from it stays below it as beta -> 0",
        (line.electorate,),
        (line.reference,),
        _SHOWN,
        (shown,),
        as_arb(1 - line.start),
        check,
    )


def _interval(low: Fraction, high: Fraction) -> arb:
    return as_arb((low + high) / 2) + arb(0, 1) * as_arb((high - low) / 2)


def broken_paths(rule: Trained) -> Cases:
    """An electorate in which no continuous choice of stationary policies leaves the reference."""

    def cases(profile: Profile) -> Iterator[Counterexample | None]:
        for start, side in product(_STARTS, (1, -1)):
            line = Line(rule, profile, start)
            places = _rising(line, side)
            yield None if places is None else _broken(line, *places)

    return cases


def _rising(line: Line, side: int) -> tuple[Fraction, Fraction] | None:
    """Two places, away from the reference, at which the weight rises instead of falling."""
    grid = [Fraction(k, _GRID) for k in range(1, _GRID)]
    grid = [p for p in grid[::side] if (p - line.start) * side > 0]
    floats = np.array([float(p) for p in (line.start, *grid)])
    climb = side * line.rough(floats)
    if not climb[0] > _CLEAR:
        return None
    past = np.flatnonzero(~(climb > _TALLEST))
    end = int(past[0]) - 1 if len(past) else len(grid)
    force = 1 - float(line.start) / floats[1:] if line.rule._reverse else (1 - floats[1:]) * np.log(
        floats[1:] * float(1 - line.start) / (float(line.start) * (1 - floats[1:]))
    )  # fmt: skip
    weights = (climb[1:] / (side * force))[:end]
    if len(weights) < 2:
        return None
    lowest = np.minimum.accumulate(weights)
    rise = weights / lowest - 1
    far = int(np.argmax(rise))
    if rise[far] < _CLEAR:
        return None
    near = int(np.argmin(weights[: far + 1]))
    return grid[near], grid[far]


def _broken(line: Line, near: Fraction, far: Fraction) -> Counterexample | None:
    """The proof: P(1) keeps its sign from the reference to the second place."""
    with ctx.workprec(_BITS):
        low, high = sorted((line.start, far))
        boxes = [(low, high)]
        for _ in range(_PARTS):
            if not boxes:
                break
            a, b = boxes.pop()
            if line.climb(_interval(a, b)).contains(0):
                boxes += [(a, (a + b) / 2), ((a + b) / 2, b)]
        weights = [line.weight(as_arb(p)) for p in (near, far)]
        if boxes or not weights[1] > weights[0] > 0:
            return None
        gap = weights[1] - weights[0]
    shown = [
        Lottery(line.electorate.answers, tuple(map(S, (p, (1 - p) / 2, (1 - p) / 2))))
        for p in (near, far)
    ]
    first, second = (float(w.mid()) for w in weights)
    return Counterexample(
        f"answers 2 and 3 are alike, P(1) keeps its sign from the reference to pi(1) = {far}, and "
        f"pi(1) = {near} is stationary at beta = {first:.6g} only, pi(1) = {far} at "
        f"{second:.6g} only: no continuous path from the reference passes both",
        (line.electorate, line.electorate),
        (line.reference, line.reference),
        None,
        tuple(shown),
        gap,
        "every group enumerated, each rater drawn, in balls",
        "the axiom fails by a rise of the weight of",
    )
