r"""How many stationary policies a binary question has, for all parameters at once.

Three arguments, tried in this order; each rests on claims that are proved by themselves:

* *monotone*: the force rises from −∞ to ∞ and the drift does not rise: one crossing;
* *concave*: with p(1 − p) multiplied in, the force is a line that is negative at 0 and
  positive at 1, and the drift is a concave h: one crossing;
* *turning points*: F = drift − β·force turns where β = D′/force′ =: ψ. With ψ a polynomial, its
  own turning points are counted by the sign variations of exact Bernstein coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sympy import Dummy, Expr, Poly, S, Sum, diff, limit, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, sign, tidy
from grpo_symbolic.analysis.weight_curve import WeightCurve
from grpo_symbolic.display import Html, claim_names, cut, record
from grpo_symbolic.domain import Domain, Range
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.surd import Surd
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove_all
from grpo_symbolic.verify.verdict import Report
from grpo_symbolic.work import Exhausted, limited

__all__ = ["Count", "count"]

PI = symbols.pi
_STEPS = 3_000_000
_NOT_POSITIVE = frozenset({Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO})


@dataclass(frozen=True)
class Count:
    """The possible numbers of interior stationary policies, and why.

    Attributes
    ----------
    possible : tuple of int
        In increasing order, double solutions counted twice; empty where nothing is known.
    reason : str
        The argument, in a sentence.
    claims : tuple of Claim
        What it rests on.
    """

    possible: tuple[int, ...]
    reason: str
    claims: tuple[Claim, ...] = ()

    @property
    def unique(self) -> bool:
        return self.possible == (1,)

    def verify(self) -> Report:
        """Verdicts on the claims."""
        return prove_all(self.claims)

    def as_dict(self) -> dict[str, Any]:
        return {
            "possible": list(self.possible),
            "for": "all parameters" if self.possible else "not established for all parameters",
            "reason": self.reason,
        }

    def __str__(self) -> str:
        if not self.possible:
            return f"number of solutions not established for all parameters: {self.reason}"
        numbers = " or ".join(map(str, self.possible))
        noun = "solution" if self.possible == (1,) else "solutions"
        return f"{numbers} {noun} for all parameters: {self.reason}"

    def __repr__(self) -> str:
        return f"Count({cut(str(self), 300)})"

    def _repr_html_(self) -> Html:
        numbers = " or ".join(map(str, self.possible)) or "not established for all parameters"
        rows = [
            ("number", numbers),
            ("reason", self.reason),
            ("rests on", claim_names(self.claims)),
        ]
        return record("Number of stationary policies", rows)


@lru_cache(maxsize=64)
def count(curve: WeightCurve) -> Count:
    """The number of interior stationary policies for all parameters in range.

    Parameters
    ----------
    curve : WeightCurve

    Notes
    -----
    The concave argument is new for finite groups; for pairs and large groups uniqueness is
    Vojnovic & Yun, arXiv 2502.18548, (14) and (15).
    """
    for argument in (_monotone, _concave, _turning_points):
        try:
            found = limited(argument, curve, steps=_STEPS)
        except Exhausted:
            continue
        if found is not None:
            return found
    return Count(
        (),
        "no argument for all parameters at once applies; solutions() counts at given numbers",
    )


def _unit(curve: WeightCurve) -> Domain:
    return Domain((*curve.parameters.ranges, Range(PI, S.Zero, S.One)))


def _monotone(curve: WeightCurve) -> Count | None:
    if curve.drift.has(Sum) or not _unbounded_force(curve):
        return None
    if any(value.is_infinite for value in _ends(curve.drift)):
        return None
    domain = _unit(curve)
    rising = tidy(diff(curve.force, PI), domain)
    falling = tidy(diff(curve.drift, PI), domain)
    if sign(rising, domain) != Sign.POSITIVE:
        return None
    if sign(falling, domain) not in (Sign.ZERO, Sign.NEGATIVE, Sign.NONPOSITIVE):
        return None
    return Count(
        (1,),
        "the penalty's force rises from -oo to oo in pi(a) and the drift does not rise",
        (
            Claim("the force rises", rising, ">", S.Zero, domain),
            Claim("the drift does not rise", falling, "<=", S.Zero, domain),
        ),
    )


def _ends(expr: Expr) -> tuple[Expr, Expr]:
    """The limits at 0+ and at 1−.

    The second one is taken in 1 − p: SymPy 1.14 has the wrong sign for 1/sqrt(1 - p) at 1−.
    """
    rest = Dummy("q", positive=True)
    return limit(expr, PI, 0, "+"), limit(expr.subs(PI, 1 - rest), rest, 0, "+")


def _unbounded_force(curve: WeightCurve) -> bool:
    return _ends(curve.force) == (-oo, oo)


def _concave(curve: WeightCurve) -> Count | None:
    domain = _unit(curve)
    line = tidy(curve.force * PI * (1 - PI), domain)
    if not line.is_polynomial(PI) or Poly(line, PI).degree() != 1:
        return None
    ends = (line.subs(PI, 0), line.subs(PI, 1))
    if (sign(ends[0], domain), sign(ends[1], domain)) != (Sign.NEGATIVE, Sign.POSITIVE):
        return None
    shape = _concave_shape(curve, domain)
    if shape is None:
        return None
    return Count(
        (1,),
        "times pi(a) pi(b) the force is a line, negative at 0 and positive at 1, and the drift is "
        "a concave function that vanishes at both ends: they cross once, above pi_ref(a)",
        (
            Claim("the line at pi(a) = 0", ends[0], "<", S.Zero, domain),
            Claim("the line at pi(a) = 1", ends[1], ">", S.Zero, domain),
            *shape,
        ),
    )


def _concave_shape(curve: WeightCurve, domain: Domain) -> tuple[Claim, ...] | None:
    """Claims that make p(1 − p) D(p) concave, or None."""
    model = curve.condition.preference
    if model.weights == (1, 0) and model.factor == 1 and model.two_level is not None:
        known = _sampled(model.two_level)
        if known is not None:
            return known
    if curve.drift.has(Sum):
        return None
    shape = tidy(PI * (1 - PI) * curve.drift, domain)
    bend = tidy(diff(shape, PI, 2), domain)
    if _ends(shape) != (0, 0) or sign(bend, domain) not in (
        Sign.NEGATIVE,
        Sign.NONPOSITIVE,
        Sign.ZERO,
    ):
        return None
    return (Claim("the drift times pi(a) pi(b) is concave", bend, "<=", S.Zero, domain),)


def _sampled(rule: TwoLevel) -> tuple[Claim, ...] | None:
    """h is the Bernstein polynomial of f: concave where f is, or where its coefficients are."""
    shape = concave_claims(rule)
    if shape is not None:
        return shape
    if rule.bernstein is None:
        return None
    coefficients = rule.bernstein.coefficients
    if any(s > 0 for s in rule.bernstein.signs_of_differences(2)):
        return None
    steps = [b - a for a, b in pairwise(coefficients)]
    return tuple(
        Claim(f"second difference {k} of the coefficients", _exact(b - a), "<=", S.Zero)
        for k, (a, b) in enumerate(pairwise(steps))
    )


def concave_claims(rule: TwoLevel) -> tuple[Claim, Claim] | None:
    """f > 0 and f'' ≤ 0 on (0, 1): with f(0) = f(1) = 0, f is concave on [0, 1]; or None.

    So are then its Bernstein polynomials, of every degree.
    """
    f = rule.spread
    if f is None or not rule.zero_sum:
        return None
    domain = rule.domain.extended(symbols.t)
    bend = tidy(diff(f, symbols.t, 2), domain)
    if sign(f, domain) != Sign.POSITIVE or sign(bend, domain) not in _NOT_POSITIVE:
        return None
    return (
        Claim("f is positive", f, ">", S.Zero, domain),
        Claim("f is concave", bend, "<=", S.Zero, domain),
    )


def _exact(value: Surd) -> Expr:
    return value.to_sympy()


def _turning_points(curve: WeightCurve) -> Count | None:
    """F turns at most as often as ψ = D′/force′ takes the value β."""
    model = curve.condition.preference
    if model.weights != (1, 0) or model.factor != 1 or model.two_level is None:
        return None
    domain = _unit(curve)
    rising = tidy(diff(curve.force, PI), domain)
    if sign(rising, domain) != Sign.POSITIVE or rising.has(symbols.pi_ref):
        return None
    if curve.drift.has(Sum) and model.two_level.exact_drift is None:
        return None
    if model.two_level.exact_drift is None:
        return _large_group(curve, rising, domain)
    inverse = tidy(1 / rising, domain)
    if inverse != tidy(PI * (1 - PI), domain) or not _unbounded_force(curve):
        return None
    slope = model.two_level.exact_drift.derivative()
    turning = slope.times_x().derivative()
    changes = turning.variations()
    # psi is odd about 1/2 and not positive below it: half of the changes lie above.
    signs = slope.signs_of_differences(0)
    odd = all(not a + b for a, b in zip(slope.coefficients, slope.coefficients[::-1], strict=True))
    if not odd or any(sign > 0 for sign in signs[: len(signs) // 2]):
        return None
    most = changes // 2 + 1
    possible = tuple(range(1, most + 2, 2))
    return Count(
        possible,
        f"the condition turns at most {most} times: psi = D'/force' is negative up to 1/2 and "
        f"turns at most {most - 1} time above it (sign changes of exact Bernstein coefficients)",
        (Claim("the force rises", rising, ">", S.Zero, domain),),
    )


def _large_group(curve: WeightCurve, rising: Expr, domain: Domain) -> Count | None:
    """ψ rises through all values: one turning point, a minimum of F, which is ∞ at both ends."""
    if curve.drift.has(Sum):
        return None
    psi = tidy(diff(curve.drift, PI) / rising, domain)
    bend = tidy(diff(psi, PI), domain)
    if sign(bend, domain) != Sign.POSITIVE:
        return None
    if _ends(curve.drift) != (oo, oo) or _ends(curve.drift / curve.force) != (-oo, oo):
        return None  # the drift has to win against the force at both ends
    if _ends(psi) != (-oo, oo):
        return None
    return Count(
        (0, 2),
        "the condition falls, then rises, and is positive at both ends (psi = D'/force' rises "
        "through all values): none below the fold, two above it",
        (
            Claim("the force rises", rising, ">", S.Zero, domain),
            Claim("psi rises", bend, ">", S.Zero, domain),
        ),
    )
