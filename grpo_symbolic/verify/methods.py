"""All methods in order of cost, and how they are put to a claim."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from sympy import Function, I
from sympy.core.function import AppliedUndef

from grpo_symbolic.elementary import KNOWN
from grpo_symbolic.progress import tracked
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.identity import ExactIdentity
from grpo_symbolic.verify.limits import PATIENCE, unmetered
from grpo_symbolic.verify.method import EngineStopped, Method
from grpo_symbolic.verify.orthant import OrthantSign
from grpo_symbolic.verify.verdict import Report, Status, Verdict
from grpo_symbolic.work import Budget, Exhausted, limited

#: For all methods on one claim.
STEPS = 7_000_000
#: For all claims of a report, but for those whose normal form ends by itself.
REPORT = 7_000_000
#: For one divisor, radicand or argument of a logarithm.
_NEEDS = 2_000_000
#: What follows for a sum of positive terms.
_POSITIVE = (">", ">=", "!=")
#: They end by themselves on a small claim, and need none of the others.
_QUICK: tuple[Method, ...] = (ExactIdentity(), OrthantSign())

METHODS: tuple[Method, ...]


@cache
def _methods() -> tuple[Method, ...]:
    """Cheap ones first; sampling comes before the solvers, which need not try what is false."""
    from grpo_symbolic.verify.ball_boxes import BallBoxes
    from grpo_symbolic.verify.ball_numbers import BallNumbers
    from grpo_symbolic.verify.bernstein_theorem import BernsteinTheorem
    from grpo_symbolic.verify.end_and_slope import EndAndSlope
    from grpo_symbolic.verify.linear_certificate import LinearCertificate
    from grpo_symbolic.verify.real_algebra import ENGINES, RealAlgebra
    from grpo_symbolic.verify.sampling import RationalSampling
    from grpo_symbolic.verify.whole_numbers import WholeNumbers

    return (
        *_QUICK,
        BernsteinTheorem(),
        RationalSampling(),
        BallNumbers(),
        EndAndSlope(),
        WholeNumbers(),
        LinearCertificate(),
        *(RealAlgebra(engine) for engine in ENGINES),
        BallBoxes(),
    )


def __getattr__(name: str) -> Any:
    if name != "METHODS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _methods()


def prove(claim: Claim, *, steps: int = STEPS) -> Verdict:
    """The first decisive verdict on ``claim``.

    PROVED and REFUTED are decisive; a NUMERIC check is kept in case nothing stronger follows, with
    what was tried besides.

    Source: new; verdicts carry what they rest on.

    Parameters
    ----------
    claim : Claim
    steps : int
        The work of all methods together. Each has a limit of its own besides; both count
        operations, so that a verdict is the same on every machine.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> prove(Claim("odds grow", s.pi / (1 - s.pi), ">", s.pi)).status.value
    'PROVED'
    """
    return _within(claim, steps, Budget(steps))


def _within(claim: Claim, steps: int, budget: Budget) -> Verdict:
    """The verdict with so many steps, as far as they are left in a budget."""
    found: list[Verdict] = []
    tried: list[str] = []
    # A normal form of so little ends by itself, and the meter would double its cost.
    for method in _QUICK if unmetered(claim.left, claim.right, steps, STEPS) else ():
        verdict = method.attempt(claim)
        if verdict is not None and (decided := _defined(claim, verdict)) is not None:
            return decided
    shared = budget.left < steps
    try:
        limited(_decide, claim, found, tried, steps=steps, budget=budget)
    except Exhausted:
        whose = f"{REPORT:,} steps for all claims" if shared else f"{steps:,} steps for all methods"
        tried.append(f"the limit of {whose} together")
    if not found:
        return Verdict(Status.UNKNOWN, "none", "undecided after " + ", ".join(tried))
    last = found[-1]
    if last.status is Status.REFUTED:
        from grpo_symbolic.verify.sampling import shortened

        return shortened(claim, last)
    if last.status is not Status.NUMERIC:
        return last
    return replace(last, evidence={**last.evidence, "tried": tried})


def settle(
    claim: Claim, *, routes: int = 2, beside: Callable[[Verdict], bool] | None = None
) -> tuple[Verdict, ...]:
    """Verdicts of the methods, until ``routes`` families of them have decided.

    ``beside`` says of a verdict whether its statement is decided in one more way, outside the
    methods, which then counts as a family.

    Two families that agree are independent routes; more of them settle nothing that is not
    settled. An identity certificate is not counted beside a solver: whether its system is that of
    the claim is not seen here. What is proved is put to samples only if nothing else is left.
    """
    from grpo_symbolic.verify.linear_certificate import LinearCertificate
    from grpo_symbolic.verify.polynomial_system import POLYNOMIAL_SYSTEM
    from grpo_symbolic.verify.sampling import RationalSampling

    found: list[Verdict] = []
    families: set[str] = set()
    left = list(_methods())
    while left and len(families) < routes:
        method = left.pop(0)
        samples = isinstance(method, RationalSampling)
        if families and samples and left:
            left.append(method)
            continue
        reached = _reached(method, claim, [], PATIENCE[samples] * method.steps)
        verdict = None if reached is None else _defined(claim, reached)
        if verdict is None:
            continue
        found.append(verdict)
        if verdict.status is not Status.NUMERIC:
            encoded = isinstance(method, LinearCertificate)
            families.add(POLYNOMIAL_SYSTEM if encoded else method.family)
            if beside is not None and beside(verdict):
                families.add("beside")
    return tuple(found)


def _decide(claim: Claim, found: list[Verdict], tried: list[str]) -> None:
    """Verdicts up to the first decisive one; both lists keep what they have if this is stopped."""
    from grpo_symbolic.verify.sampling import RationalSampling

    partly = False  # it holds where both sides are defined: of what is left only samples tell more
    for method in _methods():
        if partly and not isinstance(method, RationalSampling):
            continue
        reached = _reached(method, claim, tried, method.steps)
        if reached is None:
            continue
        verdict = _defined(claim, reached)
        if verdict is None:
            tried.append(f"{method.name} (it holds where both sides are defined)")
            partly = True
            continue
        found.append(verdict)
        if verdict.status is not Status.NUMERIC:
            return


def _reached(method: Method, claim: Claim, tried: list[str], steps: int) -> Verdict | None:
    """What a method says where both sides are defined; a line in the list where it says nothing."""
    if method.missing():
        tried.append(f"{method.name} (not installed: {method.missing()})")
        return None
    try:
        verdict = limited(method.attempt, claim, steps=steps)
    except Exhausted:
        tried.append(f"{method.name} (did not end within {steps:,} steps)")
        return None
    except EngineStopped as stopped:
        tried.append(f"{method.name} ({stopped})")
        return None
    numeric = verdict is not None and verdict.status is Status.NUMERIC
    if numeric and any(side.has(I) for side in (claim.left, claim.right)):
        # A sample at which such a side happens to be a real number says nothing of the others.
        tried.append(f"{method.name} (a side has the imaginary unit, and claims are real)")
        return None
    if verdict is None:
        tried.append(method.name)
    return verdict


def _defined(claim: Claim, verdict: Verdict) -> Verdict | None:
    """PROVED stands only if both sides are proved to be real numbers wherever it is claimed.

    REFUTED by a point at which one of them is none; None where neither is shown.
    """
    if verdict.status is not Status.PROVED or claim.defined or needs_hold(claim):
        return verdict
    from grpo_symbolic.verify.sampling import SAMPLES, SEED, undefined

    for point in claim.domain.samples(SAMPLES, seed=SEED):
        if claim.undefined_at(point):
            return undefined(claim, point)
    return None


def needs_hold(claim: Claim) -> bool:
    """Whether each divisor, radicand and the like is proved to be what it has to be.

    Of a function that is not known nothing is, unless it is only named, as a real one.
    """
    sides = (claim.left, claim.right)
    functions = {f for side in sides for f in side.atoms(Function)}
    named = {f for f in functions if isinstance(f, AppliedUndef) and f.is_real}
    if any(side.has(I) for side in sides) or {type(f).__name__ for f in functions - named} - KNOWN:
        return False
    from grpo_symbolic.verify.definedness import needs_of

    needs = [n for side in sides for n in needs_of(side, claim.domain)]
    return all(map(_holds, dict.fromkeys(needs)))


@lru_cache(maxsize=1024)
def _holds(need: Claim) -> bool:
    """Whether a need is proved: the claims of a report have the same ones."""
    from grpo_symbolic.verify.definedness import factors_of

    factors = factors_of(need.left) if need.left.is_Add and need.relation in _POSITIVE else None
    if factors is not None and need.right.is_zero:
        parts = (replace(need, name=str(f), left=f, relation=">") for f in factors)
        if all(map(_holds, parts)):
            return True
    found: list[Verdict] = []
    with suppress(Exhausted):
        limited(_decide, need, found, [], steps=_NEEDS)
    return bool(found) and found[-1].status is Status.PROVED


def prove_all(claims: tuple[Claim, ...]) -> Report:
    """A report with one verdict for each claim, from one budget of work."""
    entries, budget = tracked(claims, label="proving", unit="claim"), Budget(REPORT)
    return Report.of((claim.title, _within(claim, STEPS, budget)) for claim in entries)
