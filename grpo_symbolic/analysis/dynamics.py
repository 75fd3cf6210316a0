r"""Dynamics of a binary question: the policy-gradient flow and the iterated best response.

On softmax logits the flow of p = π(a) is :math:`\dot p = p(1-p)\,F(p)`, F = D − β·force, and in
log-odds x it is :math:`\dot x = F`. The iteration is :math:`p_{n+1} = b(p_n)`, with b the
:class:`BestResponse`. Both rest where F = 0, and there
:math:`F' = \beta\,\mathrm{force}'\,(b' - 1)`: a stationary policy attracts the flow where the
slope b′ is below 1, and the iteration where :math:`|b'| < 1`. Below −1 the iteration flips
from side to side, towards a cycle of two policies or of more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import mpmath as mp
from sympy import Expr, Symbol

from grpo_symbolic.analysis.best_response import TwoCycle, TwoCycles
from grpo_symbolic.analysis.orbits import (
    Iteration,
    Motion,
    Outcome,
    goes_to,
    iterated,
    merged,
    monotone_basins,
    policy_at,
    probed_basins,
    shown,
)
from grpo_symbolic.display import Html, lines, record, short
from grpo_symbolic.inputs import parameter
from grpo_symbolic.solve.solutions import NumericSolution, Solutions
from grpo_symbolic.stationarity import StationarityCondition

__all__ = ["Basin", "Dynamics", "Iteration", "Outcome", "TwoCycle", "TwoCycles", "dynamics"]


@dataclass(frozen=True, repr=False)
class Basin:
    """An interval of starting policies with one outcome, single points inside it apart.

    Attributes
    ----------
    lower, upper : mpf
        Ends of the interval in π(a).
    limit : tuple of mpf
        π(a) in the limit: one policy, or the two of a cycle; empty where undecided.
    outcome : str
        A sentence.
    proved : bool
        Whether the outcome is proved for all but single starts (repelling policies and what
        is mapped onto them); otherwise a few starts have been tried.
    """

    lower: mp.mpf
    upper: mp.mpf
    limit: tuple[mp.mpf, ...]
    outcome: str
    proved: bool = False

    def __contains__(self, policy: Any) -> bool:
        return bool(self.lower < policy < self.upper)

    def __str__(self) -> str:
        ends = (shown(end) for end in (self.lower, self.upper))
        return f"({', '.join(ends)}): {self.outcome}"

    def __repr__(self) -> str:
        return f"Basin({self}{', proved' if self.proved else ''})"


@dataclass(frozen=True, repr=False)
class Dynamics(Motion):
    """The flow and the iteration of a binary question at numbers; see :func:`dynamics`."""

    def __repr__(self) -> str:
        return lines(f"Dynamics at {self._at}:", map(str, self.solutions), most=4)

    def _repr_html_(self) -> Html:
        more = ".flow_basins(), .iteration_basins(), .two_cycles(), .iterate(start)"
        head = record("Dynamics", [("at", self._at), ("see", more)])
        return Html(f"{head}{self.solutions._repr_html_()}")

    @property
    def _at(self) -> str:
        return ", ".join(f"{s} = {short(v, 40)}" for s, v in self.point.items())

    # -- the map ------------------------------------------------------------------------

    def best_response(self, policy: Any) -> mp.mpf:
        """b(p): π(a) of the maximiser of the stage problem whose sampling policy is p.

        Parameters
        ----------
        policy : number
            p in (0, 1); decimals in text are read exactly.

        Raises
        ------
        ValueError
            For p outside (0, 1), and where the best response is not unique.
        """
        with mp.workdps(self.digits + 10):
            return policy_at(self.response.at(_log_odds(policy)))

    def slope(self, policy: Any) -> mp.mpf:
        """b′(p) = D′(p) / (β force′(b(p))).

        Raises
        ------
        ValueError
            As for :meth:`best_response`, and where b(p) is a vertex.
        """
        with mp.workdps(self.digits + 10):
            x = _log_odds(policy)
            y = self.response.at(x)
            if mp.isinf(y):
                raise ValueError("the best response is a vertex there and has no slope")
            # From log-odds back to policies: dp = p (1 - p) dx on either side.
            return self.response.slope_at(x) * _variance(y) / _variance(x)

    @cached_property
    def fixed_points(self) -> tuple[NumericSolution, ...]:
        """The interior stationary policies, in increasing π(a), each with its slope b′."""
        with mp.workdps(self.digits + 10):
            known = zip(self.interior, self.slopes, strict=True)
            return tuple(replace(s, slope=slope) for s, slope in known)

    # -- what they do --------------------------------------------------------------------

    def flow_basins(self) -> tuple[Basin, ...]:
        """Where the policy-gradient flow goes from every start, by the sign of F.

        Returns
        -------
        tuple of Basin
            In increasing order. An end that attracts without being stationary is said to be
            ``not reached``, or reached in finite time where F grows exponentially in log-odds
            (large groups, whose drift is unbounded).
        """
        with mp.workdps(self.digits + 10):
            return tuple(
                Basin(policy_at(low), policy_at(high), (policy_at(to),), self._flows_to(to),
                      self.solutions.complete)
                for low, high, to in merged(self.flow)
            )  # fmt: skip

    def _flows_to(self, place: mp.mpf) -> str:
        if not mp.isinf(place):
            return f"the stationary policy {shown(policy_at(place))}"
        end = 1 if place > 0 else 0
        if any(s.policy[0] == end for s in self.solutions):
            return f"p -> {end}, a stationary policy"
        # dx/dt = F: the log-odds are infinite at a finite time when F grows exponentially.
        far = mp.mpf(1000)
        if abs(self.field(mp.sign(place) * far)) > far**10:
            return f"p -> {end} (in finite time, and not stationary)"
        return f"p -> {end} (not reached)"

    def two_cycles(self) -> TwoCycles:
        """Pairs of policies that are each other's best response.

        Returns
        -------
        TwoCycles
            With a sentence that says whether the number is proved. A best response that rises
            has none.
        """
        with mp.workdps(self.digits + 10):
            return self.cycles

    def iterate(self, start: Any = None, steps: int = 500) -> Iteration:
        """The iterated best response from a policy.

        Parameters
        ----------
        start : number, optional
            π(a) in (0, 1); the reference unless given.
        steps : int
            At most this many.

        Returns
        -------
        Iteration
            The outcome is proved when the orbit, in ball arithmetic, enters an interval around
            its limit on which the map (or, for a cycle, its square) contracts, or one on which
            it rises for good. Otherwise it is what was seen on the orbit.
        """
        policy = self.response.reference if start is None else start
        with mp.workdps(self.digits + 10):
            return iterated(self, _log_odds(policy), steps)

    def iteration_basins(self) -> tuple[Basin, ...]:
        """Where the iteration goes from every start, interval by interval.

        Where b is monotone on (0, 1) the basins are proved: where it rises they are those of the
        flow. Elsewhere the intervals end at fixed points, at cycles and at their preimages of
        two steps, and each is labelled by the orbits of a few of its points (undecided where
        they disagree): the labels are numerical, and finer intervals between the points are
        not seen.
        """
        with mp.workdps(self.digits + 10):
            known = monotone_basins(self)
            pieces = probed_basins(self) if known is None else known
            return tuple(
                Basin(policy_at(low), policy_at(high), goal.limit, goes_to(*goal),
                      known is not None)
                for low, high, goal in merged(pieces)
            )  # fmt: skip


def dynamics(
    condition: StationarityCondition,
    point: Mapping[Symbol, Expr],
    solutions: Solutions,
    digits: int = 30,
) -> Dynamics:
    """The flow and the iterated best response of a binary question at numbers.

    Parameters
    ----------
    condition : StationarityCondition
        Of a binary question.
    point : dict
        An exact number for each of its parameters.
    solutions : Solutions
        The stationary policies there.
    digits : int
        Decimal digits of the numbers.

    Raises
    ------
    ValueError
        When every policy is stationary, or the reference is at a vertex.

    Notes
    -----
    Source: the recursion is that of Mroueh, arXiv 2503.06639.
    """
    found = Dynamics(condition, point, solutions, digits)
    if found.field.drift == found.field.penalty:
        raise ValueError("every policy is stationary: there are no dynamics")
    if condition.reference[0].subs(point) in (0, 1):
        raise ValueError("the reference never gives one of the answers: the policy stays there")
    return found


def _log_odds(policy: Any) -> mp.mpf:
    """The log-odds of a policy in (0, 1)."""
    if isinstance(policy, mp.mpf):
        inside, p = 0 < policy < 1, policy
    else:
        exact = parameter("pi_ref", policy, "policy")
        inside, p = 0 < exact < 1, mp.mpf(exact.p) / exact.q
    if not inside:
        raise ValueError(f"policy must be a probability strictly between 0 and 1, got {policy}")
    return mp.log(p / (1 - p))


def _variance(x: mp.mpf) -> mp.mpf:
    return policy_at(x) * policy_at(-x)
