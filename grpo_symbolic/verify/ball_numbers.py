"""Claims about numbers: both sides enclosed in balls until they are apart."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

from flint import ctx
from sympy import Expr, Symbol

from grpo_symbolic.elementary import in_reach
from grpo_symbolic.enclosures.conversion import sign_of
from grpo_symbolic.enclosures.values import enclosed
from grpo_symbolic.verify.claim import Claim
from grpo_symbolic.verify.method import Method
from grpo_symbolic.verify.verdict import Status, Verdict

_BITS = (64, 256, 1024, 4096)
#: At many points: most differences show at once, or never.
_FEWER = (256, 1024)
_RELATIONS = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "<=": operator.le,
}  # fmt: skip


class BallNumbers(Method):
    """The sign of left − right where no symbol is left: proved, or refuted.

    Equal sides stay undecided: their balls never part.
    """

    name = "ball arithmetic on numbers"
    family = "ball arithmetic"
    steps = 1_000_000

    def attempt(self, claim: Claim) -> Verdict | None:
        for bits in _BITS:
            sign = sign_at(claim, {}, (bits,))
            if sign:
                return self._decided(claim, sign, bits)
        return None

    def _decided(self, claim: Claim, sign: int, bits: int) -> Verdict:
        detail = f"left side minus right side has the sign of {sign} ({bits} bits)"
        evidence = {"bits": bits, "sign": sign}
        if agrees(claim.relation, sign):
            return Verdict(Status.PROVED, self.name, detail, evidence)
        return Verdict(Status.REFUTED, self.name, detail, {**evidence, "counterexample": {}})


def agrees(relation: str, gap: Expr | int) -> bool:
    """Whether a relation holds where left − right is this number, or has its sign."""
    return bool(_RELATIONS[relation](gap, 0))


def sign_at(
    claim: Claim, point: Mapping[Symbol, Expr], precisions: Sequence[int] = _FEWER
) -> int | None:
    """The sign of left − right at an exact point.

    0 where the sides are not told apart; None where one of them has no real value, or one that
    takes too many digits.
    """
    if not all(in_reach(side, point) for side in (claim.left, claim.right)):
        return None
    told = False
    for bits in precisions:
        left, right = (enclosed(side, point, bits) for side in (claim.left, claim.right))
        if left is None or right is None:
            continue  # a divisor, or what is under a root, that so few digits do not tell from 0
        told = True
        with ctx.workprec(bits):
            sign = sign_of(left - right)
        if sign:
            return sign
    return 0 if told else None
