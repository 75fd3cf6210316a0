"""``python -m tests.checking.papers``: every formula of these papers, the slow ones too."""

from __future__ import annotations

import sys

import grpo_symbolic as gs
from tests.checking.papers import ERRORS, SOURCE, planted
from tests.checking.test_check_paper import by_ledger


def main() -> int:
    wrong = [f"{f.line}: {f.word}, not {e}" for f, e in by_ledger(gs.check_paper(SOURCE))
             if f.word != e]  # fmt: skip
    for paper in ERRORS:
        found = [formula.line for formula in gs.check_paper(paper).refuted]
        wrong += [f"{paper.name}: {found}, not {planted(paper)}"] * (found != planted(paper))
    print("\n".join(wrong) or f"{SOURCE.name} and {len(ERRORS)} papers with an error: all found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
