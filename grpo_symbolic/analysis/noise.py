r"""How far the last iterates of sampled training spread around a stationary policy.

A step of rate η moves the log-odds z by η times the mean of N group gradients X, whose mean is
the field g and whose variance at the resting point is v. With :math:`\kappa = -g'(z)` the
linearised recursion is stationary with

.. math:: \operatorname{Var} z \simeq \frac{\eta v}{2 N \kappa}, \qquad
          E z - z^* \simeq \frac{g''}{2\kappa} \operatorname{Var} z,

to leading order in η. Two free logits move their difference twice as far: η counts twice.

A scale that is taken over a batch is not the group's own: each group moves it for all others. Few
ways in which a batch can be composed are counted out. Beyond that, to first order in 1/groups, X
has the deviations of the group over σ(m), m the mean share of better rewards, and beside them
:math:`-g_r\,\sigma'(m)/\sigma(m)\,(K/G - m)`, with g_r the part of g that the advantages have:
what one group adds to the deviation of the batch it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import comb, lgamma

import mpmath as mp
import numpy as np
from numpy import ndarray
from sympy import Expr, S, Symbol, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.drift import GroupDrift
from grpo_symbolic.model.advantage import ShiftOnly
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.model.penalty import Estimator
from grpo_symbolic.stationarity import stationarity_condition

MAX_GROUP = 4_096
#: Compositions of a batch that are counted out.
MAX_COMPOSITIONS = 20_000
_DIGITS = 50
#: Steps of the differences in log-odds: their errors are far below double precision.
_STEP = mp.mpf(10) ** -12


@dataclass(frozen=True)
class IterateSpread:
    """The spread of π(a) and of its log-odds over the last iterates, to leading order in η.

    Attributes
    ----------
    policy : float
        π(a) at rest.
    logit_std, policy_std : float
        Standard deviations of log-odds and of π(a).
    logit_bias, policy_bias : float
        Means of the iterates less the values at rest.
    relaxation : float
        Steps in which a deviation falls by the factor e.
    noise, restoring : float
        v, the variance of one group's gradient, and κ.
    """

    policy: float
    logit_std: float
    policy_std: float
    logit_bias: float
    policy_bias: float
    relaxation: float
    noise: float
    restoring: float


def iterate_spread(
    balance: Balance,
    policy: float,
    point: Mapping[Symbol, Expr],
    *,
    learning_rate: float,
    groups: int = 1,
    logits: int = 2,
    log_odds: mp.mpf | None = None,
    algorithm: GRPO | None = None,
) -> IterateSpread:
    """The spread of the last iterates around one stationary policy.

    Parameters
    ----------
    balance : Balance
        Of the algorithm on a question with two answers.
    policy : float
        π(a) at rest, attracting.
    point : mapping of Symbol to Expr
        A number for each parameter.
    learning_rate : float
        η, of plain gradient ascent on the logits.
    groups : int
        N, the groups that a step averages.
    logits : {1, 2}
        Whether one log-odds is learned, or a logit for each answer.
    log_odds : mpf, optional
        Of π(a) at rest, where 1 − π(a) is too small for the number ``policy`` to hold.
    algorithm : GRPO, optional
        Whose groups are drawn, where the balance is of the limit of a large batch.

    Raises
    ------
    ValueError
        For a repelling policy, a large-group limit, or a penalty inside the reward.

    Notes
    -----
    Source: the Lyapunov equation of the linearised recursion; K right answers of G are binomial.
    """
    algorithm = algorithm or balance.algorithm  # type: ignore[assignment]
    if not isinstance(algorithm, GRPO):
        raise ValueError("the spread of the iterates is known for rules that look at groups")
    if algorithm.penalised_before_baseline:
        raise ValueError("the spread is not known for a penalty inside the reward")
    if learning_rate <= 0 or groups < 1 or logits not in (1, 2):
        raise ValueError("learning_rate and groups must be positive, and logits 1 or 2")
    if log_odds is None:
        if not 0 < policy < 1:
            raise ValueError(f"policy must lie inside (0, 1), got {policy}")
        log_odds = mp.log(policy) - mp.log1p(-mp.mpf(policy))
    # Digits that 1 - π(a) loses beside 1 are added.
    with mp.workdps(_DIGITS + int(abs(log_odds))):
        group = _group(balance, algorithm, point, groups)
        rest = mp.mpf(log_odds)
        low, middle, high = (group.moments(rest + k * _STEP) for k in (-1, 0, 1))
        restoring = (low[0] - high[0]) / (2 * _STEP)
        bend = (low[0] - 2 * middle[0] + high[0]) / _STEP**2
        if restoring <= 0:
            raise ValueError(f"pi(a) = {float(policy)} is not attracting: the iterates leave it")
        rate = mp.mpf(learning_rate) * logits
        variance = rate * middle[1] / (2 * groups * restoring)
        better = 1 / (1 + mp.exp(-rest))
        share = better * (1 - better)
        shift = bend / (2 * restoring) * variance
        found = (
            *(mp.sqrt(variance), share * mp.sqrt(variance), shift),
            share * shift + share * (1 - 2 * better) / 2 * variance,
            *(1 / (rate * restoring), middle[1], restoring),
        )
        return IterateSpread(float(policy), *map(float, found))


@dataclass(frozen=True)
class _Penalty:
    """β times the penalty at numbers: its derivative in u, and whether samples carry it."""

    beta: mp.mpf
    reference: mp.mpf
    slope: Callable[[mp.mpf], mp.mpf]
    sampled: bool

    def pulls(self, p: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        """What a sample is pulled by beside its advantage, and what is added to a whole group."""
        ratios = self.reference / p, (1 - self.reference) / (1 - p)
        first, second = (self.beta * self.slope(u) for u in ratios)
        if self.sampled:
            return first * (1 - p) + second * p, second * p
        return mp.mpf(0), -p * (1 - p) * (first - second)


@dataclass(frozen=True)
class _Group:
    """A group at numbers: advantages by the number of better rewards, and the penalty."""

    advantages: list[tuple[mp.mpf, mp.mpf]]
    rates: tuple[mp.mpf, mp.mpf]
    penalty: _Penalty
    mixed: bool

    def moments(self, logit: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        """Mean and variance of one group's gradient in the log-odds."""
        p = 1 / (1 + mp.exp(-logit))
        pull, shared = self.penalty.pulls(p)
        total = mean = square = mp.mpf(0)
        for weight, inside, spread in self._outcomes(p, pull):
            value = inside + shared
            total, mean = total + weight, mean + weight * value
            square += weight * (value**2 + spread)
        mean, square = mean / total, square / total
        return mean, square - mean**2

    def _outcomes(self, p: mp.mpf, pull: mp.mpf) -> Iterator[tuple[mp.mpf, mp.mpf, mp.mpf]]:
        """For each number of better rewards: its weight, and mean and variance given it."""
        size, (a, b) = len(self.advantages) - 1, self.rates
        m = p * a + (1 - p) * b
        # The share of answer a among the better and among the worse rewards.
        among = p * a / m, p * (1 - a) / (1 - m)
        for count in range(self.mixed, size + 1 - self.mixed):
            high, low = self.advantages[count]
            weight = mp.binomial(size, count) * m**count * (1 - m) ** (size - count)
            mean = spread = mp.mpf(0)
            for value, drawn, q in zip((high, low), (count, size - count), among, strict=True):
                mean += drawn * ((value - pull) * q - p * value)
                spread += drawn * (value - pull) ** 2 * q * (1 - q)
            yield weight, mean / size, spread / size**2


