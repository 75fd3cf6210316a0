"""Claims about numbers: both sides enclosed in balls until they are apart."""

from __future__ import annotations

from grpo_symbolic.enclosures.balls import ball
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

__all__ = ["BallNumbers"]

_BITS = (64, 256, 1024, 4096)


class BallNumbers(Method):
    """The sign of left − right where no symbol is left: proved, or refuted.

    Equal sides stay undecided: their balls never part.
    """

    name = "ball arithmetic on numbers"
    family = "ball arithmetic"
    steps = 1_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        if claim.difference.free_symbols:
            return None
        for bits in _BITS:
            sign = self._sign(claim, bits)
            if sign:
                break
        else:
            return None
        holds = claim.relation == "!=" or claim.relation[0] == (">" if sign > 0 else "<")
        return Verdict(
            Status.PROVED if holds else Status.REFUTED,
            self.name,
            f"left side minus right side is {'positive' if sign > 0 else 'negative'} ({bits} bits)",
            {"bits": bits, "sign": sign, **({} if holds else {"counterexample": {}})},
        )

    @staticmethod
    def _sign(claim: Claim, bits: int) -> int:
        try:
            found = ball(claim.difference, {}, bits)
        except ValueError:
            return 0
        return int(found > 0) - int(found < 0)
