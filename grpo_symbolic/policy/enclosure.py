"""Stationary policies as balls, each proved to contain exactly one.

Two answers: the condition is a function of the log-odds of π(a). It has opposite signs at the
ends of the interval and a slope of one sign on it. More answers: the Krawczyk operator maps a
box of relative logits into its interior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import mpmath as mp
from flint import arb, ctx
from sympy import Add, Expr, Symbol

from grpo_symbolic import symbols
from grpo_symbolic.display import lines
from grpo_symbolic.enclosures.conversion import Undecided, exact_ball, middle, rational_ball
from grpo_symbolic.enclosures.zeros import has_one_zero
from grpo_symbolic.model.algorithm import Algorithm
from grpo_symbolic.question import Question
from grpo_symbolic.solve.scalar import ScalarField
from grpo_symbolic.solve.solutions import NumericSolution, Solutions, Stability
from grpo_symbolic.stationarity import StationarityCondition, stationarity_condition

#: One ball an answer.
Balls: TypeAlias = tuple[arb, ...]
# Digits of a ball that are written out.
_SHOWN = 18
# Digits beyond those asked for.
_SPARE = 30
_MANY_ZEROS = 20
_WIDER = (0, 12, 24)


@dataclass(frozen=True, repr=False)
class Enclosure:
    """Stationary policies at one choice of parameters, in balls.

    Source: balls as in F. Johansson, IEEE Trans. Comput. 66 (2017) 1281-1292. Policies are
    probabilities.

    Attributes
    ----------
    policies : tuple of tuples of arb
        One ball an answer. Each entry contains exactly one stationary policy, and no two contain
        the same one.
    stability : tuple of Stability or None
        Under the policy-gradient flow; None where it is not known.
    complete : bool
        Whether it is proved that there are no others inside the simplex.
    reason : str
        What the number rests on, or why it is not proved.
    digits : int
        Digits asked for.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    >>> ball = policy.enclose(beta="1/2", pi_ref="1/4", digits=30)
    >>> print(str(ball).splitlines()[1].strip())
    0.683012701892219323… ± 2e-51: attracting
    """

    policies: tuple[Balls, ...]
    stability: tuple[Stability | None, ...]
    complete: bool
    reason: str
    digits: int

    @property
    def count(self) -> int:
        """How many stationary policies there are."""
        return len(self.policies)

    @property
    def status(self) -> str:
        """The count, and how it is proved."""
        noun = "policy" if self.count == 1 else "policies"
        return f"{self.count} stationary {noun} enclosed; {self.reason}"

    def __len__(self) -> int:
        return self.count

    def floats(self) -> tuple[tuple[float, ...], ...]:
        """The middles of all balls."""
        return tuple(tuple(float(p.mid()) for p in policy) for policy in self.policies)

    def __float__(self) -> float:
        """π of the first answer.

        Raises
        ------
        ValueError
            Unless there is one policy.
        """
        if self.count != 1:
            raise ValueError(f"a float needs one stationary policy, there are {self.count}")
        return self.floats()[0][0]

    def decimals(self, digits: int | None = None) -> tuple[tuple[str, ...], ...]:
        """Decimals of the middles, one tuple a policy."""
        wanted = self.digits if digits is None else digits
        return tuple(tuple(_decimal(p, wanted) for p in policy) for policy in self.policies)

    def __repr__(self) -> str:
        return lines(f"Enclosure: {self.status}", self._rows(), most=6)

    def __str__(self) -> str:
        return "\n".join([self.status, *(f"  {row}" for row in self._rows())])

    def _rows(self) -> list[str]:
        rows = []
        for policy, kind in zip(self.policies, self.stability, strict=True):
            shown = [_shown(p) for p in (policy if len(policy) > 2 else policy[:1])]
            more = ["..."] if len(shown) > 5 else []
            rows.append(", ".join([*shown[:5], *more]) + (f": {kind}" if kind else ""))
        return rows


def _decimal(value: arb, digits: int) -> str:
    with mp.workdps(digits + 10):
        return mp.nstr(middle(value), digits, strip_zeros=False, min_fixed=-6, max_fixed=30)


def _shown(value: arb) -> str:
    if value.is_exact():
        text = _decimal(value, 30)
        return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    with mp.workdps(30):
        radius = mp.nstr(middle(value.rad()), 1, min_fixed=1, max_fixed=0).replace(".0e", "e")
    return f"{_decimal(value, _SHOWN)}\u2026 \u00b1 {radius}"


class Solved(Protocol):
    """What is asked of a policy."""

    algorithm: Algorithm
    question: Question

    @property
    def condition(self) -> StationarityCondition: ...

    def solutions_at(self, point: Mapping[Symbol, Expr], digits: int) -> Solutions: ...


class SolvedOfMany(Solved, Protocol):
    """What is asked of a policy of many answers."""

    def as_binary(
        self, question: Question, point: Mapping[Symbol, Expr]
    ) -> tuple[Solved, tuple[int, int]]: ...


def enclosed_binary(policy: Solved, point: Mapping[Symbol, Expr], digits: int) -> Enclosure:
    """Balls (π(a), π(b)) of a binary policy at exact numbers."""
    # Next to a vertex the slope of F has to be told from terms of the size of π(a) itself.
    tiny = _places_of_zero(policy.solutions_at(point, digits + _SPARE))
    with mp.workdps(digits + _SPARE + tiny):
        solved = policy.solutions_at(point, digits + _SPARE + tiny)
        field = ScalarField(policy.condition, point)
        found = [_pair(field, point, s, digits + tiny) for s in solved]
    return _collected(solved, found, digits)


def _places_of_zero(solved: Solutions) -> int:
    """Decimal zeros of the smallest probability inside the simplex, if there are many."""
    inside = [p for s in solved for p in s.policy if p > 0]
    places = max([0, *(int(-mp.log10(p)) for p in inside)])
    return places if places > _MANY_ZEROS else 0


def enclosed_simplex(policy: SolvedOfMany, point: Mapping[Symbol, Expr], digits: int) -> Enclosure:
    """Balls of all answers of a policy of many answers, at exact numbers."""
    reference = tuple(r.xreplace(point) for r in policy.question.reference)
    monotone = policy.algorithm.penalty.monotone
    classes = policy.question.classes
    if not monotone:
        classes = tuple((o,) for o in range(len(reference)))
    masses = tuple(Add(*(reference[o] for o in c)) for c in classes)
    if len(classes) == 1:
        alike = tuple(rational_ball(r) for r in reference)
        reason = "all answers are alike, so the policy stays at the reference"
        return Enclosure((alike,), (Stability.ATTRACTING,), True, reason, digits)
    question = policy.question.lumped() if monotone else policy.question
    from grpo_symbolic.solve.level_search import level_search

    search = level_search(policy.algorithm, question, point, masses, digits)
    if search is not None:
        proved, how, complete = search.run()
        with ctx.workprec(4 * digits + 64):
            wholes = [None if p.balls is None else _spread(p.balls, classes, reference, masses)
                      for p in proved]  # fmt: skip
        solved = Solutions(tuple(p.solution for p in proved), how, complete)
        return _collected(solved, wholes, digits)
    if len(classes) == 2 and monotone:
        binary, places = policy.as_binary(question, point)
        pair = enclosed_binary(binary, {**point, symbols.pi_ref: masses[places[0]]}, digits)
        wholes = [tuple(p[places.index(k)] for k in (0, 1)) for p in pair.policies]
        spread = tuple(_spread(w, classes, reference, masses) for w in wholes)
        return Enclosure(spread, pair.stability, pair.complete, pair.reason, digits)
    from grpo_symbolic.solve.simplex_field import SimplexField

    solved = policy.solutions_at(point, digits + 10)
    with mp.workdps(digits + _SPARE):
        lumped = [tuple(mp.fsum(s.policy[o] for o in c) for c in classes) for s in solved]
        bits = 2 * int(mp.mp.prec) + 2 * max([0, *(-mp.mag(min(p)) for p in lumped)])
        condition = stationarity_condition(policy.algorithm, question)
        at = {**point, **dict(zip(question.reference[:-1], masses, strict=False))}
        field = SimplexField(condition, at)
        found: list[Balls | None] = []
        with ctx.workprec(bits):
            for place in lumped:
                balls = field.enclosed(place, digits)
                found.append(None if balls is None else _spread(balls, classes, reference, masses))
    return _collected(solved, found, digits)


def _collected(solved: Solutions, found: Sequence[Balls | None], digits: int) -> Enclosure:
    kept: list[tuple[Balls, Stability]] = []
    for balls, solution in zip(found, solved, strict=True):
        if balls is not None and not any(_meet(balls, other) for other, _ in kept):
            kept.append((balls, solution.stability))
    left_out = len(solved) - len(kept)
    reason = solved.status
    if left_out:
        reason += f"; {left_out} found by numbers only could not be enclosed and left out"
    return Enclosure(
        tuple(balls for balls, _ in kept),
        tuple(kind for _, kind in kept),
        solved.complete and not left_out,
        reason,
        digits,
    )


def _meet(first: Balls, second: Balls) -> bool:
    return all(a.overlaps(b) for a, b in zip(first, second, strict=True))


# -- two answers ---------------------------------------------------------------------------


def _pair(
    field: ScalarField, point: Mapping[Symbol, Expr], solution: NumericSolution, digits: int
) -> Balls | None:
    first, second = solution.policy
    if 0 in (first, second):
        return arb(int(first)), arb(int(second))
    if solution.interval is None:
        # The reference itself, where no answer is preferred.
        reference = point[symbols.pi_ref]
        return rational_ball(reference), rational_ball(1 - reference)
    center = mp.log(first / second)
    for wider in _WIDER:
        reach = mp.mpf(10) ** (wider - digits - 20) * max(1, abs(center))
        with ctx.workprec(2 * int(mp.mp.prec) + 64):
            ends = exact_ball(center - reach), exact_ball(center + reach)
            try:
                if not has_one_zero(field.enclosure, *ends):
                    continue
            except Undecided:
                continue
            x = ends[0].union(ends[1])
            return 1 / (1 + (-x).exp()), 1 / (1 + x.exp())
    return None


# -- many answers ------------------------------------------------------------------------------


def _spread(
    masses: Sequence[arb],
    classes: Sequence[Sequence[int]],
    reference: Sequence[Expr],
    wholes: Sequence[Expr],
) -> Balls:
    """Class masses given to their answers in proportion to the reference."""
    found = [arb(0)] * len(reference)
    with ctx.workprec(max(ctx.prec, 64 + max(_accuracy(p) for p in masses))):
        for mass, members, whole in zip(masses, classes, wholes, strict=True):
            for o in members:
                found[o] = mass if len(members) == 1 else mass * rational_ball(reference[o] / whole)
    return tuple(found)


def _accuracy(value: arb) -> int:
    return 0 if value.is_exact() else int(value.rel_accuracy_bits())
