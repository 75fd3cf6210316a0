"""Draw the figure of the README, the one picture that is kept: ``python docs/make_figure.py``.

A page of a repository shows files only. A test draws it again and compares the curves.
"""

from functools import partial
from pathlib import Path

from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic.plotting import aggregation
from grpo_symbolic.plotting.figures import figure_of, written

KEPT = Path(__file__).with_name("aggregation.svg")
BETAS = (0.25, 0.5, 1, 2)
PANELS = (
    ("GRPO, groups of two", gs.GRPO(2), gs.BinaryQuestion(margin=gs.symbols.gamma)),
    ("GRPO, large groups", gs.GRPO(oo), gs.BinaryQuestion()),
    ("RLHF", gs.RLHF(), gs.BinaryQuestion()),
)


def panel(title, algorithm, question, ax):
    aggregation(gs.stationary_policy(algorithm, question), BETAS, ax=ax)
    return ax.set_title(title)


def draw(path: Path) -> Path:
    return written(figure_of(tuple(partial(panel, *entry) for entry in PANELS), 8.6, 3.1), path)


if __name__ == "__main__":
    print(f"wrote {draw(KEPT)}")
