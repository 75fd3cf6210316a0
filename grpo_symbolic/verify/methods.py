"""All methods in order of cost, and how they are put to a claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Rational

from grpo_symbolic.bounded import Exhausted, bounded
from grpo_symbolic.progress import tracked
from grpo_symbolic.verify.ball_boxes import BallBoxes
from grpo_symbolic.verify.ball_numbers import BallNumbers
from grpo_symbolic.verify.bernstein_theorem import BernsteinTheorem
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.identity import ExactIdentity
from grpo_symbolic.verify.linear_certificate import LinearCertificate
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.orthant import OrthantSign
from grpo_symbolic.verify.real_algebra import ENGINES, RealAlgebra
from grpo_symbolic.verify.sampling import RationalSampling, refuted_at
from grpo_symbolic.verify.verdict import Report, Status, Verdict

__all__ = ["METHODS", "prove", "prove_all", "settle"]

SECONDS = 20.0

#: Cheap ones first; sampling comes before the solvers, which need not try what is false.
METHODS: tuple[Method, ...] = (
    ExactIdentity(),
    OrthantSign(),
    BernsteinTheorem(),
    RationalSampling(),
    BallNumbers(),
    LinearCertificate(),
    *(RealAlgebra(engine) for engine in ENGINES),
    BallBoxes(),
)


def prove(claim: Claim, seconds: float = SECONDS) -> Verdict:
    """The first decisive verdict on ``claim``; each method has ``seconds`` at most.

    PROVED and REFUTED are decisive; NUMERIC checks are kept in case nothing stronger follows,
    under the name of the last of them and with the evidence of all.

    Examples
    --------
    >>> from grpo_symbolic import symbols as s
    >>> prove(Claim("odds grow", s.pi / (1 - s.pi), ">", s.pi)).status.value
    'PROVED'
    """
    kept: Verdict | None = None
    tried: list[str] = []
    for verdict in _verdicts(claim, seconds, tried):
        if verdict.status in (Status.PROVED, Status.REFUTED):
            return verdict
        earlier = {} if kept is None else kept.evidence
        kept = replace(verdict, evidence={**earlier, **verdict.evidence})
    if kept is None:
        return Verdict(Status.UNKNOWN, "none", "undecided after " + ", ".join(tried))
    return replace(kept, evidence={**kept.evidence, "tried": tried})


def settle(claim: Claim, seconds: float = SECONDS) -> tuple[Verdict, ...]:
    """Every verdict that any method reaches: two families that agree are independent routes."""
    return tuple(_verdicts(claim, seconds, []))


def _verdicts(claim: Claim, seconds: float, tried: list[str]) -> Iterator[Verdict]:
    for method in METHODS:
        if method.missing():
            tried.append(f"{method.name} (not installed: {method.missing()})")
            continue
        try:
            verdict = bounded(method.attempt, claim, seconds=seconds)
        except Exhausted:
            tried.append(f"{method.name} (did not end within {seconds:g} s)")
            continue
        if verdict is None and isinstance(method, RealAlgebra):
            verdict = _counterexample(method, claim)
        if verdict is not None:
            yield verdict
        else:
            tried.append(method.name)


def _counterexample(method: RealAlgebra, claim: Claim) -> Verdict | None:
    """A solver's model, taken as rational numbers and checked exactly."""
    model = method.model(claim)
    try:
        point = {s: Rational(model[s.name]) for s in claim.domain.symbols}
    except (KeyError, ValueError, TypeError):
        return None
    if any(s.is_integer and not v.is_Integer for s, v in point.items()):
        return None
    return refuted_at(claim, point) if claim.domain.contains(point) else None


def prove_all(claims: tuple[Claim, ...]) -> Report:
    """A report with one verdict for each claim."""
    entries = tracked(claims, label="proving", unit="claim")
    return Report.of((claim.name, prove(claim)) for claim in entries)
