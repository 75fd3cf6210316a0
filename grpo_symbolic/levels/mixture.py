r"""One over the scale of a group as a mixture of Gaussians in time.

A rule that divides by a scale s of n rewards with variance v has

.. math:: \frac{1}{s(v)} = \int_0^\infty \omega(t)\, e^{-t^2 n v}\, dt

whenever 1/s is a completely monotone function of v: a standard deviation, one to which a constant
is added, the root of a variance plus a constant. From
:math:`x^{-1/2} = 2\pi^{-1/2}\int e^{-t^2 x} dt`, and for :math:`(\sqrt x + a)^{-1}` the same with
the factor :math:`1 - \sqrt\pi\, a t\, \mathrm{erfcx}(at)` inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx
from sympy import Expr, Symbol, oo

from grpo_symbolic.model.advantage import Advantage, BatchScale, ShiftAndScale, StabilisedScale

# Beyond this argument erfcx is as its asymptotic series is.
_FAR, _TERMS = 200, 20


@dataclass(frozen=True)
class Mixture:
    """1/s for n rewards, n the group or the batch, with s = b √v + ε or √(b² v + ε).

    Parameters
    ----------
    group, sample : int
        G, and n ≥ G.
    ddof : int
        b² = n/(n − ddof).
    epsilon : Fraction
        In reward units, squared where it stands inside the root.
    inside : bool
        Whether ε is added to the variance.
    """

    group: int
    sample: int
    ddof: int = 0
    epsilon: Fraction = Fraction(0)
    inside: bool = False

    @property
    def even(self) -> bool:
        """Whether ω is an even function of t."""
        return self.inside or self.epsilon == 0

    @property
    def front(self) -> arb:
        """1/s · √(n v), for ε = 0."""
        return arb(self.sample - self.ddof).sqrt()

    def squares(self, epsilon: Fraction) -> arb:
        """ε in units of √(n v), or of n v where it stands inside."""
        given = arb(epsilon.numerator) / epsilon.denominator
        if self.inside:
            return given * (self.sample - self.ddof)
        return given * self.front

    def weight(self, t: arb) -> arb:
        """ω(t)."""
        plain = 2 * self.front / arb.pi().sqrt()
        if self.epsilon == 0:
            return plain
        shift = self.squares(self.epsilon)
        if self.inside:
            return plain * (-t * t * shift).exp()
        z = shift * t
        if z > _FAR:
            # 1 − √π z erfcx(z) = 1/(2 z²) − 3/(4 z⁴) + …, alternating and enclosed by its terms.
            total, term = arb(0), arb(1)
            for k in range(1, _TERMS):
                new = term * (2 * k - 1) / (2 * z * z)
                total += new if k % 2 else -new
                term = new
            return plain * arb(total.mid(), total.rad() + term.abs_upper())
        with ctx.workprec(ctx.prec + 40):  # of which the difference takes some
            rest = 1 - arb.pi().sqrt() * z * (z * z).exp() * z.erfc()
        return plain * rest


def mixture_of(rule: Advantage | None, size: Expr) -> Mixture | None:
    """The mixture of a rule at numbers; None for a rule that has none, or has symbols."""
    if rule is None or not size.is_Integer or size == oo:
        return None
    epsilon = rule.epsilon
    if isinstance(epsilon, Symbol) or not getattr(epsilon, "is_Rational", False):
        return None
    group, added = int(size), Fraction(int(epsilon.p), int(epsilon.q))
    if isinstance(rule, ShiftAndScale) and rule.zero_over_zero == 0:
        return Mixture(group, group, rule.ddof, added)
    if isinstance(rule, StabilisedScale):
        return Mixture(group, group, rule.ddof, added, inside=True)
    if isinstance(rule, BatchScale) and int(rule.batch) % group == 0:
        return Mixture(group, int(rule.batch), rule.ddof, added)
    return None
