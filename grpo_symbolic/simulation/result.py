"""What a simulation has found: trajectories, the policy at rest, and how far the theory is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray

from grpo_symbolic.display import Html, record
from grpo_symbolic.simulation.ascent import Ascent
from grpo_symbolic.verify.verdict import Status, Verdict

METHOD = "simulation"
#: Standard errors beyond which a prediction is not confirmed.
CONFIRMED = 4.0
#: Paired quarters of the tail that differ by more standard errors are a trend.
_TREND = 4.0
_RECORDS = 200
#: Where a run has no noise, what is closer than this is equal.
_RESOLVED = 1e-9


@dataclass(frozen=True, repr=False)
class Simulation:
    """Sampled training of many seeds.

    Attributes
    ----------
    answers : tuple of str
    steps : ndarray of shape (records,)
        The steps after which policies were kept, 0 the start.
    trajectories : ndarray of shape (seeds, records, answers)
        At the full learning rate.
    rest, rest_error : ndarray of shape (answers,)
        The mean policy of the second half of all steps, over seeds, and its standard error; at
        ``extrapolated`` that of rate η → 0, from the rates η and η/2.
    spread : ndarray of shape (answers,)
        Standard deviation of π(o) over the second half of all steps, at the full rate.
    logit_spread : float
        The same of log π(1)/(1 − π(1)).
    trend : float
        How many standard errors the quarters of the second half lie apart.
    extrapolated : bool
    predicted : ndarray or None
        The stationary policy that the theory has for it.
    flow : callable or None
        From step numbers to policies: what the theory has for the way there.
    samples : int
        Answers that were drawn.
    """

    answers: tuple[str, ...]
    steps: ndarray
    trajectories: ndarray
    rest: ndarray
    rest_error: ndarray
    spread: ndarray
    logit_spread: float
    trend: float
    extrapolated: bool
    samples: int
    predicted: ndarray | None = None
    flow: Callable[[ndarray], ndarray] | None = field(default=None, compare=False)

    @property
    def seeds(self) -> int:
        return len(self.trajectories)

    @property
    def mean(self) -> ndarray:
        """The mean policy over seeds, (records, answers)."""
        return self.trajectories.mean(axis=0)

    @property
    def standard_error(self) -> ndarray:
        """Of :attr:`mean`, over seeds."""
        return self.trajectories.std(axis=0, ddof=1) / np.sqrt(self.seeds)

    @cached_property
    def z(self) -> ndarray:
        """(rest − predicted) over the standard error, one entry an answer.

        Raises
        ------
        ValueError
            Without a prediction.
        """
        if self.predicted is None:
            raise ValueError("there is no prediction to compare with")
        return (self.rest - self.predicted) / np.maximum(self.rest_error, _RESOLVED)

    @property
    def verdict(self) -> Verdict:
        """NUMERIC where the prediction lies within a few standard errors, else UNKNOWN."""
        data: dict[str, object] = {"seeds": self.seeds, "samples": self.samples}
        data["rest"] = [float(p) for p in self.rest]
        if self.predicted is None:
            return Verdict(Status.UNKNOWN, METHOD, "there is nothing to compare with", data)
        off = float(np.abs(self.z).max())
        data |= {"predicted": [float(p) for p in self.predicted], "standard_errors": off}
        over = f"{off:.1f} standard errors over {self.seeds} seeds"
        if self.trend > _TREND:
            sentence = f"still moving after {int(self.steps[-1])} steps: more are needed"
            return Verdict(Status.UNKNOWN, METHOD, sentence, data)
        if off > CONFIRMED:
            return Verdict(Status.UNKNOWN, METHOD, f"not confirmed: off by {over}", data)
        return Verdict(Status.NUMERIC, METHOD, f"within {over}", data)

    def plot(self, ax: Any = None, answer: int = 0) -> Any:
        """The mean trajectory with two standard errors, against the flow and the point of rest.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A figure of its own by default.
        answer : int
            The answer whose probability is drawn.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            Without Matplotlib.
        """
        if ax is None:
            try:
                from matplotlib.figure import Figure
            except ImportError:
                raise ValueError("figures need Matplotlib: pip install -e '.[plot]'") from None
            ax = Figure(figsize=(3.4, 2.5), layout="constrained").add_subplot()
        mean, error = self.mean[:, answer], self.standard_error[:, answer]
        ax.fill_between(self.steps, mean - 2 * error, mean + 2 * error, color="#DCEAF5")
        ax.plot(self.steps, mean, color="#0072B2", label=f"mean of {self.seeds} seeds")
        if self.flow is not None:
            flow = self.flow(self.steps)[:, answer]
            ax.plot(self.steps, flow, color="#D55E00", ls="--", label="flow")
        if self.predicted is not None:
            rest = float(self.predicted[answer])
            ax.axhline(rest, color="black", lw=0.8, ls=":", label="rest point")
        ax.set(xlabel="step", ylabel=rf"$\pi({self.answers[answer]})$")
        ax.legend(frameon=False)
        return ax

    def __str__(self) -> str:
        lines = [
            f"pi({name}) = {p:.5f} +- {error:.5f}"
            for name, p, error in zip(self.answers, self.rest, self.rest_error, strict=True)
        ]
        return "\n".join([*lines, str(self.verdict)])

    def __repr__(self) -> str:
        return f"Simulation({self.seeds} seeds, {int(self.steps[-1])} steps: {self.verdict.detail})"

    def _repr_html_(self) -> Html:
        rows = [
            (f"pi({name})", f"{p:.5f} ± {error:.5f}")
            for name, p, error in zip(self.answers, self.rest, self.rest_error, strict=True)
        ]
        return record("Simulation", [*rows, ("verdict", str(self.verdict)), ("see", ".plot()")])


def simulated(
    ascent: Ascent,
    answers: tuple[str, ...],
    start: ndarray,
    *,
    learning_rate: float,
    steps: int,
    seeds: int,
    extrapolate: bool,
    rng: np.random.Generator,
) -> Simulation:
    """Run the ascent and keep what is asked for: a few records, and moments of the second half.

    At half the rate twice as many steps are taken, so that both runs come as far.
    """
    kept = np.unique(np.linspace(0, steps, min(steps, _RECORDS) + 1).astype(int))
    records = [np.tile(start, (seeds, 1))]
    tail = _Tail(seeds, len(start), steps)
    rates = np.full(seeds, learning_rate)
    for step, policy in enumerate(ascent.policies(start, rates, steps, rng), start=1):
        if step == kept[len(records)]:
            records.append(policy)
        tail.add(step, policy)
    rest, trend, taken = tail.means(), tail.trend(), steps
    if extrapolate:
        slow = _Tail(seeds, len(start), 2 * steps)
        for step, policy in enumerate(ascent.policies(start, rates / 2, 2 * steps, rng), start=1):
            slow.add(step, policy)
        rest, trend, taken = 2 * slow.means() - rest, max(trend, slow.trend()), 3 * steps
    spread, logit_spread = tail.spread()
    return Simulation(
        answers,
        kept,
        np.stack(records, axis=1),
        rest.mean(axis=0),
        rest.std(axis=0, ddof=1) / np.sqrt(seeds),
        spread,
        logit_spread,
        trend,
        extrapolate,
        seeds * taken * ascent.totals.groups * ascent.totals.sampler.size,
    )


class _Tail:
    """Moments of the policies of the second half, in two quarters."""

    def __init__(self, seeds: int, answers: int, steps: int) -> None:
        self.start, self.middle = steps // 2, steps // 2 + (steps - steps // 2) // 2
        self.counts = np.zeros(2)
        self.sums = np.zeros((2, seeds, answers))
        self.squares = np.zeros((seeds, answers))
        self.logits = np.zeros((2, seeds))

    def add(self, step: int, policy: ndarray) -> None:
        if step <= self.start:
            return
        quarter = int(step > self.middle)
        self.counts[quarter] += 1
        self.sums[quarter] += policy
        self.squares += policy * policy
        logit = np.log(policy[:, 0]) - np.log(policy[:, 1:].sum(axis=1))
        self.logits += logit, logit * logit

    def means(self) -> ndarray:
        return self.sums.sum(axis=0) / self.counts.sum()

    def spread(self) -> tuple[ndarray, float]:
        """Standard deviations over steps and seeds."""
        mean, count = self.means().mean(axis=0), self.counts.sum()
        square = self.squares.mean(axis=0) / count
        logit, logit_square = self.logits.mean(axis=1) / count
        variance = np.maximum(square - mean**2, 0.0)
        return np.sqrt(variance), float(np.sqrt(max(logit_square - logit**2, 0.0)))

    def trend(self) -> float:
        first, second = (self.sums[k] / self.counts[k] for k in range(2))
        gap = (second - first)[:, :-1]
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
        return float((np.abs(gap.mean(axis=0)) / np.maximum(error, _RESOLVED)).max())
