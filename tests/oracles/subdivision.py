"""How many zeros F = drift − β force has in (0, 1), by interval subdivision.

Written from the definitions, for binary questions with the published scale (population
standard deviation), in ball arithmetic; it shares no code with the library. With x the log-odds
of p = π(a), q = 1 − p, and m = s_a p + s_b q the chance of a success:

* drift: (s_a − s_b) Σ_k C(G, k) √(k/G (1 − k/G)) m^(k−1) (1 − m)^(G−1−k), the same for m and
  1 − m, or (s_a − s_b)/√(m (1 − m)) in a large group;
* force f′(p/p0) − f′(q/q0) of an f-divergence, zero at p0 and rising: no zeros for p <= p0,
  where the drift is positive and the force is not.

Beyond p0, boxes of x are cut until F or dF/dx has no zero; the last one reaches to q = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, inf

from flint import arb, arb_poly, ctx, fmpq

BITS = 240
PENALTIES = ("reverse", "direct", "chi-squared", "hellinger", "jensen-shannon")


class Undecided(Exception):
    """A box that is too small to go on: a double zero, or nearly."""


@dataclass(frozen=True)
class Setting:
    """One binary question at numbers."""

    size: float
    penalty: str
    beta: Fraction
    reference: Fraction
    success: tuple[Fraction, Fraction] = (Fraction(1), Fraction(0))


def number(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def drift_polynomials(size: int) -> tuple[arb_poly, arb_poly]:
    """The drift over (1 − m)^n and its slope in m over (1 − m)^(n−1), in t = m/(1 − m).

    With n = G − 2 the drift is the average of the numbers c_k below over a binomial count, and
    its slope n times that of their differences.
    """
    n = size - 2
    scaled = [
        comb(size, k + 1) * arb(fmpq((k + 1) * (n + 1 - k), size * size)).sqrt() / comb(n, k)
        for k in range(n + 1)
    ]
    slopes = [n * comb(n - 1, k) * (scaled[k + 1] - scaled[k]) for k in range(n)]
    return arb_poly([comb(n, k) * c for k, c in enumerate(scaled)]), arb_poly(slopes or [0])


class Counter:
    """The zeros of one setting."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.beta, self.p0 = number(setting.beta), number(setting.reference)
        self.q0 = 1 - self.p0
        self.high, self.low = (number(s) for s in setting.success)
        if setting.size != inf:
            self.n = int(setting.size) - 2
            self.polynomial, self.slope = drift_polynomials(int(setting.size))

    # -- F and dF/dx from p and q -----------------------------------------------------------

    def drift(self, p: arb, q: arb) -> tuple[arb, arb]:
        """The drift and its slope in x."""
        gap = self.high - self.low
        m, rest = self.high * p + self.low * q, (1 - self.high) * p + (1 - self.low) * q
        rate = gap * p * q
        if self.setting.size == inf:
            value = 1 / (m * rest).sqrt()
            return gap * value, gap * rate * (m - rest) / 2 * value**3
        side = 1
        if not m < rest:
            m, rest, side = rest, m, -1
        t, n = m / rest, self.n
        value, slope = self.polynomial(t) / (1 + t) ** n, self.slope(t) / (1 + t) ** max(n - 1, 0)
        return gap * value, side * gap * rate * slope

    def force(self, p: arb, q: arb) -> tuple[arb, arb]:
        """f′(p/p0) − f′(q/q0) and its slope in x."""
        p0, q0 = self.p0, self.q0
        match self.setting.penalty:
            case "reverse":  # f = −log v
                return q0 / q - p0 / p, p0 * q / p + q0 * p / q
            case "direct":  # f = v log v
                return (p / p0).log() - (q / q0).log(), arb(1)
            case "chi-squared":  # f = (v − 1)²/2
                return p / p0 - q / q0, p * q / (p0 * q0)
            case "hellinger":  # f = (√v − 1)²/2
                value = ((q0 / q).sqrt() - (p0 / p).sqrt()) / 2
                return value, (q0.sqrt() * p / q.sqrt() + p0.sqrt() * q / p.sqrt()) / 4
            case "jensen-shannon":
                value = ((2 * p / (p + p0)).log() - (2 * q / (q + q0)).log()) / 2
                return value, (p0 * q / (p + p0) + q0 * p / (q + q0)) / 2
        raise ValueError(self.setting.penalty)

    def at(self, p: arb, q: arb) -> tuple[arb, arb]:
        (drift, turn), (force, pull) = self.drift(p, q), self.force(p, q)
        return drift - self.beta * force, turn - self.beta * pull

    def sign(self, x: arb) -> int:
        value, _ = self.at(*shares(x))
        if value.contains(0):
            raise Undecided(x)
        return 1 if value > 0 else -1

    # -- counting ---------------------------------------------------------------------------

    def count(self) -> int:
        with ctx.workprec(BITS):
            start = (self.p0 / self.q0).log().mid() - arb(fmpq(1, 7919))
            if self.sign(start) < 0:
                raise Undecided(start)
            far = arb(fmpq(30011, 10))
            return self._inside(start, far) + self._beyond(far)

    def _inside(self, left: arb, right: arb) -> int:
        found, boxes = 0, [(left, right)]
        while boxes:
            a, b = boxes.pop()
            middle = ((a + b) * fmpq(1, 2)).mid()
            (p, q), (at_p, at_q) = hull(a, b), shares(middle)
            value, slope = self.at(p, q)
            by_mean_value = self.at(at_p, at_q)[0] + slope * (b - a).union(a - b) / 2
            if nonzero(value) or nonzero(by_mean_value):
                continue
            if nonzero(slope):
                found += self.sign(a) != self.sign(b)
            elif b - a < arb(fmpq(1, 10**9)):
                raise Undecided(middle)
            else:
                boxes += [(a, middle), (middle, b)]
        return found

    def _beyond(self, x: arb) -> int:
        """Zeros with log-odds beyond x: q lies in [0, e^−x)."""
        end = (-x).exp()
        q, root_q = arb(0).union(end), arb(0).union((-x / 2).exp())
        p = (1 - end).union(arb(1))
        sign, beta = self.sign(x), self.beta
        kind, certain = self.setting.penalty, self.high == 1
        if self.setting.size == inf and certain:
            # The drift over its √q: finite at q = 0.
            m, gap = self.high * p + self.low * q, self.high - self.low
            root = gap / (m * (1 - self.low)).sqrt()
            scaled = {
                "reverse": root_q * root - beta * (self.q0 - self.p0 * q / p),
                "chi-squared": root - beta * root_q * self.force(p, q)[0],
                "hellinger": root - beta * (self.q0.sqrt() - root_q * (self.p0 / p).sqrt()) / 2,
            }.get(kind)
            if scaled is not None:
                return self._none(scaled, sign)
            # Log-like forces are below β (|x| + constant), which √q makes small: F > 0 there.
            if sign < 0:
                raise Undecided(x)
            constant = 1 + abs((self.q0 / self.p0).log()) + abs(self.p0.log())
            force = ((-x / 2).exp() * (x + constant)) * beta  # falls in x beyond 2
            return self._none(root - force.union(arb(0)), sign)
        drift, turn = self.drift(p, arb(q))
        if kind == "reverse":
            return self._none(q * drift - beta * (self.q0 - self.p0 * q / p), sign)
        if kind == "chi-squared":
            return self._none(drift - beta * self.force(p, q)[0], sign)
        if kind == "hellinger":
            force = (self.q0.sqrt() - root_q * (self.p0 / p).sqrt()) / 2
            return self._none(root_q * drift - beta * force, sign)
        # Log-like forces go to infinity, monotonically: F ends negative.
        if not turn - beta * self.force(p, end)[1] < 0:
            raise Undecided(x)
        _, pull = self.force(p, q) if kind == "direct" else (0, self._log_like_pull(p, q))
        if not turn - beta * pull < 0:
            raise Undecided(x)
        return int(sign > 0)

    def _log_like_pull(self, p: arb, q: arb) -> arb:
        return (self.p0 * q / (p + self.p0) + self.q0 * p / (q + self.q0)) / 2

    @staticmethod
    def _none(value: arb, sign: int) -> int:
        if not nonzero(value) or (value > 0) != (sign > 0):
            raise Undecided(value)
        return 0


def nonzero(value: arb) -> bool:
    return bool(value > 0 or value < 0)


def shares(x: arb) -> tuple[arb, arb]:
    return 1 / (1 + (-x).exp()), 1 / (1 + x.exp())


def hull(a: arb, b: arb) -> tuple[arb, arb]:
    (p, q), (r, s) = shares(a), shares(b)
    return p.union(r), q.union(s)


def count_zeros(setting: Setting) -> int:
    """The number of interior stationary policies; raises :class:`Undecided` at a double one."""
    return Counter(setting).count()
