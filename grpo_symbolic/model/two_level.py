r"""Two reward levels: the drift of a group as a Bernstein polynomial.

When rewards take two values only, what an advantage does is one function of m, the
probability that a draw has the higher one: its *drift*
:math:`D_G(m) = V(\mathrm{high}) - V(\mathrm{low})`, the expected advantage of the higher
level over that of the lower. The advantages of a group sum to zero, hence

.. math:: m (1 - m)\, D_G(m) = h_G(m) = E\, f(K/G), \quad K \sim \mathrm{Binomial}(G, m),
          \qquad f(t) = t\, A(\mathrm{high};\ \text{fraction } t),

the Bernstein polynomial of f. Nothing here is specific to one rule: f is what the rule's
definition gives on a group with the fraction t of better answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from flint import fmpq
from sympy import (
    Add,
    Dummy,
    Expr,
    Integer,
    Lambda,
    Poly,
    Rational,
    S,
    Symbol,
    Tuple,
    binomial,
    cancel,
    ff,
    oo,
    sqrt,
)
from sympy.functions.combinatorial.numbers import stirling

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, is_zero, sign, tidy
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.domain import Domain
from grpo_symbolic.group_sum import GroupSum
from grpo_symbolic.model.advantage import Advantage
from grpo_symbolic.reward import Law
from grpo_symbolic.surd import Surd, compile_surd

# Up to this degree a drift is written out in powers; beyond it, as a sum over the group.
_WRITTEN_OUT = 12
# Up to this degree a drift in full is short enough to be read.
_IN_FULL = 5
#: The chance of the better reward is written out in powers of no more answers' probabilities.
_IN_ANSWERS = 6


@dataclass(frozen=True)
class TwoLevel:
    """An advantage on groups whose rewards are ``high`` or ``low``.

    Parameters
    ----------
    advantage : Advantage
    size : Expr
        G: an integer, a symbol, or ``oo``.
    high, low : Expr
        The two rewards.
    domain : Domain
        The ranges of their symbols.
    """

    advantage: Advantage
    size: Expr
    high: Expr
    low: Expr
    domain: Domain

    @property
    def degree(self) -> Expr:
        """Samples that an advantage looks at: the group, or the batch."""
        return self.size if self.advantage.batch is None else self.advantage.batch

    def law(self, fraction: Expr) -> Law:
        """The empirical law of a group with this fraction of better answers."""
        return tuple((r, w) for r, w in ((self.high, fraction), (self.low, 1 - fraction)) if w != 0)

    def advantages(self, count: int, batch_count: int | None = None) -> tuple[Expr, Expr]:
        """A(high) and A(low) in a group with ``count`` better answers (0 for an absent level)."""
        if batch_count is not None:
            return self._measured(count, batch_count)
        if count not in self._groups:
            self._groups[count] = self._measured(count)
        return self._groups[count]

    @cached_property
    def _groups(self) -> dict[int, tuple[Expr, Expr]]:
        """What was measured, of each group once."""
        return {}

    def _measured(self, count: int, batch_count: int | None = None) -> tuple[Expr, Expr]:
        group = self.law(Rational(count, int(self.size)))
        batch = None
        if batch_count is not None:
            batch = self.law(Rational(batch_count, int(self.degree)))
        return tuple(
            self.advantage(level, group, self.size, self.domain, batch)
            if any(r == level for r, _ in group)
            else Integer(0)
            for level in (self.high, self.low)
        )  # type: ignore[return-value]

    @property
    def _uniform(self) -> bool:
        """One formula for every mixed group; in a large group every rule has one."""
        return self.advantage.uniform or self.size == oo

    @cached_property
    def spread(self) -> Expr | None:
        """f(t) for 0 < t < 1, in ``symbols.t``; None for a rule without one formula."""
        if not self._uniform:
            return None
        t = symbols.t
        domain = self.domain.extended(t)
        if self.profile is not None:
            spread = self.profile.subs(symbols.x, t * (1 - t))
            # A scale that is a sum reads best as it is defined.
            return spread if isinstance(self.scale, Add) else tidy(spread, domain)
        return tidy(t * self.advantage(self.high, self.law(t), self.size, domain), domain)

    @cached_property
    def scale(self) -> Expr | None:
        """s on a group of variance gap² x, in ``symbols.x``; None for a rule of another kind."""
        gap = (self.high - self.low).expand()
        value = self.advantage.scale(gap**2 * symbols.x, self.size)
        if value is None or isinstance(value, Add):
            return value
        return tidy(value, self.domain.extended(value))

    @cached_property
    def adds_to_deviation(self) -> bool:
        """Whether s = a √v + e with e/a ≥ 0, as with ε beside the deviation."""
        if not self._uniform or not isinstance(self.scale, Add):
            return False
        added, moving = self.scale.as_independent(symbols.x)
        factor = moving / sqrt(symbols.x)
        if factor.has(symbols.x):
            return False
        return sign(added / factor, self.domain) in (Sign.POSITIVE, Sign.NONNEGATIVE)

    @cached_property
    def profile(self) -> Expr | None:
        """φ with f(t) = φ(t(1 − t)): what is left where a rule sees the variance only."""
        if self.scale is None:
            return None
        return (self.high - self.low).expand() * symbols.x / self.scale

    @cached_property
    def zero_sum(self) -> bool:
        """Whether the advantages of every group sum to zero."""
        if self._uniform:
            if self.scale is not None:
                return True  # as deviations from the mean of the group do
            t, law = symbols.t, self.law(symbols.t)
            domain = self.domain.extended(t)
            high, low = (
                self.advantage(level, law, self.size, domain) for level in (self.high, self.low)
            )
            return is_zero(t * high + (1 - t) * low, domain)
        if self.advantage.batch is not None:
            return True  # within each group the mean is subtracted, and one scale divides all
        if not self.size.is_Integer:
            return self.advantage.zero_sum
        return all(
            is_zero(count * high + (int(self.size) - count) * low, self.domain)
            for count in range(int(self.size) + 1)
            for high, low in [self.advantages(count)]
        )

    @cached_property
    def coefficients(self) -> tuple[Expr, ...]:
        """f(k/n) for k = 0 … n, n the :attr:`degree`; f vanishes at both ends."""
        if not self.degree.is_Integer or not self.size.is_Integer:
            raise ValueError(
                f"{self.advantage} needs a number as group size, got the symbol {self.size}"
            )
        n = int(self.degree)
        if self.advantage.batch is not None:
            return tuple(self._batch_coefficient(count) for count in range(n + 1))
        if self.spread is not None:
            inner = (self.spread.subs(symbols.t, Rational(count, n)) for count in range(1, n))
        else:
            inner = (Rational(count, n) * self.advantages(count)[0] for count in range(1, n))
        return (S.Zero, *inner, S.Zero)

    def _batch_coefficient(self, total: int) -> Expr:
        """E[1{high} A | ``total`` better answers in the batch], over the batch's members."""
        n, size = int(self.degree), int(self.size)
        ways = binomial(n, total)
        return Add(
            *(
                binomial(size, count) * binomial(n - size, total - count) / ways
                * Rational(count, size)
                * self.advantages(count, total)[0]
                for count in range(max(0, total + size - n), min(size, total) + 1)
            )
        )  # fmt: skip

    @cached_property
    def bernstein(self) -> Bernstein | None:
        """h_G exactly, when its coefficients are numbers and the group is finite."""
        if not self.degree.is_Integer or not self.zero_sum:
            return None
        f, x = (self.spread, symbols.t) if self.profile is None else (self.profile, symbols.x)
        if f is not None and f.free_symbols - {x}:
            return None
        if f is not None:
            value, n = compile_surd(f, (x,)), int(self.degree)
            shares = (fmpq(k, n) for k in range(1, n))
            inner = (value(t if x == symbols.t else t * (1 - t)) for t in shares)
            return Bernstein((Surd(), *inner, Surd()))
        if any(value.free_symbols for value in self.coefficients):
            return None
        return Bernstein(tuple(Surd.of(value) for value in self.coefficients))

    def at(self, point: Mapping[Symbol, Expr]) -> TwoLevel:
        """The same at numbers for the symbols of rewards, rule and group size."""
        rule = self.advantage.at(point)
        high, low, size = (value.xreplace(point) for value in (self.high, self.low, self.size))
        # Rewards that stay symbolic drop out of every shift-invariant rule.
        if (high - low).is_number and rule.shift_invariant:
            # A rule without a scale of its own sees the same groups at every gap.
            high, low = S.One if rule.scale_invariant else high - low, S.Zero
        return _kept(TwoLevel(rule, size, high, low, Domain()))

    @cached_property
    def exact_drift(self) -> Bernstein | None:
        """D_G exactly as a Bernstein polynomial, when its coefficients are numbers."""
        if self.zero_sum:
            return None if self.bernstein is None else self.bernstein.divided_by_x()
        if not self.size.is_Integer:
            return None
        if any(gap.free_symbols for gap in self.gaps):
            return None
        return Bernstein(tuple(Surd.of(gap) for gap in self.gaps))

    # -- by name -----------------------------------------------------------------------

    def mean(self, m: Expr) -> BernsteinMean:
        """h_G(m), by name."""
        if self.spread is None:
            return BernsteinMean(Tuple(*self.coefficients), self.degree, m)
        return BernsteinMean(Lambda(symbols.t, self.spread), self.size, m)

    @cached_property
    def kept_by_name(self) -> bool:
        """Whether D_G is better read by name than written out."""
        if self.size == oo or self._polynomial_spread:
            return False
        if not self.zero_sum:
            return len(self._given_others) > _IN_FULL and self._has_formula
        if not self.degree.is_Integer or self.degree > _IN_FULL:
            return True
        if self.degree <= 3:
            return False
        return self.bernstein is None or not self.bernstein.symmetric

    @cached_property
    def _has_formula(self) -> bool:
        """Whether one formula in the share of better others gives the advantages."""
        try:
            self._between(lambda high, low: high)
        except ValueError:
            return False
        return True

    def drift(self, m: Expr) -> Expr:
        """D_G(m): by name, or written out where that is short."""
        short = not self.kept_by_name and (m.is_Symbol or not self.zero_sum or self._constant)
        if short or self.size == oo or self._polynomial_spread:
            return self.unfolded_drift(m)
        if self.zero_sum:
            return self.mean(m) / (m * (1 - m))
        return self._by_own_reward(lambda high, low: high - low, m, "D")

    @property
    def _constant(self) -> bool:
        """Whether D_G does not depend on m: groups of two and three."""
        return self.zero_sum and self.degree.is_Integer and self.degree <= 3

    def _by_own_reward(
        self, part: Callable[[Expr, Expr], Expr], m: Expr, name: str
    ) -> BernsteinMean:
        """The mean of a part of both advantages over how many others are better, by name."""
        first, *_, last = (part(high, low) for high, low in self._given_others)
        inner = Lambda(symbols.t, self._between(part))
        return BernsteinMean(Tuple(first, inner, last), self.size - 1, m, name=name)

    def _between(self, part: Callable[[Expr, Expr], Expr]) -> Expr:
        """A part of both advantages where the share t of the others, neither 0 nor 1, is better."""
        t, n = symbols.t, self.size
        domain = self.domain.extended(t)
        high, low = (
            self.advantage(level, self.law((t * (n - 1) + own) / n), n, domain)
            for own, level in ((1, self.high), (0, self.low))
        )
        return tidy(part(high, low), domain)

    # -- written out -------------------------------------------------------------------

    def unfolded_drift(self, m: Expr) -> Expr:
        """D_G(m) written out: in powers for small groups, as a sum for larger ones."""
        if not self.zero_sum:
            return self._unbalanced(lambda high, low: high - low, m)
        if self.size == oo:
            value = self.spread.subs(symbols.t, m) / (m * (1 - m))
            return tidy(value, self.domain.extended(m))
        if self._polynomial_spread:
            return self._polynomial_drift(m)
        if self.degree.is_Integer and self.degree <= _WRITTEN_OUT:
            return self._written_out(m)
        if self.spread is not None:
            k = symbols.k
            term = self.spread.subs(symbols.t, k / self.size)
            weight = binomial(self.size, k) * m ** (k - 1) * (1 - m) ** (self.size - 1 - k)
            return GroupSum(weight * tidy(term, self.domain), (k, 1, self.size - 1))
        n = int(self.degree)
        return Add(
            *(
                binomial(n, k) * value * m ** (k - 1) * (1 - m) ** (n - 1 - k)
                for k, value in enumerate(self.coefficients)
                if value != 0
            )
        )

    @property
    def _polynomial_spread(self) -> bool:
        """Whether f is a polynomial that vanishes at both ends by itself."""
        if self.profile is not None and not self.profile.is_polynomial(symbols.x):
            return False
        f, t = self.spread, symbols.t
        return f is not None and f.is_polynomial(t) and f.subs(t, 0) == 0 == f.subs(t, 1)

    def _polynomial_drift(self, m: Expr) -> Expr:
        """For a polynomial f, from the factorial moments E K(K-1)…(K-j+1) = G(G-1)…(G-j+1) m^j."""
        p = Dummy("p", positive=True)
        mean = Add(
            *(
                coefficient * stirling(power, j) * ff(self.size, j) * p**j / self.size**power
                for (power,), coefficient in Poly(self.spread, symbols.t).terms()
                for j in range(power + 1)
            )
        )
        value = cancel(mean.expand(func=True) / (p * (1 - p))).subs(p, m)
        return tidy(value, self.domain.extended(m))

    def _written_out(self, m: Expr) -> Expr:
        n = int(self.degree)
        x = m * (1 - m)
        if self.bernstein is not None and self.bernstein.symmetric:
            return self.bernstein.divided_by_x().polynomial(x)
        weights = [binomial(n, k) * value for k, value in enumerate(self.coefficients)][1:-1]
        if all(is_zero(a - b, self.domain) for a, b in zip(weights, weights[::-1], strict=True)):
            powers = _powers_of_x(weights, self.domain)
            return Add(*(c * x**j for j, c in enumerate(powers)))
        # Not symmetric in m and 1 - m: in powers of m.
        p = Dummy("p")
        total = Add(*(c * p**k * (1 - p) ** (n - 2 - k) for k, c in enumerate(weights)))
        terms = Poly(total, p).terms()
        return Add(*(tidy(c, self.domain) * m**power for (power,), c in reversed(terms)))

    def values(self, m: Expr) -> tuple[Expr, Expr]:
        """V(high), V(low): the expected advantage of each level."""
        if self.zero_sum:
            drift = self.drift(m)
            return (1 - m) * drift, -m * drift
        if self.kept_by_name:
            above = self._by_own_reward(lambda high, low: high, m, "V")
            return above, above - self.drift(m)
        return (
            self._unbalanced(lambda high, low: high, m),
            self._unbalanced(lambda high, low: low, m),
        )

    def _unbalanced(self, part: Callable[[Expr, Expr], Expr], m: Expr) -> Expr:
        """The expectation of a part of both advantages, given how many others are better."""
        pairs = self._given_others
        n = len(pairs) - 1
        # The powers of a sum over many answers stay powers.
        many = len(m.free_symbols) > _IN_ANSWERS
        p = Dummy("p", positive=True) if many else m
        total = Add(
            *(
                binomial(n, k) * p**k * (1 - p) ** (n - k) * part(high, low)
                for k, (high, low) in enumerate(pairs)
            )
        )
        if n < _WRITTEN_OUT:  # powers of m would cancel in larger groups
            total = tidy(total.expand(), self.domain.extended(total))
        return total.xreplace({p: m}) if many else total

    @property
    def gaps(self) -> tuple[Expr, ...]:
        """A(high) − A(low) when k = 0 … G − 1 of the others are better."""
        return tuple(high - low for high, low in self._given_others)

    @cached_property
    def _given_others(self) -> tuple[tuple[Expr, Expr], ...]:
        """A(high) and A(low) when k = 0 … G − 1 of the others are better."""
        if not self.size.is_Integer:
            raise ValueError(
                "an advantage whose sum over the group is not zero needs a number as group size, "
                f"got the symbol {self.size}"
            )
        return tuple(
            (self.advantages(k + 1)[0], self.advantages(k)[1]) for k in range(int(self.size))
        )


@lru_cache(maxsize=128)
def _kept(model: TwoLevel) -> TwoLevel:
    """The same object for the same rule at numbers: it keeps its exact drift."""
    return model


def _powers_of_x(weights: list[Expr], domain: Domain) -> list[Expr]:
    """Σ w_k p^k q^(n-k) with w symmetric and p + q = 1, as coefficients of powers of x = p q."""
    n = len(weights) - 1
    x = Dummy("x")
    sums = [Poly(2, x), Poly(1, x)]  # p^j + q^j
    while len(sums) <= n:
        sums.append(sums[-1] - Poly(x, x) * sums[-2])
    found = [S.Zero] * (n // 2 + 1)
    for k in range(n // 2 + 1):
        power = sums[n - 2 * k] if n != 2 * k else Poly(1, x)
        for (j,), coefficient in power.terms():
            found[k + j] += coefficient * weights[k]
    return [tidy(value, domain) for value in found]
