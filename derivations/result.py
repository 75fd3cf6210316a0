"""Result: what one file of this folder says, and the evidence for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Eq, Expr
from sympy.core.relational import Relational

from derivations.headline import Headline
from grpo_symbolic.derivation import Derivation
from grpo_symbolic.domain import Domain
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.methods import prove
from grpo_symbolic.verify.recheck import portable
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["KINDS", "VY", "Outcome", "Result", "compared", "run", "telling"]

#: The paper whose equations most results re-derive.
VY = "Vojnovic & Yun (2025), arXiv 2502.18548"

#: What a result can be called in print.
KINDS = ("Theorem", "Proposition", "Corollary", "Definition", "Counterexample")


@dataclass(frozen=True)
class Result:
    """A result with its derivation and its claims.

    Attributes
    ----------
    title : str
        The result as a phrase.
    source : str
        Paper and equation, or "new".
    statement : str
        What is said beside the headlines, with what their names mean: prose with inline TeX that
        stands between them and the formulas.
    formulas : tuple of (left, right)
        The formulas that the computation ended with, for authors to paste.
    claims : tuple of Claim
        Published or expected statements, compared with what was derived.
    derivation : Derivation, optional
    domain : Domain
        The assumptions.
    headlines : tuple of Headline
        What is said, and for what: held against the claims when the result is made.
    setting : str
        What is assumed in words: the question, the groups and the penalty, with inline TeX.
    kind : str
        One of :data:`KINDS`.
    argument : str
        Why it is so, in prose with inline TeX: the beginning of the proof.
    figure : str, optional
        Name of a figure of the registry that shows it.
    references : tuple of str
        Keys of sources that ``source`` does not name by its arXiv number.
    intuition : str
        What it means, in two sentences of prose, read before the proof.
    checked_as : str or tuple of str
        The words of ``% grpo:`` with which ``check-paper`` reads its formulas, or each of them.
        Empty for what a check of stationary policies cannot express, such as definitions and
        series: those are listed as not checked.
    lines_checked_as : str, optional
        The same for every line of its derivation, which each stationary policy satisfies; None for
        the words of all formulas.
    """

    title: str
    source: str
    statement: str
    formulas: tuple[Relational, ...] = ()
    claims: tuple[Claim, ...] = ()
    derivation: Derivation | None = None
    domain: Domain = field(default_factory=Domain)
    headlines: tuple[Headline, ...] = ()
    setting: str = ""
    kind: str = "Theorem"
    argument: str = ""
    figure: str | None = None
    references: tuple[str, ...] = ()
    intuition: str = ""
    checked_as: str | tuple[str, ...] = ""
    lines_checked_as: str | None = None

    @property
    def lines_read_as(self) -> str:
        """The words before every line of the derivation; empty for none."""
        if self.lines_checked_as is not None:
            return self.lines_checked_as
        return self.checked_as if isinstance(self.checked_as, str) else ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        for headline in self.headlines:
            headline.hold_against(self.all_claims)

    @property
    def all_claims(self) -> tuple[Claim, ...]:
        """The lines of the derivation first, then the claims."""
        lines = () if self.derivation is None else self.derivation.claims
        return (*lines, *self.claims)

    @property
    def assumptions(self) -> Domain:
        if self.domain.ranges:
            return self.domain
        if self.derivation is not None:
            return self.derivation.domain
        found = Domain()
        for formula in self.formulas:
            found = found.extended(formula.rhs)
        return found


@dataclass(frozen=True)
class Outcome:
    """A result with the verdicts on its claims."""

    name: str
    result: Result
    verdicts: tuple[tuple[Claim, Verdict], ...]
    seconds: float

    @property
    def unexpected(self) -> tuple[tuple[Claim, Verdict], ...]:
        """Verdicts that are REFUTED or UNKNOWN without being declared so."""
        return tuple(
            (claim, verdict)
            for claim, verdict in self.verdicts
            if (
                verdict.status in (Status.REFUTED, Status.UNKNOWN)
                and verdict.status != claim.expected
            )
            or (
                claim.expected in (Status.REFUTED, Status.UNKNOWN)
                and verdict.status != claim.expected
            )
        )

    def verdict_of(self, headline: Headline) -> str:
        """The weakest verdict of the claims that a headline rests on."""
        needed = set(headline.claims_of(self.result.all_claims))
        return _weakest([v.status for c, v in self.verdicts if c in needed])

    @property
    def verdict(self) -> str:
        """One word for the result, and what was declared beside it."""
        kept = [v.status for c, v in self.verdicts if c.expected == Status.PROVED]
        word = _weakest(kept)
        declared = [v.status for c, v in self.verdicts if c.expected != Status.PROVED]
        for status in dict.fromkeys(declared):
            word += f" (+{declared.count(status)} {status.value})"
        return word


def _weakest(statuses: Sequence[Status]) -> str:
    order = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)
    return next((s.value for s in order if s in statuses), Status.UNKNOWN.value)


def run(name: str, build: Callable[[], Result]) -> Outcome:
    """Build a result and give every claim its verdict."""
    start = time.perf_counter()
    result = build()
    verdicts = tuple((claim, prove(claim)) for claim in result.all_claims)
    return Outcome(name, result, verdicts, time.perf_counter() - start)


def compared(name: str, derived: Expr, published: Expr, **about: Any) -> tuple[Claim, ...]:
    """That a derived form is the published one, unless they are one expression as it is.

    ``X == X`` is evidence of nothing: where both are one expression, what is to be shown is that
    it satisfies its definition, and other claims show that.
    """
    claim = Claim(name, derived, "==", published, **about)
    try:
        read = portable(claim)
    except ValueError:
        read = claim
    return () if read.left == read.right else (claim,)


def telling(claims: Iterable[Claim]) -> list[Claim]:
    """The claims without those that say of one expression that it is itself."""
    return [c for c in claims if c.left != c.right or c.relation not in ("==", ">=", "<=")]


def equation(left: Expr, right: Expr) -> Eq:
    """An equation kept as written."""
    return Eq(left, right, evaluate=False)
