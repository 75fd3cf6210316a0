"""What a rule is in a formula on a line of its own."""

from __future__ import annotations

import pytest

import grpo_symbolic as gs

SCALED = r"\frac{r_1 - \mathrm{mean}}{\mathrm{std}}"
WRITTEN = {
    gs.ShiftAndScale(): SCALED,
    gs.Clipped(bound="1/2"): r"\operatorname{clip}\left("
    + SCALED
    + r", - \frac{1}{2}, \frac{1}{2}\right)",
    gs.PositiveOnly(): r"\max\left(" + SCALED + r", 0\right)",
    gs.NegativeOnly(): r"\min\left(" + SCALED + r", 0\right)",
    gs.Rescaled(gs.ShiftAndScale(), 2): r"\frac{1}{2} \cdot " + SCALED,
    gs.MeanScale(): r"\frac{r_1 - \mathrm{mean}}{\mathrm{mean}}",
    gs.ShiftOnly(): r"r_1 - \mathrm{mean}",
    gs.PassAtK(2): r"\operatorname*{mean}_{S \ni 1,\, |S| = 2} "
    r"\frac{\max_{j \in S} r_j - \mathrm{mean}}{\mathrm{std}}",
    gs.Ranks([-1, 0, 1]): r"w(\mathrm{rank})",
}


@pytest.mark.parametrize("rule", WRITTEN, ids=str)
def test_a_shape_is_around_the_fraction(rule: gs.Advantage) -> None:
    assert rule.fraction("r_1") == WRITTEN[rule]


def test_it_stands_in_the_definition_of_the_expected_advantage() -> None:
    policy = gs.stationary_policy(
        gs.GRPO(8, advantage=gs.Clipped()), gs.Question(rewards=(2, 1, 0))
    )
    assert rf"\left[\operatorname{{clip}}\left({SCALED}, -1, 1\right)\right]" in policy.latex()
    ranks = gs.GRPO(3, advantage=gs.Ranks([-1, 0, 1]))
    assert "-1; 0; 1 from the worst rank up" in str(ranks.advantage)
