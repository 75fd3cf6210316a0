"""Electorates that broke axioms when they were looked for, and how far was looked before them.

They are where :func:`.satisfies` begins, no evidence: what is said of an electorate is computed at
each call. That nothing smaller breaks the axiom was computed once, by ``python -m
tests.aggregation``, which writes the file; tests repeat it where it takes seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from grpo_symbolic.aggregation.cases import Profile
from grpo_symbolic.aggregation.order import Size
from grpo_symbolic.aggregation.search import Searched

FILE = Path(__file__).with_name("witnesses.json")
_COUNTS = ("electorates", "cases", "size", "uncertain", "missing", "further", "stopped")


@dataclass(frozen=True)
class Kept:
    """An electorate that breaks an axiom.

    Attributes
    ----------
    profile : Profile
    at : Size or None
        None where masses that are no whole numbers go with it.
    before : dict
        Fields of :class:`Searched`: what was looked at before it.
    """

    profile: Profile
    at: Size | None
    before: dict[str, int]

    @classmethod
    def of(cls, rule: str, axiom: str) -> Kept | None:
        """That of a rule and an axiom."""
        found = _read().get(rule, {}).get(axiom)
        if found is None:
            return None
        raters = [rater.split(":") for rater in found["raters"].split(";")]
        profile = tuple((tuple(map(int, row.split(","))), int(m)) for m, row in raters)
        at = Size(*found["at"]) if found["at"] else None
        return cls(profile, at, dict(zip(_COUNTS, found["before"], strict=True)))

    @classmethod
    def found(cls, report: Searched) -> Kept:
        """What a search found."""
        assert report.witness is not None  # asked where something was found
        return cls(report.witness, report.at, cls.counts(report))

    @staticmethod
    def counts(report: Searched) -> dict[str, int]:
        """How far a search went."""
        return {name: getattr(report, name) for name in _COUNTS}

    def data(self) -> dict[str, Any]:
        """As it stands in the file, raters as they are written at the command line."""
        rows = "; ".join(f"{m}: {','.join(map(str, row))}" for row, m in self.profile)
        at = self.at and [self.at.answers, self.at.raters, self.at.reward]
        return {"raters": rows, "at": at, "before": list(self.before.values())}

    def behind(self, found: Searched) -> Searched:
        """What was found at the electorate alone, after what was looked at before."""
        return replace(found, at=self.at, **self.before)  # type: ignore[arg-type]


@cache
def _read() -> dict[str, dict[str, dict[str, Any]]]:
    return json.loads(FILE.read_text(encoding="utf-8"))
