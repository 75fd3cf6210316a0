r"""Level values and their derivatives in float64, for many laws of rewards at once.

Since :math:`r_k - \mathrm{mean} = \frac1G \sum_i (r_k - r_i)`, a rule that divides by one scale has

.. math:: V(r_k) = \frac{G - 1}{G} \sum_j m_j (r_k - r_j) K_{kj}, \qquad
          K_{kj} = E[1/s \mid r_k, r_j],

with a symmetric positive kernel K: E V = 0 term by term, and no digit is lost where one level has
nearly all the mass. With :math:`B_{kl} = E[\text{mean of the others}/s \mid r_k, r_l]`,

.. math:: \frac{\partial V(r_k)}{\partial m_l} = \frac{G - 1}{G}
          \left((r_k - r_l) K_{kl} + (n - 2)(r_k K_{kl} - B_{kl})\right)

in the polynomials' own extension from the simplex, n the number of rewards behind the scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import arb, ctx

from grpo_symbolic.levels.mixture import Mixture
from grpo_symbolic.levels.nodes import Array, Nodes, nodes

# Products of matrices of at most so many operations stay on one processor, where those of larger
# ones would wait for others that are busy; nodes of one such product.
_PRODUCT, _CHUNK = 240_000, 128
# Nodes times laws at a time, so that what is worked on stays in the processor's cache.
_CACHED = 2**15
_BITS = 80
# Entries of the largest table, and of the largest table of products that is kept.
_MOST, _MOST_PRODUCTS = 12_000_000, 12_000_000
_NOTHING, _SLOW = 1e-60, 1e-250


def exact_balls(levels: Sequence[Fraction]) -> list[arb]:
    """Levels as balls."""
    return [arb(r.numerator) / r.denominator for r in levels]


@dataclass(frozen=True)
class LevelField:
    """V(r_k) as a function of the law of a drawn reward.

    Parameters
    ----------
    levels : tuple of Fraction
        Distinct, in any order.
    mixture : Mixture
        Of three rewards or more.
    exponent : float
        The rule's relative errors are about e^−exponent.
    """

    levels: tuple[Fraction, ...]
    mixture: Mixture
    exponent: float = 36.0

    @cached_property
    def nodes(self) -> Nodes:
        before = ctx.prec
        ctx.prec = _BITS
        try:
            found = nodes(exact_balls(self.levels), self.mixture, self.exponent)
        finally:
            ctx.prec = before
        entries = found.count * len(self.levels)
        if entries > _MOST:
            fits = max(3, int(len(self.levels) * (_MOST / entries) ** 0.5))
            raise ValueError(
                f"{len(self.levels)} levels of reward in groups of {self.mixture.group} take a "
                f"table of {entries:,} entries, more than {_MOST:,}: about {fits} levels would do "
                "(rewards rounded to fewer decimals have fewer levels)"
            )
        return found

    @property
    def cost(self) -> int:
        """Operations that the slopes at one law take."""
        n = len(self.levels)
        return self.nodes.count * n * (n + 3)

    @cached_property
    def _rewards(self) -> Array:
        return np.array([float(r) for r in self.levels])

    @cached_property
    def _table(self) -> tuple[Array, Array]:
        """e^(−t² (r − y)²) as chunks × nodes × levels, and the weights."""
        rewards, places, weights = self._rewards, [], []
        for row in self.nodes.rows:
            y = float(row.start) + float(row.step) * row.index
            found = np.exp(-((float(row.t) * (rewards - y[:, None])) ** 2))
            places.append(np.where(found < _NOTHING, 0.0, found))
            weights.append(np.full(len(y), float(row.weight)))
        table, weight = np.concatenate(places), np.concatenate(weights)
        missing = -len(table) % _CHUNK
        table = np.pad(table, ((0, missing), (0, 0))).reshape(-1, _CHUNK, len(rewards))
        return table, np.pad(weight, (0, missing)).reshape(-1, _CHUNK, 1)

    @property
    def _kept(self) -> bool:
        """Whether the products of columns are kept, which serves many laws."""
        return self.nodes.count * len(self.levels) * (len(self.levels) + 1) // 2 <= _MOST_PRODUCTS

    @cached_property
    def _pairs(self) -> tuple[Array, Array, Array]:
        """Weights times two columns of the table as chunks × pairs × nodes, and which two.

        A column with itself comes last.
        """
        (table, weights), n = self._table, len(self.levels)
        first, second = np.concatenate([np.triu_indices(n, 1), np.diag_indices(n)], axis=1)
        products = table[:, :, first] * table[:, :, second] * weights
        return np.ascontiguousarray(products.transpose(0, 2, 1)), first, second

    @property
    def _front(self) -> float:
        return (self.mixture.group - 1) / self.mixture.group

    def values(self, masses: Array) -> Array:
        """V at laws of rewards, levels × laws."""
        return self._over(masses, False)[0]

    def slopes(self, masses: Array) -> tuple[Array, Array]:
        """V, and ∂V(r_k)/∂m_l as levels × levels × laws."""
        return self._over(masses, True)  # type: ignore[return-value]

    def _over(self, masses: Array, sloped: bool) -> tuple[Array, Array | None]:
        n, count = masses.shape
        values = np.empty((n, count))
        slopes = np.empty((n, n, count)) if sloped else None
        width = max(1, _PRODUCT // (_CHUNK * n * (n + 1) // 2)) if self._kept else 1
        for start in range(0, count, width):
            block = slice(start, start + width)
            part = np.ascontiguousarray(masses[:, block])
            values[:, block], more = self._block(part, sloped)
            if slopes is not None:
                slopes[:, :, block] = more
        return values, slopes

    def _block(self, masses: Array, sloped: bool) -> tuple[Array, Array | None]:
        n, rewards = len(self.levels), self._rewards
        if self._kept:
            _, first, second = self._pairs
            sums = self._sums(masses, sloped)
            kernel, others = np.zeros((2, n, n, masses.shape[1]))
            for square, found in zip((kernel, others), sums, strict=False):
                square[first[: len(found)], second[: len(found)]] = found
                square[second[: len(found)], first[: len(found)]] = found
        else:
            kernel, others = self._gram(masses)
        apart = rewards[:, None] - rewards
        values = self._front * np.einsum("kj,kjm,jm->km", apart, kernel, masses)
        if not sloped:
            return values, None
        more = (self.mixture.sample - 2) * (rewards[:, None, None] * kernel - others)
        return values, self._front * (apart[:, :, None] * kernel + more)

    def _sums(self, masses: Array, sloped: bool) -> list[Array]:
        """K of different levels as pairs × laws; or K and B of all where slopes are wanted."""
        table, _ = self._table
        pairs, n = self._pairs[0], len(self.levels)
        if not sloped:
            pairs = pairs[:, : n * (n - 1) // 2]
        rewarded, power = self._rewards[:, None] * masses, self.mixture.sample - 2
        found = [np.zeros((pairs.shape[1], masses.shape[1])) for _ in range(1 + sloped)]
        chunks = max(1, _CACHED // (_CHUNK * masses.shape[1]))
        # Powers below the smallest numbers are nothing beside those of small t, and slow.
        least = _NOTHING ** (1 / self.mixture.sample)
        tiny = masses.min() < _SLOW ** (1 / self.mixture.sample)
        for start in range(0, len(table), chunks):
            part = slice(start, start + chunks)
            z = table[part] @ masses
            if tiny:
                np.maximum(z, least, out=z)
            if not sloped:
                found[0] += (pairs[part] @ _power(z, power)).sum(axis=0)
                continue
            more = table[part] @ rewarded
            lower = _power(z, power - 1)
            more *= lower
            z *= lower
            found[0] += (pairs[part] @ z).sum(axis=0)
            found[1] += (pairs[part] @ more).sum(axis=0)
        return found

    def _gram(self, masses: Array) -> tuple[Array, Array]:
        """K and B at one law, where there are too many pairs to keep their products."""
        table, weights = self._table
        n, rewarded = len(self.levels), self._rewards[:, None] * masses
        kernel, others = np.zeros((2, n, n))
        least = _NOTHING ** (1 / self.mixture.sample)
        chunks = max(1, _CACHED // (_CHUNK * n))
        for start in range(0, len(table), chunks):
            part = table[start : start + chunks]
            z = np.maximum(part @ masses, least)
            power = _power(z, self.mixture.sample - 3) * weights[start : start + chunks]
            turned = part.transpose(0, 2, 1)
            kernel += (turned @ (part * (z * power))).sum(axis=0)
            others += (turned @ (part * (power * (part @ rewarded)))).sum(axis=0)
        return kernel[:, :, None], others[:, :, None]


def _power(base: Array, exponent: int) -> Array:
    """A whole power, by squaring from the highest binary digit down."""
    if exponent == 0:
        return np.ones_like(base)
    found = base.copy()
    for digit in bin(exponent)[3:]:
        found *= found
        if digit == "1":
            found *= base
    return found
