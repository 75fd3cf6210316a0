"""Methods whose whole verdicts are compared with those in ``verdicts.json``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_symbolic.bernstein_mean import BernsteinMean
from grpo_symbolic.verify import methods
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.kernel.checks import Answer
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Verdict
from tests.kept import Kept

VERDICTS = Kept(Path(__file__).with_name("verdicts.json"))
#: What these find is found by other programs, which have versions.
FOUND_ELSEWHERE = ("identity certificate", "real algebra (z3)", "real algebra (cvc5)")


@dataclass(frozen=True)
class Keeping:
    """A method, and what it says."""

    method: Method

    def __getattr__(self, name: str) -> Any:
        return getattr(self.method, name)

    def attempt(self, claim: Claim) -> Verdict | None:
        return kept(self.method.name, claim, self.method.attempt(claim))


def prove(claim: Claim) -> Verdict:
    return kept("prove", claim, methods.prove(claim))


def kept(by: str, claim: Claim, found: Any) -> Any:
    """The verdict, which is compared."""
    text = str(found)
    if found is not None and found.method in FOUND_ELSEWHERE:
        text = f"{found.status} {found.method}"
    held = {s.name: sorted(s.assumptions0) for s in claim.domain.symbols}
    short = "".join(f" {n}: {'+'.join(a for a in h if a in NAMED)}" for n, h in held.items())
    where = " where defined" if claim.where_defined else ""
    said = f"{claim.left} {claim.relation} {claim.right}{where} | {claim.domain} |{short}"
    means = claim.difference.atoms(BernsteinMean)
    for mean in sorted(means, key=lambda m: (str(m), str(m.values))):  # a name may mean many
        said += f" {mean} {mean.values}"
    VERDICTS.same(f"{by}: {said}", text)
    return found


NAMED = ("integer", "negative", "positive")


def same_reason(name: str, answer: Answer) -> None:
    """That the kernel sees the same fault; what Python says of one depends on its version."""
    why = "an error" if re.search(r"['(]", answer.why) else answer.why
    VERDICTS.same(f"kernel: {name}", f"{answer.word}: {why}")
