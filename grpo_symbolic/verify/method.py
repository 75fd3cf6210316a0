"""Method: one way to decide a claim, and to check again what it found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.verdict import Verdict


class EngineStopped(Exception):
    """The system ended an engine before it had an answer: it used too much, or it failed."""


class Method(ABC):
    """A way to decide claims.

    Attributes
    ----------
    name : str
        As verdicts and ledgers print it.
    steps : int
        The work it may do for one claim, as :func:`grpo_symbolic.work.limited` counts it.
    family : str
        Methods of one family share their reasoning; two families agreeing are two
        independent routes.
    """

    name: ClassVar[str]
    steps: ClassVar[int] = 2_000_000
    family: ClassVar[str] = ""

    def missing(self) -> str:
        """What has to be installed before the method can be used; empty if nothing."""
        return ""

    @abstractmethod
    def attempt(self, claim: Claim) -> Verdict | None:
        """A verdict with its certificate as ``evidence``, or None where it has nothing to say."""

    def recheck(self, claim: Claim, evidence: Mapping[str, Any], status: str) -> bool:
        """Whether the evidence establishes the status.

        A method that decides without a search decides again, on the claim as it was read; one
        that searches overrides this, and checks what was found on its own.
        """
        again = self.attempt(claim)
        return (
            again is not None
            and again.status == status
            and all(evidence.get(key) == value for key, value in again.evidence.items())
        )
