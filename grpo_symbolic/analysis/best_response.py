r"""The regularised best response of a binary question: one map of the unit interval.

With the sampling policy frozen at p, the groups prefer answer a by the drift D(p), a constant,
and the penalty is the divergence it acts as. The maximiser b of that stage problem satisfies

.. math:: \beta\,\bigl(d_a(b) - d_b(b)\bigr) = D(p),

which has one solution when d is monotone. Both policies are handled in log-odds, and every
value is a ball that contains the true one. Two policies may be each other's best response: all such
pairs are found, with a proof of their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import mpmath as mp
from flint import arb, ctx
from sympy import Expr, S

from grpo_symbolic.display import Html, cut, grid, lines, plural
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle, sign_of
from grpo_symbolic.enclosures.jets import Jet
from grpo_symbolic.enclosures.log_odds import Function, Tail, derivative, on_interval
from grpo_symbolic.enclosures.zeros import isolated, isolated_on, rising_zero
from grpo_symbolic.solve.scalar import ScalarField

# Log-odds beyond which a policy counts as a vertex.
_FARTHEST = arb(10**12)
# Log-odds within which cycles are looked for where no bound is proved, and the intervals, of
# one unit at first, that are looked at there.
_WINDOW, _CELLS_OF_WINDOW = 60, 240
_CELLS = 3000


class Leaves(Undecided):
    """The best response gives up an answer: the penalty's force is bounded and too weak."""


@dataclass(frozen=True)
class Shape:
    """Where the drift, and with it the best response, rises and falls in log-odds.

    Attributes
    ----------
    kind : str
        ``constant``, ``rising``, ``falling``, ``valley`` (falls, then rises), ``hill`` (rises,
        then falls) or ``unknown``.
    turn : mpf or None
        Log-odds of the one turning point of a valley or a hill.
    interval : pair of mpf or None
        Log-odds between which it is proved to lie.
    """

    kind: str
    turn: mp.mpf | None = None
    interval: tuple[mp.mpf, mp.mpf] | None = None


