"""Where a term has no value: what a zero of a factor refutes, and what it does not."""

from __future__ import annotations

import pytest
from sympy import Expr, Rational

import grpo_symbolic as gs
from grpo_symbolic.checking.checked import Checked, told, value_at
from grpo_symbolic.checking.definedness import undefined
from grpo_symbolic.checking.direction import DirectionCheck
from grpo_symbolic.checking.subject import subject
from grpo_symbolic.grammar.statement import Comparison, Direction, statements
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


@pytest.mark.parametrize("size", [2, 3])
def test_a_small_mean_is_kept_and_written_out(size: int) -> None:
    """Two residuals, which are one number at each point."""
    about = subject(gs.GRPO(size), SURE)
    kept, written = about.residuals
    assert kept != written
    for point in about.points(about.along, 6):
        first, second = (value_at(e, {**point, beta: Rational(1, 3)}) for e in (kept, written))
        assert first is not None
        assert second is not None
        assert told(first - second) == 0


def test_what_does_not_matter_is_moved_alone() -> None:
    """The gap between rewards has no effect, and the group stays as large as it is."""
    about = subject(EIGHT, SURE)
    (said,) = statements("increasing(pi, gap)", about.names)
    assert isinstance(said, Direction)
    point = next(iter(about.points(about.parameters, 1)))
    ((before, after, step),) = DirectionCheck(about, said)._steps(said.variable, point)
    assert before == after
    assert step == "1 -> 2"
