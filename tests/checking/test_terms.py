"""Where a term has no value: what a zero of a factor refutes, and what it does not."""

from __future__ import annotations

import pytest
from sympy import Expr

import grpo_symbolic as gs
from grpo_symbolic.checking.checked import Checked
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.grammar.statement import Comparison
from grpo_symbolic.symbols import beta, pi, pi_ref
from grpo_symbolic.verify.verdict import Status

EIGHT, SURE = gs.GRPO(8), gs.BinaryQuestion()


def _open(said: Comparison) -> Checked:
    return Checked(str(said), Status.UNKNOWN, "none", "nothing is known")


@pytest.mark.parametrize("base", [beta - pi_ref, pi - 2 * pi_ref], ids=str)
@pytest.mark.parametrize(("relation", "refuted"), [("!=", True), (">", True), (">=", False)])
def test_a_square_that_vanishes_is_no_divisor_and_a_radicand(
    base: Expr, relation: str, refuted: bool
) -> None:
    """The factor changes its sign, and its square is never negative."""
    found = undefined(subject(EIGHT, SURE), ((base**2, relation),), _open)
    if refuted:
        assert isinstance(found, Checked)
        assert found.verdict is Status.REFUTED
        assert found.method == "intermediate values"
    else:
        assert isinstance(found, str)
        assert found.endswith(">= 0")