@dataclass(frozen=True)
class _Pairs(_Group):
    """Two answers that are compared, without ties: the better one wins by a margin."""

    margin: mp.mpf

    def _outcomes(self, p: mp.mpf, pull: mp.mpf) -> Iterator[tuple[mp.mpf, mp.mpf, mp.mpf]]:
        for count in (0, 1, 2):
            weight = mp.binomial(2, count) * p**count * (1 - p) ** (2 - count)
            compared = count == 1
            mean = self.margin * compared / 2 - pull * count / 2
            yield weight, mean, (1 - self.margin**2) * compared / 4


@dataclass(frozen=True)
class _Batched(_Group):
    """Deviations from the mean of the group, over the deviation of a batch of samples."""

    samples: mp.mpf
    ddof: int
    epsilon: mp.mpf
    divisor: mp.mpf
    inside: mp.mpf

    def moments(self, logit: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        """Mean and variance, the share ``inside`` of the batch being in the step itself."""
        p, (a, b) = 1 / (1 + mp.exp(-logit)), self.rates
        m, size = p * a + (1 - p) * b, len(self.advantages) - 1
        gap = self.advantages[1][0] - self.advantages[1][1]
        spread = gap * mp.sqrt(m * (1 - m) * self.samples / (self.samples - self.ddof))
        scale = self.divisor * (spread + self.epsilon)
        table = [(high / scale, low / scale) for high, low in self.advantages]
        gain = gap / scale * p * (1 - p) * (a - b) * (size - 1) / size
        slope = self.divisor * spread * (1 - 2 * m) / (2 * m * (1 - m)) / scale
        rest = self.rates, self.penalty, self.mixed
        mean, alone = _Group(table, *rest).moments(logit)
        counted = self._counted(p, gap)
        if counted is not None:
            return mean, mp.mpf(counted)
        together = _Tilted(table, *rest, tilt=-gain * slope).moments(logit)[1]
        return mean, (1 - self.inside) * alone + self.inside * together

    def _counted(self, p: mp.mpf, gap: mp.mpf) -> float | None:
        """The variance over every composition of a batch in the step, as of one group."""
        size = len(self.advantages) - 1
        groups = int(self.samples) // size
        ways = comb(groups + size, size)
        if ways > MAX_COMPOSITIONS or self.rates != (1, 0) or self.inside < 1:
            return None
        counts = _compositions(groups, size + 1)
        right = np.arange(size + 1)
        chance = np.array([
            float(mp.binomial(size, int(k)) * p ** int(k) * (1 - p) ** int(size - k)) for k in right
        ])  # fmt: skip
        logs = np.array([lgamma(n + 1) for n in range(groups + 1)])
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(counts > 0, counts * np.log(chance), 0.0)
            weights = np.exp(logs[groups] + (terms - logs[counts]).sum(axis=1))
            drawn = counts @ right / (groups * size)
            spread = drawn * (1 - drawn) * float(self.samples / (self.samples - self.ddof))
            scale = float(self.divisor) * (float(gap) * np.sqrt(spread) + float(self.epsilon))
            products = counts @ (right * (size - right)) / (groups * size**2)
            values = np.where(products > 0, float(gap) * products / scale, 0.0)
        values = values - float(self.penalty.pulls(p)[0]) * drawn
        weights /= weights.sum()
        return groups * float(weights @ (values - weights @ values) ** 2)


@cache
def _compositions(total: int, parts: int) -> ndarray:
    """Every way to write a total as a sum of so many parts."""
    bars = np.array(list(combinations(range(total + parts - 1), parts - 1)), dtype=int)
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, total + parts - 1)))
    return np.diff(edges, axis=1) - 1


