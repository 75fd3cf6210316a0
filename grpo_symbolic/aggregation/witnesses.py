"""Electorates that broke axioms when they were looked for: where a search begins, no evidence.

They come from searches, some of them by hand, and need not be the smallest of their kind.
``satisfies(rule, axiom, raters)`` searches again; what it meets first is ``searched.witness``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from grpo_symbolic.aggregation.cases import Profile

__all__ = ["known_witness"]

_FILE = Path(__file__).with_name("witnesses.json")


@cache
def _known() -> dict[str, dict[str, str]]:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def known_witness(rule: str, axiom: str) -> Profile | None:
    """The profile kept for a rule and an axiom."""
    text = _known().get(rule, {}).get(axiom)
    return None if text is None else _read(text)


def _read(text: str) -> Profile:
    raters = (rater.split(":") for rater in text.split(";"))
    return tuple((tuple(map(int, row.split(","))), int(m)) for m, row in raters)
