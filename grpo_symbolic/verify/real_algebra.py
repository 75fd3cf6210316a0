"""Real algebra over all parameters: solvers refute the negation of a claim.

Two engines, each in a process of its own and within a limit of its own units of work. An engine
is believed only if it also finds the control claim (the opposite statement on the same domain) to
be false. The scripts are the certificate: plain SMT-LIB 2 that any solver can be given.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import EngineStopped, Method
from grpo_symbolic.verify.polynomial_system import POLYNOMIAL_SYSTEM, NotPolynomial
from grpo_symbolic.verify.sampling import refuted_by
from grpo_symbolic.verify.smt import script
from grpo_symbolic.verify.verdict import Status, Verdict

ENGINES = ("z3", "cvc5")
_PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}
#: What an engine may use for one script, in its own units: a second or two.
_UNITS = {"z3": 3_000_000, "cvc5": 400_000}
#: Of claims in more symbols an engine shows nothing within its units.
_MOST_SYMBOLS = 12


class RealAlgebra(Method):
    """The negated claim has no solution over the reals, says one engine.

    Parameters
    ----------
    engine : {"z3", "cvc5"}
    """

    family = POLYNOMIAL_SYSTEM  # both are given what one encoder wrote

    def __init__(self, engine: str) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        self.engine = engine
        self.name = f"real algebra ({engine})"  # type: ignore[misc]

    def missing(self) -> str:
        return "" if _installed(self.engine) else f"pip install {_PACKAGES[self.engine]}"

    def attempt(self, claim: Claim) -> Verdict | None:
        if self.missing() or len((claim.left - claim.right).free_symbols) > _MOST_SYMBOLS:
            return None
        try:
            texts = [script(claim, control=c) for c in (False, True)]
        except NotPolynomial:
            return None
        found = self._ask(texts[0])
        if found.get("answer") == "sat":
            return refuted_by(claim, found["model"])  # its model, checked exactly
        if found.get("answer") != "unsat" or self._ask(texts[1]).get("answer") != "sat":
            return None
        return Verdict(
            Status.PROVED,
            self.name,
            "the negation has no real solution; the opposite claim is refuted by the same engine",
            {
                "engine": self.engine,
                "version": found["version"],
                "script": texts[0],
                "control": texts[1],
                "sha256": _digest(texts),
            },
        )

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        if status != Status.PROVED or self.missing():
            return False
        texts = [str(evidence.get("script")), str(evidence.get("control"))]
        if evidence.get("sha256") != _digest(texts):
            return False
        try:
            fresh = [script(claim, control=c) for c in (False, True)]
        except NotPolynomial:
            return False
        answers = [self._ask(text).get("answer") for text in texts]
        return texts == fresh and answers == ["unsat", "sat"]

    def _ask(self, text: str) -> dict[str, Any]:
        with TemporaryDirectory() as folder:
            path = Path(folder, "claim.smt2")
            path.write_text(text, encoding="utf-8")
            child = Path(__file__).with_name("engine.py")
            done = subprocess.run(
                [sys.executable, str(child), self.engine, str(path), str(_UNITS[self.engine])],
                capture_output=True,
            )
        if done.returncode < 0:
            raise EngineStopped("the system ended it before it had an answer")
        try:
            return json.loads(done.stdout)
        except ValueError:  # it cannot read the script
            return {"answer": "unknown"}


@cache
def _installed(engine: str) -> bool:
    return find_spec(engine) is not None


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
