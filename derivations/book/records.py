"""formulas.json: the formulas and verdicts of a run for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sympy import sstr

from derivations.book.names import NOTATION
from derivations.book.references import keys_of
from derivations.entry import plain
from derivations.result import Outcome
from grpo_symbolic.export.latex import Notation, formula

__all__ = ["write_json"]


def write_json(
    outcomes: Sequence[Outcome],
    directory: Path,
    notation: Notation | None = None,
    name: str = "derivations",
) -> Path:
    """Write ``formulas.json``, of a selection ``NAME.json``: a list with one entry a result."""
    path = directory / ("formulas.json" if name == "derivations" else f"{name}.json")
    entries = [_entry(outcome, notation) for outcome in outcomes]
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    return path


def _entry(outcome: Outcome, notation: Notation | None) -> dict[str, object]:
    result = outcome.result
    shown = [formula(e, NOTATION) for e in result.formulas]
    if notation is not None:
        shown = [notation.rewritten(text) for text in shown]
    return {
        "name": outcome.name,
        "title": result.title,
        "kind": result.kind,
        "source": result.source,
        "references": list(keys_of(result.source, result.references)),
        "headlines": [
            {
                "for": plain(headline.quantifiers),
                "conclusion": headline.conclusion,
                "rests_on": [c.name for c in headline.claims_of(result.all_claims)],
                "by": [used.lemma.name for used in headline.by],
                "uses": list(headline.uses),
                "verdict": outcome.verdict_of(headline),
            }
            for headline in result.headlines
        ],
        "setting": result.setting,
        "statement": result.statement,
        "argument": result.argument,
        "assumptions": str(result.assumptions),
        "latex": shown,
        "sympy": [f"Eq({sstr(e.lhs)}, {sstr(e.rhs)})" for e in result.formulas],
        "verdict": outcome.verdict,
        "seconds": round(outcome.seconds, 3),
        "verdicts": [
            {
                "claim": claim.name,
                "statement": f"{sstr(claim.left)} {claim.relation} {sstr(claim.right)}",
                "range": str(claim.domain),
                "where_defined": claim.where_defined,
                "source": claim.source,
                "expected": claim.expected,
                "verdict": verdict.status.value,
                "method": verdict.method,
                "detail": verdict.detail,
                "evidence": verdict.evidence,
            }
            for claim, verdict in outcome.verdicts
        ],
    }
