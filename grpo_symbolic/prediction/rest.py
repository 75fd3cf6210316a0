r"""Where training comes to rest on a question with two answers, clamps and bonuses included.

Between the places where a trainer cuts its estimator off, the flow of the log-odds has the sign of

.. math:: F(p) = P(a) - P(b) - \beta\,(d_a - d_b) - \alpha\,(\log p - \log(1 - p)),

with d the marginal penalty of the preset; beyond such a place d of that answer is the constant that
the cut leaves of it. Every piece is the one condition of the library with other marginals, and its
zeros are isolated by balls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import mpmath as mp
from sympy import Expr, S, Symbol, log

from grpo_symbolic.presets.preset import Preset
from grpo_symbolic.question import Question
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition

_DIGITS = 30
_KIND = {1: "attracting", -1: "repelling", 0: "degenerate"}


@dataclass(frozen=True)
class RestPoint:
    """A policy at which training can come to rest.

    Attributes
    ----------
    policy : tuple of float
    stability : str
        ``attracting``, or ``degenerate`` where that is not decided.
    reached : bool
        Whether training that starts at the reference ends here.
    how : str
        A sentence: a balance, an end of the simplex, or the edge of a clamp.
    log_odds : mpf
        Of π(a); ±∞ at an end. NaN of many answers.
    """

    policy: tuple[float, ...]
    stability: str
    reached: bool
    how: str
    log_odds: mp.mpf = mp.nan

    def shown(self) -> tuple[str, ...]:
        """The policy to six digits, also where a probability is too small for a float."""
        if mp.isnan(self.log_odds) or mp.isinf(self.log_odds) or min(self.policy) > 0:
            return tuple(f"{share:.6g}" for share in self.policy)
        shares = (1 / (1 + mp.exp(side * self.log_odds)) for side in (-1, 1))
        return tuple(mp.nstr(share, 6).removesuffix(".0") for share in shares)


class _Field(ScalarField):
    """A condition whose force is not that of its penalty alone: nothing is known of its shape."""

    _hill = None


@dataclass(frozen=True)
class Piece:
    """An interval of log-odds without a cut inside, and the condition on it."""

    lower: mp.mpf
    upper: mp.mpf
    field: ScalarField
    zeros: tuple[tuple[mp.mpf, str], ...]
    clamped: tuple[bool, bool]

    def sign(self, x: mp.mpf) -> int:
        """The direction of the flow at log-odds of the closed interval."""
        return int(mp.sign(self.field(x)))


@dataclass(frozen=True)
class Landscape:
    """The flow of π(a) from end to end.

    Attributes
    ----------
    pieces : tuple of Piece
        In order; they cover all log-odds.
    start : mpf
        The log-odds of the reference.
    complete : bool
        Whether it is proved that no zero was missed.
    ends : tuple of int
        The direction of the flow close to π(a) = 0 and close to 1.
    balance : str
        What stands against the advantage.
    """

    pieces: tuple[Piece, ...]
    start: mp.mpf
    complete: bool
    ends: tuple[int, int]
    balance: str = "the penalty balances the advantage"

    def piece(self, x: mp.mpf) -> Piece:
        """The piece around log-odds."""
        return next(p for p in self.pieces if x <= p.upper)

    def at(self, x: mp.mpf) -> mp.mpf:
        """F at log-odds."""
        return self.piece(x).field(x)

    def places(self) -> list[tuple[mp.mpf, str, str]]:
        """Where the flow can end: log-odds, stability, and how."""
        found: list[tuple[mp.mpf, str, str]] = []
        if self.ends[0] < 0:
            found.append((-mp.inf, "attracting", "nothing holds answer a: pi(a) -> 0"))
        for place, piece in enumerate(self.pieces):
            for zero, kind in piece.zeros:
                if kind != "repelling":
                    found.append((zero, kind, self.balance))
            if place + 1 < len(self.pieces):
                edge, after = piece.upper, self.pieces[place + 1]
                if piece.sign(edge) > 0 > after.sign(edge):
                    found.append((edge, "attracting", "the edge of the clamped region"))
        if self.ends[1] > 0:
            found.append((mp.inf, "attracting", "nothing holds answer b: pi(a) -> 1"))
        return found

    def goal(self) -> mp.mpf | None:
        """Where the flow from the reference ends; None where that is not decided."""
        direction = self.piece(self.start).sign(self.start)
        if direction == 0:
            return self.start
        stops = [zero for piece in self.pieces for zero, _ in piece.zeros]
        stops += [x for x, _, _ in self.places()]
        ahead = [x for x in stops if (x - self.start) * direction > 0]
        return min(ahead, key=lambda x: abs(x - self.start), default=None)

    def rest_points(self) -> tuple[RestPoint, ...]:
        """Every policy at which training can rest, in increasing π(a)."""
        goal = self.goal()
        return tuple(
            RestPoint(_policy(x), kind, goal is not None and _same(x, goal), how, x)
            for x, kind, how in self.places()
        )


def _policy(x: mp.mpf) -> tuple[float, float]:
    if mp.isinf(x):
        return (1.0, 0.0) if x > 0 else (0.0, 1.0)
    return float(1 / (1 + mp.exp(-x))), float(1 / (1 + mp.exp(x)))


def _same(first: mp.mpf, second: mp.mpf) -> bool:
    return first == second or abs(first - second) < mp.mpf(10) ** -20


def landscape(
    preset: Preset, question: Question, beta: Expr, reference: Expr, values: Mapping[Symbol, Expr]
) -> Landscape:
    """The flow of a preset on a question with two answers.

    Parameters
    ----------
    preset : Preset
    question : Question
        A binary question.
    beta : Expr
        The weight, at least 0.
    reference : Expr
        π_ref(a), inside (0, 1).
    values : mapping
        Numbers for the other symbols of the condition.
    """
    condition = stationarity_condition(preset.algorithm, question)
    point = {**values, condition.beta: beta, question.reference[0]: reference}
    with mp.workdps(_DIGITS + 25):
        edges = _edges(preset, beta, reference)
        cuts = [-mp.inf, *(x for x, _, _ in edges), mp.inf]
        pieces, complete, ends = [], True, [0, 0]
        for lower, upper in pairwise(cuts):
            state = _state(edges, lower, upper)
            field = _field(preset, condition, point, beta, state)
            isolation = field.isolated()
            complete = complete and isolation.complete
            inside = tuple(
                (zero.place, _KIND[zero.sign_left])
                for zero in isolation.zeros
                if lower < zero.place < upper
            )
            clamped = (state[0] is not None, state[1] is not None)
            pieces.append(Piece(lower, upper, field, inside, clamped))
            if mp.isinf(lower):
                ends[0] = isolation.ends[0] or _far(field, -1)
            if mp.isinf(upper):
                ends[1] = isolation.ends[1] or _far(field, 1)
        first = mp.mpf(reference.p) / reference.q
        start = mp.log(first) - mp.log1p(-first)
        found = Landscape(tuple(pieces), start, complete, (ends[0], ends[1]))
        if preset.entropy == 0:
            return found
        held = "the entropy bonus balances" if beta == 0 else "penalty and entropy bonus balance"
        return replace(found, balance=f"{held} the advantage")


def _far(field: ScalarField, side: int) -> int:
    """The direction of the flow far out, where the tail was not enclosed."""
    return int(mp.sign(field(mp.mpf(60 * side))))


Edge = tuple[mp.mpf, int, tuple[Expr | None, Expr | None]]


def _edges(preset: Preset, beta: Expr, reference: Expr) -> list[Edge]:
    """Log-odds at which an answer is cut off: where, which, and what is left before and after."""
    if beta == 0 or preset.clamped_beyond is None or preset.clamped_marginal is None:
        return []
    low, high = preset.clamped_beyond
    below, above = preset.clamped_marginal
    found: list[Edge] = []
    for answer, share in enumerate((reference, 1 - reference)):
        mass = mp.mpf(share.p) / share.q
        # u = π_ref/π falls as the mass of the answer grows.
        for limit, left in ((high, above), (low, below)):
            own = mass / limit
            if not 0 < own < 1:
                continue
            odds = mp.log(own) - mp.log1p(-own)
            rare = limit is high
            if answer == 0:
                found.append((odds, 0, (left, None) if rare else (None, left)))
            else:
                found.append((-odds, 1, (None, left) if rare else (left, None)))
    return sorted(found, key=lambda edge: edge[0])


def _state(edges: Sequence[Edge], lower: mp.mpf, upper: mp.mpf) -> tuple[Expr | None, Expr | None]:
    """What is left of d(a) and of d(b) between two edges; None where it is not cut off."""
    found: list[Expr | None] = [None, None]
    for answer in (0, 1):
        own = [edge for edge in edges if edge[1] == answer]
        if not own:
            continue
        passed = [edge for edge in own if edge[0] <= lower]
        found[answer] = passed[-1][2][1] if passed else own[0][2][0]
    return found[0], found[1]


def _field(
    preset: Preset,
    condition: StationarityCondition,
    point: Mapping[Symbol, Expr],
    beta: Expr,
    state: tuple[Expr | None, Expr | None],
) -> ScalarField:
    """The condition with what is left of the penalty, and the bonus of entropy beside it."""
    bonus = preset.entropy
    if bonus == 0 and state == (None, None):
        return ScalarField(condition, point)
    weight = beta if beta != 0 else bonus
    marginal = []
    for own, left, rate, mass in zip(
        condition.marginal, state, condition.rates, condition.policy, strict=True
    ):
        kept = S.Zero if beta == 0 else own if left is None else rate * left
        marginal.append(kept + bonus / weight * log(mass))
    changed = replace(condition, marginal=tuple(marginal))
    return _Field(changed, {**point, condition.beta: weight})
