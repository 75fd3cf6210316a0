r"""How many stationary policies a binary question has, for all parameters at once.

Each argument rests on claims that are proved by themselves:

* *monotone*: the force rises from −∞ to ∞ and the drift does not rise: one crossing;
* *concave*: with p(1 − p) multiplied in, the force is a line that is negative at 0 and
  positive at 1, and the drift is a concave h: one crossing;
* *turning points*: F = drift − β·force turns where β = D′/force′ =: ψ. With ψ a polynomial, its
  own turning points are counted by the sign variations of exact Bernstein coefficients;
* *a mixture of both KLs*: above 1/2 the slope of F changes sign twice at most, by the ratios of
  Bernstein coefficients of its two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from flint import arb, ctx, fmpq
from sympy import Expr, S, diff, oo

from grpo_symbolic import symbols
from grpo_symbolic.algebra import Sign, tidy
from grpo_symbolic.analysis.laurent import limit_at
from grpo_symbolic.bernstein import Bernstein
from grpo_symbolic.display import Html, claim_names, cut, record
from grpo_symbolic.domain import Domain
from grpo_symbolic.equation.balance import Balance
from grpo_symbolic.equation.claims import Argued, signed_claim
from grpo_symbolic.model.two_level import TwoLevel
from grpo_symbolic.surd import Surd
from grpo_symbolic.verify.claim import Claim

PI = symbols.pi
# Signs are looked for in so many bits and some more for each degree, or not found.
_BITS = 200
# Coefficients of more than so many members are not gone through.
_LARGEST = 4096


@dataclass(frozen=True, repr=False)
class Count(Argued):
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
def count(balance: Balance) -> Count:
    """The number of interior stationary policies for all parameters in range.

    Parameters
    ----------
    balance : Balance

    Notes
    -----
    The concave argument is new for finite groups; for pairs and large groups uniqueness is
    Vojnovic & Yun, arXiv 2502.18548, (14) and (15).
    """
    for argument in (_one_crossing, _turning_points, _mixed_force, _large_group):
        found = argument(balance)
        if found is not None:
            return found
    return Count(
        (),
        "no argument for all parameters at once applies; solutions() counts at given numbers",
    )


def _one_crossing(balance: Balance) -> Count | None:
    """One crossing of a force that rises and a drift of which enough is known."""
    rises, drift = balance.force.rises(), balance.drift
    if rises is None:
        return None
    arguments = [
        (
            drift.does_not_rise,
            "the penalty's force rises from -oo to oo in pi(a) and the drift does not rise",
        ),
        (
            drift.concave_hill,
            "times pi(a) pi(b) the force is a line, negative at 0 and positive at 1, and the drift "
            "a concave function that vanishes at both ends: they cross once, above pi_ref(a)",
        ),
        (
            drift.falls_per_share,
            "times pi(a) pi(b) the force is a line that vanishes at pi_ref(a), and the drift a "
            "positive function that vanishes at 1 and falls when it is divided by pi(a), so also "
            "by pi(a) - pi_ref(a), where that is positive: they cross once, above pi_ref(a)",
        ),
    ]
    if balance.force.line is None:
        del arguments[1:]
    if not balance.force.unbounded:
        del arguments[0]
    for shown, reason in arguments:
        claims = shown()
        if claims is not None:
            return Count((1,), reason, (*rises, *claims))
    return None


def _turning_points(balance: Balance) -> Count | None:
    """F turns at most as often as ψ = D′/force′ takes the value β."""
    group, rises = balance.group, balance.force.rises()
    if group is None or not group.plain or rises is None or balance.force.log_odds is None:
        return None  # force′ is one over pi(a) pi(b) for the direct KL alone
    offset = group.exact is None
    changes = _changes_at_every_offset(group.rule) if offset else _changes(group.exact)
    if changes is None:
        return None
    # psi is odd about 1/2 and not positive below it: half of the changes lie above.
    most = changes // 2 + 1
    possible = tuple(range(1, most + 2, 2))
    return Count(
        possible,
        f"the condition turns at most {most} times: psi = D'/force' is negative up to 1/2 and "
        f"turns at most {most - 1} time above it (sign changes of exact Bernstein coefficients"
        + (", whatever is added to the deviation)" if offset else ")"),
        rises,
    )


def _changes(drift: Bernstein) -> int | None:
    """Sign changes of the coefficients of ψ′; None where ψ is not odd, or positive before 1/2."""
    slope = drift.derivative()
    signs = slope.signs_of_differences(0)
    odd = all(not a + b for a, b in zip(slope.coefficients, slope.coefficients[::-1], strict=True))
    if not odd or any(sign > 0 for sign in signs[: len(signs) // 2]):
        return None
    return slope.times_x().derivative().variations()


def _changes_at_every_offset(rule: TwoLevel) -> int | None:
    """The same for a deviation with something added to it, for all that can be added at once.

    The coefficients of D are then 1/(s_k + δ), s_k = √(k(G − k)), but for a positive factor: they
    fall up to the middle. Times (s_{k−1} + δ)(s_k + δ)(s_{k+1} + δ), a coefficient of ψ′ is
    A_k + B_k δ. They are symmetric, and change sign twice at most where each of them that is
    positive, up to the middle, is followed by one that is so too.
    """
    if not (rule.adds_to_deviation and rule.size.is_Integer and rule.size <= _LARGEST):
        return None
    size = int(rule.size)
    last, s = size - 1, [Surd.root(k * (size - k)) for k in range(size + 1)]
    lines = []
    for k in range(1, last // 2 + 2):
        after = (s[k] - s[k + 1]) * fmpq(k * (last - k))
        before = (s[k - 1] - s[k]) * fmpq((k - 1) * (last - k + 1))
        lines.append((after * s[k - 1] - before * s[k + 1], after - before))
    return 2 if all(_stays_positive(*pair) for pair in pairwise(lines)) else None


def _stays_positive(line: tuple[Surd, Surd], other: tuple[Surd, Surd]) -> bool:
    """Whether A′ + B′δ > 0 at every δ ≥ 0 at which A + Bδ > 0."""
    (a, b), (c, d) = line, other
    signs, theirs = (a.sign(), b.sign()), (c.sign(), d.sign())
    if max(signs) <= 0:
        return True
    if signs[0] > 0 >= theirs[0]:
        return False
    if min(theirs) >= 0 and max(theirs) > 0:
        return True
    if min(signs) >= 0:
        return False
    # A + Bδ changes sign where δ = -A/B: the other one is positive on the same side of that.
    crossed = (b * c - a * d).sign()
    return theirs == signs and crossed * signs[1] >= 0


def _mixed_force(balance: Balance) -> Count | None:
    """F turns twice at most where the force is a mixture of those of both KLs.

    Times p²(1 − p)² its slope is c (1 − π_ref) p² + c π_ref (1 − p)² + e p (1 − p). Up to 1/2 the
    drift falls; above it F turns as often at most as the ratio of Bernstein coefficients of both
    slopes passes β, which is twice where the ratio rises first and falls then.
    """
    group, rises = balance.group, balance.force.rises()
    if group is None or not group.plain or group.exact is None or rises is None:
        return None
    if not (balance.force.plain and balance.force.penalty.mixes_both_kl):
        return None
    if group.exact.degree > _LARGEST or _changes(group.exact) is None:
        return None
    if not _rises_then_falls(group.exact.derivative()):
        return None
    return Count(
        (1, 3),
        "the condition falls up to 1/2, where the drift does, and turns at most twice above it: "
        "there the Bernstein coefficients of the drift's slope, over those of the force's, rise "
        "first and fall then, whatever pi_ref(a) and the shares of both KLs",
        rises,
    )


def _rises_then_falls(slope: Bernstein) -> bool:
    """Whether p²(1 − p)²·slope over w₁p² + w₂(1 − p)² + w₃p(1 − p) does on (1/2, 1), all w > 0.

    A step of the ratio of coefficients has the sign of w₁E₁ + w₂E₂ + w₃E₃: the ratio has to fall
    on after the first step at which it falls.
    """
    whole = slope.times_x().times_x()
    n, bits = whole.degree, _BITS + 4 * whole.degree
    with ctx.workprec(bits):
        # In 1 - p the part (1/2, 1) has the odds 0 to 1.
        above = whole.reflected.on_interval(arb(0), arb(1), bits)[::-1]
        # With p = (1 + s)/2 the coefficients of these three, but for one positive factor.
        below = (
            [n * (n - 1) + 2 * k * (n - 1) + k * (k - 1) for k in range(n + 1)],
            [(n - k) * (n - k - 1) for k in range(n + 1)],
            [n * (n - 1) - k * (k - 1) for k in range(n + 1)],
        )
        parts = []
        for row in below:
            pairs = zip(pairwise(above), pairwise(row), strict=True)
            parts.append([after * b - a * later for (a, after), (b, later) in pairs])
        return all(_goes_on(*steps) for steps in pairwise(zip(*parts, strict=True)))


def _goes_on(step: tuple[arb, ...], after: tuple[arb, ...]) -> bool:
    """Whether Σ w E, which is negative at a step, is not positive after it, whatever w > 0.

    What is negative must then grow at least as fast as all that is positive.
    """
    if all(e >= 0 for e in step) and any(e > 0 for e in step):
        return True
    if not all(e > 0 or e < 0 or e.is_zero() for e in step):
        return False
    positive = [pair for pair in zip(step, after, strict=True) if pair[0] > 0]
    others = [pair for pair in zip(step, after, strict=True) if not pair[0] > 0]
    return all(b <= 0 and all(b * x <= a * y for x, y in positive) for a, b in others)


def _large_group(balance: Balance) -> Count | None:
    """ψ rises through all values: one turning point, a minimum of F, which is ∞ at both ends."""
    group, rises = balance.group, balance.force.rises()
    if group is None or not group.plain or group.rule.size != oo or rises is None:
        return None
    slope, unit = diff(balance.force.expression, PI), balance.force.unit
    if slope.has(symbols.pi_ref):
        slope = tidy(slope, unit)
    if slope.has(symbols.pi_ref):
        return None
    psi = tidy(diff(balance.drift.expression, PI) / slope, unit)
    bend = signed_claim("psi rises", diff(psi, PI), unit, {Sign.POSITIVE})
    if bend is None:
        return None
    if _ends(balance.drift.expression, unit) != (oo, oo):
        return None  # the drift has to win against the force at both ends
    if _ends(balance.weight, unit) != (-oo, oo) or _ends(psi, unit) != (-oo, oo):
        return None
    return Count(
        (0, 2),
        "the condition falls, then rises, and is positive at both ends (psi = D'/force' rises "
        "through all values): none below the fold, two above it",
        (*rises, bend),
    )


def _ends(expr: Expr, unit: Domain) -> tuple[Expr, Expr]:
    """The limits at p → 0+ and p → 1−."""
    parameters = Domain(tuple(r for r in unit.ranges if r.symbol != PI))
    return tuple(limit_at(expr, PI, S(end), parameters, 1 - 2 * end) for end in (0, 1))
