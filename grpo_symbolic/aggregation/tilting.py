"""Rules that tilt the reference by fixed values: RLHF, on means or on a Bradley-Terry fit, and IPO.

Their preference does not depend on the policy: π(o) ∝ π_ref(o) exp(v(o)/β).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, ctx
from sympy import Add, Expr, Rational, S, exp

from grpo_symbolic.aggregation.fields import Array
from grpo_symbolic.aggregation.lottery import Lottery, as_arb
from grpo_symbolic.aggregation.rule import Profiles, Rule, Setting
from grpo_symbolic.aggregation.votes import Votes, counted, margins_of, raters_of
from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.enclosures.systems import unique_zero
from grpo_symbolic.inputs import one_of

# More answers have their lottery in balls only.
_WRITTEN = 8
# More answers have their fit in floats only.
_ENCLOSED = 40
_STEPS = 100


class _Tilt(Rule):
    """π ∝ π_ref exp(v/β)."""

    @abstractmethod
    def values(self, votes: Votes, setting: Setting) -> Sequence[Expr]:
        """v, exactly."""

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        values = self.values(votes, setting)
        if any(v.free_symbols for v in values):
            raise ValueError("a lottery needs numbers for the symbols of the raters")
        note = "the reference, tilted by fixed values"
        beta = S(setting.beta)
        reference = [S(r) for r in setting.reference]
        if len(values) <= _WRITTEN:
            weights = [
                r * exp((v - values[-1]) / beta) for r, v in zip(reference, values, strict=True)
            ]
            total = Add(*weights)
            return Lottery(votes.answers, tuple(w / total for w in weights), note)
        with ctx.workprec(int(setting.digits * 3.33) + 80):
            weights = [
                ball(r, {}, ctx.prec) * (ball(v / beta, {}, ctx.prec)).exp()
                for r, v in zip(reference, values, strict=True)
            ]
            total = sum(weights, arb(0))
            return Lottery(votes.answers, tuple(w / total for w in weights), note)


def tilted(values: Array, beta: Array, reference: Array) -> Array:
    """π_ref exp(v/β), divided by the sum: rows × answers."""
    with np.errstate(all="ignore"):
        power = values / beta[:, None]
        power -= power.max(axis=1, keepdims=True)
        weights = reference * np.exp(power)
        return weights / weights.sum(axis=1, keepdims=True)


@dataclass(frozen=True, repr=False)
class MeanRLHF(_Tilt):
    """Expected reward, averaged over the raters, with a direct KL penalty."""

    name = "rlhf"
    title = "RLHF on mean rewards"

    def values(self, votes: Votes, setting: Setting) -> Sequence[Expr]:
        return raters_of(votes, self.title).mean_rewards

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        return tilted(profiles.means, beta, reference)


@dataclass(frozen=True, repr=False)
class ReferenceIPO(_Tilt):
    """How often an answer beats one drawn from the reference."""

    name = "ipo"
    title = "IPO"
    sees_comparisons_only = True

    def values(self, votes: Votes, setting: Setting) -> Sequence[Expr]:
        found = []
        for row in margins_of(votes):
            won = sum(
                (r * (1 + g) / 2 for r, g in zip(setting.reference, row, strict=True)), Fraction(0)
            )
            found.append(S(won))
        return found

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        values = np.einsum("kox,kx->ko", (1 + profiles.margins) / 2, reference)
        return tilted(values, beta, reference)


@dataclass(frozen=True, repr=False)
class BradleyTerryRLHF(Rule):
    """RLHF whose rewards are the scores of a Bradley-Terry fit to comparisons of pairs.

    Parameters
    ----------
    pairs : {"uniform", "counts", "reference"}
        How pairs are drawn: all pairs that were compared alike, as often as they were compared,
        or both answers from the reference.
    """

    pairs: str = "uniform"

    def __post_init__(self) -> None:
        one_of("pairs", self.pairs, ("uniform", "counts", "reference"))

    @property
    def name(self) -> str:  # type: ignore[override]
        return "rlhf-btl" if self.pairs == "uniform" else f"rlhf-btl-{self.pairs}"

    @property
    def title(self) -> str:  # type: ignore[override]
        pairs = {"uniform": "uniform pairs", "counts": "pairs as often as compared",
                 "reference": "pairs from the reference"}[self.pairs]  # fmt: skip
        return f"RLHF on a Bradley-Terry fit, {pairs}"

    @property
    def sees_comparisons_only(self) -> bool:  # type: ignore[override]
        return self.pairs != "counts"

    def _lottery(self, votes: Votes, setting: Setting) -> Lottery:
        margins, weights = margins_of(votes), self._weights(votes, setting)
        n, beta = votes.size, setting.beta
        top = unbeaten(margins, weights)
        note = "the reference, tilted by the scores of the fit"
        if len(top) < n:
            note = (
                "the fit has no finite maximum: the limit of fits that are regularised less and "
                "less, on the answers that no others are below"
            )
        inner = [[margins[o][x] for x in top] for o in top]
        shares = [[weights[o][x] for x in top] for o in top]
        odds = _exact_odds(inner, shares)
        reference = [setting.reference[o] for o in top]
        out: list = [Rational(0) if odds is not None and len(top) <= _WRITTEN else arb(0)] * n
        if odds is not None and len(top) <= _WRITTEN:
            power = Rational(beta.denominator, beta.numerator)
            raw = [S(r) * S(w) ** power for r, w in zip(reference, odds, strict=True)]
            total = Add(*raw)
            found: list = [value / total for value in raw]
        else:
            scores = bradley_terry(inner, shares, setting.digits)
            with ctx.workprec(int(setting.digits * 3.33) + 80):
                raw = [
                    as_arb(r) * (s / as_arb(beta)).exp()
                    for r, s in zip(reference, scores, strict=True)
                ]
                total = sum(raw, arb(0))
                found = [value / total for value in raw]
            if len(top) > _ENCLOSED:
                found, out = [float(v) for v in found], [0.0] * n
                note += ", in floats"
        for o, value in zip(top, found, strict=True):
            out[o] = value
        return Lottery(votes.answers, tuple(out), note)

    def _weights(self, votes: Votes, setting: Setting) -> list[list[Fraction]]:
        """How often each pair is drawn, up to a common factor."""
        n = votes.size
        if self.pairs == "reference":
            rho = setting.reference
            return [
                [Fraction(0) if o == x else rho[o] * rho[x] for x in range(n)] for o in range(n)
            ]
        try:
            _, seen = counted(votes)
        except ValueError:
            seen = np.ones((n, n), np.int64)
        drawn = seen if self.pairs == "counts" else seen > 0
        return [[Fraction(int(o != x and drawn[o, x])) for x in range(n)] for o in range(n)]

    def batch(self, profiles: Profiles, beta: Array, reference: Array) -> Array:
        n = reference.shape[1]
        pairs = 1 - np.eye(n)[None] + 0 * profiles.margins
        if self.pairs == "reference":
            pairs = pairs * reference[:, :, None] * reference[:, None, :]
        margins = profiles.margins
        # Sets that never lose grow until nothing changes: the answers that no others are below.
        reach = np.repeat(np.eye(n, dtype=bool)[None], len(margins), axis=0)
        beats = margins > -1 + 1e-12
        for _ in range(n):
            reach |= np.einsum("kox,kxy->koy", reach, beats & (pairs > 0)) > 0
        top = reach.all(axis=2)
        scores = _fitted(margins, np.where(top[:, :, None] & top[:, None, :], pairs, 0.0))
        found = tilted(np.where(top, scores, -np.inf), beta, reference)
        return np.where(top, found, 0.0)


def _fitted(margins: Array, pairs: Array) -> Array:
    """Scores of many fits by Newton's method, rows × answers, with the mean 0."""
    k, n, _ = margins.shape
    scores, index = np.zeros((k, n)), np.arange(n)
    for _ in range(_STEPS):
        gap = scores[:, :, None] - scores[:, None, :]
        with np.errstate(all="ignore"):
            model = np.tanh(gap / 2)
        slope = (pairs * (margins - model)).sum(axis=2)
        bend = pairs * (1 - model**2) / 2
        matrix = -bend
        matrix[:, index, index] += bend.sum(axis=2) + 1e-300
        matrix += 1.0 / n * np.maximum(bend.max(axis=(1, 2)), 1e-12)[:, None, None]
        lonely = bend.sum(axis=2) == 0
        matrix[:, index, index] += lonely
        step = np.linalg.solve(matrix, slope[:, :, None])[:, :, 0]
        length = np.abs(step).max(axis=1, keepdims=True)
        scores = scores + step * np.minimum(1.0, 1.0 / np.maximum(length, 1e-300))
        if length.max() < 1e-13:
            break
    return scores


