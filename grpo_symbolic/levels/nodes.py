r"""Nodes and weights of the integral representation, with a bound of their error.

With :math:`Z(t, y) = \sum_j m_j e^{-t^2 (r_j - y)^2}`, m the law of a drawn reward, the
:class:`Mixture` of a scale gives

.. math:: E\left[\frac1s \,\middle|\, r_k, r_j\right] = \sqrt{\tfrac{n}{\pi}}
    \int_0^\infty t\,\omega(t) \int_{-\infty}^\infty
    e^{-t^2 (r_k - y)^2 - t^2 (r_j - y)^2}\, Z(t, y)^{n - 2}\, dy\, dt ,

since :math:`n v = \min_y \sum (r_i - y)^2` makes :math:`e^{-t^2 n v}` a Gaussian integral over y.
Everything in it is positive, and its cost is the number of levels whatever n is.

For one group of variance v the integrand is a Gaussian in y, whose trapezoidal sum with step h has
the relative error :math:`2q/(1 - q)`, :math:`q = e^{-\pi^2/(n h^2 t^2)}` (Poisson summation), and,
for an even ω, with :math:`t = a \sinh u` an even function of u that is analytic in the strip
\|Im u\| < π/4, whose trapezoidal sum has the relative error
:math:`2 e^{(c a \sin d)^2}/(\sqrt{\cos 2d}\,(e^{2\pi d/h} - 1))`, where
:math:`c = \sqrt{n v}`. Other ω are analytic for Re t > 0 and taken by Gauss-Legendre rules on
intervals whose ends double; in an ellipse in which Re t² ≥ 0 their error falls by 16 from one node
to the next. These bounds do not depend on the group: the mean over all groups has them too.

Notes
-----
Source: L. N. Trefethen and J. A. C. Weideman, SIAM Review 56 (2014) 385-458, theorems 5.1 and 19.3
of Trefethen's *Approximation Theory and Approximation Practice* for the Gauss-Legendre rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import asinh, ceil, cos, exp, log, pi, sin, sinh, sqrt

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from grpo_symbolic.levels.mixture import Mixture

Array = NDArray[np.float64]

# Half-width of the strip, just inside π/4, and a in units of 1/max c.
_STRIP, _REACH = 0.75, 2.0
# ρ of the ellipses in which integrands are bounded.
_RATIO = 4.0
# −log q of the coarsest steps in y; and of the exponent of what is left out, what its bound keeps.
_COARSEST = 4.0
_KEPT = 0.95


@dataclass(frozen=True)
class Rows:
    """One t: its weight, times what is common to all y, and the y that matter.

    Attributes
    ----------
    t, weight : arb
        ``weight`` is √(n/π) t ω(t) h_t h_y; at t = 0 what the integral over y leaves.
    start, step : arb
        y = start + step · index.
    index : array of int
    """

    t: arb
    weight: arb
    start: arb
    step: arb
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Nodes:
    """A rule for the kernel E[1/s | r_k, r_j] of one set of levels.

    Attributes
    ----------
    rows : tuple of Rows
    error : float
        Bound of the relative error of what the rule gives for any law of rewards, k ≠ j.
    lost : float
        Bound of what is left out beside that, absolute.
    count : int
    """

    rows: tuple[Rows, ...]
    error: float
    lost: float
    count: int

    def near(self, places: Sequence[float], most: Array, sample: int, exponent: float) -> Nodes:
        """The nodes that matter to laws of at most these masses.

        A node adds at most its weight times :math:`Z^{n - 2}` to the kernel. Those that add
        least are left out, as long as all of them add less than e^−exponent.

        Parameters
        ----------
        places : sequence of float
            The levels.
        most : array of float
            Upper bounds of their masses.
        sample : int
            n.
        exponent : float
        """
        levels = np.asarray(places)
        added = []
        for row in self.rows:
            y = float(row.start) + float(row.step) * row.index
            z = np.exp(-((float(row.t) * (levels - y[:, None])) ** 2)) @ most
            # Rounding of exponents up to 700, and what is lost below the smallest numbers.
            z = np.minimum(z * (1 + 1e-9) + 1e-290, 1.0)
            added.append(float(row.weight) * (1 + 1e-9) * z ** max(0, sample - 2))
        every = np.sort(np.concatenate(added))
        whole = np.cumsum(every)
        left = int(np.searchsorted(whole, exp(-exponent)))
        if left == 0:
            return self
        least, kept = every[left - 1], []
        for row, share in zip(self.rows, added, strict=True):
            inside = share > least
            if inside.any():
                kept.append(replace(row, index=row.index[inside]))
        lost = self.lost + 1.01 * float(whole[left - 1])
        return Nodes(tuple(kept), self.error, lost, sum(len(r.index) for r in kept))


def nodes(levels: Sequence[arb], mixture: Mixture, exponent: float) -> Nodes:
    """A rule with errors of about e^−exponent.

    Parameters
    ----------
    levels : sequence of arb
        Distinct, at least two of them.
    mixture : Mixture
    exponent : float
    """
    places = np.sort([float(x) for x in levels])
    shape = _Shape.of(places, mixture.sample)
    times = _even(shape, mixture, exponent) if mixture.even else _panels(shape, mixture, exponent)
    margin = (exponent + log(len(places)) + 4.0) / _KEPT
    front, extra = float(mixture.front), float(mixture.squares(mixture.epsilon))
    shift = sqrt(extra) if mixture.inside else extra
    rows, left, error = [], 0.0, times.error
    for t, weight in times.pairs:
        if t == 0:
            zero = arb(float(places[0]))
            rows.append(Rows(t, weight, zero, arb(0), np.zeros(1, np.int64)))
            continue
        share = 1.001 * float(weight) / front * shape.share(float(t), shift)
        q = exp(-(exponent + 1.4)) / min(1.0, share * len(times.pairs))
        q = min(q, exp(-_COARSEST))
        error += share * 2 * q / (1 - q)
        row, out = _row(t, weight, shape, -log(q), margin)
        left += out
        if len(row.index):
            rows.append(row)
    return Nodes(tuple(rows), 1.01 * error, 1.01 * left, sum(len(r.index) for r in rows))


@dataclass(frozen=True)
class _Shape:
    """The levels, n, and the ends of c = √(n v) over groups that are not of one level."""

    places: Array
    sample: int
    least: float
    largest: float

    @classmethod
    def of(cls, places: Array, sample: int) -> _Shape:
        gap, whole = float(np.diff(places).min()), float(places[-1] - places[0])
        least = gap * sqrt((sample - 1) / sample)
        return cls(places, sample, least * (1 - 1e-12), whole * sqrt(sample) / 2 * (1 + 1e-12))

    def share(self, t: float, shift: float) -> float:
        """At least (c + shift) e^(−t² c²), times ω(t)/front what one t gives of 1/s."""
        most = max(self.least, sqrt(0.5) / t)
        return most * exp(-((t * most) ** 2)) + shift * exp(-((t * self.least) ** 2))


@dataclass(frozen=True)
class _Times:
    pairs: tuple[tuple[arb, arb], ...]
    error: float


def _even(shape: _Shape, mixture: Mixture, exponent: float) -> _Times:
    """t = a sinh u by the trapezoidal rule; half of u = 0."""
    extra = arb(0)
    if mixture.epsilon != 0:  # e^(−t² ε) is one more square
        extra = mixture.squares(mixture.epsilon)
    largest = sqrt(shape.largest**2 + float(extra))
    least = sqrt(shape.least**2 + float(extra))
    scale = arb(_REACH / largest)
    growth = (_REACH * sin(_STRIP)) ** 2
    step = 2 * pi * _STRIP / (exponent + growth + 2.5)
    h = arb(step)
    last = asinh(sqrt(exponent + 1) / least / float(scale))
    pairs = []
    for k in range(ceil(last / step) + 1):
        u = h * k
        t = scale * u.sinh()
        weight = h * scale * u.cosh() * mixture.weight(t)
        pairs.append((t, weight / 2 if k == 0 else weight))
    reach = sinh(step * (len(pairs) - 1)) * float(scale)
    cut = exp(-((least * reach) ** 2))
    trapezoid = 2 * exp(growth) / (sqrt(cos(2 * _STRIP)) * (exp(2 * pi * _STRIP / step) - 1))
    return _Times(tuple(pairs), trapezoid + cut)


def _panels(shape: _Shape, mixture: Mixture, exponent: float) -> _Times:
    """Gauss-Legendre rules on [0, w], [w, 2w], [2w, 4w], …"""
    shift = float(mixture.squares(mixture.epsilon))
    width = 1.0 / max(shape.largest, shift)
    end = sqrt(exponent + 1 + 2 * log(1 + shift / shape.least)) / shape.least
    count = max(0, ceil(log(end / width, 2)))
    # The error of a rule of N nodes on an interval of half-width w is at most
    # 64/15 · w sup|integrand| ρ^(2 − 2 N)/(1 − ρ^−2), with the supremum on the ellipse of ρ = 4.
    # There Re t² > 0, so that |1 − √π z erfcx(z)| ≤ 1 + √π|z|, |z| ≤ 2.1 shift t, bounds it; on
    # the first interval, where the ellipse goes beyond 0, 40 does. The whole is front/(c + shift).
    top = width * 2.0**count
    supremum = 20 * width + top / 2 * (1 + 3.8 * shift * top)
    worst = (shape.largest + shift) * 1.13 * 64 / 15 * 1.07 * supremum
    order = max(4, 1 + ceil((exponent + log(worst) + 1) / log(_RATIO**2)))
    rule = _legendre(order, ctx.prec)
    pairs = []
    low, high = arb(0), arb(width)
    for _ in range(count + 1):
        half, middle = (high - low) / 2, (high + low) / 2
        for x, w in rule:
            t = middle + half * x
            pairs.append((t, half * w * mixture.weight(t)))
        low, high = high, 2 * high
    error = worst * _RATIO ** (2 - 2 * order)
    cut = exp(-((shape.least * float(low)) ** 2)) * (1 + shift / shape.least)
    return _Times(tuple(pairs), error + cut)


@lru_cache(maxsize=16)
def _legendre(order: int, bits: int) -> tuple[tuple[arb, arb], ...]:
    return tuple(arb.legendre_p_root(order, k, weight=True) for k in range(order))


def _row(t: arb, weight: arb, shape: _Shape, exponent: float, margin: float) -> tuple[Rows, float]:
    """The y for one t: those at which a group of two levels or more may have some weight.

    ``exponent`` is −log q; a t that gives little of 1/s needs less accuracy than others.
    """
    n, time = shape.sample, float(t)
    step = pi / (time * sqrt(n) * sqrt(exponent))
    reach = sqrt(margin) / (time * sqrt(n))
    start = float(shape.places[0]) - reach
    total = int((shape.places[-1] - shape.places[0] + 2 * reach) / step) + 2
    index = _kept(shape, time, start, step, total, margin)
    root = (arb(n) / arb.pi()).sqrt()
    h = arb(step)
    row = Rows(t, weight * root * t * h, arb(start), h, index)
    # What is left out is e^−E with E above the margin: at most e^(−k margin) e^(−(1 − k) E), which
    # is a Gaussian in y around the mean of the group, of height at most 1 and a larger width.
    spread = sqrt(1 / (1 - _KEPT)) + step * time * sqrt(n / pi)
    out = exp(-_KEPT * margin) * spread * float(weight)
    return row, out


def _kept(
    shape: _Shape, time: float, start: float, step: float, total: int, margin: float
) -> NDArray[np.int64]:
    """Indices at which t² ((n − 1) d₁² + d₂²) ≤ margin, d₁ and d₂ to the nearest two levels."""
    places, n = shape.places, shape.sample
    # Only places near a level can be kept: one window of indices for each.
    reach = sqrt(margin / max(1, n - 1)) / time
    low = np.clip(np.floor((places - reach - start) / step), 0, total).astype(np.int64)
    high = np.clip(np.ceil((places + reach - start) / step) + 1, 0, total).astype(np.int64)
    pieces, done = [], 0
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        if b > max(a, done):
            pieces.append(np.arange(max(a, done), b))
            done = b
    if not pieces:
        return np.zeros(0, np.int64)
    index = np.concatenate(pieces)
    y = start + step * index
    right = np.clip(np.searchsorted(places, y), 1, len(places) - 1)
    near = np.stack(
        [np.abs(places[np.clip(right + k, 0, len(places) - 1)] - y) for k in (-2, -1, 0, 1)]
    )
    near[0, right < 2] = np.inf
    near[3, right > len(places) - 2] = np.inf
    near.sort(axis=0)
    return index[time**2 * ((n - 1) * near[0] ** 2 + near[1] ** 2) <= margin]
