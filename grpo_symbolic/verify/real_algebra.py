"""Real algebra over all parameters: solvers refute the negation of a claim.

Two engines, each in a process of its own and within a time bound. An engine is believed only
if it also finds the control claim (the opposite statement on the same domain) to be false. The
scripts are the certificate: plain SMT-LIB 2 that any solver can be given.
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
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.smt import NotAlgebraic, script
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["ENGINES", "RealAlgebra"]

ENGINES = ("z3", "cvc5")
_PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}


class RealAlgebra(Method):
    """The negated claim has no solution over the reals, says one engine.

    Parameters
    ----------
    engine : {"z3", "cvc5"}
    seconds : float
        For each of the two scripts.
    """

    def __init__(self, engine: str, seconds: float = 8.0) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        self.engine = engine
        self.name = f"real algebra ({engine})"  # type: ignore[misc]
        self.family = f"solver {engine}"  # type: ignore[misc]
        self.seconds = seconds  # type: ignore[misc]

    def missing(self) -> str:
        return "" if _installed(self.engine) else f"pip install {_PACKAGES[self.engine]}"

    def attempt(self, claim: Claim) -> Verdict | None:
        if self.missing():
            return None
        try:
            texts = [script(claim, control=c).text() for c in (False, True)]
        except NotAlgebraic:
            return None
        found, control = (self._ask(text) for text in texts)
        if found.get("answer") != "unsat" or control.get("answer") != "sat":
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

    def model(self, claim: Claim) -> Mapping[str, str]:
        """Values at which the claim fails, as the engine has them; empty without any."""
        try:
            found = self._ask(script(claim).text())
        except NotAlgebraic:
            return {}
        return found.get("model", {}) if found.get("answer") == "sat" else {}

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        if status != Status.PROVED or self.missing():
            return False
        texts = [str(evidence.get("script")), str(evidence.get("control"))]
        if evidence.get("sha256") != _digest(texts):
            return False
        try:
            fresh = [script(claim, control=c).text() for c in (False, True)]
        except NotAlgebraic:
            return False
        answers = [self._ask(text).get("answer") for text in texts]
        return texts == fresh and answers == ["unsat", "sat"]

    def _ask(self, text: str) -> dict[str, Any]:
        with TemporaryDirectory() as folder:
            path = Path(folder, "claim.smt2")
            path.write_text(text, encoding="utf-8")
            child = Path(__file__).with_name("engine.py")
            try:
                done = subprocess.run(
                    [sys.executable, str(child), self.engine, str(path)],
                    capture_output=True,
                    text=True,
                    timeout=self.seconds,
                    check=True,
                )
                return json.loads(done.stdout)
            except (subprocess.SubprocessError, ValueError):
                return {"answer": "unknown"}


@cache
def _installed(engine: str) -> bool:
    return find_spec(engine) is not None


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
