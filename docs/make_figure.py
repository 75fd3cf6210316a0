"""Draw the figure of the README: ``python docs/make_figure.py``."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from sympy import oo

import grpo_symbolic as gs
from grpo_symbolic.plotting import aggregation

PANELS = (
    ("groups of two", gs.GRPO(2), gs.BinaryQuestion(margin=gs.symbols.gamma), {"gamma": 1}),
    ("large groups", gs.GRPO(oo), gs.BinaryQuestion(), {}),
    (
        "groups of two, direct KL",
        gs.GRPO(2, gs.DirectKL()),
        gs.BinaryQuestion(margin=gs.symbols.gamma),
        {"gamma": 1},
    ),
)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.7), layout="constrained")
for ax, (title, algorithm, question, fixed) in zip(axes, PANELS, strict=True):
    aggregation(gs.stationary_policy(algorithm, question), (0.25, 0.5, 1, 2), ax=ax, **fixed)
    ax.set_title(title, fontsize="medium")
target = Path(__file__).with_name("aggregation.png")
figure.savefig(target, dpi=110)
print(f"wrote {target}")
