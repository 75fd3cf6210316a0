"""Verdict: what is known of a claim, how, and with which evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Report", "Status", "Verdict"]


class Status(StrEnum):
    """The four answers; ``NUMERIC`` and ``UNKNOWN`` never count as proved."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    NUMERIC = "NUMERIC"
    UNKNOWN = "UNKNOWN"


# What a set of claims is worth together: its weakest member.
_WEAKEST_FIRST = (Status.REFUTED, Status.UNKNOWN, Status.NUMERIC, Status.PROVED)


@dataclass(frozen=True)
class Verdict:
    """A verdict with its method and its evidence.

    Parameters
    ----------
    status : Status
    method : str
        Name of the method that decided.
    detail : str
        One sentence for a reader.
    evidence : dict
        The certificate or the counterexample, as plain data.
    """

    status: Status
    method: str
    detail: str
    evidence: dict[str, object] = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("a verdict is not a truth value: compare its .status with Status.PROVED")

    def __str__(self) -> str:
        return f"{self.status} by {self.method}: {self.detail}"


@dataclass(frozen=True)
class Report:
    """Verdicts of several claims, in order."""

    entries: tuple[tuple[str, Verdict], ...]

    @property
    def status(self) -> Status:
        """The weakest status of all entries; an empty report is UNKNOWN."""
        found = {verdict.status for _, verdict in self.entries}
        return next((s for s in _WEAKEST_FIRST if s in found), Status.UNKNOWN)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(verdict for _, verdict in self.entries)

    def __iter__(self) -> Iterator[tuple[str, Verdict]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __bool__(self) -> bool:
        raise TypeError("a report is not a truth value: compare its .status with Status.PROVED")

    def __str__(self) -> str:
        width = max((len(v.status) for _, v in self.entries), default=0)
        return "\n".join(
            f"{v.status:<{width}}  {name}\n{'':<{width}}  by {v.method}: {v.detail}"
            for name, v in self.entries
        )