def bradley_terry(
    margins: Sequence[Sequence[Fraction]],
    pairs: Sequence[Sequence[Fraction]],
    digits: int = 20,
) -> list[arb]:
    r"""Scores, the last one 0, with :math:`\sum_x w(o,x)[\gamma(o,x) - \tanh((s_o - s_x)/2)] = 0`.

    The zero of the gradient of a strictly concave likelihood; in balls that are proved to contain
    it up to 40 answers, beyond that in floats.

    Raises
    ------
    ValueError
        Where it could not be enclosed.
    """
    n = len(margins)
    if n == 1:
        return [arb(0)]
    floats = [
        np.array([[float(v) for v in row] for row in table])[None] for table in (margins, pairs)
    ]
    rough = _fitted(*floats)[0]
    rough -= rough[-1]
    if n > _ENCLOSED:
        return [arb(float(s)) for s in rough]
    with ctx.workprec(int(digits * 3.33) + 100):
        gamma, weight = ([[as_arb(v) for v in row] for row in table] for table in (margins, pairs))

        def halves(box: list[arb]) -> list[list[arb]]:
            whole = [*box, arb(0)]
            return [[(s - t) / 2 for t in whole] for s in whole[:-1]]

        def value(box: list[arb]) -> list[arb]:
            rows = zip(weight, gamma, halves(box), strict=False)
            return [
                sum((w * (g - h.tanh()) for w, g, h in zip(*row, strict=True)), arb(0))
                for row in rows
            ]

        def slopes(box: list[arb]) -> arb_mat:
            found = arb_mat(n - 1, n - 1)
            for o, (shares, gaps) in enumerate(zip(weight, halves(box), strict=False)):
                bends = [w / 2 / h.cosh() ** 2 for w, h in zip(shares, gaps, strict=True)]
                for x in range(n - 1):
                    found[o, x] = bends[x] - (sum(bends, arb(0)) if x == o else 0)
            return found

        place = [arb(float(s)) for s in rough[:-1]]
        for _ in range(6):
            error = arb_mat(n - 1, 1, [v.mid() for v in value(place)])
            step = slopes(place).mid().solve(error).entries()
            place = [(p - s).mid() for p, s in zip(place, step, strict=True)]
        box = [arb(p, arb(10) ** (-digits - 8)) for p in place]
        found = unique_zero(value, slopes, box)
    if found is None:
        raise ValueError("the fit could not be enclosed: margins next to certainty")
    return [*found, arb(0)]


