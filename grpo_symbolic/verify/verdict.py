"""Verdict: what is known of a claim, how, and with which evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from grpo_symbolic.display import Html, badge, cut, grid, math, plural, record


class Status(StrEnum):
    """The four answers; ``NUMERIC`` and ``UNKNOWN`` never count as proved.

    Source: new.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> [status.value for status in gs.Status]
    ['PROVED', 'REFUTED', 'NUMERIC', 'UNKNOWN']
    """

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    NUMERIC = "NUMERIC"
    UNKNOWN = "UNKNOWN"


# What a set of claims is worth together: its weakest member.
WEAKEST_FIRST = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)


@dataclass(frozen=True, repr=False)
class Verdict:
    """A verdict with its method and its evidence.

    Source: new.

    Parameters
    ----------
    status : Status
    method : str
        Name of the method that decided.
    detail : str
        One sentence for a reader.
    evidence : dict
        The certificate or the counterexample, as plain data.
    claim : str
        The claim it is about, once it stands in a report.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> x = gs.symbols.pi
    >>> verdict = gs.prove(gs.Claim("a bound", x**2, "<", x, gs.Domain.of(x)))
    >>> str(verdict.status)
    'PROVED'
    """

    status: Status
    method: str
    detail: str
    evidence: dict[str, object] = field(default_factory=dict)
    claim: str = ""

    @property
    def counterexample(self) -> object:
        """The point at which a refuted claim fails, else None."""
        return self.evidence.get("counterexample")

    def __bool__(self) -> bool:
        raise TypeError("a verdict is not a truth value: compare its .status with Status.PROVED")

    def __str__(self) -> str:
        return f"{self.status} by {self.method}: {self.detail}"

    def __repr__(self) -> str:
        return f"Verdict({cut(str(self), _READ)})"

    def _repr_html_(self) -> Html:
        rows = [
            ("claim", self.claim),
            ("status", badge(self.status)),
            ("method", self.method),
            ("detail", self.detail),
            *(_shown(str(name), str(value)) for name, value in self.evidence.items()),
        ]
        return record("Verdict", rows)


# The TeX of a longer identity is not read, and of a longer text the beginning.
_TYPESET, _READ = 1500, 240


def _shown(name: str, value: str) -> tuple[str, str]:
    """An entry of the evidence for reading: coordinates of the orthant and roots by short names."""
    if name == "latex" and len(value) < _TYPESET:
        return name, math(re.sub(r"\broot_\{(\d+)\}", r"\\varrho_{\1}", value))
    plain = re.sub(r"\b_t_(?=\w)", "t_", re.sub(r"\b_sqrt(?=\d)", "root_", value))
    if plain != value:
        name = f"{name}, in t_x > 0 for the place of x in its range, and square roots"
    return name, cut(plain, _READ)


@dataclass(frozen=True, repr=False)
class Report:
    """Verdicts of several claims, in order.

    Source: new.

    Examples
    --------
    >>> import grpo_symbolic as gs
    >>> report = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion()).verify()
    >>> report
    Report(15 claims: 14 PROVED, 1 NUMERIC)
    >>> str(report.status)
    'NUMERIC'
    """

    verdicts: tuple[Verdict, ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Verdict]]) -> Report:
        """A report from pairs of a claim's name and its verdict."""
        return cls(tuple(replace(verdict, claim=name) for name, verdict in entries))

    @property
    def status(self) -> Status:
        """The weakest status of all verdicts; an empty report is UNKNOWN."""
        found = {verdict.status for verdict in self.verdicts}
        return next((s for s in WEAKEST_FIRST if s in found), Status.UNKNOWN)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def __bool__(self) -> bool:
        raise TypeError("a report is not a truth value: compare its .status with Status.PROVED")

    def __str__(self) -> str:
        width = max((len(v.status) for v in self.verdicts), default=0)
        return "\n".join(
            f"{v.status:<{width}}  {v.claim}\n{'':<{width}}  by {v.method}: {v.detail}"
            for v in self.verdicts
        )

    def __repr__(self) -> str:
        counts = {s: sum(v.status == s for v in self.verdicts) for s in Status}
        shown = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return f"Report({plural(len(self), 'claim')}{': ' if shown else ''}{shown})"

    def _repr_html_(self) -> Html:
        rows = ((badge(v.status), v.claim, f"{v.method}: {v.detail}") for v in self.verdicts)
        return grid(repr(self), ("verdict", "claim", "evidence"), rows)
