"""``python -m tests.checking``: every claim of known truth, and what `check` says of it."""

from __future__ import annotations

import sys
from collections import Counter
from time import process_time

from grpo_symbolic import BinaryQuestion
from grpo_symbolic.checking.check import check
from tests.checking.known_truths import known_truths

WRONG = {("PROVED", False), ("REFUTED", True)}


def main() -> int:
    counts: Counter[str] = Counter()
    times: list[float] = []
    for known in known_truths():
        start = process_time()
        found = check(known.formula, known.algorithm, BinaryQuestion())
        times.append(process_time() - start)
        verdict = found.verdict.value
        outcome = "wrong" if (verdict, known.true) in WRONG else "right"
        outcome = "undecided" if verdict in ("NUMERIC", "UNKNOWN") else outcome
        counts[outcome] += 1
        if outcome != "right":
            print(f"{outcome}  {known.true!s:5}  {verdict}  [{known.kind}]  {known.formula}")
            print(f"       {known.algorithm!r}: {found.sentence[:160]}", flush=True)
    times.sort()
    total = sum(counts.values())
    print(
        f"{total} claims: {dict(counts)}; decided {1 - counts['undecided'] / total:.1%}; "
        f"processor time: median {times[len(times) // 2]:.2f} s, longest {times[-1]:.1f} s"
    )
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