@dataclass(frozen=True, repr=False)
class BestResponse:
    """The map p ↦ b(p) at numbers, in log-odds.

    Parameters
    ----------
    field : ScalarField
        The condition at exact numbers.
    digits : int
        Decimal digits of the working precision.

    Raises
    ------
    ValueError
        When the penalty is not monotone (several best responses), when groups of equal rewards
        are dropped (the penalty then depends on both policies), or when the reference is at a
        vertex.
    """

    field: ScalarField
    digits: int = 40

    def __repr__(self) -> str:
        return f"BestResponse({self.field!r})"

    def __post_init__(self) -> None:
        preference = self.field.condition.preference
        if preference.factor != 1:
            raise ValueError(
                "groups of equal rewards are dropped: what is penalised then depends on the "
                "sampling policy too, and this best response is not computed"
            )
        if not preference.rule.penalty.monotone:
            raise ValueError(
                f"the penalty {preference.rule.penalty} is not monotone: its best response is "
                "not unique"
            )
        if not 0 < self.reference < 1:
            raise ValueError(
                "the reference never gives one of the answers: the policy stays there, and there "
                "is no best response"
            )

    @property
    def reference(self) -> Expr:
        """π_ref(a)."""
        return S(self.field.condition.reference[0]).subs(self.field.point)

    @property
    def bits(self) -> int:
        return int(self.digits * 3.33) + 20

    # -- the map ------------------------------------------------------------------------

    def __call__(self, x: arb) -> arb:
        """A ball that contains the log-odds of b for every log-odds of p in the ball ``x``.

        Raises
        ------
        Leaves
            When a best response is a vertex, or is not enclosed.
        """
        with ctx.workprec(self.bits):
            return self.answer(self.drift(x).value)

    def at(self, x: mp.mpf) -> mp.mpf:
        """The log-odds of the best response, ±inf for a vertex."""
        with ctx.workprec(self.bits):
            found = response_to(self._force, self.drift(exact_ball(x)).value.mid())
            return middle(found) if found.is_finite() else sign_of(found) * mp.inf

    def slope(self, x: arb, answer: arb) -> arb:
        """Derivative of the map in log-odds at ``x``, whose image is ``answer``."""
        with ctx.workprec(self.bits):
            return self.drift(x).slope / self.force(answer).slope

    def slope_at(self, x: mp.mpf) -> mp.mpf:
        """Derivative of the map in log-odds at one place."""
        return middle(self.slope(exact_ball(x), exact_ball(self.at(x))))

    def answer(self, drift: arb) -> arb:
        """The log-odds at which the penalty's force balances this drift."""
        with ctx.workprec(self.bits):
            if not drift.is_finite():
                raise Leaves("the drift is not bounded there")
            found = response_to(self._force, drift)
        if not found.is_finite():
            raise Leaves("the best response gives up an answer")
        return found

    # -- its two sides --------------------------------------------------------------------

    def drift(self, x: arb) -> Jet:
        """P(a) − P(b) and its derivative on a ball of log-odds."""
        with ctx.workprec(self.bits):
            found = on_interval(self.drift_function, x.lower(), x.upper(), 1)
            if x.is_exact() or not found.slope.is_finite():
                return found
            # By the mean value theorem: on a small ball much tighter than the ball's own value.
            centre = on_interval(self.drift_function, x.mid(), x.mid(), 1)
            value = centre.value + found.slope * (x - x.mid())
        narrower = value.rad() < found.value.rad() or not found.value.is_finite()
        return Jet((value, found.slope)) if narrower else found

    def force(self, x: arb) -> Jet:
        """β (d(a) − d(b)) and its derivative on a ball of log-odds."""
        with ctx.workprec(self.bits):
            return on_interval(self._force, x.lower(), x.upper(), 1)

    @cached_property
    def drift_function(self) -> Function:
        return self.field.drift_enclosed()

    @cached_property
    def _force(self) -> Function:
        force, weight = self.field.force_enclosed(), ball(self.field.weight, {}, self.bits)
        return lambda region: force(region) * weight

    def at_certainty(self) -> arb:
        """The drift where π(a) is 1 or next to it, in a ball.

        Raises
        ------
        Undecided
            When it is not bounded there.
        """
        with ctx.workprec(self.bits):
            return self.drift_function(Tail(self.bits, True, 1, arb(4 * self.digits))).value.values

    @cached_property
    def shape(self) -> Shape:
        """Where the best response rises and falls, where that is proved."""
        if self.field.constant_drift:
            return Shape("constant")
        with mp.workdps(self.digits):
            found = isolated(derivative(self.drift_function))
        turns = [zero for zero in found.zeros if zero.sign_left]
        if not found.complete or len(turns) > 1:
            return Shape("unknown")
        if not turns:
            return Shape("rising" if found.ends[1] > 0 else "falling")
        kind = "valley" if turns[0].sign_left < 0 else "hill"
        return Shape(kind, turns[0].place, turns[0].interval)


def response_to(force: Function, drift: arb) -> arb:
    """The log-odds at which a rising force has the value ``drift``, at the working precision.

    Infinite where no force is so large.
    """
    return rising_zero(
        lambda left, right: on_interval(force, left, right, 1) - drift, arb(0), _FARTHEST
    )


# -- cycles of two ------------------------------------------------------------------------------


@dataclass(frozen=True)
class TwoCycle:
    """Two policies that are each other's best response.

    Attributes
    ----------
    lower, upper : mpf
        π(a), lower < upper.
    multiplier : mpf
        b′(lower) · b′(upper): the cycle attracts where its absolute value is below 1.
    places : tuple of mpf
        The log-odds of both policies.
    """

    lower: mp.mpf
    upper: mp.mpf
    multiplier: mp.mpf
    places: tuple[mp.mpf, mp.mpf]

    @classmethod
    def at(cls, first: mp.mpf, second: mp.mpf, multiplier: mp.mpf) -> TwoCycle:
        """From log-odds."""
        places = min(first, second), max(first, second)
        return cls(*(1 / (1 + mp.exp(-x)) for x in places), multiplier, places)

    @property
    def attracting(self) -> bool:
        return abs(self.multiplier) < 1

    def __repr__(self) -> str:
        return f"TwoCycle({self})"

    def __str__(self) -> str:
        ends = " <-> ".join(mp.nstr(end, 10) for end in (self.lower, self.upper))
        kind = "attracting" if self.attracting else "not attracting"
        return f"pi(a) = {ends}: {kind}, multiplier {mp.nstr(self.multiplier, 4)}"


