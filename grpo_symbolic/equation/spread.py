r"""What is known of f, the function whose mean over a group is h_G.

A group with the fraction t of better answers adds f(t) to the drift. Where f is positive so is
every h_G; where f is concave so is every h_G, and h_G rises with G (Temple 1954). For a scale
that is a function of the group's variance, f(t) = φ(t(1 − t)), and what has to be shown is a
statement on φ: rising and concave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from sympy import Expr, S, diff

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign
from grpo_symbolic.equation.claims import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    Claims,
    joined,
    signed_claim,
    strict,
)
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.verify.claim import Claim


@lru_cache(maxsize=256)
def spread_of(rule: TwoLevel) -> Spread:
    """The same object for the same rule: what it has proved is kept."""
    return Spread(rule)


@dataclass(frozen=True)
class Spread:
    """f of a rule on groups of two reward levels.

    Parameters
    ----------
    rule : TwoLevel
    """

    rule: TwoLevel

    @property
    def formula(self) -> Expr | None:
        """f(t), in ``symbols.t``; None for a rule without one formula or without zero sum."""
        return self.rule.spread if self.rule.zero_sum else None

    # -- sign and shape --------------------------------------------------------------------

    @cached_property
    def positive(self) -> Claims | None:
        """f > 0 in every mixed group."""
        if self.formula is not None:
            return joined(
                signed_claim("f is positive", self.formula, self.rule.domain, {Sign.POSITIVE})
            )
        if not self.rule.degree.is_Integer:
            return None
        table = self.rule.coefficients[1:-1] if self.rule.zero_sum else self.rule.gaps
        return joined(
            *(
                signed_claim(f"value {k} of the table", value, self.rule.domain, {Sign.POSITIVE})
                for k, value in enumerate(dict.fromkeys(table), start=1)
            )
        )

    @cached_property
    def concave(self) -> Claims | None:
        """f > 0 and f concave on (0, 1): with f(0) = f(1) = 0, concave on [0, 1].

        So are then its Bernstein polynomials, of every degree; the last claim says whether
        strictly.
        """
        if self.formula is None:
            return None
        profile = self.rule.profile
        if profile is None:
            bend = diff(self.formula, symbols.t, 2)
            return joined(
                self.positive,
                signed_claim("f is concave", bend, self.rule.domain, NOT_POSITIVE),
            )
        x, domain = symbols.x, self.rule.domain
        return joined(
            signed_claim("f = phi(t (1 - t)) is positive", profile, domain, {Sign.POSITIVE}),
            signed_claim("phi rises", diff(profile, x), domain, {Sign.POSITIVE}),
            signed_claim("phi is concave", diff(profile, x, 2), domain, NOT_POSITIVE),
        )

    @property
    def strictly_concave(self) -> bool:
        """Whether f is strictly concave: φ rises, so that t(1 − t) alone makes it so."""
        if self.concave is None:
            return False
        return self.rule.profile is not None or strict(self.concave[-1])

    @cached_property
    def concave_mean(self) -> Claims | None:
        """h_G concave: because f is, or by the second differences of its coefficients."""
        if self.concave is not None:
            return self.concave
        found = self.rule.bernstein
        if found is None or not found.concave:
            return None
        steps = [b - a for a, b in pairwise(found.coefficients)]
        return tuple(
            Claim(f"second difference {k} of the coefficients", (b - a).to_sympy(), "<=", S.Zero)
            for k, (a, b) in enumerate(pairwise(steps))
        )

    @cached_property
    def symmetric(self) -> Claims | None:
        """f(t) = f(1 − t); a function of t(1 − t) is so by itself."""
        f, t = self.formula, symbols.t
        if f is None:
            return None
        if self.rule.profile is not None:
            return ()
        gap = f - f.subs(t, 1 - t)
        return joined(signed_claim("f(t) - f(1 - t)", gap, self.rule.domain, {Sign.ZERO}))

    @cached_property
    def convex_drift(self) -> Claims | None:
        """f/(t(1 − t)) convex and symmetric: D is least at 1/2 and largest at the ends.

        The Bernstein coefficients of D are f/(t(1 − t)) at k/G, times (G − 1)/G. A convex
        function that falls with t(1 − t) is convex in t.
        """
        f, t, x = self.formula, symbols.t, symbols.x
        domain, scale = self.rule.domain, self.rule.scale
        if f is None or self.symmetric is None:
            return None
        if scale is not None:
            return joined(
                signed_claim("1/scale does not rise", diff(1 / scale, x), domain, NOT_POSITIVE),
                signed_claim("1/scale is convex", diff(1 / scale, x, 2), domain, NOT_NEGATIVE),
            )
        bend = diff(f / (t * (1 - t)), t, 2)
        convex = signed_claim("f/(t(1 - t)) is convex", bend, domain, NOT_NEGATIVE)
        return joined(self.symmetric, convex)

    # -- the group size ------------------------------------------------------------------

    @cached_property
    def rises_with_group_size(self) -> Claims | None:
        """Claims under which h_G ≤ h_{G+1} for every G ≥ 2: f concave, not falling with G."""
        family = spread_of(replace(self.rule, size=symbols.G))
        if family.concave is None or family.formula is None:
            return None
        if not family.formula.has(symbols.G):
            return family.concave
        scale = family.rule.scale
        name, step = "f at G + 1, less f at G", family.formula
        if scale is not None:
            name, step = "the scale at G, less the scale at G + 1", -scale
        step = step.subs(symbols.G, symbols.G + 1) - step
        return joined(family.concave, signed_claim(name, step, family.rule.domain, NOT_NEGATIVE))
