"""The figure: curves that are the policy, on the axes that were given."""

import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

import grpo_symbolic as gs
from grpo_symbolic.plotting import aggregation

from .oracles.stationary import solve_binary


def test_the_curves_are_the_stationary_policy() -> None:
    figure, ax = plt.subplots()
    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion(margin=gs.symbols.gamma))
    assert aggregation(policy, (0.5, 2), ax=ax, gamma=1) is ax
    for line, beta in zip(ax.lines, (0.5, 2), strict=False):
        x, y = line.get_xdata()[160], line.get_ydata()[160]
        assert y == pytest.approx(float(solve_binary(beta, x, 2, digits=20)), abs=1e-14)
    assert all((line.get_ydata() >= 0).all() for line in ax.lines[:2])
    plt.close(figure)


def test_too_many_curves_get_a_sentence() -> None:
    policy = gs.stationary_policy(gs.GRPO(2), gs.BinaryQuestion())
    with pytest.raises(ValueError, match="betas must hold at most 5 values, got 6"):
        aggregation(policy, range(1, 7))