@dataclass(frozen=True)
class TwoCycles:
    """The cycles of two policies, in increasing order of the lower one.

    Attributes
    ----------
    found : tuple of TwoCycle
    complete : bool
        Whether it is proved that there are no others.
    status : str
        A sentence: how many, and how that is known.
    """

    found: tuple[TwoCycle, ...]
    complete: bool
    status: str

    def __iter__(self) -> Iterator[TwoCycle]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return lines(f"TwoCycles: {cut(self.status, 200)}", map(str, self.found), most=3)

    def _repr_html_(self) -> Html:
        rows = (
            (mp.nstr(c.lower, 15), mp.nstr(c.upper, 15), mp.nstr(c.multiplier, 6))
            for c in self.found
        )
        return grid(self.status, ("pi(a)", "and pi(a)", "multiplier"), rows)


def two_cycles(response: BestResponse, rest: Sequence[mp.mpf]) -> TwoCycles:
    """The two-cycles of a best response, whether they are all, and how that is known.

    Parameters
    ----------
    response : BestResponse
    rest : sequence of mpf
        The log-odds of the stationary policies.
    """
    found, complete, how = _cycles_of(response, rest)
    known = "number established" if complete else "number not established"
    status = f"{plural(len(found), 'cycle')} of two policies ({known}: {how})"
    return TwoCycles(found, complete, status)


def _cycles_of(
    response: BestResponse, rest: Sequence[mp.mpf]
) -> tuple[tuple[TwoCycle, ...], bool, str]:
    kind = response.shape.kind
    if kind in ("constant", "rising"):
        return (), True, f"the best response is {kind}, which excludes cycles"
    window = [arb(k) + arb(37) / 128 for k in range(-_WINDOW, _WINDOW)]
    try:
        places = _falling_span(response, rest)
    except Undecided as stop:
        places, why = window, str(stop)
    else:
        why = "the turning points of the drift are not proved" if places is None else ""
    if places is not None and not why and not places[0] < places[1]:
        return (), True, "after one step the best response rises, which excludes cycles"
    found, complete = _isolated(response, places or window, _CELLS_OF_WINDOW if why else _CELLS)
    if not why and not complete:
        why = "two policies of a cycle nearly coincide"
    if why:
        return found, False, f"located in ball arithmetic: {why}"
    return found, True, "isolated in ball arithmetic"


def _falling_span(response: BestResponse, rest: Sequence[mp.mpf]) -> list[arb] | None:
    """The ends of an interval on which b falls, and in which every two-cycle has a point.

    On a piece where b rises there is no cycle: one of its points lies where b falls. A
    cycle's points are values of b, of which the turning point (or an end) is the extreme.
    """
    shape = response.shape
    if shape.interval is not None:
        low, high = map(exact_ball, shape.interval)
        around = response(low.union(high))
        if shape.kind == "valley":
            return [around.lower().mid(), high]
        return [low, around.upper().mid()]
    if shape.kind == "falling" and len(rest) == 1:
        end = response.answer(response.at_certainty())
        return [end.lower().mid(), exact_ball(rest[0] + mp.mpf(10) ** (5 - mp.mp.dps))]
    return None


def _isolated(
    response: BestResponse, places: Sequence[arb], most: int
) -> tuple[tuple[TwoCycle, ...], bool]:
    """Every two-cycle with a point between the places, and whether these are all.

    They are the zeros of b(b(x)) − x at which b(x) is not x.
    """

    def returned(left: arb, right: arb) -> Jet:
        x = left.union(right)
        first = response(x)
        second = response(first)
        slope = response.slope(x, first) * response.slope(first, second) - 1
        return Jet((second - x, slope))

    with ctx.workprec(response.bits):
        isolation = isolated_on(returned, places, most)
        found: list[TwoCycle] = []
        for zero in isolation.zeros:
            if not zero.sign_left or (response(zero.ball) - zero.ball).contains(0):
                continue  # not proved, or a fixed point
            x, y = zero.place, response.at(zero.place)
            multiplier = response.slope_at(x) * response.slope_at(y)
            found.append(TwoCycle.at(x, y, multiplier))
    return _distinct(found), isolation.complete


def _distinct(cycles: list[TwoCycle]) -> tuple[TwoCycle, ...]:
    """Each cycle once: both of its points may have been found."""
    kept: list[TwoCycle] = []
    for cycle in sorted(cycles, key=lambda c: c.places):
        if not kept or cycle.places[0] - kept[-1].places[0] > mp.mpf(10) ** (10 - mp.mp.dps):
            kept.append(cycle)
    return tuple(kept)
