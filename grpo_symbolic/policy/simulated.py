"""``policy.simulate``: sampled training beside the theory, at numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational, S, Symbol, lambdify, oo

from grpo_symbolic import symbols
from grpo_symbolic.inputs import STANDARD_VALUES
from grpo_symbolic.model.algorithm import GRPO
from grpo_symbolic.verify.verdict import Status, Verdict

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.random import Generator

    from grpo_symbolic.simulation.result import Simulation

#: Entries of arrays of one call, and what a step costs beside them.
MAX_WORK = 100_000_000
_STEP_COST, _INNER_COST = 2_000, 500
_LEAST_STEPS, _LEAST_SEEDS = 40, 8
#: Steps of the flow between two of the algorithm.
_FLOW_STEPS = 4
#: Numbers for a check that is not told any.
_USUAL = {"beta": Rational(1, 2), "pi_ref": Rational(3, 10), "gamma": Rational(3, 5), "gap": S.One,
          "s_a": Rational(4, 5), "s_b": Rational(3, 10), "G": S(4), "epsilon": Rational(1, 100),
          **STANDARD_VALUES}  # fmt: skip


class Simulated:
    """A policy whose algorithm can be run."""

    def simulate(
        self: Any,
        *,
        groups: int = 16,
        steps: int = 2_000,
        learning_rate: float = 0.1,
        seeds: int = 64,
        seed: int | Generator = 0,
        start: Sequence[float] | float | None = None,
        reuse: int = 1,
        clip: float | tuple[float, float] | None = None,
        extrapolate: bool = True,
        **values: Any,
    ) -> Simulation:
        """The sampled algorithm itself, on a tabular softmax policy, for many seeds at once.

        Groups are drawn from the policy, rewards are drawn, each group gets its advantages, the
        penalty is taken at the sampled log-probabilities and placed where the algorithm has it,
        and the logits take a step of plain gradient ascent. No formula of the theory is used.

        Parameters
        ----------
        groups : int
            That a step averages.
        steps : int
            Each draws new samples; the second half of them is averaged.
        learning_rate : float
            η, of the logits, one an answer.
        seeds : int
            Runs that are independent of each other.
        seed : int or numpy.random.Generator
            Of all random numbers: the same one gives the same result.
        start : probabilities, optional
            Where the policy starts: π(a), or one entry an answer; the reference by default.
        reuse : int
            Gradient steps on one set of samples (μ).
        clip : float or (float, float), optional
            How far the ratio may fall below and rise above 1 before its gradient is cut.
        extrapolate : bool
            As many seeds again take twice the steps at η/2, and the policy at rest is extrapolated
            to η → 0: without it a bias of the order of η stays.
        **values
            As for :meth:`solutions`.

        Returns
        -------
        Simulation
            With ``trajectories``, ``mean``, ``standard_error``, ``rest``, ``rest_error``,
            ``spread``, ``predicted``, ``z``, ``verdict`` and ``plot()``.

        Raises
        ------
        ValueError
            For values out of range, a large-group limit, or more work than one call may do.

        Examples
        --------
        >>> import grpo_symbolic as gs
        >>> policy = gs.stationary_policy(gs.GRPO(8), gs.BinaryQuestion())
        >>> found = policy.simulate(steps=400, beta="1/2", pi_ref="0.3", seed=1)
        >>> found.verdict.status.value, found.trajectories.shape
        ('NUMERIC', (64, 201, 2))
        """
        import numpy as np

        from grpo_symbolic.simulation.result import simulated

        _check_numbers(learning_rate, groups=groups, seeds=seeds, steps=steps, reuse=reuse)
        point = self.point(values)
        ascent = _ascent(self, point, groups, reuse, _clip(clip))
        reference = ascent.reference
        first = reference if start is None else _start(start, len(reference))
        runs = 3 if extrapolate else 1
        _check_work(steps, runs, seeds * groups * _members(ascent.totals.sampler), reuse)
        # First, where it can be: what has no stationarity condition is refused at once.
        predicted = None if start is not None else _predicted(self, point, reference, None)
        found = simulated(
            ascent,
            tuple(self.question.answers),
            first,
            learning_rate=learning_rate,
            steps=steps,
            seeds=seeds,
            extrapolate=extrapolate,
            rng=np.random.default_rng(seed),
        )
        if start is not None:
            predicted = _predicted(self, point, reference, found.rest)
        flow = _Flow(self, point, first, learning_rate * reuse)
        return replace(found, predicted=predicted, flow=flow)


def simulated_check(policy: Any) -> tuple[str, Verdict]:
    """A simulation at usual numbers, as an entry of a report."""
    name = "sampled training comes to rest at the stationary policy"
    values: dict[str, Any] = {}
    for p in policy.inputs:
        values[p.name] = _USUAL.get(p.name, S.One)
    names = [p.name for p in policy.inputs if p.role == "reward" and p.name not in _USUAL]
    values |= {name: S(len(names) - place) for place, name in enumerate(names)}
    answers = len(policy.question)
    if answers != 2 or ("pi_ref" in values and policy.question.reference[0] != symbols.pi_ref):
        total = answers * (answers + 1) // 2
        values["pi_ref"] = tuple(Rational(k, total) for k in range(1, answers + 1))
    try:
        return name, policy.simulate(**values).verdict
    except ValueError as error:
        return name, Verdict(Status.UNKNOWN, "simulation", str(error))


# -- at numbers --------------------------------------------------------------------------------


def _ascent(
    policy: Any,
    point: Mapping[Symbol, Expr],
    groups: int,
    reuse: int,
    clip: tuple[float, float] | None,
) -> Any:
    import numpy as np

    from grpo_symbolic.simulation.advantages import rule_of
    from grpo_symbolic.simulation.ascent import Ascent
    from grpo_symbolic.simulation.penalties import penalty_of
    from grpo_symbolic.simulation.sampling import sampler_of
    from grpo_symbolic.simulation.totals import Composed, Drawn

    algorithm, question = policy.algorithm, policy.question
    if S(getattr(algorithm, "group_size", None) or 1) == oo:
        raise ValueError("the large-group limit has no group to sample: give a group size")
    reference = np.array([float(S(r).xreplace(point)) for r in question.reference])
    sampler = sampler_of(algorithm, question, point, reference)
    rule = advantage = None
    if isinstance(algorithm, GRPO):
        advantage = algorithm.advantage.at(point)
        rule = rule_of(advantage, sampler.size)
    penalty = penalty_of(algorithm.penalty, point)
    beta, paid = float(S(algorithm.beta).subs(point)), None
    if getattr(penalty, "placement", "").startswith("reward"):
        paid = penalty
    given: Any = {
        "groups": groups,
        "mixed_only": getattr(algorithm, "mixed_only", False),
        "apart": clip is not None,
    }
    tabled = paid is None and advantage is not None and advantage.batch is None
    if tabled and Composed.fits(sampler):
        totals = Composed(sampler, rule, **given)
    else:
        totals = Drawn(sampler, rule, **given, paid=paid, beta=beta, reference=reference)
    return Ascent(totals, penalty, beta, reference, reuse, clip)


def _members(sampler: Any) -> int:
    """Entries of an array for one group."""
    counted = getattr(sampler, "answers", None)
    return sampler.size if counted is None else len(counted)


def _predicted(
    policy: Any, point: Mapping[Symbol, Expr], reference: ndarray, near: ndarray | None
) -> ndarray | None:
    """The stationary policy that attracts the flow from the reference, or the nearest one."""
    import numpy as np

    found = [s for s in policy.solutions_at(point, 20) if s.stability.value == "attracting"]
    candidates = [np.array([float(p) for p in s.policy]) for s in found]
    if not candidates:
        return None
    if len(candidates) == 1:
        return candidates[0]
    if near is None:  # of several, the one that the flow reaches from the reference
        given = {p.name: float(point[p.symbol]) for p in policy.inputs if p.symbol in point}
        if len(candidates[0]) != 2 or "pi_ref" not in given:
            given["pi_ref"] = reference
        reached = np.atleast_1d(policy.evaluate(errors="nan", **given))
        near = reached if len(reached) > 1 else np.array([reached[0], 1 - reached[0]])
    return min(candidates, key=lambda found: float(np.abs(found - near).max()))


@dataclass(frozen=True)
class _Flow:
    """The policy-gradient flow of the theory in the logits, by Runge and Kutta."""

    policy: Any
    point: Mapping[Symbol, Expr]
    start: ndarray
    rate: float

    def __call__(self, steps: ndarray) -> ndarray:
        import numpy as np

        from grpo_symbolic.simulation.ascent import softmax

        unknowns = self.policy.unknowns
        point = {symbols.base_reward: S.Zero, **self.point}
        parts = [S(part).doit().subs(point) for part in self.policy.condition.field]
        function = lambdify(unknowns, parts, "numpy")

        def field(logits: ndarray) -> ndarray:
            return np.array(function(*softmax(logits)[: len(unknowns)]), dtype=float)

        logits, found, last = np.log(self.start), [], 0
        for step in steps:
            pieces = max(1, min(200, int(_FLOW_STEPS * self.rate * (step - last)) + 1))
            h = self.rate * (step - last) / pieces
            for _ in range(pieces if step > last else 0):
                k1 = field(logits)
                k2 = field(logits + h / 2 * k1)
                k3 = field(logits + h / 2 * k2)
                logits = logits + h / 6 * (k1 + 2 * k2 + 2 * k3 + field(logits + h * k3))
            last = step
            found.append(softmax(logits))
        return np.stack(found)


# -- what is asked for -------------------------------------------------------------------------


def _check_numbers(learning_rate: float, **counts: int) -> None:
    least = {"steps": _LEAST_STEPS, "seeds": _LEAST_SEEDS}
    for name, value in counts.items():
        low = least.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"{name} must be an integer of at least {low}, got {value!r}")
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate must be positive, got {learning_rate}")


def _check_work(steps: int, runs: int, entries: int, reuse: int) -> None:
    cost = runs * (_STEP_COST + _INNER_COST * reuse + entries)
    if steps * cost > MAX_WORK:
        most = MAX_WORK // cost
        advice = f"steps may be {most}" if most >= _LEAST_STEPS else "fewer seeds or groups"
        raise ValueError(f"{steps} steps are too much work with these groups and seeds: {advice}")


def _clip(clip: float | tuple[float, float] | None) -> tuple[float, float] | None:
    if clip is None:
        return None
    pair = clip if isinstance(clip, tuple) else (clip, clip)
    if len(pair) != 2 or not all(part > 0 for part in pair):
        raise ValueError(f"clip must be one or two positive numbers, got {clip}")
    return float(pair[0]), float(pair[1])


def _start(start: Sequence[float] | float, answers: int) -> ndarray:
    import numpy as np

    given = np.atleast_1d(np.asarray(start, dtype=float))
    if given.shape == (1,) and answers == 2:
        given = np.array([given[0], 1 - given[0]])
    if given.shape != (answers,) or not (given > 0).all() or abs(given.sum() - 1) > 1e-9:
        raise ValueError(f"start must be {answers} positive probabilities that sum to 1")
    return given / given.sum()