def _exact_odds(
    margins: list[list[Fraction]], pairs: list[list[Fraction]]
) -> list[Fraction] | None:
    """Odds w with γ = (w_o − w_x)/(w_o + w_x) for all pairs: a model that fits exactly."""
    odds = []
    for o, row in enumerate(margins):
        if o and (not pairs[o][0] or abs(row[0]) == 1):
            return None
        odds.append((1 + row[0]) / (1 - row[0]) if o else Fraction(1))
    for o, mine in enumerate(odds):
        for x, theirs in enumerate(odds[:o]):
            if pairs[o][x] and margins[o][x] != (mine - theirs) / (mine + theirs):
                return None
    return odds


def unbeaten(margins: list[list[Fraction]], pairs: list[list[Fraction]]) -> list[int]:
    """The answers from which every one can be reached by pairs that are not always lost.

    All of them where the likelihood has a maximum (Zermelo's condition).
    """
    n = len(margins)
    beats = [[x for x in range(n) if pairs[o][x] and margins[o][x] > -1] for o in range(n)]
    top = []
    for start in range(n):
        seen, stack = {start}, [start]
        while stack:
            for x in beats[stack.pop()]:
                if x not in seen:
                    seen.add(x)
                    stack.append(x)
        if len(seen) == n:
            top.append(start)
    if not top:
        raise ValueError(
            "the answers fall into parts that were never compared with each other: a "
            "Bradley-Terry fit says nothing across them"
        )
    return top