@dataclass(frozen=True)
class _Tilted(_Group):
    """A group that adds a multiple of its share of better rewards to its gradient."""

    tilt: mp.mpf

    def _outcomes(self, p: mp.mpf, pull: mp.mpf) -> Iterator[tuple[mp.mpf, mp.mpf, mp.mpf]]:
        size = len(self.advantages) - 1
        for count, (weight, mean, spread) in enumerate(super()._outcomes(p, pull)):
            yield weight, mean + self.tilt * count / size, spread


def _group(
    balance: Balance, algorithm: GRPO, point: Mapping[Symbol, Expr], groups: float
) -> _Group:
    penalty, question = algorithm.penalty, balance.condition.preference.question
    scale = algorithm.advantage
    if scale.batch is not None:
        plain = replace(algorithm, advantage=ShiftOnly())
        balance = Balance(stationarity_condition(plain, question))
    drift = balance.drift
    slope = lambdify(symbols.u, S(penalty.marginal()).subs(point), "mpmath")
    numbers = (_number(value, point) for value in (algorithm.beta, symbols.pi_ref))
    rest = _Penalty(*numbers, slope, isinstance(penalty, Estimator)), algorithm.mixed_only
    if question is not None and question.margins:
        margin = _number(question.margins[0][1], point)
        return _Pairs([], (mp.mpf(1), mp.mpf(0)), *rest, margin=margin)
    size = S(algorithm.group_size).subs(point)
    if not isinstance(drift, GroupDrift) or size == oo or not size.is_Integer:
        raise ValueError("the spread needs two reward levels and a group size that is a number")
    if size > MAX_GROUP:
        raise ValueError(f"the spread is computed for groups of at most {MAX_GROUP}, got {size}")
    rule = drift.rule.at(point)
    table = [tuple(_number(v, point) for v in rule.advantages(k)) for k in range(int(size) + 1)]
    rates = tuple(_number(rate, point) for rate in drift.rates)
    if scale.batch is None:
        return _Group(table, rates, *rest)  # type: ignore[arg-type]
    if algorithm.mixed_only:
        raise ValueError("the spread is not known for a scale of a batch whose groups are dropped")
    whole = getattr(scale, "rule", scale)
    return _Batched(
        table, rates, *rest,  # type: ignore[arg-type]
        samples=_number(whole.batch, point), ddof=whole.ddof,
        epsilon=_number(whole.epsilon, point),
        divisor=_number(S(getattr(scale, "divisor", 1)), point),
        inside=min(mp.mpf(1), mp.mpf(groups) * int(size) / _number(whole.batch, point)),
    )  # fmt: skip


def _number(value: Expr, point: Mapping[Symbol, Expr]) -> mp.mpf:
    found = S(value).subs(point)
    if not found.is_number:
        raise ValueError(f"a number is needed for {', '.join(map(str, found.free_symbols))}")
    return mp.mpf(str(found.n(_DIGITS)))
